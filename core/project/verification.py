"""Verify all of a project at once: every log, every tile's row and the record of who did what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from core.project.chain import (
    JOURNAL,
    Checks,
    Damage,
    Verified,
    check_log,
    lacking_steps,
    log_state,
)
from core.project.links import NO_LINK, all_raw_edits, all_raw_steps, hash_row, raw_journal
from core.project.rows import TILE, check_row
from core.project.schema import edit, journal, project, scene, tile

STEPS = ("edit", "undo", "redo")
"""What the journal tells of that makes a log longer by a step."""

_LARGE = 100_000
"""With more edits than this, each log is verified only when it is first read."""


def verify_project(connection: Connection, checks: Checks) -> None:
    """Verify all logs and the journal; of a large project, each log when it is first read."""
    edits = connection.execute(select(func.count()).select_from(edit)).scalar_one()
    if edits > _LARGE:
        return
    touched = or_(*(column != 0 for column in (tile.c.log_version, tile.c.head, tile.c.tip)))
    rows = connection.execute(
        select(tile)
        .join(scene)
        .where(scene.c.removed.is_(False), or_(touched, tile.c.verdict_version != 0))
    ).all()
    for row in rows:
        check_row("tile", row.id, row, TILE)
    checks.keep(_undamaged(connection, rows))
    for row in rows:
        log_state(connection, checks, row, checks.get(row.id))
    if _verify_journal(connection, checks):
        _compare_with_journal(connection, checks, rows)


def _compare_with_journal(connection: Connection, checks: Checks, rows: Sequence[Row[Any]]) -> None:
    """A log that lacks steps of which the journal tells was put back by something else."""
    told = connection.execute(
        select(journal.c.scene_id, journal.c.tile, func.count())
        .where(journal.c.action.in_(STEPS))
        .group_by(journal.c.scene_id, journal.c.tile)
    ).all()
    counts = {(scene_id, name): count for scene_id, name, count in told}
    for row in rows:
        lacking = counts.get((row.scene_id, row.name), 0) - row.log_version
        if lacking > 0:
            checks.report(row.id, lacking_steps(row, lacking))


def _undamaged(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, Verified]:
    """By tile, how far its log was verified, read in two statements."""
    steps = all_raw_steps(connection)
    ends = {row.id: Verified() for row in rows}
    for tile_id, edits in all_raw_edits(connection):
        if tile_id in ends:
            survey = check_log(tile_id, steps.get(tile_id, {}), edits, Verified())
            ends[tile_id] = Verified() if survey.first_bad else survey.end
    return ends


def _verify_journal(connection: Connection, checks: Checks) -> bool:
    """Whether the record of who did what is as it was written."""
    link, since = NO_LINK, ""
    for number, (*values, stored) in enumerate(raw_journal(connection), start=1):
        link = hash_row(link, *values)
        if stored is None or link.encode() != stored:
            checks.report(JOURNAL, _journal_damage(f"at entry {number}", since))
            return False
        since = (values[0] or b"")[:16].decode("ascii", "replace")
    if link != connection.execute(select(project.c.journal_link)).scalar_one():
        checks.report(JOURNAL, _journal_damage("at its end", since))
        return False
    return True


def _journal_damage(where: str, since: str) -> Damage:
    after = f" (written after {since} UTC)" if since else ""
    sentence = (
        f"The record of who did what is damaged {where}{after}; the edits themselves are kept"
        " apart from it."
    )
    return Damage("", "", 0, since, sentence)
