"""Copies of a project that are made when something happened to its file, and what is said then."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from core.files import move, put_in_place
from core.project.contents import Contents, connect_to_file, is_sound, seen_contents

_LOG = logging.getLogger(__name__)

MISSING = "The project file {name} was moved or deleted while it was open."
REPLACED = "The project file {name} was replaced by another file while it was open."
OVERWRITTEN = "The project file {name} was overwritten by another program while it was open."
JOURNAL_GONE = (
    "A file that belongs to the open project {name} ({name}-wal or {name}-shm) was removed."
)

RESTART = (
    "Open the rescued file next to it, or close all programs that use the project and start again."
)
_WENT_WITH_IT = (
    "What was saved before went with the file that was there{but}: continue from "
    "what is there now, "
    "or restore one of the backups on the Start page."
)


def aside(path: Path, what: str) -> Path:
    """A new name beside a project for a file that tells by it what it is, and of when."""
    moment = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    name, number = f"{path.stem}.{what}-{moment}", 1
    target = path.with_name(f"{name}{path.suffix}")
    while target.exists():
        number += 1
        target = path.with_name(f"{name}-{number}{path.suffix}")
    return target


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """Copy the last commit that a connection sees into a new file, and onto the disk."""
    remove(target)
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    with target.open("rb+") as written:
        os.fsync(written.fileno())


def copied(source: sqlite3.Connection | None, target: Path, whole: Contents | None = None) -> bool:
    """Copy the last commit that a connection sees, whole or not at all.

    Parameters
    ----------
    whole : Contents, optional
        What the copy must be, where the connection may see pages of two files.
    """
    if source is None or not target.parent.is_dir():
        return False
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        copy_database(source, part)
        if whole is not None and not _is_whole(part, whole):
            return False
        put_in_place(part, target)
    except (sqlite3.Error, OSError) as error:
        _LOG.error("%s could not be rescued: %s", target.name, error)
        return False
    finally:
        remove(part)
    return True


def _is_whole(path: Path, contents: Contents | None) -> bool:
    """Whether a file is sound and, with ``contents``, all of this commit, by the chain's hashes."""
    try:
        with closing(connect_to_file(path)) as connection:
            if contents is None:
                found = connection.execute("PRAGMA integrity_check(1)").fetchone()
                return bool(found[0] == "ok")
            return seen_contents(connection) == contents and is_sound(connection)
    except sqlite3.Error:
        return False


def put_journal_aside(path: Path, what: str) -> Path | None:
    """Take the journal away from a file that it does not belong to; it is kept beside it.

    Raises
    ------
    OSError
        It cannot be moved.
    """
    journal = path.with_name(f"{path.name}-wal")
    kept = None
    if journal.exists() and journal.stat().st_size:
        kept = aside(path, what).with_suffix(f"{path.suffix}-wal")
        move(journal, kept)
    journal.unlink(missing_ok=True)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    return kept


def become_another_file(path: Path) -> bool:
    """Let what is at a path go on as another file, which shares no journal with the one before.

    Only a whole file: the program that writes it may not have ended.  Says whether it was done.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        before = path.stat()
        with closing(connect_to_file(path)) as source:
            done = copied(source, part) and _is_whole(part, None)
        now = path.stat()
        if done and (now.st_mtime_ns, now.st_size) == (before.st_mtime_ns, before.st_size):
            shutil.copymode(path, part)
            put_in_place(part, path)
            return True
    except (sqlite3.Error, OSError) as error:
        _LOG.warning("%s cannot be opened in this process any more: %s", path.name, error)
    finally:
        remove(part)
    return False


def remove(path: Path) -> None:
    """Remove a file of ours; where it cannot be, it stays."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("%s cannot be removed: %s", path, error)


def hint_after(
    reason: str, rescued: Path | None, *, restored: bool, kept: Path | None = None
) -> str:
    """What a person can do, and where what was saved before is.

    Parameters
    ----------
    kept : Path, optional
        The journal of a file that was overwritten.
    """
    if restored:
        copy = f"; a copy is in {rescued.name} next to it" if rescued is not None else ""
        return f"Everything saved before was put back{copy}."
    if rescued is not None:
        return (
            f"Everything saved before is in {rescued.name} next to it: "
            "open that file to continue from there."
        )
    if reason is OVERWRITTEN:
        but = f", but for its last changes in {kept.name}" if kept is not None else ""
        return _WENT_WITH_IT.format(but=but)
    return "Put the file back where it was, or open the project where it is now."
