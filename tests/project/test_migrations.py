"""Older projects become new ones: wholly or not at all, once, and with a copy kept."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from core.errors import DiskFullError, ProjectError
from core.project import Project, migrations, sqlite
from core.project.schema import metadata
from tests.project import flipping, version_1
from tests.project.conftest import Farm, make_farm, names

ROOT = Path(__file__).parents[2]


@pytest.fixture
def old(database: str, tmp_path: Path) -> Path:
    """The file of a project of version 1, in each database."""
    return version_1.as_version_1(make_farm(tmp_path).project)


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    return version_1.as_version_1(make_farm(tmp_path).project)


def opened(path: Path) -> Farm:
    return Farm(Project.open(path), version_1.SCENE)


def test_a_project_of_the_first_version_is_wholly_there(old: Path) -> None:
    farm = opened(old)
    assert (farm.project.id, farm.project.name) == (version_1.PROJECT, "Old farm")
    assert (names(farm.log()), farm.log().can_redo) == (["a"], True)
    assert names(farm.redo(3)) == ["a", "b"]
    assert names(farm.append(4, "c")) == ["a", "b", "c"]
    verdict = farm.project.tile(farm.scene, "x1_y0").verdict
    assert (verdict.verdict, verdict.reviewer, verdict.comment) == ("accepted", "Ada", "fine")
    assert farm.project.scene(farm.scene).landcover == {"path": "/data/lc.tif", "product": "cdl"}
    assert farm.project.history()[-1].action == "project created"
    assert version_1.stored_version(farm.project) == migrations.newest_version()


def test_its_tables_are_then_those_of_a_new_project(old: Path) -> None:
    with opened(old).project._database.read() as connection:
        looked_at = inspect(connection)
        found = {
            table: {column["name"] for column in looked_at.get_columns(table)}
            for table in looked_at.get_table_names()
        }
    assert found == {table.name: set(table.c.keys()) for table in metadata.sorted_tables}


def test_the_old_file_is_kept_beside_it(old_file: Path) -> None:
    farm = opened(old_file)
    farm.append(3, "c")
    copy = sqlite.copy_path(old_file, 1)
    assert copy.name == "farm.cropmap.version-1"
    assert sorted(path.name for path in old_file.parent.iterdir() if "-" in path.name) == [
        "farm.cropmap-shm",
        "farm.cropmap-wal",
        "farm.cropmap.version-1",
    ]
    with sqlite3.connect(copy) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
        assert connection.execute("SELECT count(*) FROM edit").fetchone()[0] == 2
    connection.close()
    # It is a project again under its own ending.
    again = old_file.with_name("again.cropmap")
    copy.rename(again)
    assert names(opened(again).log()) == ["a"]


def test_no_room_for_the_copy_means_no_migration(old_file: Path, monkeypatch) -> None:
    def full(self: sqlite.SqliteDatabase, version: int) -> None:
        raise DiskFullError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(sqlite.SqliteDatabase, "keep_copy", full)
        with pytest.raises(DiskFullError):
            Project.open(old_file)
    assert version_1.file_version(old_file) == 1
    assert names(opened(old_file).log()) == ["a"]


def add_note(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE project ADD COLUMN note TEXT DEFAULT 'none'")


def count_notes(connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE project SET note = note || ' yet'")


def fail(connection: Connection) -> None:
    connection.exec_driver_sql("DELETE FROM missing")


def test_steps_are_taken_in_order_and_once(farm: Farm, monkeypatch) -> None:
    farm.append(0, "a")
    farm.project.close()
    known, newest = migrations.MIGRATIONS, migrations.newest_version()
    monkeypatch.setattr(migrations, "MIGRATIONS", (*known, add_note, count_notes))
    for _ in range(2):  # the second time there is nothing to do
        again = farm.reopened()
        assert names(again.log()) == ["a"]
        with again.project._database.read() as connection:
            assert connection.exec_driver_sql("SELECT note FROM project").scalar() == "none yet"
        assert version_1.stored_version(again.project) == newest + 2
        again.project.close()
    monkeypatch.setattr(migrations, "MIGRATIONS", known)
    with pytest.raises(ProjectError, match="newer version"):
        farm.reopened()


def test_a_newer_file_is_untouched(file_farm: Farm, monkeypatch) -> None:
    with file_farm.project._database.write() as connection:
        file_farm.project._database.set_version(connection, 99)
    file_farm.project.close()
    before = file_farm.project.path.read_bytes()
    with pytest.raises(ProjectError, match="newer version"):
        file_farm.reopened()
    assert file_farm.project.path.read_bytes() == before


def test_a_step_that_fails_leaves_the_old_version_whole(old: Path, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add_note, fail))
        with pytest.raises(ProjectError):
            Project.open(old)
    farm = opened(old)  # from version 1 once more: half a step would be in the way
    assert names(farm.log()) == ["a"]
    with farm.project._database.read() as connection:
        columns = [column["name"] for column in inspect(connection).get_columns("project")]
    assert "note" not in columns


# Writes a line when all of the migration but its commit is done, and then waits to be killed.
_DIES = """
import sys, time
from contextlib import closing
from pathlib import Path
from core.project import Project, migrations

