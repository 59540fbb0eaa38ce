"""Private folders in which files are made before they get their names, and what a kill leaves.

A folder is locked while its writer lives.  Whoever writes beside it next removes what a writer that
died has left, or finishes it where the new files were whole and were just getting their names.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = ".writing-"
"""How the names of our half-written files and folders begin."""

_ALIVE, EARLIER = ".alive", ".earlier"
"""In a half-written folder: the file that its writer has locked, and what it takes the place of."""

_LOG = logging.getLogger(__name__)

_SET, _BEFORE, _MANIFEST = ".set", ".before", ".manifest.json"
"""In a half-written folder: files that get their names together, those whose place they take, and,
once all of them are whole, the list of their names."""

_SETTLED_S = 60.0
_ABANDONED_FILE_S = 3600.0
_ABANDONED_AFTER_S = 24 * 3600.0
"""Seconds until a file without a lock, or a folder without one, belongs to a writer that died."""


def give_name(new: Path, target: Path) -> None:
    """What :func:`core.files.put_in_place` does."""
    for path in sorted(new.rglob("*")) if new.is_dir() else (new,):
        if path.is_file():
            force_to_disk(path)
    new.replace(target)
    force_names_to_disk(target.parent)


def force_to_disk(path: Path) -> None:
    """See that what is in a file outlives a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def force_names_to_disk(folder: Path) -> None:
    """See that the names in a folder outlive a power cut, where the system can promise that."""
    # The new file has its name already: an error here must not say that it was not written.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """A folder of ours in ``parent`` that goes at the end; it is locked while it is in use."""
    sweep(parent)
    aside = Path(tempfile.mkdtemp(dir=parent, prefix=PREFIX))
    lock = FileLock(aside / _ALIVE, timeout=0, thread_local=False)
    try:
        with suppress(Timeout, NotImplementedError):
            lock.acquire()
        yield aside
    finally:
        lock.release()
        shutil.rmtree(aside, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove what writers that were killed have left behind."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if not _is_abandoned(path):
                continue
            if path.is_file():
                path.unlink()
                continue
            try:
                _finish(path)
            except ValueError as error:
                _LOG.warning("%s is damaged: %s", path / _MANIFEST, error)
            shutil.rmtree(path, ignore_errors=True)


@cache
def sweep_once(parent: Path) -> None:
    """Sweep a folder once in the life of this process: for writers of very many small files."""
    sweep(parent)


def _is_abandoned(path: Path) -> bool:
    """Whether nobody writes there any more."""
    now = time.time()
    if path.is_file():
        return now - path.stat().st_mtime > _ABANDONED_FILE_S
    alive = path / _ALIVE
    if alive.is_file():
        if now - alive.stat().st_mtime < _SETTLED_S and not (path / _MANIFEST).is_file():
            return False  # its writer may be about to lock it
        locked = _is_locked(alive)
        if locked is not None:
            return not locked
    touched = (inner.stat().st_mtime for inner in [path, *path.glob("*/"), *path.glob("*/*/")])
    return max(touched, default=0.0) < now - _ABANDONED_AFTER_S


def _is_locked(path: Path) -> bool | None:
    """Whether a process holds the lock of this file; None where the file system has no locks."""
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except (NotImplementedError, OSError):
        return None
    lock.release()
    return False


def _finish(aside: Path) -> None:
    """Let a new folder take its place where the writer was killed just after the old one left."""
    if (aside / _MANIFEST).is_file():
        _Swap.read(aside).do()
    if not (aside / EARLIER).is_dir():
        return
    for new in aside.iterdir():
        target = aside.parent / new.name
        if new.is_dir() and new.name != EARLIER and not target.exists():
            new.replace(target)


def take_place(new: Path, folder: Path, earlier: Path) -> None:
    """Put ``new`` where ``folder`` is; where that fails, ``folder`` is put back."""
    had_one = folder.exists()
    if had_one:
        folder.replace(earlier)
    try:
        give_name(new, folder)
    except OSError:
        if had_one:
            earlier.replace(folder)
        raise


def new_set(aside: Path) -> Path:
    """The folder in a private one for files that get their names together."""
    folder = aside / _SET
    folder.mkdir()
    return folder


def swap_set(aside: Path, leaving: Sequence[str]) -> None:
    """Let the files of :func:`new_set` take their names beside the private folder, all or none.

    Parameters
    ----------
    leaving : sequence of str
        Patterns of earlier files that go where no new one has their name.

    Raises
    ------
    OSError
        One of them cannot; all are as before.
    """
    made, parent = aside / _SET, aside.parent
    new = sorted(path for path in made.rglob("*") if path.is_file())
    for path in new:
        force_to_disk(path)
    names = [path.relative_to(made).as_posix() for path in new]
    old = {path.relative_to(parent).as_posix() for one in leaving for path in parent.glob(one)}
    for name in names:
        if (parent / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(parent / name))
    swap = _Swap(aside, names, sorted(old.difference(names)))
    swap.write()
    swap.do()


@dataclass(frozen=True, slots=True)
class _Swap:
    """Files that get their names together, and names of earlier ones that go."""

    aside: Path
    new: list[str]
    leaving: list[str]

    def write(self) -> None:
        """From here on, whoever finds the folder after a kill finishes what is begun."""
        part = self.aside / f"{_MANIFEST}.part"
        part.write_text(json.dumps([self.new, self.leaving]), encoding="utf-8")
        force_to_disk(part)
        part.replace(self.aside / _MANIFEST)
        force_names_to_disk(self.aside)

    @classmethod
    def read(cls, aside: Path) -> _Swap:
        """What a writer that died had begun; a ValueError where that was changed."""
        new, leaving = json.loads((aside / _MANIFEST).read_text("utf-8"))
        found = cls(aside, [str(name) for name in new], [str(name) for name in leaving])
        for name in (*found.new, *found.leaving):
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ValueError(f"{name} is not in the folder")
        return found

    def do(self) -> None:
        """All of it, or what is left of it; where one file cannot be replaced, none is."""
        done: list[str] = []
        try:
            for name in (*self.new, *self.leaving):
                done.append(name)
                self._exchange(name)
        except OSError:
            for name in reversed(done):
                self._exchange_back(name)
            (self.aside / _MANIFEST).unlink(missing_ok=True)
            raise
        for folder in {(self.aside.parent / name).parent for name in done}:
            force_names_to_disk(folder)

    def _exchange(self, name: str) -> None:
        new, target, before = self._places(name)
        if name in self.new and not new.exists():
            return  # it has its name already
        if target.exists():
            before.parent.mkdir(parents=True, exist_ok=True)
            target.replace(before)
        if name in self.new:
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)

    def _exchange_back(self, name: str) -> None:
        new, target, before = self._places(name)
        if name in self.new and not new.exists():
            target.replace(new)
        if before.exists():
            before.replace(target)

    def _places(self, name: str) -> tuple[Path, Path, Path]:
        return self.aside / _SET / name, self.aside.parent / name, self.aside / _BEFORE / name
