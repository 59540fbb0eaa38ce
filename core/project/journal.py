"""Write transactions: the revision that grows with each, and the record of who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.errors import ConflictError
from core.project.branches import Branch, Branches, read_branch
from core.project.chain import Checks, LogState, Verified, log_state
from core.project.links import hash_row, stored_json, stored_time
from core.project.records import HistoryRow
from core.project.rows import JOURNAL, check_row
from core.project.schema import journal, project, tile

_REVISION = select(project.c.revision, project.c.journal_link).with_for_update()


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
    branches : dict of int to Branch
        By tile, what was read of the edit logs; true once the transaction is committed.
    verified : dict of int to Verified
        By tile, how far its log is what was written; likewise.
    """

    def __init__(
        self,
        connection: Connection,
        known: Branches | None = None,
        checks: Checks | None = None,
    ) -> None:
        self.connection = connection
        self.branches: dict[int, Branch] = {}
        self.verified: dict[int, Verified] = {}
        self._known = known or Branches()
        self._checks = checks or Checks()
        # The lock makes writers queue on databases that let several in; SQLite lets in one.
        before = connection.execute(_REVISION).one()
        self.revision = int(before.revision) + 1
        self._journal_link: str = before.journal_link
        self.at = datetime.now(UTC)

    def branch(self, tile_id: int, head: int) -> Branch:
        """The edits up to a step, those of this transaction included."""
        known = self.branches.get(tile_id) or self._known.get(tile_id)
        found = self.branches[tile_id] = read_branch(self.connection, tile_id, head, known)
        return found

    def log_state(self, row: Row[Any]) -> LogState:
        """Where the log of a tile stands that was just read, verified."""
        known = self.verified.get(row.id) or self._checks.get(row.id)
        state, self.verified[row.id] = log_state(self.connection, self._checks, row, known)
        return state

    def touch(self) -> None:
        """Make the project's revision grow."""
        self.connection.execute(
            update(project).values(
                revision=self.revision, changed_at=self.at, journal_link=self._journal_link
            ),
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
        stored = (stored_time(self.at), author, scene_id, tile, action, stored_json(detail))
        self._journal_link = hash_row(self._journal_link, *stored)
        self.connection.execute(
            insert(journal).values(
                at=self.at,
                author=author,
                scene_id=scene_id,
                tile=tile,
                action=action,
                detail=detail,
                link=self._journal_link,
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
    rows = connection.execute(query).all()
    for row in rows:
        check_row("journal", row.id, row, JOURNAL)
    return [
        HistoryRow(row.at, row.author, row.scene_id, row.tile, row.action, row.detail)
        for row in rows
    ]
