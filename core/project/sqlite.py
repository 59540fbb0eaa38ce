"""What is SQLite's alone: connections, transactions, pragmas, and what its errors mean.

:mod:`core.project.postgres` is its sibling; the others hold no SQL of one database's own.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from weakref import WeakMethod, finalize

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError, StatementError

from core.errors import (
    CropMapError,
    ProjectError,
    ProjectReplacedError,
    ProjectUnavailableError,
    storage_error,
)
from core.files import put_in_place
from core.project.database import (
    BUSY_SECONDS,
    busy,
    closed,
    damaged,
    disk_full,
    exists_already,
    not_a_project,
    to_json,
    value_refused,
)
from core.project.open_file import OpenFile
from core.project.rescue import copy_database
from core.project.rest import Rest
from core.settings import get_settings

APPLICATION_ID = int.from_bytes(b"CrMp", "big")
"""Marks the file as ours, so that no other program's database is taken for a project."""

_WRITES = "cropmap_writes"
# A file system that is full may fail to grow the shared memory file before it says 'full'.
_NEARLY_FULL_BYTES = 65536
# Checking every page of a larger file would keep the person waiting for seconds.
_CHECKED_BYTES = 64 * 1024 * 1024


class SqliteDatabase:
    """The file of a project; every transaction is one ``with`` block, from any thread.

    Parameters
    ----------
    path : Path
        An existing file; a missing one is never made by connecting.

    Attributes
    ----------
    at_rest : WeakMethod or None
        Called in a thread of its own once nothing was written for a while.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        # SQLite's own waiting is by polling and unfair; threads of one process queue here instead.
        self._turn = threading.Lock()
        self._file = OpenFile(path)
        self._engine = _engine(self._file)
        # Also where nobody closes it: what is wrong with the files is noticed then, at the latest.
        finalize(self, self._file.close)
        # Closing a connection that another thread is using would end the process.
        self._background = threading.RLock()
        self._rest = Rest(self._rested, get_settings().rest_seconds)
        self.at_rest: WeakMethod[Callable[[], None]] | None = None

    @property
    def stamp(self) -> str:
        """Names the file itself; another one at the same path has another."""
        return self._file.stamp

    @property
    def left_over(self) -> Path | None:
        """Where a journal is that lay beside the file and belongs to another one."""
        return self._file.left_over

    def verify(self) -> None:
        """Return only where the file at the path is still the one that was opened.

        Raises
        ------
        ProjectReplacedError
            It is not; what could be read was rescued.
        """
        self._file.verify()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the project and changes nothing."""
        with readable_errors(self.path):
            self._refuse_closed()
            self._file.verify()
            with self._engine.connect() as connection:
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed, and on the disk, when the block ends without error.

        Raises
        ------
        ProjectReplacedError
            The file at the path is another one, before or after: the change is not in it.
        """
        try:
            with readable_errors(self.path):
                self._refuse_closed()
                self._file.verify()
                with self._turn, self._engine.connect() as connection:
                    connection.execution_options(**{_WRITES: True})
                    with connection.begin():
                        self._file.verify()
                        yield connection
                    self._file.verify()
        except ProjectReplacedError as error:
            raise error.again(unsaved=True) from error
        self._rest.begin()

    def call_at_rest(self, work: Callable[[], None]) -> None:
        """Call a bound method whenever nothing was written for a while; soon for the first time."""
        self.at_rest = WeakMethod(work)
        self._rest.begin()

    def _rested(self) -> bool:
        with self._background:
            done = self._closed or self.checkpoint()
            more = self.at_rest() if done and self.at_rest is not None else None
            if more is not None and not self._closed:
                more()
            return done

    def checkpoint(self) -> bool:
        """Bring all commits into the file itself, so that a copy of it alone is whole.

        Nobody is kept waiting: False where the file is in use at this moment.
        """
        if self._closed or not self._turn.acquire(blocking=False):
            return False
        try:
            with readable_errors(self.path):
                self._file.verify()
                raw = self._engine.raw_connection()
                cursor = raw.cursor()
                try:
                    cursor.execute("PRAGMA busy_timeout=0")
                    in_use, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
                    raw.close()
                self._file.verify()
        finally:
            self._turn.release()
        return not in_use

    def copy_to(self, target: Path) -> None:
        """Write the last commit into a new file, by SQLite's own backup, and look it over.

        Raises
        ------
        ProjectError
            This file cannot be read, or the copy is not whole.
        """
        with readable_errors(self.path):
            with self._background:
                self._refuse_closed()
                with closing(self._file.connect()) as source:
                    copy_database(source, target)
            with closing(sqlite3.connect(target)) as copy:
                # One file, which is opened without leaving others beside it.
                copy.execute("PRAGMA journal_mode=DELETE")
                if copy.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                    raise damaged(self.path, "its pages do not fit together")

    def close(self) -> None:
        """Close the connections; what comes later is refused."""
        self._closed = True
        self._rest.end()
        with self._background:
            self._engine.dispose()
            self._file.close()

    def discard(self) -> None:
        """Remove the file, and SQLite's files beside it."""
        self.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def version(self, connection: Connection) -> int:
        """Version of the tables; 0 in a file that another program made."""
        application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        return int(version) if application == APPLICATION_ID else 0

    def set_version(self, connection: Connection, version: int) -> None:
        """Mark the file as ours, of this version; part of the transaction."""
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version={int(version)}")

    def keep_copy(self, version: int) -> None:
        """Copy the last commit into ``NAME.cropmap.version-N`` beside it, whole or not at all.

        Another connection reads it, since the one that migrates holds the only lock for writing.
        """
        target = copy_path(self.path, version)
        part = target.with_name(target.name + ".part")
        try:
            with closing(self._file.connect()) as source:
                copy_database(source, part)
            put_in_place(part, target)
        except OSError as error:
            raise storage_error(error, target) from error
        finally:
            part.unlink(missing_ok=True)

    def prepare(self, connection: Connection) -> None:
        """Nothing: the file is the place."""

    def check(self) -> None:
        """Check that the pages and rows of a file of common size hang together.

        Its indexes too, through which rows are found: one that lacks a row hides it.
        """
        if self.path.stat().st_size <= _CHECKED_BYTES:
            with self.read() as connection:
                if connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one() != "ok":
                    raise damaged(self.path, "its pages do not fit together")
        self.use_wal()

    def use_wal(self) -> None:
        """Let readers and a writer work side by side; kept in the file.

        Some network file systems cannot; SQLite then stays with its older journal, which is as
        safe and only slower.
        """
        with readable_errors(self.path):
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA journal_mode=WAL")
            finally:
                raw.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise closed(self.path)


