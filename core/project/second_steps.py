"""The second verdict of a second look as a step that is undone and brought back.

While it is taken back the tile waits for a second verdict again.  The journal keeps that it was
given, and all of it, so that it can be brought back as it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from core.project.journal import Change
from core.project.records import SecondReview, VerdictSteps
from core.project.schema import journal, second_review
from core.project.second_reviews import SECOND_VERDICT, second_review_of
from core.project.tiles import change_tile, tile_row

UNDONE, REDONE = f"{SECOND_VERDICT} undone", f"{SECOND_VERDICT} redone"
"""The journal's actions."""

_COLUMNS = tuple(
    f"{which}_{name}"
    for which in ("first", "second")
    for name in ("verdict", "reviewer", "comment", "at", "head")
)


def second_steps(connection: Connection, scene_id: str, name: str) -> VerdictSteps:
    """Who gave the second verdict that would be taken back, and the one to be brought back."""
    review = second_review_of(connection, scene_id, name)
    if review is None:
        return VerdictSteps("", None, "")
    row = tile_row(connection, scene_id, name)
    if review.second is not None:
        # Where they differ, a later verdict has settled the matter.
        if row.verdict_version != review.first_version:
            return VerdictSteps("", None, "")
        return VerdictSteps(review.second.reviewer, review.second.at, "")
    kept = _taken_back(connection, row)
    return VerdictSteps("", None, "" if kept is None else str(kept["second_reviewer"]))


def step_second_verdict(
    change: Change, scene_id: str, name: str, *, forward: bool, author: str
) -> SecondReview | None:
    """Take the second verdict back, or bring back the one that was; nothing without one.

    Returns
    -------
    SecondReview or None
        As it is now; None where the tile is not up for a second look.
    """
    steps = second_steps(change.connection, scene_id, name)
    row = tile_row(change.connection, scene_id, name)
    if forward and steps.redo_author:
        kept = _taken_back(change.connection, row) or {}
        values = {column: _value(column, kept[column]) for column in _COLUMNS}
        _write(change, row, {**values, "first_version": row.verdict_version})
        detail = {"verdict": kept["second_verdict"]}
        change.record(REDONE, author=author, scene_id=scene_id, tile=name, detail=detail)
    elif not forward and steps.undo_author:
        query = select(second_review).where(second_review.c.tile_id == row.id)
        given = change.connection.execute(query).one()._mapping
        detail = {column: _plain(given[column]) for column in (*_COLUMNS, "first_version")}
        _write(change, row, dict.fromkeys((*_COLUMNS, "first_version")))
        change.record(UNDONE, author=author, scene_id=scene_id, tile=name, detail=detail)
    return second_review_of(change.connection, scene_id, name)


def _write(change: Change, row: Row[Any], values: dict[str, Any]) -> None:
    change.connection.execute(
        update(second_review).where(second_review.c.tile_id == row.id).values(**values)
    )
    change_tile(change, row)


def _taken_back(connection: Connection, row: Row[Any]) -> dict[str, Any] | None:
    """The second verdict taken back last, where the first is still what it was given beside."""
    query = (
        select(journal.c.action, journal.c.detail)
        .where(journal.c.scene_id == row.scene_id, journal.c.tile == row.name)
        .where(journal.c.action.in_((SECOND_VERDICT, UNDONE, REDONE)))
        .order_by(journal.c.id.desc())
        .limit(1)
    )
    last = connection.execute(query).one_or_none()
    if last is None or last.action != UNDONE:
        return None
    detail: dict[str, Any] = last.detail
    return detail if detail["first_version"] == row.verdict_version else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _value(column: str, plain: Any) -> Any:
    is_time = column.endswith("_at") and plain is not None
    return datetime.fromisoformat(plain) if is_time else plain
