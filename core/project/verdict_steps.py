"""Verdicts on a tile as steps that are undone and brought back: the journal says which there were.

Each verdict that was given is a step; taking the last one back makes the one before it, whoever
gave it, the tile's again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from core.project.journal import Change
from core.project.records import TileRecord, VerdictSteps
from core.project.schema import journal
from core.project.tiles import change_log, tile_record, tile_row

GIVEN, UNDONE, REDONE = "verdict", "verdict undone", "verdict redone"
"""The journal's actions."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A verdict as it was given; ``head`` is None where an older version did not write it down."""

    verdict: str = "open"
    reviewer: str = ""
    comment: str = ""
    at: datetime | None = None
    head: int | None = None


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps in force and those taken back, the one to be brought back first at the end."""

    done: tuple[_Step, ...] = ()
    undone: tuple[_Step, ...] = ()

    def after(self, action: str, step: _Step) -> _Steps:
        """The steps after one more row of the journal; ``step`` is what a given verdict says."""
        if action == GIVEN:
            return _Steps((*self.done, step))
        if action == UNDONE and self.done:
            return _Steps(self.done[:-1], (*self.undone, self.done[-1]))
        if action == REDONE and self.undone:
            return _Steps((*self.done, self.undone[-1]), self.undone[:-1])
        return self


def verdict_steps(connection: Connection, scene_id: str, name: str) -> VerdictSteps:
    """Who gave the verdict that would be taken back, and the one that would be brought back."""
    steps = _read(connection, scene_id, name)
    last, back = steps.done[-1:], steps.undone[-1:]
    return VerdictSteps(
        last[0].reviewer if last else "",
        last[0].at if last else None,
        back[0].reviewer if back else "",
    )


def step_verdict(
    change: Change,
    scene_id: str,
    name: str,
    *,
    forward: bool,
    author: str,
    expected_version: int,
) -> TileRecord:
    """Take the last verdict back, or bring back the one taken back last; nothing without one.

    Raises
    ------
    ConflictError
        ``expected_version`` is not that of the tile's verdict any more.
    """
    row = tile_row(change.connection, scene_id, name)
    if row.verdict_version != expected_version:
        actions = (GIVEN, UNDONE, REDONE)
        raise change.conflict(f"the verdict on tile {name}", scene_id, name, actions)
    action = REDONE if forward else UNDONE
    steps = _read(change.connection, scene_id, name)
    after = steps.after(action, _Step())
    if after == steps:
        return tile_record(row)
    return _put(change, row, action, after.done, author)


def _put(
    change: Change, row: Row[Any], action: str, done: Sequence[_Step], author: str
) -> TileRecord:
    """Make the last of some steps the tile's verdict, and write down what was done."""
    step = done[-1] if done else _Step()
    change_log(
        change,
        change.log_state(row),
        verdict=step.verdict,
        reviewer=step.reviewer,
        comment=step.comment,
        verdict_at=step.at,
        verdict_version=row.verdict_version + 1,
        verdict_head=step.head,
    )
    detail = {"verdict": step.verdict, "before": row.verdict}
    change.record(action, author=author, scene_id=row.scene_id, tile=row.name, detail=detail)
    return tile_record(tile_row(change.connection, row.scene_id, row.name))


def _read(connection: Connection, scene_id: str, name: str) -> _Steps:
    query = (
        select(journal.c.action, journal.c.author, journal.c.at, journal.c.detail)
        .where(journal.c.scene_id == scene_id, journal.c.tile == name)
        .where(journal.c.action.in_((GIVEN, UNDONE, REDONE)))
        .order_by(journal.c.id)
    )
    steps = _Steps()
    for action, author, at, detail in connection.execute(query):
        said, comment = str(detail.get("verdict", "open")), str(detail.get("comment", ""))
        step = _Step(said, author, comment, at, detail.get("head"))
        steps = steps.after(action, step)
    return steps
