"""Write transactions: the revision that grows with each, and the record of who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.errors import ConflictError
from core.project.records import HistoryRow
from core.project.schema import journal, project, tile


class Change:
    """A write transaction under way.

    Attributes
    ----------
    connection : Connection
        Inside the transaction.
    at : datetime
        When it began, UTC.
    revision : int
        What the project's revision will be, if anything changes.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        # The lock makes writers queue on databases that let several in; SQLite lets in one.
        before = connection.execute(select(project.c.revision).with_for_update()).scalar_one()
        self.revision = int(before) + 1
        self.at = datetime.now(UTC)

    def touch(self) -> None:
        """Make the project's revision grow."""
        self.connection.execute(
            update(project).values(revision=self.revision, changed_at=self.at),
        )

    def touch_tiles(self, scene_id: str) -> None:
        """Report every tile of a scene as touched, since their states depend on it."""
        self.connection.execute(
            update(tile).where(tile.c.scene_id == scene_id).values(revision=self.revision)
        )

    def record(
        self,
        action: str,
        *,
        author: str = "",
        scene_id: str = "",
        tile: str | None = None,
        detail: dict[str, Any],
    ) -> None:
        """Write down who did what, and make the revision grow."""
        self.connection.execute(
            insert(journal).values(
                at=self.at,
                author=author,
                scene_id=scene_id,
                tile=tile,
                action=action,
                detail=detail,
            )
        )
        self.touch()

    def conflict(
        self, what: str, scene_id: str, tile: str | None, actions: Sequence[str]
    ) -> ConflictError:
        """The error for a change made on an old version; names who was faster."""
        author = self.connection.execute(
            select(journal.c.author)
            .where(journal.c.scene_id == scene_id, journal.c.tile == tile)
            .where(journal.c.action.in_(actions))
            .order_by(journal.c.id.desc())
            .limit(1)
        ).scalar()
        return ConflictError(
            f"{author or 'Somebody else'} changed {what} first.",
            "Nothing was overwritten; look at the present state and repeat your change.",
        )


def read_history(
    connection: Connection, *, scene_id: str | None, tile: str | None, limit: int
) -> list[HistoryRow]:
    """Who did what, newest first; of one scene or tile where given."""
    query = select(journal).order_by(journal.c.id.desc()).limit(limit)
    if scene_id is not None:
        query = query.where(journal.c.scene_id == scene_id)
    if tile is not None:
        query = query.where(journal.c.tile == tile)
    return [
        HistoryRow(row.at, row.author, row.scene_id, row.tile, row.action, row.detail)
        for row in connection.execute(query)
    ]
