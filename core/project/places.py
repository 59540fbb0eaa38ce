"""Where a project lies: its file, which is the database or names the schema that holds it."""

from __future__ import annotations

import json
import unicodedata
from itertools import count
from pathlib import Path

from sqlalchemy import URL

from core.errors import InputError, ProjectError, storage_error
from core.held_files import is_held
from core.project import postgres, sqlite
from core.project.database import Database, exists_already
from core.settings import get_settings

SUFFIX = ".cropmap"
_NAME_CHARACTERS = 60
# File systems allow 255 bytes; the suffixes of SQLite's own files must fit as well.
_NAME_BYTES = 200
_WINDOWS_DEVICES = {
    *("con", "prn", "aux", "nul"),
    *(f"{device}{number}" for device in ("com", "lpt") for number in range(10)),
}
_SIGNPOST_BYTES = 2048
"""A signpost is smaller.  A database is not: its first page alone is larger, or it is empty."""
_NOTE = "The tables of this project are in the PostgreSQL database that CROPMAP_DATABASE_URL names."


def new_project_path(name: str) -> Path:
    """A file ``folder/folder.cropmap`` in the projects folder whose folder is still free."""
    root, base = get_settings().projects_dir, _safe_name(name)
    for number in count(1):
        folder = root / (base if number == 1 else f"{base}-{number}")
        if not folder.exists():
            break
    return folder / f"{folder.name}{SUFFIX}"


def project_file(path: Path) -> Path:
    """The file of a project that is named by its folder or itself.

    Raises
    ------
    ProjectError
        The folder holds no project, or several.
    """
    if not path.is_dir():
        return path  # opening it says what is wrong
    found = sorted(path.glob(f"*{SUFFIX}"))
    if len(found) == 1:
        return found[0]
    if found:
        raise ProjectError(
            f"There are several projects in {path}: {', '.join(one.name for one in found)}.",
            "Name the file of the one that you mean.",
        )
    raise ProjectError(
        f"There is no project in {path}.",
        "Name the folder of a project, its .cropmap file, or make a new one.",
    )


def _safe_name(name: str) -> str:
    """Lower-case letters and digits of any script, and hyphens.

    Lower case, since some file systems tell cases apart and others do not; the composed form,
    since some store the one form of an accented letter and others the other.
    """
    plain = unicodedata.normalize("NFC", name.lower())
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    joined = "-".join(words)[:_NAME_CHARACTERS]
    short = joined.encode("utf-8", "ignore")[:_NAME_BYTES].decode("utf-8", "ignore").strip("-")
    if not short:
        return "project"
    return f"{short}-project" if short in _WINDOWS_DEVICES else short


def database_url() -> URL | None:
    """The PostgreSQL database of this installation; None where projects are files.

    Raises
    ------
    InputError
        ``CROPMAP_DATABASE_URL`` is not an address of PostgreSQL.
    """
    secret = get_settings().database_url
    return postgres.parsed(secret.get_secret_value())[0] if secret else None


def create_database(target: Path | str, name: str, project_id: str) -> Database:
    """An empty database for a new project; see :meth:`core.project.store.Project.create`."""
    url, schema = database_url(), None
    if isinstance(target, str):
        url, schema = postgres.parsed(target)
        path = new_project_path(name)
    else:
        path = target.absolute()
    if url is None:
        return sqlite.create(path)
    schema = schema or postgres.new_schema(path.stem, project_id)
    return _signposted(url, schema, path)


def open_database(target: Path | str) -> Database:
    """The database of a project; its version is still to be looked at.

    Raises
    ------
    ProjectError
        There is none.
    """
    if isinstance(target, str):
        url, schema = postgres.parsed(target)
        if schema is None:
            raise InputError(
                "The address does not say which project it means.",
                "Add ?schema= with the project's schema.",
            )
        return _of_schema(url, schema)
    path = target.absolute()
    if not path.is_file():
        return _lost_signpost(path)
    schema = signpost_schema(path)
    if schema is None:
        return sqlite.SqliteDatabase(path)
    if (configured := database_url()) is None:
        raise ProjectError(
            f"The project {path.name} is kept in a PostgreSQL database, and none is set up here.",
            "Set CROPMAP_DATABASE_URL to that database and start the program again.",
        )
    return postgres.PostgresDatabase(configured, schema, path)


def signpost_schema(path: Path) -> str | None:
    """The schema that a project's file names; None where the file is a database itself.

    A database is never opened here, since closing it would take SQLite's locks away
    (:mod:`core.held_files`); its size tells it from a signpost.
    """
    try:
        if not 0 < path.stat().st_size <= _SIGNPOST_BYTES or is_held(path):
            return None
        with path.open("rb") as file:
            found = json.loads(file.read(_SIGNPOST_BYTES))
    except (OSError, ValueError):
        return None
    schema = found.get("schema") if isinstance(found, dict) else None
    return schema if isinstance(schema, str) else None


def schema_path(schema: str) -> Path:
    """Where a schema's file lies that another machine made, or that was lost."""
    name = postgres.folder_name(schema)
    return get_settings().projects_dir / name / f"{name}{SUFFIX}"


def _of_schema(url: URL, schema: str) -> Database:
    if schema not in postgres.schemas(url):
        raise ProjectError(
            f"The database {url.database} has no project {schema!r}.", "Check the address."
        )
    path = schema_path(schema)
    if signpost_schema(path) == schema:
        return postgres.PostgresDatabase(url, schema, path)
    return _signposted(url, schema, path)


def _lost_signpost(path: Path) -> Database:
    """A project of this installation's database whose file is not here yet.

    Raises
    ------
    ProjectError
        It is not one.
    """
    url = database_url()
    if url is not None:
        for schema in postgres.schemas(url):
            if schema_path(schema).resolve() == path.resolve():
                return _signposted(url, schema, path)
    raise ProjectError(f"There is no project at {path}.", "Check whether it was moved or renamed.")


def _signposted(url: URL, schema: str, path: Path) -> postgres.PostgresDatabase:
    """Put up the file that names the schema.

    Raises
    ------
    ProjectError
        Something is already there.
    OutputError
        The folder cannot be written.
    """
    words = json.dumps({"schema": schema, "note": _NOTE}, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(words)
    except FileExistsError as error:
        raise exists_already(path) from error
    except OSError as error:
        raise storage_error(error, path) from error
    return postgres.PostgresDatabase(url, schema, path)
