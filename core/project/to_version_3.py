"""Migration from version 2 to 3: every row of the logs is chained to the one before by a hash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, DateTime, MetaData, Table, bindparam, select, update

from core.project.links import (
    NO_LINK,
    SEALED,
    RawEdit,
    edit_link,
    hash_row,
    journal_ids,
    raw_edits,
    raw_journal,
    raw_steps,
    seal,
)

_COLUMNS = (
    ("project", "journal_link"),
    ("tile", "link"),
    ("tile", "seal"),
    ("edit", "link"),
    ("journal", "link"),
)
_UNREADABLE = "unreadable"
_frozen = MetaData()
_tile = Table(
    "tile",
    _frozen,
    *(Column(name, DateTime if name == "verdict_at" else None) for name in SEALED),
    Column("seal"),
)
_edit = Table("edit", _frozen, *(Column(name) for name in ("tile_id", "sequence", "link")))
_journal = Table("journal", _frozen, Column("id"), Column("link"))
_project = Table("project", _frozen, Column("journal_link"))


def to_version_3(connection: Connection) -> None:
    """What is there is taken as it is; an edit that is not JSON any more gets no hash."""
    for table, column in _COLUMNS:
        connection.exec_driver_sql(
            f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT ''"
        )
    for row in connection.execute(select(_tile)).all():
        steps = raw_steps(connection, row.id)
        link = _chain(connection, row.id, steps)
        # A head that is no step would be taken for a log without edits.
        sealed = seal(row, link=link) if {row.head, row.tip} <= {0, *steps} else ""
        changed = update(_tile).where(_tile.c.id == row.id)
        connection.execute(changed.values(link=link, seal=sealed))
    _chain_journal(connection)


def _chain(connection: Connection, tile_id: int, parents: dict[int, int]) -> str:
    """Hash the log of a tile; the link of its last edit."""
    link, rows = NO_LINK, []
    for entry in raw_edits(connection, tile_id):
        parent = parents.get(entry.step, -1)
        own = edit_link(link, tile_id, entry.sequence, entry.step, parent, *entry.values)
        link = own if _is_readable(entry) and parent >= 0 else _UNREADABLE
        rows.append({"row": entry.sequence, "new": link})
    of_tile = _edit.c.tile_id == tile_id
    _store(connection, update(_edit).where(of_tile, _edit.c.sequence == bindparam("row")), rows)
    return link


def _chain_journal(connection: Connection) -> None:
    link, rows = NO_LINK, []
    for row, values in zip(journal_ids(connection), raw_journal(connection), strict=True):
        link = hash_row(link, *values[:-1])
        rows.append({"row": row, "new": link})
    _store(connection, update(_journal).where(_journal.c.id == bindparam("row")), rows)
    connection.execute(update(_project).values(journal_link=link))


def _store(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement.values(link=bindparam("new")), rows)


def _is_readable(entry: RawEdit) -> bool:
    try:
        return isinstance(json.loads(entry.values[1]), dict)
    except ValueError:
        return False
