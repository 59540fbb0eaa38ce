"""The file that the connections of one project hold, and whether it is still the one at its path.

SQLite goes by names: it finds ``-wal`` and ``-shm`` beside the path, and removes them by name when
the last connection is closed.  Where another file was put in the place of an open project (a folder
that was exchanged, a sync, a restored backup), or its ``-wal`` was removed, that would save edits
where nobody finds them and damage the file that is there now.  So device and inode of all three are
compared around every change, and what the file holds where it was changed itself
(:mod:`core.project.contents`).  Where one differs, nothing is written any more: what the
connections can still read is copied to a rescue file beside the project, and they are never closed,
because closing removes files by their names.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import shutil
import sqlite3
import threading
from pathlib import Path

from core.errors import ProjectReplacedError, storage_error
from core.files import put_in_place
from core.held_files import FileId, file_id, hold, is_held, release
from core.project.contents import Watched, journal_fits, uri
from core.project.database import BUSY_SECONDS
from core.project.rescue import (
    JOURNAL_GONE,
    MISSING,
    OVERWRITTEN,
    REPLACED,
    RESTART,
    aside,
    become_another_file,
    copied,
    hint_after,
    put_journal_aside,
    remove,
)

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

    Attributes
    ----------
    left_over : Path or None
        Where the journal of another file is that lay beside this one.
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
        self._watched: Watched | None = None
        self._questions = itertools.count()
        self._looked_after = -1
        self._lost: ProjectReplacedError | None = None
        self.left_over: Path | None = None

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
                self._leave_foreign_journal()
                self._keeper = self._connected()
                self._watched = Watched(self._real, self._keeper)
                self._watched.follow()
            return self._connected()

    def verify(self) -> None:
        """Return only where the file and its journal are those that the connections hold.

        Raises
        ------
        ProjectReplacedError
            They are not; what was there has been rescued, and nothing can be written any more.
        """
        asked = next(self._questions)
        with self._lock:
            # A look that began after the question answers it: one serves all who waited for it.
            if self._lost is None and self._looked_after < asked:
                looked_after = next(self._questions)
                self._look()
                self._looked_after = looked_after
            if self._lost is not None:
                raise self._lost.again()

    def may_close(self, connection: Connection) -> bool:
        """Take note that a connection is closed; False where it must stay open."""
        with self._lock:
            if connection not in self._connections:
                return True
            self._look()
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
                raise ProjectReplacedError(JOURNAL_GONE.format(name=self.path.name), RESTART)
            connection = _connection(self.path)
            after = file_id(self.path)
            if before == after is not None and self._main in (None, after):
                return self._adopt(connection, after)
            connection.close()
            self.verify()
        raise sqlite3.OperationalError(f"{self.path.name} changes places")

    def _leave_foreign_journal(self) -> None:
        """Put a journal aside that an ended program left beside a file that is another one by now.

        SQLite cannot tell whose it is, and would write it into the file.
        """
        journal = self._beside("-wal")
        if not journal.is_file() or not journal.stat().st_size or is_held(self._real):
            return
        if journal_fits(self._real):
            return
        try:
            self.left_over = put_journal_aside(self._real, "left-over")
        except OSError as error:
            raise storage_error(error, journal) from error

    def _adopt(self, connection: Connection, main: FileId) -> Connection:
        if not self._connections:
            hold(main)
        self._main = main
        connection.file = self
        self._connections.add(connection)
        self.verify()
        return connection

    def _look(self) -> None:
        """Rescue what can be read where something is wrong that was not noticed before."""
        if self._lost is None and (reason := self._what_is_wrong()):
            with _rescuing:
                self._lose(reason)

    def _what_is_wrong(self) -> str | None:
        """A sentence with a place for the name; None where all is in order, which is noted."""
        if not self._connections:
            return None
        try:
            found = self.path.stat()
        except (OSError, ValueError):
            return MISSING
        if (found.st_dev, found.st_ino) != self._main:
            return REPLACED
        for suffix in _JOURNALS:
            present, known = file_id(self._beside(suffix)), self._journals.get(suffix)
            if known is None and present is not None:
                self._journals[suffix] = present
                self._read_with_keeper()
            elif present != known:
                return JOURNAL_GONE
        state = (found.st_mtime_ns, found.st_size)
        if self._watched is not None:
            if state != self._state and not self._watched.still_fits():
                return OVERWRITTEN
            self._watched.follow()
        self._state = state
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
        rescued, restored, kept = None, self._was_put_back(), None
        if reason is OVERWRITTEN:
            rescued, kept = self._leave_overwritten()
        elif not restored:
            target = aside(self.path, "rescued")
            rescued = target if copied(self._keeper, target) else None
            restored = reason is JOURNAL_GONE and rescued is not None and self._put_back()
        if reason in (MISSING, REPLACED):
            self._empty_journal()
            if file_id(self._real) != self._main:  # or else only a link leads elsewhere now
                self._remove_own_journals()
        elif reason is JOURNAL_GONE and not restored and self._main is not None:
            _unusable.add(self._main)
        for connection in self._connections:
            _never_close(connection)
        message = reason.format(name=self.path.name)
        hint = hint_after(reason, rescued, restored=restored, kept=kept)
        self._lost = ProjectReplacedError(message, hint, rescued=rescued, restored=restored)
        # Where the whole folder is gone there is nothing left that anybody could do.
        _LOG.log(logging.WARNING if self.path.parent.is_dir() else logging.DEBUG, "%s", self._lost)

    def _leave_overwritten(self) -> tuple[Path | None, Path | None]:
        """Keep the journal from the file that is here now, and what it says if it says all.

        Pages that were in the file that was overwritten are lost; where the journal and the
        connection's memory have them all, what was saved is whole.
        """
        target, kept = aside(self.path, "rescued"), None
        seen = self._watched.seen if self._watched is not None else None
        rescued = target if seen and copied(self._keeper, target, seen) else None
        try:
            kept = put_journal_aside(self._real, "overwritten") if rescued is None else None
            self._remove_own_journals()
            if not become_another_file(self._real) and self._main is not None:
                _unusable.add(self._main)
        except OSError as error:
            _LOG.error("%s: the journal cannot be put aside: %s", self.path.name, error)
        return rescued, kept

    def _was_put_back(self) -> bool:
        """Whether other connections of this process have rescued the file already."""
        present = file_id(self.path)
        if present is None or present == self._main:
            return False
        return same_contents(self.stamp, _stamp(present))

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
        if not copied(self._keeper, part):
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
            remove(part)
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
                remove(self._beside(suffix))

    def _beside(self, suffix: str) -> Path:
        return self._real.with_name(self._real.name + suffix)


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
        uri(path, "mode=rw"),
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


def _never_close(connection: Connection) -> None:
    """Keep a connection to the end of the process, also past Python's own clearing up.

    The last one that is closed would remove the ``-wal`` at the path by its name, which may be that
    of the file that is there now.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
