"""Files that are missing, damaged, foreign, newer or older, and disks that are full."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import (
    CropMapError,
    DiskFullError,
    InputError,
    OutputError,
    ProjectError,
    ProjectUnavailableError,
)
from core.project import NewEdit, Project, TileLog, open_file, sqlite
from tests.project.conftest import TILES, Farm, make_farm, names


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE project (id)")
    connection.commit()
    connection.close()


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    for path in (tmp_path / "none.cropmap", tmp_path / "no folder" / "none.cropmap", tmp_path):
        with pytest.raises(ProjectError, match="no project at"):
            Project.open(path)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_never_overwritten(farm: Farm) -> None:
    with pytest.raises(ProjectError, match="exists already"):
        Project.create(farm.project.path, "Another")
    assert farm.reopened().project.name == "Farm"


def test_a_name_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Project.create(tmp_path / "a.cropmap", " ")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        Project.create(tmp_path / "file" / "a.cropmap", "A")


@pytest.mark.parametrize("body", [b"", b"hello", b"\x89PNG" * 1000, b"SQLite format 3\0" * 99])
def test_a_file_of_another_kind_is_no_project_and_stays_as_it_is(
    tmp_path: Path, body: bytes
) -> None:
    path = tmp_path / "a.cropmap"
    path.write_bytes(body)
    with pytest.raises(ProjectError):
        Project.open(path)
    assert path.read_bytes() == body
    assert list(tmp_path.iterdir()) == [path]


def test_another_programs_database_is_no_project_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.cropmap"
    foreign_database(path)
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="is not a project"):
        Project.open(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kept", [100, 4096, 20_000, -4096])
def test_a_truncated_project_is_refused(file_farm: Farm, kept: int) -> None:
    file_farm.project.close()
    body = file_farm.project.path.read_bytes()
    file_farm.project.path.write_bytes(body[:kept])
    with pytest.raises(ProjectError):
        file_farm.reopened()


def test_any_damage_is_found_or_harmless(file_farm: Farm, tmp_path: Path) -> None:
    """Flipped bytes give a sentence, or a project that can be read; never another exception."""
    for version in range(30):
        file_farm.append(version, f"p{version}", "x" * 200)
    file_farm.project.close()
    body = file_farm.project.path.read_bytes()
    chance = random.Random(3)
    refused: list[CropMapError] = []
    for number in range(50):
        damaged = bytearray(body)
        for _ in range(chance.choice([1, 20, 400])):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"{number}.cropmap"
        path.write_bytes(damaged)
        try:
            project = Project.open(path)
            project.history()
            for scene in project.scenes():
                for tile in project.tiles(scene.id):
                    project.log(scene.id, tile.name)
        except CropMapError as error:
            refused.append(error)
    assert len(refused) > 12
    assert all(error.message.endswith(".") for error in refused)


def limit_pages(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    limited = (*open_file.PRAGMAS, f"PRAGMA max_page_count={pages}")
    monkeypatch.setattr(open_file, "PRAGMAS", limited)


def test_a_full_disk_is_said_and_loses_nothing(file_farm: Farm, monkeypatch) -> None:
    file_farm.append(0, "a")
    with monkeypatch.context() as patch:
        limit_pages(patch, 1)  # SQLite takes it as 'no larger than now'
        full = file_farm.reopened()
        large = [NewEdit("brush", {"id": "x" * 100_000})]
        for _ in range(2):
            with pytest.raises(DiskFullError, match="disk is full"):
                full.project.append(full.scene, full.tile, large, author="", expected_version=1)
        with pytest.raises(DiskFullError):
            full.project.add_scene("June", {"x": "x" * 100_000}, None, TILES)
        assert names(full.log()) == ["a"]
        full.project.close()
    again = file_farm.reopened()
    assert len(again.project.scenes()) == 1
    assert names(again.append(1, "b")) == ["a", "b"]


def test_the_next_edit_works_once_there_is_space(file_farm: Farm) -> None:
    """Through the same open project, as the app holds it."""
    large = [NewEdit("brush", {"id": "x" * 100_000})]

    def append(version: int) -> TileLog:
        return file_farm.project.append(
            file_farm.scene, file_farm.tile, large, author="Ada", expected_version=version
        )

    def allow(pages: int) -> None:
        with file_farm.project._database.read() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    file_farm.append(0, "a")
    revision = file_farm.project.revision()
    allow(1)  # SQLite takes it as 'no larger than now'
    for _ in range(3):
        with pytest.raises(DiskFullError, match=r"disk is full.*not saved") as told:
            append(1)
        assert "Free some space" in told.value.hint
    assert (names(file_farm.log()), file_farm.project.revision()) == (["a"], revision)
    assert names(file_farm.reopened().log()) == ["a"]
    allow(10_000)
    assert len(append(1).edits) == 2
    assert file_farm.reopened().log().version == 2


# In a file system of its own: edits until it is full, then space is made, then one more.
_FILLS = """
import sys
from pathlib import Path
from core.errors import DiskFullError
from core.project import NewEdit, Project