def copy_path(path: Path, version: int) -> Path:
    """Where a file's content before a migration is kept."""
    return path.with_name(f"{path.name}.version-{version}")


def _engine(file: OpenFile) -> Engine:
    """An engine whose transactions are exactly those that are asked for.

    Python's sqlite3 starts transactions late and by its own rules (not before a SELECT, not before
    DDL).  Here it starts none, and each begins with a statement of ours: ``IMMEDIATE`` where it
    will write, since a transaction that reads first and writes later fails when another wrote in
    between, without waiting.
    """
    engine = create_engine(
        "sqlite://",
        creator=file.connect,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=56,
        json_serializer=to_json,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def create(path: Path) -> SqliteDatabase:
    """The empty file of a new project, in folders that are made where they are missing.

    Raises
    ------
    ProjectError
        Something is already there.
    OutputError
        The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path.parent) from error
    try:
        path.open("xb").close()
    except FileExistsError as error:
        raise exists_already(path) from error
    except OSError as error:
        raise storage_error(error, path) from error
    database = SqliteDatabase(path)
    try:
        database.use_wal()
    except BaseException:
        database.discard()
        raise
    return database


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turn the errors of the database into the ones that are meant for a person."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, ValueError, OverflowError) as error:
        raise _explained(error, path) from error
    except (TypeError, AttributeError, RecursionError) as error:
        if not _is_of_a_stored_value(error):
            raise
        raise damaged(path, "a value in it is not of its column's type") from error


def _is_of_a_stored_value(error: BaseException) -> bool:
    """Whether an error came up where stored values are turned into Python's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))
    return module.split(".")[0] in ("sqlalchemy", "json")


def _explained(error: Exception, path: Path) -> CropMapError:
    cause = error.orig if isinstance(error, StatementError) and error.orig else error
    if isinstance(cause, sqlite3.Error):
        return _explained_code(cause, path)
    # A value is refused before the statement runs, or by the driver for its characters or size.
    if isinstance(error, StatementError) or isinstance(cause, UnicodeEncodeError | OverflowError):
        return value_refused(path, cause)
    if isinstance(cause, InvalidRequestError):
        return damaged(path, "a row is missing, or there twice")
    if isinstance(cause, SQLAlchemyError):
        return busy(path)
    return damaged(path, str(cause))


def _explained_code(error: sqlite3.Error, path: Path) -> CropMapError:
    # The low byte is the kind; the others tell where in SQLite it happened.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if _is_full(code, path):
        return disk_full(path)
    explain = _EXPLANATIONS.get(code)
    return explain(path) if explain else damaged(path, str(error))


def _is_full(code: int, path: Path) -> bool:
    if code != sqlite3.SQLITE_IOERR:
        return code == sqlite3.SQLITE_FULL
    try:
        return shutil.disk_usage(path.parent).free < _NEARLY_FULL_BYTES
    except OSError:
        return False


def _not_writable(path: Path) -> ProjectUnavailableError:
    return ProjectUnavailableError(
        f"The project {path.name} cannot be written.",
        f"Make sure that you may write in {path.parent}, or copy the project elsewhere.",
    )


def _not_openable(path: Path) -> ProjectUnavailableError:
    return ProjectUnavailableError(
        f"The project {path.name} cannot be opened.",
        f"Check that it is still in {path.parent} and that you may write there.",
    )


def _failing_disk(path: Path) -> ProjectUnavailableError:
    return ProjectUnavailableError(
        f"The disk did not let the project {path.name} be read or written.",
        "Check the disk or the network drive; what was saved before is kept.",
    )


_EXPLANATIONS: dict[int, Callable[[Path], ProjectError]] = {
    sqlite3.SQLITE_BUSY: busy,
    sqlite3.SQLITE_LOCKED: busy,
    sqlite3.SQLITE_NOTADB: not_a_project,
    sqlite3.SQLITE_READONLY: _not_writable,
    sqlite3.SQLITE_PERM: _not_writable,
    sqlite3.SQLITE_CANTOPEN: _not_openable,
    sqlite3.SQLITE_IOERR: _failing_disk,
}
