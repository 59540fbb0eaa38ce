"""What a project's file holds by itself, without its journal, and whether the two belong together.

A file that is overwritten in place (``cp other.cropmap farm.cropmap``) keeps its inode, and SQLite
takes the journal of the one that was there for the new one's.  Only checkpoints change the file of
an open project, and they bring it to a state that its connections know.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from urllib.parse import quote

from sqlalchemy import StaticPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from core.errors import CropMapError
from core.project.chain import Checks
from core.project.verification import verify_project

_TRIES = 5
_PAUSE_S = 0.02
"""Another program's checkpoint may be under way: what is read then fits a moment later."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Which commit of which project is seen.

    Attributes
    ----------
    link : str
        The hash at the end of the journal; empty in versions that had none.
    """

    id: str
    revision: int
    link: str


def uri(path: Path, options: str) -> str:
    """URI that opens an existing file only; a Windows share begins with four slashes."""
    posix = path.absolute().as_posix()
    return f"file://{'' if posix.startswith('/') else '/'}{quote(posix)}?{options}"


def connect_to_file(path: Path) -> sqlite3.Connection:
    """A connection to the file alone: it reads no journal, takes no lock, and changes nothing."""
    return sqlite3.connect(uri(path, "mode=ro&immutable=1"), uri=True, isolation_level=None)


def file_contents(path: Path) -> Contents | None:
    """What the file holds without its journal; None where that is no project (yet)."""
    try:
        with closing(connect_to_file(path)) as connection:
            return seen_contents(connection)
    except sqlite3.Error:
        return None


def seen_contents(connection: sqlite3.Connection) -> Contents | None:
    """What a connection sees; None where that is no project (yet)."""
    for link in ("journal_link", "''"):
        try:
            row = connection.execute(f"SELECT id, revision, {link} FROM project").fetchone()  # noqa: S608
        except sqlite3.Error:
            continue
        if row is None or not isinstance(row[1], int):
            return None  # nothing of ours was written there
        return Contents(str(row[0]), row[1], str(row[2]))
    return None


def leads_to(file: Contents, seen: Contents, connection: sqlite3.Connection) -> bool:
    """Whether the project that a connection sees has once been as the file is by itself."""
    if file.id != seen.id or file.revision > seen.revision:
        return False
    if not file.link or file.link == seen.link:
        return True
    if file.revision == seen.revision:
        return False
    try:
        found = connection.execute("SELECT 1 FROM journal WHERE link = ?", (file.link,)).fetchone()
    except sqlite3.Error:
        return False
    return found is not None


def patiently(holds: Callable[[], bool]) -> bool:
    """Whether something holds, now or within a moment."""
    for left in reversed(range(_TRIES)):
        if holds():
            return True
        if left:
            sleep(_PAUSE_S)
    return False


def journal_fits(path: Path) -> bool:
    """Whether the journal beside a file that is about to be opened is of the same project.

    Only another project's is told apart.  An older copy of the same project beside a younger
    journal is not: other programs may be writing just now, and what a kill of one of them leaves
    looks alike for a moment.  Taking a journal from a living project would lose edits.
    """

    def fits() -> bool:
        file = file_contents(path)
        # Closing a connection that only reads leaves the journal as it is.
        with closing(_connect_to_both(path)) as connection:
            seen = seen_contents(connection)
        return file is None or seen is None or file.id == seen.id

    try:
        return patiently(fits)
    except sqlite3.Error:
        return True  # whoever opens it says what is wrong with it


def is_sound(connection: sqlite3.Connection) -> bool:
    """Whether pages and rows hang together, and the rows are those that were written."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    checks = Checks()
    try:
        if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            return False
        with engine.connect() as rows:
            verify_project(rows, checks)
    except (sqlite3.Error, SQLAlchemyError, CropMapError):
        return False
    return not checks.damages()


def _connect_to_both(path: Path) -> sqlite3.Connection:
    """A connection that remembers no pages, and changes neither the file nor its journal."""
    return sqlite3.connect(uri(path, "mode=ro"), uri=True, isolation_level=None)


class Watched:
    """What an open project's file has to hold, by all that its connections have seen.

    Parameters
    ----------
    path : Path
    reader : sqlite3.Connection
        Used for nothing else meanwhile.
    """

    def __init__(self, path: Path, reader: sqlite3.Connection) -> None:
        self._path, self._reader = path, reader
        self._file: Contents | None = None
        self._seen: Contents | None = None
        self._data_version = -1

    @property
    def seen(self) -> Contents | None:
        """The newest commit that was seen while the file was in order."""
        return self._seen

    def follow(self) -> None:
        """Take note of what was committed; only while the file has not been changed."""
        version = self._version()
        if version != self._data_version:
            self._seen, self._data_version = seen_contents(self._reader) or self._seen, version

    def still_fits(self) -> bool:
        """Whether the file, which was changed, is as a checkpoint of this project leaves it."""
        return patiently(self._fits)

    def _fits(self) -> bool:
        file = file_contents(self._path)
        if self._seen is None:
            return True  # nothing was committed yet
        if file is None:
            return self._is_sound_with_journal()
        if self._file is not None and (
            file.id != self._file.id or file.revision < self._file.revision
        ):
            return False
        seen = self._seen
        if self._version() != self._data_version:
            # Another program has committed something: what it was is asked again.
            seen = seen_contents(self._reader) or seen
            if seen.id != self._seen.id or seen.revision < self._seen.revision:
                return False
        if not leads_to(file, seen, self._reader):
            return False
        self._file = file
        return True

    def _is_sound_with_journal(self) -> bool:
        """As when a checkpoint is under way, or a kill cut one short."""
        try:
            with closing(_connect_to_both(self._path)) as connection:
                found = seen_contents(connection)
                if found is None or self._seen is None or found.id != self._seen.id:
                    return False
                return is_sound(connection)
        except sqlite3.Error:
            return False

    def _version(self) -> int:
        try:
            return int(self._reader.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return -1
