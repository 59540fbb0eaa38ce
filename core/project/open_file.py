"""The file that the connections of one project hold, and whether it is still the one at its path.

SQLite goes by names: it finds ``-wal`` and ``-shm`` beside the path, and removes them by name when
the last connection is closed.  Where another file was put in the place of an open project (a folder
that was exchanged, a sync, a restored backup), or its ``-wal`` was removed, that would save edits
where nobody finds them and damage the file that is there now.  So device and inode of all three are
compared around every change.  Where one differs, nothing is written any more: what the connections
can still read is copied to a rescue file beside the project, and they are never closed, because
closing removes files by their names.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from core.errors import ProjectReplacedError
from core.files import put_in_place
from core.held_files import FileId, file_id, hold, release
from core.project.database import BUSY_SECONDS

_LOG = logging.getLogger(__name__)

PRAGMAS = (
    # A commit is on the disk, not only in the system's memory, before it is acknowledged.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # What a stranger wrote into the schema calls no function of ours.
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
)
_JOURNALS = ("-wal", "-shm")
_CONNECT_TRIES = 3
_CHECKPOINT_PATIENCE_MS = 200

_MISSING = "The project file {name} was moved or deleted while it was open."
_REPLACED = "The project file {name} was replaced by another file while it was open."
_JOURNAL_GONE = (
    "A file that belongs to the open project {name} ({name}-wal or {name}-shm) was removed."
)

_RESTART = (
    "Open the rescued file beside it, or close all programs that use the project and start again."
)

_predecessors: dict[FileId, FileId] = {}
"""By a file that was put back whole, the one whose journal had been removed."""

# Several objects of one process may hold a file: the first that notices rescues it for all.
_rescuing = threading.RLock()

_unusable: set[FileId] = set()
"""Files whose journal was removed and that could not be put back.

