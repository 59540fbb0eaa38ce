"""Project folders that are moved or copied: what lies inside them is found again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from core.project import Project
from core.project.paths import found_again, portable, resolved, with_paths
from core.project.schema import scene as scene_table

FOLDER = Path("/data/farm").absolute()
_PART = st.text(
    st.characters(blacklist_characters="/\0\\:", blacklist_categories=["Cs"]), min_size=1
)
_PARTS = st.lists(_PART.filter(lambda part: part not in (".", "..")), min_size=1, max_size=4)


@given(_PARTS)
def test_a_path_inside_is_relative_and_comes_back(parts: list[str]) -> None:
    path = str(FOLDER.joinpath(*parts))
    stored = portable(path, FOLDER)
    assert stored == "/".join(parts)
    assert resolved(stored, FOLDER) == path
    assert resolved(stored, Path("/else")) == str(Path("/else", *parts))


@pytest.mark.parametrize(
    "path",
    [
        str(Path("/data/other/a.tif").absolute()),
        str(Path("/data/farmland/a.tif").absolute()),
        str(FOLDER / ".." / "other" / "a.tif"),
        "https://example.org/data/farm/a.tif",
        "",
    ],
)
def test_a_path_outside_and_a_url_stay_as_they_are(path: str) -> None:
    assert portable(path, FOLDER) == resolved(path, FOLDER) == path


def test_a_folder_reached_through_a_link_is_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert portable(str(tmp_path / "link" / "a.tif"), tmp_path / "real") == "a.tif"
    assert portable(str(tmp_path / "real" / "a.tif"), tmp_path / "link") == "a.tif"


def test_paths_are_changed_at_any_depth_and_nothing_else_is() -> None:
    inside = str(FOLDER / "a.tif")
    value = {"path": inside, "name": inside, "all": [{"path": inside}, inside], "n": {"path": 3}}
    assert with_paths(value, portable, FOLDER) == {
        "path": "a.tif",
        "name": inside,
        "all": [{"path": "a.tif"}, inside],
        "n": {"path": 3},
    }
    assert value["path"] == inside


@pytest.mark.parametrize("take", [shutil.move, shutil.copytree])
def test_a_moved_project_finds_what_lies_inside(tmp_path: Path, take: Any) -> None:
    old, new = tmp_path / "old", tmp_path / "elsewhere" / "new"
    new.parent.mkdir()
    outside = tmp_path / "field.tif"
    project = Project.create(old / "farm.cropmap", "Farm")
    landcover = {"path": str(old / "landcover" / "lc.tif"), "product": "cdl"}
    added = project.add_scene("in", {"path": str(old / "uploads" / "a.tif")}, landcover, ())
    out = project.add_scene("out", {"path": str(outside)}, None, ())
    settings = {"landcovers": [landcover]}
    assert (
        project.update_scene(added.id, expected_version=0, settings=settings).settings == settings
    )
    assert project.scene(added.id).landcover == landcover
    project.close()
    take(old, new)
    moved = Project.open(new / "farm.cropmap")
    found = moved.scene(added.id)
    there = {"path": str(new / "landcover" / "lc.tif"), "product": "cdl"}
    assert found.scene == {"path": str(new / "uploads" / "a.tif")}
    assert (found.landcover, found.settings) == (there, {"landcovers": [there]})
    assert moved.scene(out.id).scene == {"path": str(outside)}
    # What the person sees is what the store compares with: giving it back changes nothing.
    again = moved.update_scene(added.id, expected_version=1, scene=found.scene, landcover=there)
    assert again.version == 1
    moved.close()


def test_an_older_project_with_absolute_paths_is_found_again(tmp_path: Path) -> None:
    """As they were stored before paths were relative; one moved afterwards, one still in place."""
    old = tmp_path / "old"
    project = Project.create(old / "farm.cropmap", "Farm")
    scene_id = project.add_scene("May", {}, None, ()).id
    inside, gone = old / "uploads" / "3f" / "a.tif", tmp_path / "gone" / "b.tif"
    inside.parent.mkdir(parents=True)
    inside.touch()
    with project._database.write() as connection:
        values = {"scene": {"path": str(inside)}, "landcover": {"path": str(gone)}}
        connection.execute(update(scene_table).values(**values))
    project.close()
    shutil.copytree(old, tmp_path / "copy")
    for folder in (old, tmp_path / "copy"):
        opened = Project.open(folder / "farm.cropmap")
        record = opened.scene(scene_id)
        assert (record.scene, record.version) == ({"path": str(folder / "uploads/3f/a.tif")}, 0)
        assert record.landcover == {"path": str(gone)}
        with opened._database.read() as connection:
            stored = connection.execute(select(scene_table.c.scene)).scalar_one()
        assert stored == {"path": "uploads/3f/a.tif"} or folder == old
        opened.close()
        shutil.rmtree(folder)


def test_a_path_relative_to_where_the_program_was_started(tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "farm"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    assert found_again("a.tif", folder) == "a.tif"
    (tmp_path / "a.tif").touch()
    assert found_again("a.tif", folder) == str(tmp_path / "a.tif")
    (folder / "a.tif").touch()
    assert found_again("a.tif", folder) == "a.tif"
