"""A project file may come from anybody: its tables must be ours, and nothing else may be in it.

A trigger could change a verdict when something else is written, and a view that stands where a
table should be could take all memory, or never end.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection

from core.errors import ProjectError
from core.project.schema import metadata

_OWN = "sqlite_"
"""How SQLite's own tables and indexes begin, which nobody else may use."""

_MOST_OBJECTS = 1000
_UNLIKE_OURS = re.compile(
    r"\b(CHECK|GENERATED|WITHOUT)\b|\bON\s+(DELETE|UPDATE|CONFLICT)\b"
    r"|\bDEFAULT\s*\(|/\*|--|\bAS\s*\(",
    re.IGNORECASE,
)
"""In the statement that made a table: what computes, removes or replaces rows by itself."""

_REMEDY = "Ask for the project once more, or restore a backup; nothing was changed."


def check_objects(connection: Connection, name: str) -> None:
    """Raise where a file holds other kinds of things than a project of any version.

    Reads the list of what there is, and none of it.

    Raises
    ------
    ProjectError
        A trigger, a view, a table that no project has, or one that a program makes up.
    """
    if connection.dialect.name != "sqlite":
        return
    rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master")
    for kind, title, table, statement in rows.fetchmany(_MOST_OBJECTS):
        if not all(isinstance(text, str) for text in (kind, title, table)):
            raise _foreign(name, "a part without a name")
        if kind not in ("table", "index"):
            raise _foreign(name, f"a {kind}, {title[:40]}")
        if title.startswith(_OWN):
            continue
        if table not in metadata.tables or (kind == "table" and title != table):
            raise _foreign(name, f"a table of its own, {title[:40]}")
        made_by = str(statement)
        if kind == "table" and made_by.split()[:2] != ["CREATE", "TABLE"]:
            raise _foreign(name, f"a table that is none, {title[:40]}")
        if _UNLIKE_OURS.search(made_by):
            raise _foreign(name, f"rules of its own for the table {table}")
        if kind == "index" and title not in _indexes():
            raise _foreign(name, f"an index of its own, {title[:40]}")


def check_columns(connection: Connection, name: str) -> None:
    """Raise where the tables of the newest version lack a column or have another.

    Raises
    ------
    ProjectError
        They do.
    """
    if connection.dialect.name != "sqlite":
        return
    for table in metadata.tables.values():
        rows = connection.exec_driver_sql(f"PRAGMA table_xinfo({table.name})").all()
        if any(row.hidden for row in rows):
            raise _foreign(name, f"a column in its table {table.name} that makes itself up")
        found = {row.name for row in rows}
        if lacking := sorted({column.name for column in table.columns} - found):
            raise ProjectError(
                f"{name} is no whole project: its table {table.name} lacks {lacking[0]}.", _REMEDY
            )


def _indexes() -> set[str]:
    tables = metadata.tables.values()
    return {str(index.name) for table in tables for index in table.indexes}


def _foreign(name: str, what: str) -> ProjectError:
    return ProjectError(f"{name} holds what no project holds: {what}.", _REMEDY)
