"""What is SQLite's alone: connections, transactions, pragmas, and what its errors mean.

PostgreSQL would need a sibling of this module; the others hold no SQL of one database's own.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError, StatementError

from core.errors import CropMapError, DiskFullError, InputError, ProjectError, storage_error

APPLICATION_ID = int.from_bytes(b"CrMp", "big")
"""Marks the file as ours, so that no other program's database is taken for a project."""

_BUSY_SECONDS = 15.0
_WRITES = "cropmap_writes"
_PRAGMAS = (
    # A commit is on the disk, not only in the system's memory, before it is acknowledged.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)
# A file system that is full may fail to grow the shared memory file before it says 'full'.
_NEARLY_FULL_BYTES = 65536


class Database:
    """The file of a project; every transaction is one ``with`` block, from any thread.

    Parameters
    ----------
    path : Path
        An existing file; a missing one is never made by connecting.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        # SQLite's own waiting is by polling and unfair; threads of one process queue here instead.
        self._turn = threading.Lock()
        self._engine = _engine(path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the project and changes nothing."""
        with readable_errors(self.path):
            self._refuse_closed()
            with self._engine.connect() as connection:
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed, and on the disk, when the block ends without error."""
        with readable_errors(self.path):
            self._refuse_closed()
            with self._turn, self._engine.connect() as connection:
                connection.execution_options(**{_WRITES: True})
                with connection.begin():
                    yield connection

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

    def close(self) -> None:
        """Close the connections; what comes later is refused."""
        self._closed = True
        self._engine.dispose()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise ProjectError(f"The project {self.path.name} is closed.", "Open it again.")


def _engine(path: Path) -> Engine:
    """An engine whose transactions are exactly those that are asked for.

    Python's sqlite3 starts transactions late and by its own rules (not before a SELECT, not before
    DDL).  Here it starts none, and each begins with a statement of ours: ``IMMEDIATE`` where it
    will write, since a transaction that reads first and writes later fails when another wrote in
    between, without waiting.
    """
    engine = create_engine(
        "sqlite://",
        creator=partial(_connect, path),
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=56,
        json_serializer=partial(json.dumps, allow_nan=False, separators=(",", ":")),
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _uri(path),
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # the pool gives a connection to one thread at a time
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _uri(path: Path) -> str:
    """URI that opens an existing file only; a Windows share begins with four slashes."""
    posix = path.absolute().as_posix()
    return f"file://{'' if posix.startswith('/') else '/'}{quote(posix)}?mode=rw"


def claim(path: Path) -> None:
    """Make the empty file of a new project.

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
        raise ProjectError(
            f"{path} exists already.", "Choose another name, or open it instead."
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error


def discard(path: Path) -> None:
    """Remove the file of a project that could not be made, and SQLite's files beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def read_identity(connection: Connection) -> tuple[int, int]:
    """Application id and schema version; both 0 in most databases that are not ours."""
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    return int(application), int(version)


def write_identity(connection: Connection, version: int) -> None:
    """Mark the file as ours, of this schema version; part of the transaction."""
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version={int(version)}")


def is_sound(connection: Connection) -> bool:
    """Whether the pages and rows of the file hang together."""
    verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    return bool(verdict == "ok")


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turn the errors of the database into the ones that are meant for a person."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, ValueError, OverflowError) as error:
        raise _explained(error, path) from error


def _explained(error: Exception, path: Path) -> CropMapError:
    cause = error.orig if isinstance(error, StatementError) and error.orig else error
    if isinstance(cause, sqlite3.Error):
        return _explained_code(cause, path)
    # A value is refused before the statement runs, or by the driver for its characters or size.
    if isinstance(error, StatementError) or isinstance(cause, UnicodeEncodeError | OverflowError):
        return InputError(
            f"A value cannot be stored in {path.name}: {cause}.",
            "Texts must be Unicode and numbers finite.",
        )
    if isinstance(cause, SQLAlchemyError):
        return _busy(path)
    return damaged(path, str(cause))


def _explained_code(error: sqlite3.Error, path: Path) -> CropMapError:
    # The low byte is the kind; the others tell where in SQLite it happened.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if _is_full(code, path):
        return DiskFullError(
            f"The disk is full: the last change to {path.name} was not saved.",
            "Free some space and repeat it; everything saved before is kept.",
        )
    explain = _EXPLANATIONS.get(code)
    return explain(path) if explain else damaged(path, str(error))


def _is_full(code: int, path: Path) -> bool:
    if code != sqlite3.SQLITE_IOERR:
        return code == sqlite3.SQLITE_FULL
    try:
        return shutil.disk_usage(path.parent).free < _NEARLY_FULL_BYTES
    except OSError:
        return False


def not_a_project(path: Path) -> ProjectError:
    """The error for a file that some other program made."""
    return ProjectError(f"{path} is not a project.", "Choose a file that ends with .cropmap.")


def damaged(path: Path, reason: str) -> ProjectError:
    """The error for a project that cannot be read, with what the database says."""
    return ProjectError(
        f"The project {path.name} is damaged or incomplete ({reason}).",
        "Restore it from a backup; nothing was changed.",
    )


def _busy(path: Path) -> ProjectError:
    return ProjectError(
        f"The project {path.name} is in use by another program and did not answer in time.",
        "Nothing was changed; try again in a moment.",
    )


def _not_writable(path: Path) -> ProjectError:
    return ProjectError(
        f"The project {path.name} cannot be written.",
        f"Make sure that you may write in {path.parent}, or copy the project elsewhere.",
    )


def _not_openable(path: Path) -> ProjectError:
    return ProjectError(
        f"The project {path.name} cannot be opened.",
        f"Check that it is still in {path.parent} and that you may write there.",
    )


def _failing_disk(path: Path) -> ProjectError:
    return ProjectError(
        f"The disk did not let the project {path.name} be read or written.",
        "Check the disk or the network drive; what was saved before is kept.",
    )


_EXPLANATIONS: dict[int, Callable[[Path], ProjectError]] = {
    sqlite3.SQLITE_BUSY: _busy,
    sqlite3.SQLITE_LOCKED: _busy,
    sqlite3.SQLITE_NOTADB: not_a_project,
    sqlite3.SQLITE_READONLY: _not_writable,
    sqlite3.SQLITE_PERM: _not_writable,
    sqlite3.SQLITE_CANTOPEN: _not_openable,
    sqlite3.SQLITE_IOERR: _failing_disk,
}
