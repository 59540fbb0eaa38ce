"""Files and folders appear whole or not at all, and what a kill leaves behind goes."""

from __future__ import annotations

import ast
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import files, private_folders
from core.errors import DiskFullError, OutputError
from core.files import (
    folder_lock,
    fresh_folder,
    put_in_place,
    read_checked,
    replacing,
    together,
    write_checked,
    write_whole,
)

ROOT = Path(__file__).parent.parent


def process(program: str, folder: Path) -> subprocess.Popen[str]:
    """A process of ours that has said that it is ready."""
    started = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


HOLDING = """
import sys, time
from pathlib import Path
from core.files import {name}
with {call} as aside:
    {then}
    print("ready", flush=True)
    time.sleep(60)
"""

WRITERS = {
    "replacing": ('replacing(Path(sys.argv[1]) / "a")', 'aside.write_text("half")'),
    "fresh_folder": ('fresh_folder(Path(sys.argv[1]) / "a", marker="m")', "(aside / 'm').touch()"),
    "scratch_folder": ('scratch_folder(Path(sys.argv[1]) / "a")', "(aside / 'b').mkdir()"),
}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def settle(folder: Path, seconds: float = 120.0) -> None:
    """Let what lies in a folder seem older than it is."""
    then = time.time() - seconds
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (then, then))


@pytest.mark.parametrize("name", WRITERS)
def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path, name) -> None:
    call, then = WRITERS[name]
    writer = process(HOLDING.format(name=name, call=call, then=then), tmp_path)
    settle(tmp_path)
    with replacing(tmp_path / "b") as aside:
        aside.write_text("b")
    # It lives: nobody takes its folder away, however old that is.
    (left,) = names(tmp_path) - {"b"}
    assert left.startswith(".writing-")
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    settle(tmp_path)
    with replacing(tmp_path / "b") as aside:
        aside.write_text("b")
    assert names(tmp_path) == {"b"}


def test_a_small_file_that_a_killed_writer_left_goes(tmp_path) -> None:
    old, new = tmp_path / ".writing-old", tmp_path / ".writing-new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    write_whole(tmp_path / "a", b"a")
    assert names(tmp_path) == {"a", ".writing-new"}


def test_a_folder_whose_writer_was_killed_between_two_names_comes_back(tmp_path) -> None:
    program = """
import os, sys
from pathlib import Path
from core import files, private_folders

def killed(new, target):
    print("ready", flush=True)
    os.kill(os.getpid(), 9)

private_folders.give_name = killed
with files.fresh_folder(Path(sys.argv[1]) / "out", marker="m") as aside:
    (aside / "m").write_text("new")
"""
    with fresh_folder(tmp_path / "out", marker="m") as aside:
        (aside / "m").write_text("old")
    process(program, tmp_path).wait()
    assert not (tmp_path / "out").exists()
    settle(tmp_path)
    write_whole(tmp_path / "other", b"")
    assert (tmp_path / "out" / "m").read_text() == "new"
    assert names(tmp_path) == {"out", "other"}