def wait(connection):
    connection.exec_driver_sql("ALTER TABLE project ADD COLUMN note TEXT")
    print("in the middle", flush=True)
    time.sleep(600)

migrations.MIGRATIONS = (*migrations.MIGRATIONS, wait)
Project.open(Path(sys.argv[1]))
"""


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_crash_in_the_middle_leaves_the_old_version_whole(old: Path) -> None:
    command = [sys.executable, "-c", _DIES, str(old)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in the middle\n"
        process.send_signal(signal.SIGKILL)
    farm = opened(old)
    assert names(farm.log()) == ["a"]
    assert version_1.stored_version(farm.project) == migrations.newest_version()
    with farm.project._database.read() as connection:
        columns = [column["name"] for column in inspect(connection).get_columns("project")]
    assert "note" not in columns


# Two processes are let go at once by the end of their input.
_OPENS = """
import sys
from contextlib import closing
from pathlib import Path
from core.project import Project, migrations

def once(connection):
    connection.exec_driver_sql("ALTER TABLE project ADD COLUMN note TEXT")
    print("migrated", flush=True)

migrations.MIGRATIONS = (*migrations.MIGRATIONS, once)
print("ready", flush=True)
sys.stdin.read()
print(Project.open(Path(sys.argv[1])).name, flush=True)
"""


def test_processes_that_open_at_once_migrate_once(old: Path) -> None:
    command = [sys.executable, "-c", _OPENS, str(old)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.close()
    said = [process.stdout.read().split("\n") for process in processes]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert sum("migrated" in lines for lines in said) == 1
    assert all("Old farm" in lines for lines in said)
    for process in processes:
        process.stdout.close()


def test_a_file_of_the_second_version_is_chained_as_it_is(tmp_path: Path) -> None:
    """Written by the program of that version; from then on every change of a row is noticed."""
    path = tmp_path / "farm.cropmap"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(Path(__file__).with_name("version_2.sql").read_text("utf-8"))
    project = Project.open(path)
    assert sqlite.copy_path(path, 2).is_file()
    assert project.damages() == ()
    farm = Farm(project, project.scenes()[0].id)
    assert names(farm.log()) == ["a", "b", "b2", "dü🌾"]
    assert project.tile(farm.scene, "x1_y0").verdict.verdict == "accepted"
    assert names(farm.redo(7))[-1] == "e"
    assert names(farm.append(8, "f"))[-2:] == ["e", "f"]
    project.close()
    again = farm.reopened()
    assert again.project.damages() == ()
    again.project.close()
    flipping.flip_text(path, "edit", "data", "sequence = 5", bit=52)
    damaged = farm.reopened()
    assert [damage.step for damage in damaged.project.damages()] == [5]
    assert names(damaged.log()) == ["a", "b", "b2"]
    damaged.project.close()
