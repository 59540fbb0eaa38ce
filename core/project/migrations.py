"""From older project files to the present tables, one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from core.errors import ProjectError
from core.project.database import Database, not_a_project
from core.project.foreign import check_columns, check_objects
from core.project.to_version_2 import to_version_2
from core.project.to_version_3 import to_version_3

Migration = Callable[[Connection], None]

MIGRATIONS: Sequence[Migration] = (to_version_2, to_version_3)
"""The n-th (from 1) turns version n into n + 1.  Only append, and never import ``schema`` in one:
it describes the newest version, a migration those between."""


def newest_version() -> int:
    """Version of the tables that this program writes."""
    return 1 + len(MIGRATIONS)


def stored_version(connection: Connection, database: Database) -> int:
    """Version of the tables.

    Raises
    ------
    ProjectError
        They are not a project's, or a newer program made them.
    """
    version = database.version(connection)
    if version < 1:
        raise not_a_project(database.path)
    if version > newest_version():
        raise ProjectError(
            f"The project {database.path.name} was made by a newer version of this program.",
            "Update the program to open it.",
        )
    return version


def migrate(database: Database) -> None:
    """Bring older tables to the newest version: wholly, or not at all where a step fails."""
    with database.read() as connection:
        version = stored_version(connection, database)
        check_objects(connection, database.path.name)
        if version == newest_version():
            check_columns(connection, database.path.name)
            return
    with database.write() as connection:
        # Read again: another process may have done it while this one waited.
        version = stored_version(connection, database)
        if version == newest_version():
            return
        database.keep_copy(version)
        for step in MIGRATIONS[version - 1 :]:
            step(connection)
        check_columns(connection, database.path.name)
        database.set_version(connection, newest_version())