SQLite shares what it knows of a journal among all connections of a process: a new one would read a
new journal by the old index."""


class Connection(sqlite3.Connection):
    """A connection that is not closed where closing would harm the files at its path."""

    file: OpenFile | None = None

    def close(self) -> None:
        """Close, or where the project was replaced, do nothing for good."""
        if self.file is None or self.file.may_close(self):
            super().close()


class OpenFile:
    """All connections of this process to one project's file, and how they get made.

    Parameters
    ----------
    path : Path
        Absolute; a missing file is never made by connecting.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # SQLite follows links and puts the journals beside the file itself.
        self._real = path
        self._lock = threading.RLock()
        self._main: FileId | None = None
        self._journals: dict[str, FileId] = {}
        # Of the file itself, when all was last in order: it changes only by checkpoints.
        self._state: tuple[int, int] = (0, 0)
        self._connections: set[Connection] = set()
        # Open as long as any other and used for nothing else: SQLite never is at its last one, and
        # what is to be rescued can be read.
        self._keeper: Connection | None = None
        self._lost: ProjectReplacedError | None = None

    @property
    def stamp(self) -> str:
        """Names the file itself, for those who ask later whether it is still the same one."""
        return "" if self._main is None else _stamp(self._main)

    def connect(self) -> Connection:
        """A new connection to the same file as all others.

        Raises
        ------
        ProjectReplacedError
            Another one is at the path by now.
        """
        with self._lock:
            self.verify()
            if self._keeper is None:
                self._real = self.path.resolve()
                self._keeper = self._connected()
            return self._connected()

    def verify(self) -> None:
        """Return only where the file and its journal are those that the connections hold.

        Raises
        ------
        ProjectReplacedError
            They are not; what was there has been rescued, and nothing can be written any more.
        """
        with self._lock:
            if self._lost is None and (reason := self._what_is_wrong()):
                with _rescuing:
                    self._lose(reason)
            if self._lost is not None:
                raise self._lost.again()

    def may_close(self, connection: Connection) -> bool:
        """Take note that a connection is closed; False where it must stay open."""
        with self._lock:
            if connection not in self._connections:
                return True
            if self._lost is None and (reason := self._what_is_wrong()):
                with _rescuing:
                    self._lose(reason)
            if self._lost is not None:
                return False
            self._connections.remove(connection)
            if not self._connections and self._main is not None:
                release(self._main)
                self._journals.clear()
            return True

    def close(self) -> None:
        """Close what is still open; the keeper last."""
        with self._lock:
            for connection in self._connections - {self._keeper}:
                connection.close()
            if self._keeper is not None:
                self._keeper.close()
                self._keeper = None

    def _connected(self) -> Connection:
        for _ in range(_CONNECT_TRIES):
            before = file_id(self.path)
            if before in _unusable:
                raise ProjectReplacedError(_JOURNAL_GONE.format(name=self.path.name), _RESTART)
            connection = _connection(self.path)
            after = file_id(self.path)
            if before == after is not None and self._main in (None, after):
                return self._adopt(connection, after)
            connection.close()
            self.verify()
        raise sqlite3.OperationalError(f"{self.path.name} changes places")

    def _adopt(self, connection: Connection, main: FileId) -> Connection:
        if not self._connections:
            hold(main)
        self._main = main
        connection.file = self
        self._connections.add(connection)
        self.verify()
        return connection

    def _what_is_wrong(self) -> str | None:
        """A sentence with a place for the name; None where all is in order, which is noted."""
        if not self._connections:
            return None
        try:
            found = self.path.stat()
        except (OSError, ValueError):
            return _MISSING
        if (found.st_dev, found.st_ino) != self._main:
            return _REPLACED
        for suffix in _JOURNALS:
            present, known = file_id(self._beside(suffix)), self._journals.get(suffix)
            if known is None and present is not None:
                self._journals[suffix] = present
                self._read_with_keeper()
            elif present != known:
                return _JOURNAL_GONE
        self._state = (found.st_mtime_ns, found.st_size)
        return None

    def _read_with_keeper(self) -> None:
        """So that the keeper, too, has opened a journal that was not there at first."""
        if self._keeper is not None:
            try:
                self._keeper.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
            except sqlite3.Error as error:
                _LOG.warning("%s cannot be read: %s", self.path.name, error)

    def _lose(self, reason: str) -> None:
        """Rescue what can be read, and write nothing from now on."""
        rescued: Path | None = None
        restored = self._was_put_back()
        if not restored:
            rescued = self._rescue()
            restored = reason is _JOURNAL_GONE and rescued is not None and self._put_back()
        if reason is not _JOURNAL_GONE:
            self._empty_journal()
            if file_id(self._real) != self._main:  # or else only a link leads elsewhere now
                self._remove_own_journals()
        elif not restored and self._main is not None:
            _unusable.add(self._main)
        for connection in self._connections:
            _never_close(connection)
        message = reason.format(name=self.path.name)
        hint = _hint(rescued, restored=restored)
        self._lost = ProjectReplacedError(message, hint, rescued=rescued, restored=restored)
        # Where the whole folder is gone there is nothing left that anybody could do.
        _LOG.log(logging.WARNING if self.path.parent.is_dir() else logging.DEBUG, "%s", self._lost)

    def _was_put_back(self) -> bool:
        """Whether other connections of this process have rescued the file already."""
        present = file_id(self.path)
        if present is None or present == self._main:
            return False
        return same_contents(self.stamp, _stamp(present))

    def _rescue(self) -> Path | None:
        moment = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        name, number = f"{self.path.stem}.rescued-{moment}", 1
        target = self.path.with_name(f"{name}{self.path.suffix}")
        while target.exists():
            number += 1
            target = self.path.with_name(f"{name}-{number}{self.path.suffix}")
        return target if self._copied(target) else None

    def _copied(self, target: Path) -> bool:
        """Copy the last commit that the connections can read, whole or not at all."""
        if self._keeper is None or not target.parent.is_dir():
            return False
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            copy_database(self._keeper, part)
            put_in_place(part, target)
        except (sqlite3.Error, OSError) as error:
            _LOG.error("%s could not be rescued: %s", self.path.name, error)
            return False
        finally:
            _remove(part)
        return True

    def _nobody_else_wrote(self) -> bool:
        """Whether the file is as it was when all was last in order, and no other journal is there.

        Every connection has a journal from its first reading on: where there is none, no program
        has opened the project since.
        """
        try:
            found = self.path.stat()
        except OSError:
            return False
        return self._state == (found.st_mtime_ns, found.st_size) and all(
            file_id(self._beside(suffix)) in (None, self._journals.get(suffix))
            for suffix in _JOURNALS
        )

    def _put_back(self) -> bool:
        """Put all that was saved in the place of the file that lacks its journal, at once.

        Under another inode, so that whoever still holds the old one notices, too.
        """
        if not self._nobody_else_wrote():
            return False
        part = self._real.with_name(f"{self._real.name}.restored")
        if not self._copied(part):
            return False
        try:
            shutil.copymode(self._real, part)
            new = file_id(part)
            if new is None or self._main is None or not self._nobody_else_wrote():
                return False
            self._remove_own_journals()
            put_in_place(part, self._real)
        except OSError as error:
            _LOG.error("%s could not be put back: %s", self.path.name, error)
            return False
        finally:
            _remove(part)
        _predecessors[new] = self._main
        return True

    def _empty_journal(self) -> None:
        """Write what the journal holds into the file that it belongs to, wherever that is now."""
        if self._keeper is None:
            return
        try:
            self._keeper.execute(f"PRAGMA busy_timeout={_CHECKPOINT_PATIENCE_MS}")
            self._keeper.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            _LOG.warning("The journal of %s could not be emptied: %s", self.path.name, error)

    def _remove_own_journals(self) -> None:
        """They belong to the file that was here; the one that is here now would take them for its.

        The connections go on reading them, without a name.
        """
        for suffix, known in self._journals.items():
            if file_id(self._beside(suffix)) == known:
                _remove(self._beside(suffix))

    def _beside(self, suffix: str) -> Path:
        return self._real.with_name(self._real.name + suffix)


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """Copy the last commit that a connection sees into a new file, and onto the disk."""
    _remove(target)
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    with target.open("rb+") as written:
        os.fsync(written.fileno())


