"""The tables.  Nothing here is particular to SQLite; one database holds one project.

Edits and steps are only ever inserted.  The steps of a tile form a tree by their parents: the edits
in force are those of the steps between the root and the tile's ``head``; undo moves ``head`` to its
parent, redo moves it back towards ``tip``, and an edit after an undo grows a new branch.

The columns ``link`` and ``seal`` are hashes: see :mod:`core.project.links`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, stored as UTC without a zone since SQLite knows none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Drop the zone after going to UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

# SQLite numbers rows by itself in a column of exactly this type.
_ROW_ID = BigInteger().with_variant(Integer, "sqlite")

project = Table(
    "project",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("journal_link", Text, nullable=False, server_default=""),
)

scene = Table(
    "scene",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("scene", JSON, nullable=False),
    Column("landcover", JSON(none_as_null=True)),
    Column("settings", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("removed", Boolean, nullable=False),
)

tile = Table(
    "tile",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("scene_id", ForeignKey("scene.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("window_column", Integer, nullable=False),
    Column("window_row", Integer, nullable=False),
    Column("window_width", Integer, nullable=False),
    Column("window_height", Integer, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("verdict_at", UtcDateTime),
    Column("verdict_version", Integer, nullable=False),
    Column("verdict_head", Integer),
    Column("log_version", Integer, nullable=False),
    Column("head", Integer, nullable=False),
    Column("tip", Integer, nullable=False),
    Column("last_sequence", Integer, nullable=False),
    Column("edit_count", Integer, nullable=False),
    Column("revision", BigInteger, nullable=False, index=True),
    Column("link", Text, nullable=False, server_default=""),
    Column("seal", Text, nullable=False, server_default=""),
    UniqueConstraint("scene_id", "name"),
)

# The first verdict is copied here when the second is given; until then it is the tile's.
second_review = Table(
    "second_review",
    metadata,
    Column("tile_id", ForeignKey("tile.id"), primary_key=True),
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("drawn_by", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("first_verdict", String(16)),
    Column("first_reviewer", Text),
    Column("first_comment", Text),
    Column("first_at", UtcDateTime),
    Column("first_head", Integer),
    Column("first_version", Integer),
    Column("second_verdict", String(16)),
    Column("second_reviewer", Text),
    Column("second_comment", Text),
    Column("second_at", UtcDateTime),
    Column("second_head", Integer),
)

step = Table(
    "step",
    metadata,
    Column("tile_id", ForeignKey("tile.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, nullable=False),
)

edit = Table(
    "edit",
    metadata,
    Column("tile_id", ForeignKey("tile.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("step", Integer, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("data", JSON, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("link", Text, nullable=False, server_default=""),
    Index("edit_by_step", "tile_id", "step"),
)

# No foreign key: the scene is empty for what concerns the whole project.
journal = Table(
    "journal",
    metadata,
    Column("id", _ROW_ID, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("author", Text, nullable=False),
    Column("scene_id", String(32), nullable=False),
    Column("tile", Text),
    Column("action", String(32), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("link", Text, nullable=False, server_default=""),
    Index("journal_by_tile", "scene_id", "tile"),
)