def an_earlier_set(folder: Path) -> None:
    for name in ("a", "b", "c", "deep/d"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("old")


def write_set(folder: Path) -> None:
    with together(folder, leaving=("c",)) as new:
        (new / "deep").mkdir()
        for name in ("a", "b", "deep/d", "deep/e"):
            (new / name).write_text("new")


def contents(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


OLD = dict.fromkeys(("a", "b", "c", "deep/d"), "old")
NEW = dict.fromkeys(("a", "b", "deep/d", "deep/e"), "new")


def test_a_set_of_files_takes_its_names(tmp_path) -> None:
    an_earlier_set(tmp_path)
    write_set(tmp_path)
    assert contents(tmp_path) == NEW


def test_where_one_file_cannot_be_replaced_none_is(tmp_path, monkeypatch) -> None:
    an_earlier_set(tmp_path)
    real = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self.parts[-2:] == ("deep", "e"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutputError, match="cannot be written"):
        write_set(tmp_path)
    monkeypatch.undo()
    assert contents(tmp_path) == OLD
    (tmp_path / "b").unlink()
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError):
        write_set(tmp_path)
    (tmp_path / "b").rmdir()
    assert contents(tmp_path) == {name: text for name, text in OLD.items() if name != "b"}


@pytest.mark.parametrize("done", range(5))
def test_a_set_whose_writer_was_killed_between_two_names_is_finished(tmp_path, done: int) -> None:
    an_earlier_set(tmp_path)
    killed = os.fork()
    if not killed:
        calls = iter(range(done))
        exchange = private_folders._Swap._exchange
        private_folders._Swap._exchange = lambda self, name: (
            exchange(self, name) if next(calls, None) is not None else os._exit(9)
        )
        write_set(tmp_path)
    assert os.waitstatus_to_exitcode(os.waitpid(killed, 0)[1]) == 9
    with folder_lock(tmp_path):
        assert contents(tmp_path) == {**NEW, ".cropmap.lock": ""}
    assert contents(tmp_path) == NEW


def test_a_list_of_names_that_was_changed_reaches_nothing_outside(tmp_path) -> None:
    folder, outside = tmp_path / "out", tmp_path / "outside"
    (folder / ".writing-x").mkdir(parents=True)
    (folder / ".writing-x" / ".alive").touch()
    (folder / ".writing-x" / ".manifest.json").write_text('[[], ["../outside"]]')
    outside.write_text("mine")
    with folder_lock(folder):
        pass
    assert outside.read_text() == "mine"
    assert list(folder.iterdir()) == []


def test_a_folder_may_have_any_name(tmp_path) -> None:
    for name in ("earlier", "files", "é" * 100):
        for content in ("old", "new"):
            with fresh_folder(tmp_path / name, marker="m") as aside:
                (aside / "m").write_text(content)
        assert (tmp_path / name / "m").read_text() == "new"


def test_content_and_name_are_on_the_disk_in_this_order(tmp_path, monkeypatch) -> None:
    done: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        kind = "folder" if place.is_dir() else "file"
        done.append(f"{kind} {'named' if (tmp_path / 'a').exists() else 'unnamed'}")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    for write in (
        lambda: write_whole(tmp_path / "a", b"a"),
        lambda: put_in_place(made(tmp_path / "part"), tmp_path / "a"),
    ):
        done.clear()
        (tmp_path / "a").unlink(missing_ok=True)
        write()
        assert done == ["file unnamed", "folder named"]


def made(path: Path) -> Path:
    path.write_bytes(b"content")
    return path


def test_a_full_disk_leaves_the_earlier_file_and_nothing_else(tmp_path, monkeypatch) -> None:
    write_checked(tmp_path / "a", b"old", "a")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError):
        write_checked(tmp_path / "a", b"new", "a")
    with pytest.raises(DiskFullError), replacing(tmp_path / "a") as aside:
        aside.write_bytes(b"new")
    monkeypatch.undo()
    assert read_checked(tmp_path / "a", "a") == b"old"
    assert names(tmp_path) == {"a"}


def test_a_damaged_or_exchanged_file_is_none(tmp_path) -> None:
    write_checked(tmp_path / "a", b"content", "a")
    assert read_checked(tmp_path / "a", "a") == b"content"
    assert read_checked(tmp_path / "a", "b") is None
    body = bytearray((tmp_path / "a").read_bytes())
    body[-1] ^= 1
    (tmp_path / "a").write_bytes(body)
    assert read_checked(tmp_path / "a", "a") is None
    assert read_checked(tmp_path / "b", "b") is None


LOCKING = """
import sys, time
from pathlib import Path
from core.files import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_two_runs_cannot_write_into_one_folder(tmp_path) -> None:
    folder = tmp_path / "new" / "out"
    other = process(LOCKING, folder)
    with pytest.raises(OutputError) as caught, folder_lock(folder):
        pass
    assert str(caught.value) == (
        f"Another run is writing into {folder}. Wait for it or choose another folder."
    )
    other.kill()
    other.wait()
    with folder_lock(folder):
        with pytest.raises(OutputError, match="Another run"), folder_lock(folder):
            pass
        # The lock is nothing that an export would have to keep.
        with fresh_folder(folder, marker="m") as aside:
            (aside / "m").touch()
    assert names(folder) == {"m"}
    with folder_lock(folder):
        pass
    assert names(folder) == {"m"}


def test_a_file_system_without_locks_does_not_stop_the_work(tmp_path, monkeypatch) -> None:
    def without(*_: object, **__: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(files.FileLock, "acquire", without)
    with folder_lock(tmp_path / "out"), replacing(tmp_path / "out" / "a") as aside:
        aside.write_text("a")
    assert names(tmp_path / "out") == {"a"}


def test_only_these_modules_give_files_their_names() -> None:
    """A rename elsewhere would leave out the disk, the sweeping or the sentence."""
    sources = [path for folder in ("core", "ui", "pages") for path in (ROOT / folder).rglob("*.py")]
    own = [ROOT / "core" / name for name in ("files.py", "private_folders.py")]
    found = {str(path.relative_to(ROOT)): _renames(path) for path in sources if path not in own}
    assert len(found) > 100
    assert {path: lines for path, lines in found.items() if lines} == {}
    assert all(map(_renames, own))


def _renames(path: Path) -> list[int]:
    """Lines that rename something on disk: ``str.replace`` has two arguments, a path's has one."""
    lines = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called, of = node.func.attr, ast.unparse(node.func.value)
        moves = of == "os" and called in {"replace", "rename", "renames", "link"}
        moves |= of == "shutil" and called == "move"
        moves |= called in {"replace", "rename"} and len(node.args) == 1 and not node.keywords
        if moves:
            lines.append(node.lineno)
    return lines
