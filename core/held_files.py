"""Files that SQLite holds in this process, by device and inode.

POSIX drops every lock that a process has on a file when the process closes *any* descriptor of it.
Whoever opens a project by other means than SQLite, to look at its first bytes, takes its locks
away; another process then removes the ``-wal`` under it, and what is saved from then on is lost.
So whatever opens files that a person names asks here first.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

FileId = tuple[int, int]
"""Device and inode: the file itself, whatever its name."""

_held: Counter[FileId] = Counter()
# Re-entrant: connections may be closed by the garbage collector, in the midst of anything.
_lock = threading.RLock()


def file_id(path: Path) -> FileId | None:
    """The file at a path; None where there is none or it cannot be reached."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def hold(file: FileId) -> None:
    """SQLite has opened this file once more."""
    with _lock:
        _held[file] += 1


def release(file: FileId) -> None:
    """SQLite has closed it as often as it was opened by whoever calls."""
    with _lock:
        _held[file] -= 1
        if _held[file] <= 0:
            del _held[file]


def is_held(path: Path) -> bool:
    """Whether SQLite has the file of this path open, under this name or another."""
    found = file_id(path)
    with _lock:
        return found is not None and found in _held
