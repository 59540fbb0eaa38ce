"""The hashes that chain the rows of a project, and the stored values that they are made of.

The edits of a tile are one chain in the order of their sequence.  The ``link`` of each is the
SHA-256 of the link before it and of what is stored of the edit and of its step, byte for byte; that
of the last one is also the tile's.  The ``seal`` of a tile is the SHA-256 of that link and of what
stands in the tile's row.  The journal is a chain of its own.

Migrations use this module, so it knows nothing of :mod:`core.project.schema`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, text

from core.errors import InputError
from core.project.database import to_json

NO_LINK = ""
"""The link before the first row of a chain."""

SEALED = (
    *("id", "scene_id", "name"),
    *("window_column", "window_row", "window_width", "window_height"),
    *("verdict", "reviewer", "comment", "verdict_at", "verdict_version", "verdict_head"),
    *("log_version", "head", "tip", "last_sequence", "edit_count", "link"),
)
"""Columns of a tile that its seal covers; its figures are measured again from the edits."""

_STEP = ("number", "parent")
_EDIT = ("sequence", "step", "kind", "data", "author", "at", "link")
# SQLite hands out bytes, which also a text with a flipped bit still is.
_RAW = {"sqlite": "CAST({} AS BLOB)", "postgresql": "CAST({} AS TEXT)"}
_RAW_TIME = {
    "sqlite": "CAST({} AS BLOB)",
    "postgresql": "to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')",
}


@dataclass(frozen=True, slots=True)
class RawEdit:
    """A row of the edit table.

    Attributes
    ----------
    sequence, step : int
        -1 where what is stored is no number.
    values : tuple of bytes
        Kind, data, author and time as they are stored.
    """

    sequence: int
    step: int
    values: tuple[bytes, ...]
    link: str


def stored_json(value: object) -> str:
    """JSON as it is stored.

    Raises
    ------
    InputError
        JSON cannot say it.
    """
    try:
        return to_json(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"A value cannot be stored: {error}.", "Texts must be Unicode and numbers finite."
        ) from error


def stored_time(moment: datetime) -> str:
    """A point in time as SQLite stores it, and as PostgreSQL's is read here."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def hash_row(previous: str, *values: object) -> str:
    """The link of a row whose stored values are these, after the row with ``previous``."""
    parts = [previous.encode()]
    for value in values:
        plain = value if isinstance(value, bytes) else str(value).encode()
        parts.append(b"-" if value is None else b"%d:%b" % (len(plain), plain))
    return hashlib.sha256(b"|".join(parts)).hexdigest()


def edit_link(
    previous: str, tile_id: int, sequence: int, step: int, parent: int, *values: object
) -> str:
    """Link of an edit; ``parent`` is its step's, ``values`` are its kind, data, author, time."""
    return hash_row(previous, "edit", tile_id, sequence, step, parent, *values)


def seal(row: Row[Any], **changed: Any) -> str:
    """The seal of a tile: of its row, with these columns changed."""
    fields = [changed[name] if name in changed else getattr(row, name) for name in SEALED]
    plain = [stored_time(field) if isinstance(field, datetime) else field for field in fields]
    return hash_row(NO_LINK, "tile", *plain)


def raw_steps(connection: Connection, tile_id: int, after: int = 0) -> dict[int, int]:
    """Parents of a tile's steps with a higher number, ascending; -1 for what is no number."""
    condition = "WHERE tile_id = :tile_id AND number > :after ORDER BY step.number"
    rows = _rows(connection, "step", _STEP, condition, tile_id=tile_id, after=after)
    return {_number(number): _number(parent) for number, parent in rows}


def raw_edits(connection: Connection, tile_id: int, after: int = 0) -> list[RawEdit]:
    """Edits of a tile with a higher sequence, ascending."""
    condition = "WHERE tile_id = :tile_id AND sequence > :after ORDER BY edit.sequence"
    rows = _rows(connection, "edit", _EDIT, condition, tile_id=tile_id, after=after)
    return [_edit(row) for row in rows]


def all_raw_steps(connection: Connection) -> dict[int, dict[int, int]]:
    """By tile, what :func:`raw_steps` gives."""
    found: dict[int, dict[int, int]] = {}
    condition = "ORDER BY step.tile_id, step.number"
    for tile_id, number, parent in _rows(connection, "step", ("tile_id", *_STEP), condition):
        found.setdefault(_number(tile_id), {})[_number(number)] = _number(parent)
    return found


def all_raw_edits(connection: Connection) -> Iterator[tuple[int, list[RawEdit]]]:
    """By tile, what :func:`raw_edits` gives; a tile at a time is held."""
    condition = "ORDER BY edit.tile_id, edit.sequence"
    rows = _rows(connection, "edit", ("tile_id", *_EDIT), condition)
    for tile_id, of_tile in groupby(rows, key=itemgetter(0)):
        yield _number(tile_id), [_edit(row[1:]) for row in of_tile]


def raw_journal(connection: Connection) -> list[tuple[bytes | None, ...]]:
    """Of all rows of the journal, the oldest first: time, ..., detail, and at last the link."""
    names = ("at", "author", "scene_id", "tile", "action", "detail", "link")
    statement = text(f"SELECT {_columns(connection, names)} FROM journal ORDER BY journal.id")  # noqa: S608
    return [tuple(_bytes(value) for value in row) for row in connection.execute(statement)]


def journal_ids(connection: Connection) -> list[int]:
    """Ids of the journal's rows in the order of :func:`raw_journal`."""
    return list(connection.exec_driver_sql("SELECT id FROM journal ORDER BY journal.id").scalars())


def _rows(
    connection: Connection, table: str, names: tuple[str, ...], condition: str, **values: int
) -> Iterator[tuple[bytes, ...]]:
    """Rows of a table; the condition qualifies the columns that it orders by.

    By its name alone PostgreSQL would order by the text that is selected.
    """
    # Only names of this module are put into the statement.
    statement = text(f"SELECT {_columns(connection, names)} FROM {table} {condition}")  # noqa: S608
    for row in connection.execute(statement, values):
        yield tuple(_bytes(value) or b"" for value in row)


def _columns(connection: Connection, names: tuple[str, ...]) -> str:
    dialect = connection.dialect.name
    return ", ".join((_RAW_TIME if name == "at" else _RAW)[dialect].format(name) for name in names)


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _edit(row: tuple[bytes, ...]) -> RawEdit:
    return RawEdit(_number(row[0]), _number(row[1]), row[2:6], _text(row[6]))


def _number(value: bytes) -> int:
    return int(value) if value.isdigit() and len(value) < 19 else -1


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace")
