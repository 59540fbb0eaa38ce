"""From older project files to the present tables, one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from core.errors import ProjectError
from core.project.sqlite import (
    APPLICATION_ID,
    Database,
    not_a_project,
    read_identity,
    write_identity,
)
from core.project.to_version_2 import to_version_2

Migration = Callable[[Connection], None]

MIGRATIONS: Sequence[Migration] = (to_version_2,)
"""The n-th (from 1) turns version n into n + 1.  Only append, and never import ``schema`` in one:
it describes the newest version, a migration those between."""


def newest_version() -> int:
    """Version of the tables that this program writes."""
    return 1 + len(MIGRATIONS)


def stored_version(connection: Connection, path: Path) -> int:
    """Version of the tables in the file.

    Raises
    ------
    ProjectError
        It is not a project, or a newer program made it.
    """
    application, version = read_identity(connection)
    if application != APPLICATION_ID or version < 1:
        raise not_a_project(path)
    if version > newest_version():
        raise ProjectError(
            f"The project {path.name} was made by a newer version of this program.",
            "Update the program to open it.",
        )
    return version


def migrate(database: Database) -> None:
    """Bring an older file to the newest version: wholly, or not at all where a step fails."""
    with database.read() as connection:
        if stored_version(connection, database.path) == newest_version():
            return
    with database.write() as connection:
        # Read again: another process may have done it while this one waited.
        for step in MIGRATIONS[stored_version(connection, database.path) - 1 :]:
            step(connection)
        write_identity(connection, newest_version())
