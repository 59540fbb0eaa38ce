"""Migration from version 1 to 2: second looks, and where the log stood at each verdict."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

_frozen = MetaData()
_ROW_ID = BigInteger().with_variant(Integer, "sqlite")

Table("tile", _frozen, Column("id", _ROW_ID, primary_key=True))

_second_review = Table(
    "second_review",
    _frozen,
    Column("tile_id", ForeignKey("tile.id"), primary_key=True),
    Column("drawn_at", DateTime, nullable=False),
    Column("drawn_by", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("first_verdict", String(16)),
    Column("first_reviewer", Text),
    Column("first_comment", Text),
    Column("first_at", DateTime),
    Column("first_head", Integer),
    Column("first_version", Integer),
    Column("second_verdict", String(16)),
    Column("second_reviewer", Text),
    Column("second_comment", Text),
    Column("second_at", DateTime),
    Column("second_head", Integer),
)


def to_version_2(connection: Connection) -> None:
    """Verdicts given before this do not say where the log stood: unknown, not guessed."""
    connection.exec_driver_sql("ALTER TABLE tile ADD COLUMN verdict_head INTEGER")
    _second_review.create(connection)
