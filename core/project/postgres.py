"""What is PostgreSQL's alone: one schema for each project, locks, and what its errors mean."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import errors as codes
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError, StatementError

from core.errors import CropMapError, InputError, ProjectError
from core.project.database import (
    BUSY_SECONDS,
    busy,
    closed,
    damaged,
    disk_full,
    not_a_project,
    to_json,
    value_refused,
)

_DRIVER = "postgresql+psycopg"
_CONNECT_SECONDS = 5
_PREFIX = "cropmap_"
# PostgreSQL cuts longer identifiers off without a word.
_LONGEST_NAME = 63
# It also names a folder.
_SAFE_SCHEMA = re.compile(r"[\w-]{1,63}")
_MARK = "CropMap project, version "
# In one round trip, and only for the transaction, so that a connection pooler may stand between.
_BEGIN_READ = text("SELECT set_config('search_path', :path, true)")
_BEGIN_WRITE = text(
    "SELECT set_config('search_path', :path, true),"
    " set_config('lock_timeout', :patience, true),"
    # A computer that vanishes while it writes would keep the others waiting for hours.
    " set_config('idle_in_transaction_session_timeout', '60s', true),"
    # A commit is on the disk before it is acknowledged, whatever the server is set to.
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true),"
    # Last: it waits for the other writers, no longer than the settings before it say.
    " pg_advisory_xact_lock(hashtextextended(:schema, 0))"
)
_VERSION = text(
    "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :schema"
)
_SCHEMAS = text(
    "SELECT nspname FROM pg_namespace"
    " WHERE starts_with(obj_description(oid, 'pg_namespace'), :mark) ORDER BY nspname"
)

_engines: dict[tuple[int, str], Engine] = {}
_engines_lock = threading.Lock()


class PostgresDatabase:
    """One schema of a PostgreSQL database.

    Parameters
    ----------
    url : URL
        Of the database; its password is in no text that leaves this class.
    schema : str
        The project's.
    path : Path
        The project's file, which names the schema (:mod:`core.project.places`).
    """

    def __init__(self, url: URL, schema: str, path: Path) -> None:
        self.path = path
        self.schema = schema
        self._engine = _engine(url)
        self._server = _server(url)
        self._closed = False
        # Threads of one process queue here and not with a connection each in the server.
        self._turn = threading.Lock()

    @property
    def stamp(self) -> str:
        """Names the schema."""
        return self.schema

    @property
    def left_over(self) -> None:
        """None: a schema has no journal beside it."""

    def verify(self) -> None:
        """Nothing: the schema is the place, and its file only names it."""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the project and changes nothing."""
        with self._connected() as connection:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with connection.begin():
                connection.execute(_BEGIN_READ, {"path": _quoted(self.schema)})
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed, and on the disk, when the block ends without error.

        One at a time for each project: what it reads first stays true until it ends.
        """
        with self._turn, self._connected() as connection:
            connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                values = {
                    "path": _quoted(self.schema),
                    "patience": f"{int(BUSY_SECONDS * 1000)}ms",
                    "schema": self.schema,
                }
                connection.execute(_BEGIN_WRITE, values)
                yield connection

    def version(self, connection: Connection) -> int:
        """Version of the tables; 0 where the schema is missing or not ours."""
        comment = connection.execute(_VERSION, {"schema": self.schema}).scalar()
        found = re.fullmatch(re.escape(_MARK) + r"(\d{1,9})", comment or "")
        return int(found[1]) if found else 0

    def set_version(self, connection: Connection, version: int) -> None:
        """Mark the schema as ours, of this version; part of the transaction."""
        connection.exec_driver_sql(
            f"COMMENT ON SCHEMA {_quoted(self.schema)} IS '{_MARK}{int(version)}'"
        )

    def prepare(self, connection: Connection) -> None:
        """Make the schema of a new project; part of the transaction."""
        connection.exec_driver_sql(f"CREATE SCHEMA {_quoted(self.schema)}")

    def check(self) -> None:
        """Nothing: the server looks after its files."""

    def keep_copy(self, version: int) -> None:
        """Nothing: backups are the server's, and the migration is one transaction."""

    def close(self) -> None:
        """Refuse what comes later; the connections serve other projects."""
        self._closed = True

    def discard(self) -> None:
        """Remove the file; the schema went with its transaction."""
        self.close()
        self.path.unlink(missing_ok=True)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._closed:
            raise closed(self.path)
        with readable_errors(self.path, self._server), self._engine.connect() as connection:
            yield connection


def parsed(address: str) -> tuple[URL, str | None]:
    """The URL of a database, and the schema that ``?schema=`` names, where it does.

    Raises
    ------
    InputError
        It is not an address of PostgreSQL; the address is not repeated, it may hold a password.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise _wrong_address() from None
    if url.drivername not in ("postgresql", "postgres", _DRIVER) or not url.database:
        raise _wrong_address()
    schema = url.query.get("schema")
    if schema is not None and not (isinstance(schema, str) and _SAFE_SCHEMA.fullmatch(schema)):
        raise _wrong_address()
    return url.set(drivername=_DRIVER).difference_update_query(["schema"]), schema


def new_schema(stem: str, project_id: str) -> str:
    """A schema's name that people recognise and that no other project has."""
    ending = f"_{project_id[:8]}"
    room = _LONGEST_NAME - len(_PREFIX) - len(ending)
    readable = stem.encode("utf-8", "ignore")[:room].decode("utf-8", "ignore")
    return f"{_PREFIX}{readable}{ending}"


