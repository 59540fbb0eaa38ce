"""Nothing but SQLite opens a project: whoever else does takes its locks away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core.errors import InputError, ProjectError
from core.held_files import file_id, is_held
from core.imagery.open import is_raster, open_raster
from core.project import Project, new_project_path, recent_projects, remember_project
from core.project.places import open_database, signpost_schema
from tests.project import version_1
from tests.project.conftest import Farm, make_farm, names

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """Another process that has the project open: see :mod:`tests.project.looking`."""

    def __init__(self, farm: Farm, name: str) -> None:
        command = [sys.executable, "-m", "tests.project.looking"]
        self._process = subprocess.Popen(
            [*command, str(farm.project.path), farm.scene, farm.tile, name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "open\n"

    def ask(self, what: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def stop(self) -> None:
        self._process.communicate("stop\n", timeout=30)
        assert self._process.returncode == 0


@pytest.fixture
def closed_farm(tmp_path: Path) -> Farm:
    """A project that no connection of this process holds."""
    made = make_farm(tmp_path)
    made.project.close()
    return made


def test_edits_survive_a_look_at_the_list_another_program_and_a_kill(closed_farm: Farm) -> None:
    app = Program(closed_farm, "app")
    acknowledged = []
    for number in range(20):
        if number == 0:
            app.ask("look")
            other = Program(closed_farm, "other")
            other.ask("close")
            other.stop()
        acknowledged.append(app.ask("edit"))
        if number == 10:
            app.ask("look")
    app.kill()
    assert acknowledged == [str(number) for number in range(1, 21)]
    assert len(closed_farm.reopened().log().edits) == 20


def test_three_programs_that_look_and_edit_lose_nothing(closed_farm: Farm) -> None:
    programs = [Program(closed_farm, name) for name in "abc"]
    acknowledged = 0
    for number in range(50):
        turn = number % 3
        if number % 4 == 0:
            programs[turn].ask("look")
        if number % 25 == 24:
            programs[turn].stop()
            programs[turn] = Program(closed_farm, "abc"[turn])
        acknowledged += programs[turn].ask("edit").isdigit()
    for program in programs:
        program.stop()
    assert acknowledged == 50
    assert len(closed_farm.reopened().log().edits) == 50


# Hooks cannot be taken away again: one is added, and switched on for a while.
_watched: dict[str, object] = {"files": (), "opened": []}


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" or not _watched["files"]:
        return
    path = arguments[0]
    if isinstance(path, str | bytes) and file_id(Path(os.fsdecode(path))) in _watched["files"]:  # type: ignore[operator]
        _watched["opened"].append(path)  # type: ignore[attr-defined]


sys.addaudithook(_note)


@contextmanager
def only_sqlite_opens(*paths: Path) -> Iterator[None]:
    """Fail where Python itself opens one of these files, by whatever name."""
    opened: list[object] = []
    _watched.update(files=tuple(map(file_id, paths)), opened=opened)
    try:
        yield
    finally:
        _watched.update(files=())
    assert opened == []


def try_as_image(path: Path) -> None:
    with suppress(InputError), open_raster(path):
        pass


USES: dict[str, Callable[[Path], object]] = {
    "opened and closed": lambda path: Project.open(path).close(),
    "its database": lambda path: open_database(path).close(),
    "sniffed": signpost_schema,
    "listed": lambda _: recent_projects(),
    "an image by mistake": try_as_image,
    "a raster by mistake": lambda path: is_raster(path) and pytest.fail("a project is no raster"),
    "read and changed": lambda path: Project.open(path).rename("Other"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_project_that_is_open_is_opened_by_nothing_else(
    file_farm: Farm, tmp_path: Path, use: Callable[[Path], object]
) -> None:
    file_farm.append(0, "a")
    path = file_farm.project.path
    link = tmp_path / "linked.tif"
    link.symlink_to(path)
    hard = tmp_path / "hard.gpkg"
    hard.hardlink_to(path)
    remember_project(path)
    with only_sqlite_opens(path):
        for name in (path, link, hard):
            # By a hard link, SQLite would look for its journal under another name.
            with suppress(ProjectError if name == hard else ()):
                use(name)
    assert names(file_farm.append(1, "b")) == ["a", "b"]


def test_a_young_project_whose_pages_are_all_in_its_journal_is_not_sniffed() -> None:
    """The file itself is a page long, or empty."""
    path = new_project_path("Young")
    project = Project.create(path, "Young")
    assert path.stat().st_size <= 4096
    with only_sqlite_opens(path):
        assert [entry.name for entry in recent_projects() if entry.path == path] == ["Young"]
    project.close()


def test_a_migration_and_its_copy_open_the_project_by_sqlite_alone(tmp_path: Path) -> None:
    path = version_1.as_version_1(make_farm(tmp_path).project)
    with only_sqlite_opens(path):
        Project.open(path).close()


def test_a_file_counts_as_held_while_a_connection_is_open(tmp_path: Path) -> None:
    farm = make_farm(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(farm.project.path)
    again = farm.reopened()
    assert is_held(link)
    farm.project.close()
    assert is_held(link)
    again.project.close()
    assert not is_held(link)
