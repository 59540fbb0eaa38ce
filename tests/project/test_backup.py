"""Copies of a project that are whole, made at any moment, and the way back from them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.errors import ProjectError
from core.project import NewEdit, Project, backups_of, recent_projects, restore
from core.settings import get_settings
from tests.project import flipping
from tests.project.conftest import Farm, make_farm, names

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


@pytest.fixture
def short_rest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CROPMAP_REST_SECONDS", "0.2")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def until(true) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


def wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def days_ago(path: Path, days: int) -> Path:
    day = datetime.now().astimezone() - timedelta(days=days)
    return path.parent / "backups" / f"{path.stem}-{day:%Y-%m-%d}.cropmap"


def opened_once(farm: Farm) -> Farm:
    """Opened again, its automatic backup made, and closed."""
    again = farm.reopened()
    if again.project._automatic is not None:
        again.project._automatic.make()
    again.project.close()
    return again


def test_after_a_rest_a_copy_of_the_file_alone_is_whole(short_rest, tmp_path: Path) -> None:
    # Other tests of this process may have left projects open.
    before = set(threading.enumerate())
    farm = make_farm(tmp_path / "open")
    for version in range(25):
        farm.append(version, str(version))
    until(lambda: wal(farm.project.path).stat().st_size == 0)
    copy = tmp_path / "copied" / "farm.cropmap"
    copy.parent.mkdir()
    shutil.copyfile(farm.project.path, copy)
    copied = Project.open(copy)
    assert len(Farm(copied, farm.scene).log().edits) == 25
    copied.close()
    # Once more after the next change, in the same process; and no thread stays behind.
    farm.append(25, "later")
    until(lambda: wal(farm.project.path).stat().st_size == 0)
    farm.append(26, "last")
    farm.project.close()
    until(lambda: not [one for one in set(threading.enumerate()) - before if one.name == "rest"])


def test_a_rest_is_no_reason_to_wait(short_rest, tmp_path: Path) -> None:
    """A reader keeps the checkpoint from its end; it is tried again and nobody is held up."""
    farm = make_farm(tmp_path)
    farm.append(0, "a")
    with farm.project._database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM edit").all()
        farm.append(1, "b")
        assert farm.project._database.checkpoint() is False
        farm.append(2, "c")
    until(lambda: wal(farm.project.path).stat().st_size == 0)
    assert names(farm.log()) == ["a", "b", "c"]
    farm.project.close()


def test_a_backup_holds_what_was_saved_before_it_while_another_process_writes(
    file_farm: Farm, tmp_path: Path
) -> None:
    path = file_farm.project.path
    command = [sys.executable, "-m", "tests.project.writing", path, file_farm.scene, "1", "600"]
    with subprocess.Popen([*map(str, command)], cwd=ROOT, stdout=subprocess.DEVNULL) as writer:
        until(lambda: file_farm.log().version > 3)
        for number in range(5):
            before = file_farm.log().version
            copy = file_farm.project.backup(tmp_path / f"{number}.cropmap")
            opened = Farm(Project.open(copy), file_farm.scene)
            assert opened.log().version >= before
            assert opened.project.damages() == ()
            opened.project.close()
        assert writer.poll() is None
        writer.terminate()


def test_a_backup_of_each_database_is_a_project_in_one_file(farm: Farm, tmp_path: Path) -> None:
    farm.append(0, "a")
    farm.append(1, "b")
    farm.undo(2)
    farm.project.set_verdict(
        farm.scene, "x1_y0", "accepted", comment="ü", reviewer="Bob", expected_version=0
    )
    target = farm.project.backup(tmp_path / "elsewhere" / "copy.cropmap")
    assert [one.name for one in target.parent.iterdir()] == ["copy.cropmap"]
    with pytest.raises(ProjectError, match="exists already"):
        farm.project.backup(target)
    copy = Farm(Project.open(target), farm.scene)
    assert copy.project.damages() == ()
    assert copy.project.history() == farm.project.history()
    assert copy.project.tiles(farm.scene) == farm.project.tiles(farm.scene)
    assert names(copy.redo(3)) == ["a", "b"]
    assert names(farm.log()) == ["a"]


def test_the_command_line_copies_an_open_project_and_says_where(file_farm: Farm) -> None:
    file_farm.append(0, "a")
    path = file_farm.project.path

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "core", "project", "backup", str(path), *more]
        environment = {**os.environ, "CROPMAP_AUTOMATIC_BACKUPS": "0"}
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
        )

    done = run("--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (backup,) = backups_of(path)
    assert (Path(report["backup"]), report["damages"], backup.edits) == (backup.path, [], 1)
    assert names(Farm(Project.open(backup.path), file_farm.scene).log()) == ["a"]
    again = run("--out", report["backup"])
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_two_backups_of_one_second_are_two_files(file_farm: Farm) -> None:
    first, second, third = (file_farm.project.backup() for _ in range(3))
    assert len({first, second, third}) == 3
    assert {backup.path for backup in backups_of(file_farm.project.path)} == {first, second, third}


def test_one_backup_a_day_of_what_has_changed_and_the_last_three_stay(file_farm: Farm) -> None:
    path = file_farm.project.path
    file_farm.append(0, "a")
    opened_once(file_farm)
    assert [backup.edits for backup in backups_of(path)] == [1]
    file_farm.append(1, "b")
    opened_once(file_farm)
    assert [backup.edits for backup in backups_of(path)] == [1]
    today = days_ago(path, 0)
    for days in (1, 2, 3):
        shutil.copyfile(today, days_ago(path, days))
        os.utime(days_ago(path, days), (time.time() - 86_400 * days,) * 2)
    theirs = file_farm.project.backup()
    today.unlink()
    opened_once(file_farm)  # nothing has changed since the person's own
    assert not today.exists()
    file_farm.append(2, "c")
    opened_once(file_farm)
    assert {one.name for one in today.parent.iterdir()} == {
        theirs.name,
        *(days_ago(path, days).name for days in (0, 1, 2)),
    }
    assert backups_of(path)[0].edits == 3


def test_work_that_goes_on_for_days_is_backed_up_at_rest(short_rest, tmp_path: Path) -> None:
    farm = opened = make_farm(tmp_path)
    farm.append(0, "a")
    farm.project.close()
    opened = farm.reopened()
    until(lambda: days_ago(farm.project.path, 0).exists())
    until(lambda: len(backups_of(farm.project.path)) == 1)
    days_ago(farm.project.path, 0).rename(days_ago(farm.project.path, 1))
    opened.append(1, "b")
    until(lambda: days_ago(farm.project.path, 0).exists())
    until(lambda: [backup.edits for backup in backups_of(farm.project.path)] == [2, 1])
    opened.project.close()


def test_a_damaged_project_pushes_no_good_backup_out(file_farm: Farm) -> None:
    file_farm.append(0, "a")
    file_farm.project.close()
    opened_once(file_farm)
    path = file_farm.project.path
    days_ago(path, 0).rename(days_ago(path, 1))
    flipping.flip_text(path, "edit", "data", "sequence = 1", bit=50)
    opened_once(file_farm)
    assert [one.name for one in days_ago(path, 0).parent.iterdir()] == [days_ago(path, 1).name]


def test_going_back_overwrites_nothing(file_farm: Farm) -> None:
    path = file_farm.project.path
    file_farm.append(0, "a")
    backup = file_farm.project.backup()
    file_farm.append(1, "b")
    file_farm.project.close()
    kept = restore(path, backup, reason="damaged")
    assert kept is not None
    assert kept.name.startswith("farm.damaged-")
    assert names(file_farm.reopened().log()) == ["a"]
    assert names(Farm(Project.open(kept), file_farm.scene).log()) == ["a", "b"]
    assert names(Farm(Project.open(backup), file_farm.scene).log()) == ["a"]


def test_a_missing_project_comes_back_and_a_broken_backup_changes_nothing(
    file_farm: Farm,
) -> None:
    path = file_farm.project.path
    file_farm.append(0, "a")
    backup = file_farm.project.backup()
    file_farm.project.close()
    path.unlink()
    assert restore(path, backup) is None
    assert names(file_farm.reopened().log()) == ["a"]
    broken = backup.with_name("farm-2020-01-01.cropmap")
    broken.write_bytes(b"no database" * 100)
    assert [one.path for one in backups_of(path)] == [backup]
    with pytest.raises(ProjectError):
        restore(path, broken)
    with pytest.raises(ProjectError, match="no backup"):
        restore(path, backup.with_name("gone.cropmap"))
    assert names(file_farm.reopened().log()) == ["a"]


def test_backups_and_replaced_files_are_no_projects_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    farm = make_farm(tmp_path / "farm")
    farm.append(0, "a")
    backup = farm.project.backup()
    farm.project.close()
    restore(farm.project.path, backup)
    listed = [entry.path for entry in recent_projects()]
    # Other tests of this process remember projects of their own.
    assert [path for path in listed if tmp_path in path.parents] == [farm.project.path]
    get_settings.cache_clear()


def test_opening_makes_no_backup_where_the_operator_wants_none(
    file_farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_farm.project.append(
        file_farm.scene, file_farm.tile, [NewEdit("x", {})], author="", expected_version=0
    )
    monkeypatch.setenv("CROPMAP_AUTOMATIC_BACKUPS", "0")
    get_settings.cache_clear()
    opened_once(file_farm)
    get_settings.cache_clear()
    assert not days_ago(file_farm.project.path, 0).parent.exists()
