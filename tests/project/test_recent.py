"""The list of projects, and the place of a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.project import (
    NewTile,
    Project,
    forget_project,
    migrations,
    new_project_path,
    recent_projects,
    remember_project,
)
from core.settings import get_settings


@pytest.fixture(autouse=True)
def folders(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path / "projects"))
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path / "cache"))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def make(path: Path, name: str) -> Path:
    Project.create(path, name).close()
    return path


def test_there_are_none_at_first() -> None:
    assert recent_projects() == []


def test_projects_are_listed_with_what_is_in_them(folders: Path) -> None:
    project = Project.create(new_project_path("Farm"), "Farm")
    tiles = [NewTile(f"t{number}", number, (0, 0, 1, 1)) for number in range(4)]
    scene = project.add_scene("May", {}, None, tiles)
    gone = project.add_scene("June", {}, None, tiles)
    for name in ("t0", "t3"):
        project.set_verdict(scene.id, name, "accepted", comment="", reviewer="", expected_version=0)
    project.set_verdict(scene.id, "t0", "open", comment="", reviewer="", expected_version=1)
    project.set_verdict(gone.id, "t0", "fix", comment="", reviewer="", expected_version=0)
    project.remove_scene(gone.id, 0)
    (summary,) = recent_projects()  # while it is open
    assert summary.path == project.path
    assert (summary.name, summary.scenes, summary.tiles, summary.reviewed) == ("Farm", 1, 4, 1)
    assert summary.changed_at == project.history(limit=1)[0].at
    assert summary.problem == ""


def test_the_one_changed_last_comes_first() -> None:
    for name in ("a", "b", "c"):
        make(new_project_path(name), name)
    again = Project.open(get_settings().projects_dir / "a" / "a.cropmap")
    again.rename("A")
    assert [summary.name for summary in recent_projects()] == ["A", "c", "b"]


def test_projects_elsewhere_are_remembered_once(folders: Path, database: str) -> None:
    inside, outside = make(new_project_path("in"), "in"), make(folders / "out.cropmap", "out")
    for path in (outside, inside, outside):
        remember_project(path)
    assert {summary.name for summary in recent_projects()} == {"in", "out"}
    forget_project(outside)
    # What is in the database is listed wherever its file lies.
    still = {"in", "out"} if database == "postgres" else {"in"}
    assert {summary.name for summary in recent_projects()} == still
    assert outside.exists()
    assert [path.name for path in (folders / "cache").iterdir()] == ["recent.json"]


def test_the_unreadable_are_listed_last_with_their_problem(folders: Path) -> None:
    root = get_settings().projects_dir
    make(new_project_path("good"), "good")
    for name, body in (("text", b"hello" * 999), ("empty", b"")):
        (root / name).mkdir()
        (root / name / f"{name}.cropmap").write_bytes(body)
    remember_project(folders / "gone.cropmap")
    good, *bad = recent_projects()
    assert (good.name, good.problem) == ("good", "")
    assert {entry.name for entry in bad} == {"text", "empty", "gone"}
    assert all(entry.problem.endswith(".") for entry in bad)
    assert not (folders / "gone.cropmap").exists()


def test_an_older_project_is_listed_and_left_as_it_is(monkeypatch) -> None:
    path = make(new_project_path("old"), "old")
    before = path.read_bytes()
    newer = (*migrations.MIGRATIONS, lambda _connection: None)
    monkeypatch.setattr(migrations, "MIGRATIONS", newer)
    (summary,) = recent_projects()
    assert "older version" in summary.problem
    assert path.read_bytes() == before


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"\xff", b'[1, null, "a\\u0000b"]'])
def test_a_damaged_list_is_an_empty_one(folders: Path, body: bytes) -> None:
    (folders / "cache").mkdir()
    (folders / "cache" / "recent.json").write_bytes(body)
    assert recent_projects() == []
    outside = make(folders / "out.cropmap", "out")
    remember_project(outside)
    assert [summary.path for summary in recent_projects()] == [outside]


def test_a_list_that_cannot_be_written_stops_nobody(folders: Path, caplog) -> None:
    (folders / "cache").write_text("a file where the folder should be")
    remember_project(folders / "out.cropmap")
    assert "cannot be written" in caplog.text
    assert recent_projects() == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Farm", "farm"),
        ("  Ferme d'Élise / 2024 ", "ferme-d-élise-2024"),
        ("E\u0301lise", "élise"),
        ("田んぼ", "田んぼ"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\x\0y", "c-x-y"),
        ("NUL", "nul-project"),
        ("com1", "com1-project"),
        ("...", "project"),
        ("\ud800", "project"),
        ("", "project"),
        ("x" * 500, "x" * 60),
    ],
)
def test_a_name_becomes_a_folder_that_every_file_system_takes(name: str, expected: str) -> None:
    path = new_project_path(name)
    assert path == get_settings().projects_dir / expected / f"{expected}.cropmap"


def test_long_names_in_any_script_fit(folders: Path) -> None:
    path = make(new_project_path("𠀀" * 300), "long")
    assert len(path.name.encode()) <= 220
    assert recent_projects()[0].name == "long"


def test_a_taken_name_gets_a_number() -> None:
    made = [make(new_project_path("Farm"), "Farm").parent.name for _ in range(3)]
    assert made == ["farm", "farm-2", "farm-3"]