def same_contents(stamp: str, present: str) -> bool:
    """Whether two stamps name one file, or one that this process put back for the other."""
    known = {_stamp(new): _stamp(old) for new, old in _predecessors.items()}
    while present != stamp and present in known:
        present = known[present]
    return present == stamp


def _stamp(file: FileId) -> str:
    return f"{file[0]:x}-{file[1]:x}"


def _connection(path: Path) -> Connection:
    connection = sqlite3.connect(
        _uri(path),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # the pool gives a connection to one thread at a time
        factory=Connection,
    )
    try:
        for pragma in PRAGMAS:
            connection.execute(pragma)
        # SQLite opens the journal at the first reading.
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _uri(path: Path) -> str:
    """URI that opens an existing file only; a Windows share begins with four slashes."""
    posix = path.absolute().as_posix()
    return f"file://{'' if posix.startswith('/') else '/'}{quote(posix)}?mode=rw"


def _never_close(connection: Connection) -> None:
    """Keep a connection to the end of the process, also past Python's own clearing up.

    The last one that is closed would remove the ``-wal`` at the path by its name, which may be that
    of the file that is there now.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("%s cannot be removed: %s", path, error)


def _hint(rescued: Path | None, *, restored: bool) -> str:
    if restored:
        copy = f"; a copy is in {rescued.name} beside it" if rescued is not None else ""
        return f"Everything saved before was put back{copy}."
    if rescued is not None:
        return (
            f"Everything saved before is in {rescued.name} beside it: "
            "open that file to go on from there."
        )
    return "Put the file back where it was, or open the project where it is now."
