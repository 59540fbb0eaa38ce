"""Another file in the place of an open project, and journals that are removed under it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import ProjectReplacedError
from core.project import Project
from core.project.open_file import OpenFile
from tests.project.conftest import Farm, make_farm, names
from tests.project.test_only_sqlite_opens import Program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="an open file cannot be moved there")


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """A project in a folder of its own, with two edits in its journal."""
    made = make_farm(tmp_path / "farm")
    made.append(0, "a")
    made.append(1, "b")
    return made


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Farm]:
    """Another project; open, with one edit in its journal."""
    made = make_farm(tmp_path / "other")
    made.append(0, "other")
    yield made
    made.project.close()


def rescued_in(folder: Path) -> Path:
    found = list(folder.glob("farm.rescued-*.cropmap"))
    assert len(found) == 1
    return found[0]


def stored(path: Path, tile: str) -> list[str]:
    """Edits of a file, as another process would find them: through a copy of all its parts."""
    copy = path.with_name("looked-at")
    copy.mkdir()
    for suffix in ("", "-wal"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            shutil.copy(part, copy / f"c.cropmap{suffix}")
    project = Project.open(copy / "c.cropmap")
    scene = project.scenes()[0].id
    found = names(project.log(scene, tile))
    with closing(sqlite3.connect(copy / "c.cropmap")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    project.close()
    shutil.rmtree(copy)
    return found


def exchange_folders(farm: Farm, other: Farm, tmp_path: Path) -> None:
    farm.project.folder.rename(tmp_path / "away")
    other.project.folder.rename(tmp_path / "farm")


def replace_file(farm: Farm, other: Farm, tmp_path: Path) -> None:
    copy = tmp_path / "copy.cropmap"
    with closing(sqlite3.connect(copy)) as target, other.project._database.read() as connection:
        connection.connection.driver_connection.backup(target)
    copy.replace(farm.project.path)


def delete_and_put_back(farm: Farm, other: Farm, tmp_path: Path) -> None:
    farm.project.path.unlink()
    replace_file(farm, other, tmp_path)


EXCHANGES = [exchange_folders, replace_file, delete_and_put_back]
Exchange = Callable[[Farm, Farm, Path], None]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_no_edit_goes_where_nobody_finds_it(
    farm: Farm, other: Farm, tmp_path: Path, exchange: Exchange
) -> None:
    exchange(farm, other, tmp_path)
    for _ in range(2):
        with pytest.raises(ProjectReplacedError, match=r"was replaced by another file") as told:
            farm.append(2, "c")
    assert told.value.rescued is not None
    assert told.value.rescued.name in told.value.hint
    assert stored(rescued_in(tmp_path / "farm"), farm.tile) == ["a", "b"]
    assert stored(farm.project.path, farm.tile) == ["other"]
    # Closing the old one removes nothing of the one that is there now, which can be worked on.
    farm.project.close()
    now = Farm(Project.open(farm.project.path), other.scene)
    assert now.project.file_stamp != farm.project.file_stamp
    assert names(now.append(1, "c")) == ["other", "c"]
    assert stored(farm.project.path, farm.tile) == ["other", "c"]
    now.project.close()


def test_a_folder_that_was_moved_away_has_all_that_was_saved(
    farm: Farm, other: Farm, tmp_path: Path
) -> None:
    exchange_folders(farm, other, tmp_path)
    with pytest.raises(ProjectReplacedError):
        farm.append(2, "c")
    assert stored(tmp_path / "away" / "farm.cropmap", farm.tile) == ["a", "b"]


def test_a_file_that_is_gone_is_said_and_rescued(farm: Farm) -> None:
    farm.project.path.unlink()
    with pytest.raises(ProjectReplacedError, match="was moved or deleted"):
        farm.append(2, "c")
    assert stored(rescued_in(farm.project.folder), farm.tile) == ["a", "b"]
    assert not farm.project.path.exists()


def test_a_file_that_is_moved_while_it_is_written_to_acknowledges_nothing(
    farm: Farm, other: Farm, tmp_path: Path
) -> None:
    """Between the beginning and the end of a transaction."""

    def change_and_replace() -> None:
        with farm.project._change() as change:
            change.record("edit", detail={})
            replace_file(farm, other, tmp_path)

    with pytest.raises(ProjectReplacedError):
        change_and_replace()
    assert stored(farm.project.path, farm.tile) == ["other"]


def test_closing_a_replaced_project_keeps_the_journal_of_the_new_one(
    farm: Farm, other: Farm, tmp_path: Path
) -> None:
    """SQLite removes the journal by its name."""
    exchange_folders(farm, other, tmp_path)
    journal = farm.project.path.with_name("farm.cropmap-wal")
    assert journal.stat().st_size > 0
    farm.project.close()
    assert journal.stat().st_size > 0
    assert stored(farm.project.path, farm.tile) == ["other"]
    assert stored(rescued_in(tmp_path / "farm"), farm.tile) == ["a", "b"]


_ENDS_UNNOTICED = """
import sys
from pathlib import Path
from core.project import Project
project = Project.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
"""


_STRANGER = """
import sqlite3, sys
stranger = sqlite3.connect(sys.argv[1])
stranger.execute("CREATE TABLE stranger (id)")
stranger.commit()
stranger.close()
"""


def test_a_program_that_ends_without_closing_keeps_it_too(
    farm: Farm, other: Farm, tmp_path: Path
) -> None:
    path = farm.project.path
    farm.project.close()
    program = subprocess.Popen(
        [sys.executable, "-c", _ENDS_UNNOTICED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    assert program.stdout.readline() == "open\n"
    exchange_folders(farm, other, tmp_path)
    program.communicate("\n", timeout=60)
    assert program.returncode == 0
    assert stored(path, farm.tile) == ["other"]


@pytest.mark.parametrize("suffixes", [("-wal",), ("-wal", "-shm"), ("-shm",)])
def test_a_journal_that_was_removed_is_noticed_and_all_is_put_back(
    farm: Farm, suffixes: tuple[str, ...]
) -> None:
    path = farm.project.path
    stamp = farm.project.file_stamp
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink()
    with pytest.raises(ProjectReplacedError, match="was removed") as told:
        farm.append(2, "c")
    assert told.value.restored
    assert stored(rescued_in(path.parent), farm.tile) == ["a", "b"]
    again = Farm(Project.open(path), farm.scene)
    assert names(again.log()) == ["a", "b"]
    assert names(again.append(2, "c")) == ["a", "b", "c"]
    assert again.project.has_contents_of(stamp)
    assert stored(path, farm.tile) == ["a", "b", "c"]
    # The second object of this process notices, and rescues nothing once more.
    farm.project.close()
    again.project.close()


def test_two_objects_of_one_process_rescue_once(farm: Farm) -> None:
    second = farm.reopened()
    farm.project.path.with_name("farm.cropmap-wal").unlink()
    for one in (farm, second):
        with pytest.raises(ProjectReplacedError) as told:
            one.append(2, "c")
        assert told.value.restored
    rescued_in(farm.project.folder)


def test_one_look_at_the_files_serves_all_who_waited_for_it(farm: Farm, monkeypatch) -> None:
    look, looks, may_go = OpenFile._what_is_wrong, [], threading.Event()

    def slow(file: OpenFile) -> str | None:
        looks.append(file)
        assert may_go.wait(30)
        return look(file)

    monkeypatch.setattr(OpenFile, "_what_is_wrong", slow)
    with ThreadPoolExecutor(20) as people:
        asked = [people.submit(farm.project.verify) for _ in range(20)]
        while not looks:
            time.sleep(0.01)
        time.sleep(0.2)
        may_go.set()
        for one in asked:
            one.result(30)
    # The first, and one that began after all others had asked.
    assert len(looks) <= 3
    farm.project.verify()
    assert len(looks) <= 4


def test_closing_notices_a_removed_journal(farm: Farm) -> None:
    farm.project.path.with_name("farm.cropmap-wal").unlink()
    farm.project.close()
    assert names(farm.reopened().log()) == ["a", "b"]


def test_a_removed_journal_is_not_put_back_over_what_another_program_saved(farm: Farm) -> None:
    """It opened the project without the journal, and edited: both are kept."""
    farm.project.path.with_name("farm.cropmap-wal").unlink()
    farm.project.path.with_name("farm.cropmap-shm").unlink()
    subprocess.run(
        [sys.executable, "-c", _STRANGER, str(farm.project.path)], check=True, timeout=60
    )
    with pytest.raises(ProjectReplacedError) as told:
        farm.append(2, "c")
    assert not told.value.restored
    assert stored(rescued_in(farm.project.folder), farm.tile) == ["a", "b"]
    again = farm.project.path.with_name("again.cropmap")
    for suffix in ("", "-wal"):
        shutil.copy(f"{farm.project.path}{suffix}", f"{again}{suffix}")
    with closing(sqlite3.connect(again)) as stranger:
        assert stranger.execute("SELECT count(*) FROM stranger").fetchone() == (0,)
    with pytest.raises(ProjectReplacedError, match="was removed"):
        Project.open(farm.project.path)


def test_sixteen_edits_survive_the_removal_of_the_journal_and_a_kill(tmp_path: Path) -> None:
    farm = make_farm(tmp_path)
    farm.project.close()
    app = Program(farm, "app")
    for number in range(16):
        assert app.ask("edit") == str(number + 1)
        if number == 7:
            farm.project.path.with_name("farm.cropmap-wal").unlink()
            assert app.ask("edit") == "replaced"
            app.kill()
            app = Program(farm, "again")
    app.kill()
    assert len(farm.reopened().log().edits) == 16


def test_a_link_that_leads_elsewhere_is_another_file(farm: Farm, other: Farm, tmp_path) -> None:
    link = tmp_path / "link.cropmap"
    link.symlink_to(farm.project.path)
    linked = Farm(Project.open(link), farm.scene)
    linked.append(2, "c")
    link.unlink()
    link.symlink_to(other.project.path)
    with pytest.raises(ProjectReplacedError):
        linked.append(3, "d")
    assert stored(other.project.path, farm.tile) == ["other"]
    assert names(farm.log()) == ["a", "b", "c"]


def overwrite(farm: Farm, source: Path) -> None:
    """As ``cp`` does: the file keeps its inode, and its journal stays beside it."""
    shutil.copyfile(source, farm.project.path)


def copy_of(farm: Farm, target: Path) -> Path:
    """The last commit in a file of its own."""
    with closing(sqlite3.connect(target)) as copy, farm.project._database.read() as connection:
        connection.connection.driver_connection.backup(copy)
    return target


def test_a_file_that_is_overwritten_in_place_is_noticed(
    farm: Farm, other: Farm, tmp_path: Path
) -> None:
    """SQLite would write the journal of the one into the other."""
    overwrite(farm, copy_of(other, tmp_path / "copy"))
    for _ in range(2):
        with pytest.raises(ProjectReplacedError, match="was overwritten by another program"):
            farm.append(2, "c")
    farm.project.close()
    assert stored(rescued_in(farm.project.folder), farm.tile) == ["a", "b"]
    assert stored(farm.project.path, farm.tile) == ["other"]
    now = Farm(Project.open(farm.project.path), other.scene)
    assert names(now.append(1, "c")) == ["other", "c"]
    now.project.close()


@pytest.mark.parametrize("which", ["older", "newer", "other", "half"])
def test_it_is_noticed_too_where_the_journal_is_empty(
    farm: Farm, other: Farm, tmp_path: Path, which: str
) -> None:
    """The pages that the connections remember say nothing of the file that is there now."""
    copies = {"other": copy_of(other, tmp_path / "o"), "older": copy_of(farm, tmp_path / "old")}
    twin = tmp_path / "twin.cropmap"
    elsewhere = Farm(Project.open(copy_of(farm, twin)), farm.scene)
    elsewhere.append(2, "x", "y")
    elsewhere.append(3, "z")
    elsewhere.project.close()
    copies["newer"] = twin
    farm.append(2, "c")
    assert farm.project._database.checkpoint()
    whole = farm.project.path.read_bytes()
    copies["half"] = tmp_path / "half"
    copies["half"].write_bytes(whole[: len(whole) // 2])
    overwrite(farm, copies[which])
    with pytest.raises(ProjectReplacedError, match="was overwritten") as told:
        farm.append(3, "d")
    assert told.value.rescued is not None or "backups" in told.value.hint
    assert farm.project.path.read_bytes() == copies[which].read_bytes()
    if which != "half":
        Project.open(farm.project.path).close()


def test_checkpoints_of_others_are_nothing_of_the_kind(farm: Farm) -> None:
    second = farm.reopened()
    second.append(2, "c")
    assert second.project._database.checkpoint()
    assert names(farm.append(3, "d")) == ["a", "b", "c", "d"]
    second.project.rename("Other")
    assert farm.project._database.checkpoint()
    assert names(second.append(4, "e"))[-1] == "e"
    second.project.close()


def killed(farm: Farm, folder: Path) -> Path:
    """What a killed program leaves: the file and its journal."""
    folder.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{farm.project.path}{suffix}", f"{folder / farm.project.path.name}{suffix}")
    return folder / farm.project.path.name


def test_a_journal_that_was_left_beside_another_file_is_put_aside(
    farm: Farm, other: Farm, tmp_path: Path
) -> None:
    assert farm.project._database.checkpoint()
    farm.append(2, "c")
    own = Farm(Project.open(killed(farm, tmp_path / "own")), farm.scene)
    assert names(own.log()) == ["a", "b", "c"]
    assert own.project.damages() == ()
    path = killed(farm, tmp_path / "foreign")
    shutil.copyfile(copy_of(other, tmp_path / "copy"), path)
    opened = Farm(Project.open(path), other.scene)
    assert names(opened.append(1, "d")) == ["other", "d"]
    (kept,) = path.parent.glob("farm.left-over-*.cropmap-wal")
    assert kept.read_bytes() == Path(f"{farm.project.path}-wal").read_bytes()
    assert kept.name in opened.project.damages()[0].sentence
    opened.project.close()
    assert stored(path, farm.tile) == ["other", "d"]
    own.project.close()


def test_a_checkpoint_that_was_cut_short_is_finished(farm: Farm, tmp_path: Path) -> None:
    """Some pages are the new ones, and without the journal nothing can be read."""
    for number in range(60):
        farm.append(number + 2, "x" * 300)
    torn = killed(farm, tmp_path / "torn")
    assert farm.project._database.checkpoint()
    new = farm.project.path.read_bytes()
    torn.write_bytes(new[: 4096 * 3] + bytes(4096 * 2))
    opened = Farm(Project.open(torn), farm.scene)
    assert opened.project.damages() == ()
    assert len(opened.log().edits) == 62
    # So it is where another program has it open.
    second = Farm(Project.open(killed(opened, tmp_path / "again")), farm.scene)
    os.truncate(second.project.path, 4096 * 3)
    assert len(second.append(62, "more").edits) == 63
    for one in (opened, second):
        one.project.close()
    assert len(stored(second.project.path, farm.tile)) == 63


def test_a_log_that_was_put_back_alone_is_told(farm: Farm) -> None:
    """Its rows fit together; the record of who did what knows of more."""
    with closing(sqlite3.connect(farm.project.path)) as raw:
        raw.row_factory = sqlite3.Row
        before = dict(raw.execute("SELECT * FROM tile WHERE name = ?", [farm.tile]).fetchone())
        farm.append(2, "c")
        raw.execute("DELETE FROM edit WHERE sequence = 3")
        raw.execute("DELETE FROM step WHERE number = 3")
        names_of = ", ".join(f"{name} = :{name}" for name in before)
        raw.execute(f"UPDATE tile SET {names_of} WHERE id = :id", before)
        raw.commit()
    (damage,) = farm.reopened().project.damages()
    assert "lacks the last 1 of the changes" in damage.sentence


def test_a_project_in_order_is_closed_without_a_trace(farm: Farm) -> None:
    farm.project.close()
    assert [path.name for path in farm.project.folder.iterdir()] == ["farm.cropmap"]