project, scene, tile = Project.open(Path(sys.argv[1])), sys.argv[2], sys.argv[3]
ballast = project.folder / "ballast"
ballast.write_bytes(bytes(300_000))

def append(version):
    edits = [NewEdit("brush", {"filler": "x" * 5000})]
    return project.append(scene, tile, edits, author="", expected_version=version).version

saved = 0
try:
    while saved < 10_000:
        saved = append(saved)
except DiskFullError as error:
    print(error.message)
ballast.unlink()
print(saved, append(saved), len(project.log(scene, tile).edits))
project.close()
again = Project.open(Path(sys.argv[1]))
print(len(again.log(scene, tile).edits))
"""
_MOUNT = 'mount -t tmpfs -o size=1500k none "$1" && cp "$1.cropmap" "$1/farm.cropmap" && shift'


def _may_mount(folder: Path) -> bool:
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "none", str(folder)]
    return bool(shutil.which("unshare")) and subprocess.run(command, check=False).returncode == 0


def test_a_disk_that_fills_up_while_people_edit(file_farm: Farm, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not _may_mount(disk):
        pytest.skip("this user may not mount a small file system")
    file_farm.project.close()
    shutil.copy(file_farm.project.path, tmp_path / "disk.cropmap")
    script = f'{_MOUNT} && exec "$@"'
    program = [sys.executable, "-c", _FILLS, str(disk / "farm.cropmap")]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(disk), *program, file_farm.scene, "x0_y0"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    message, numbers, after = done.stdout.splitlines()
    assert message == "The disk is full: the last change to farm.cropmap was not saved."
    saved, next_one, found = map(int, numbers.split())
    assert saved > 10
    assert next_one == found == int(after) == saved + 1


def test_a_disk_too_full_for_a_new_project_keeps_no_half_of_it(tmp_path: Path, monkeypatch) -> None:
    limit_pages(monkeypatch, 4)
    with pytest.raises(DiskFullError):
        Project.create(tmp_path / "a.cropmap", "A")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_while_it_is_full_is_said_to_be_full(
    file_farm: Farm, monkeypatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    explained = sqlite._explained(error, file_farm.project.path)
    assert isinstance(explained, ProjectUnavailableError)
    assert "The disk did not let" in explained.message
    usage = shutil.disk_usage(file_farm.project.folder)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert isinstance(sqlite._explained(error, file_farm.project.path), DiskFullError)


def test_a_project_that_may_only_be_read(file_farm: Farm, monkeypatch) -> None:
    file_farm.append(0, "a")
    monkeypatch.setattr(open_file, "PRAGMAS", (*open_file.PRAGMAS, "PRAGMA query_only=ON"))
    reader = file_farm.reopened()
    assert names(reader.log()) == ["a"]
    with pytest.raises(ProjectError, match="cannot be written"):
        reader.append(1, "b")


def test_a_closed_project_says_so(farm: Farm) -> None:
    farm.project.close()
    farm.project.close()
    for call in (farm.log, lambda: farm.append(0, "a"), farm.project.revision):
        with pytest.raises(ProjectError, match="is closed"):
            call()


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
def test_a_file_that_vanishes_is_not_made_again(tmp_path: Path) -> None:
    farm = make_farm(tmp_path)
    farm.project._database._engine.dispose()  # the next call has to connect
    farm.project.path.unlink()
    with pytest.raises(ProjectError, match="was moved or deleted"):
        farm.log()
    assert not farm.project.path.exists()


def test_an_index_that_lacks_a_row_is_damage(file_farm: Farm) -> None:
    """Rows are found through indexes: what one of them hides would be missing without a word."""
    path = file_farm.project.path
    file_farm.project.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'tile'"
        ).fetchall()
    connection.close()
    body = path.read_bytes()
    assert roots
    for (page,) in roots:
        damaged = bytearray(body)
        # The cell that was written first stands at the end of its page, its key before the rowid.
        end = page * size
        damaged[end - 9 : end - 1] = bytes(8)
        path.write_bytes(damaged)
        with pytest.raises(ProjectError, match="damaged"):
            Project.open(path)