def folder_name(schema: str) -> str:
    """The folder for a schema that no file here names."""
    return schema.removeprefix(_PREFIX)


def schemas(url: URL) -> list[str]:
    """Schemas of the database that hold projects.

    Raises
    ------
    ProjectError
        The server cannot be asked.
    """
    with readable_errors(Path(url.database or ""), _server(url)), _engine(url).connect() as server:
        found = server.execute(_SCHEMAS, {"mark": _MARK}).scalars()
        return [schema for schema in found if _SAFE_SCHEMA.fullmatch(schema)]


def _wrong_address() -> InputError:
    return InputError(
        "The address of the database is not one of PostgreSQL.",
        "It reads postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE.",
    )


def _engine(url: URL) -> Engine:
    """One pool of connections for all projects of a database, since servers allow few.

    Connections do not survive a fork: each process has its own.
    """
    key = (os.getpid(), url.render_as_string(hide_password=False))
    with _engines_lock:
        if key not in _engines:
            _engines[key] = create_engine(
                url,
                pool_size=8,
                max_overflow=24,
                pool_timeout=BUSY_SECONDS,
                pool_pre_ping=True,
                hide_parameters=True,
                json_serializer=_to_json,
                connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "cropmap"},
            )
        return _engines[key]


def _to_json(value: object) -> str:
    try:
        return to_json(value)
    except (TypeError, ValueError) as error:
        # The driver asks for it in the midst of a statement: as an error of the driver's own.
        raise psycopg.DataError(str(error)) from error


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _server(url: URL) -> str:
    """The server for people: no user and no password."""
    place = url.host or str(url.query.get("host", "this machine"))
    return f"{place}:{url.port}" if url.port else place


@contextmanager
def readable_errors(path: Path, server: str) -> Iterator[None]:
    """Turn the errors of the database into the ones that are meant for a person."""
    try:
        yield
    except (SQLAlchemyError, psycopg.Error, ValueError, OverflowError) as error:
        raise _explained(error, path, server) from error


def _explained(error: Exception, path: Path, server: str) -> CropMapError:
    cause = error.orig if isinstance(error, StatementError) and error.orig else error
    if isinstance(cause, psycopg.Error):
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        return _explained_code(cause, path, server, lost=lost)
    if isinstance(error, StatementError) or isinstance(cause, UnicodeEncodeError | OverflowError):
        return value_refused(path, cause)
    return busy(path) if isinstance(cause, SQLAlchemyError) else damaged(path, str(cause))


def _explained_code(error: psycopg.Error, path: Path, server: str, *, lost: bool) -> CropMapError:
    for kinds, explain in _EXPLANATIONS:
        if isinstance(error, kinds):
            return explain(path)
    if lost or not _answered(error):
        return _unreachable(path, server, _first_line(error))
    if isinstance(error, psycopg.DataError):
        return value_refused(path, _first_line(error))
    return damaged(path, _first_line(error))


def _answered(error: psycopg.Error) -> bool:
    """Whether the server itself said this, and is still there."""
    if not isinstance(error, psycopg.OperationalError):
        return True
    state = error.sqlstate or ""
    return bool(state) and not state.startswith(("08", "57P"))


def _first_line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _unreachable(path: Path, server: str, reason: str) -> ProjectError:
    return ProjectError(
        f"The database server at {server}, where {path.name} is kept, cannot be used ({reason}).",
        "What was saved before is kept; try again, or ask whoever runs the server.",
    )


def _not_allowed(path: Path) -> ProjectError:
    return ProjectError(
        f"The database server does not let this program use the project {path.name}.",
        "Check the user, the password and the rights in CROPMAP_DATABASE_URL.",
    )


def _read_only(path: Path) -> ProjectError:
    return ProjectError(
        f"The project {path.name} cannot be written: the database takes no changes at present.",
        "Nothing was changed; ask whoever runs the server.",
    )


def _taken(path: Path) -> ProjectError:
    return ProjectError(
        f"The database already has a schema of this name for {path.name}.",
        "Choose another name, or open the project that is there.",
    )


_EXPLANATIONS: tuple[
    tuple[tuple[type[psycopg.Error], ...], Callable[[Path], CropMapError]], ...
] = (
    ((codes.DiskFull,), disk_full),
    ((codes.DuplicateSchema,), _taken),
    ((codes.LockNotAvailable, codes.QueryCanceled, codes.TooManyConnections), busy),
    ((codes.SerializationFailure, codes.DeadlockDetected), busy),
    ((codes.ReadOnlySqlTransaction,), _read_only),
    (
        (
            codes.InsufficientPrivilege,
            codes.InvalidPassword,
            codes.InvalidAuthorizationSpecification,
        ),
        _not_allowed,
    ),
    ((codes.UndefinedTable, codes.InvalidSchemaName), not_a_project),
)
