"""Many threads and several processes: nothing is lost, and every conflict is reported."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import ConflictError, ProjectError
from core.project import NewEdit, NewTile, Project, open_file
from tests.project.conftest import Farm, names

_THREADS = 8
_APPENDS = 20


def test_threads_lose_nothing_and_every_conflict_is_reported(farm: Farm) -> None:
    """Two or three threads to a tile, through two objects: as two servers on one project."""
    doors = (farm.project, farm.reopened().project)

    def work(thread: int) -> int:
        mine = Farm(doors[thread // 3 % 2], farm.scene, f"x{thread % 3}_y0")
        conflicts, version = 0, 0
        for number in range(_APPENDS):
            while True:
                try:
                    log = mine.append(version, f"{thread}/{number}", author=str(thread))
                except ConflictError:
                    conflicts += 1
                    version = mine.project.tile(mine.scene, mine.tile).log_version
                else:
                    # The state that was acknowledged is this thread's: its edit is the last one.
                    assert names(log)[-1] == f"{thread}/{number}"
                    assert log.version == version + 1
                    version = log.version
                    break
        return conflicts

    start = farm.project.revision()
    with ThreadPoolExecutor(_THREADS) as pool:
        conflicts = sum(pool.map(work, range(_THREADS)))
    assert conflicts > 0
    tiles = [tile.name for tile in farm.project.tiles(farm.scene)]
    _check_all_are_there(farm.project, farm.scene, tiles, _THREADS, _APPENDS)
    assert farm.project.revision() == start + _THREADS * _APPENDS


def _check_all_are_there(
    project: Project, scene: str, tiles: list[str], writers: int, appends: int
) -> None:
    """Each writer's edits are on its tile, in its order, and no other is."""
    for number, tile in enumerate(tiles):
        on_it = range(number, writers, len(tiles))
        log = project.log(scene, tile)
        found = names(log)
        assert log.version == len(found) == len(on_it) * appends
        for writer in on_it:
            mine = [name for name in found if name.startswith(f"{writer}/")]
            assert mine == [f"{writer}/{number}" for number in range(appends)]


_WRITERS, _TILES = 8, 6
# Eight servers' processes beside them make the other one slow on a small machine.
_EDITS = {"sqlite": 500, "postgres": 120}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_eight_processes_lose_nothing_and_every_conflict_is_reported(
    farm: Farm, database: str
) -> None:
    """Each comes with the version that it saw last, and says how often it came and was refused."""
    names_of = [f"t{number}" for number in range(_TILES)]
    tiles = [NewTile(name, number, (number, 0, 9, 9)) for number, name in enumerate(names_of)]
    scene = farm.project.add_scene("shared", {}, None, tiles).id
    start, count = farm.project.revision(), _EDITS[database]
    arguments = [str(farm.project.path), scene, str(_WRITERS), str(count)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.project.writing", *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        timeout=500,
    )
    reports = [[int(number) for number in line.split()] for line in done.stdout.splitlines()]
    assert sorted(writer for writer, *_ in reports) == list(range(_WRITERS))
    for _, attempts, applied, conflicts in reports:
        assert applied == count
        assert attempts == applied + conflicts
    assert sum(conflicts for *_, conflicts in reports) > 0
    assert farm.project.revision() == start + _WRITERS * count
    _check_all_are_there(farm.project, scene, names_of, _WRITERS, count)
    edits = [row for row in farm.project.history(limit=10_000) if row.action == "edit"]
    assert len(edits) == _WRITERS * count


def test_readers_see_whole_commits_while_others_write(farm: Farm) -> None:
    def write(_thread: int) -> None:
        for version in range(60):
            farm.append(version, "a", "b", "c")

    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write, 0)
        while not writer.done():
            log = farm.log()
            assert len(log.edits) == 3 * log.version
        writer.result()


def test_a_project_that_another_program_holds_is_said_to_be(file_farm: Farm, monkeypatch) -> None:
    monkeypatch.setattr(open_file, "BUSY_SECONDS", 0.05)
    impatient = file_farm.reopened()
    holder = sqlite3.connect(file_farm.project.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProjectError, match="in use by another program"):
        impatient.append(0, "a")
    assert impatient.log().version == 0  # reading goes on
    holder.execute("ROLLBACK")
    holder.close()
    assert names(impatient.append(0, "a")) == ["a"]


def test_a_failing_transaction_leaves_nothing_and_lets_the_next_in(farm: Farm) -> None:
    class StopError(Exception):
        pass

    def break_off() -> None:
        with farm.project._change() as change:
            change.touch_tiles(farm.scene)
            change.record("edit", detail={})
            raise StopError

    before = farm.project.revision(), farm.project.history()
    with pytest.raises(StopError):
        break_off()
    assert (farm.project.revision(), farm.project.history()) == before
    assert names(farm.append(0, "a")) == ["a"]


def test_every_commit_is_synced_and_foreign_keys_hold(file_farm: Farm) -> None:
    with file_farm.project._database.write() as connection:
        ask = connection.exec_driver_sql
        assert ask("PRAGMA journal_mode").scalar() == "wal"
        assert ask("PRAGMA synchronous").scalar() == 2
        assert ask("PRAGMA foreign_keys").scalar() == 1
        assert ask("PRAGMA busy_timeout").scalar() == 15000
    with (
        pytest.raises(ProjectError, match="FOREIGN KEY"),
        file_farm.project._database.write() as connection,
    ):
        connection.exec_driver_sql("INSERT INTO step VALUES (99, 1, 0)")


def test_the_same_edit_object_may_be_appended_from_many_threads(farm: Farm) -> None:
    edit = NewEdit("brush", {"id": "same"})
    with ThreadPoolExecutor(3) as pool:
        logs = list(
            pool.map(
                lambda tile: farm.project.append(
                    farm.scene, tile.name, [edit], author="", expected_version=0
                ),
                farm.project.tiles(farm.scene),
            )
        )
    assert all(names(log) == ["same"] for log in logs)
