"""Second looks inside a transaction: tiles that are put up for one, and the verdicts given.

While a tile waits, its first verdict is the tile's own.  The second verdict freezes both, each with
the head of the edit log at its time, so that either label can be made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from core.errors import ConflictError, InputError
from core.people import same_person
from core.project.journal import Change
from core.project.records import VERDICTS, PastVerdict, SecondReview
from core.project.rows import SECOND_REVIEW, check_row
from core.project.schema import second_review, tile
from core.project.tiles import change_tile, tile_row

SECOND_VERDICT = "second verdict"
"""The journal's action."""


def second_reviews_of(connection: Connection, scene_id: str) -> list[SecondReview]:
    """The second looks of a scene, waiting and done, in the order of the tiles."""
    query = _of_scene(scene_id).order_by(tile.c.position, tile.c.id)
    return [_record(row) for row in connection.execute(query)]


def second_review_of(connection: Connection, scene_id: str, name: str) -> SecondReview | None:
    """The second look of one tile; None where it was not drawn."""
    query = _of_scene(scene_id).where(tile.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row)


def _of_scene(scene_id: str) -> Select[Any]:
    return (
        select(tile.c.scene_id, tile.c.name, *second_review.c)
        .join(tile, tile.c.id == second_review.c.tile_id)
        .where(tile.c.scene_id == scene_id)
    )


def draw_second_reviews(
    change: Change, scene_id: str, names: Sequence[str], *, seed: int, author: str
) -> int:
    """Put tiles up for a second look; those that are already stay as they are.

    Raises
    ------
    InputError
        A tile has no first verdict.
    """
    drawn = {review.tile for review in second_reviews_of(change.connection, scene_id)}
    rows = [tile_row(change.connection, scene_id, name) for name in names if name not in drawn]
    for row in rows:
        if row.verdict == "open":
            raise InputError(
                f"Tile {row.position + 1} has no verdict yet.",
                "Only reviewed tiles can be looked at a second time.",
            )
    for row in rows:
        change.connection.execute(
            insert(second_review).values(
                tile_id=row.id, drawn_at=change.at, drawn_by=author, seed=seed
            )
        )
        change_tile(change, row)
    if rows:
        detail = {"tiles": len(rows), "seed": seed, "names": [row.name for row in rows]}
        change.record("second look drawn", author=author, scene_id=scene_id, detail=detail)
    return len(rows)


def withdraw_second_reviews(change: Change, scene_id: str, *, author: str) -> int:
    """Take back the tiles that still wait for a second verdict; returns how many."""
    waiting = [r.tile for r in second_reviews_of(change.connection, scene_id) if r.waiting]
    for name in waiting:
        row = tile_row(change.connection, scene_id, name)
        change.connection.execute(delete(second_review).where(second_review.c.tile_id == row.id))
        change_tile(change, row)
    if waiting:
        detail = {"tiles": len(waiting), "names": waiting}
        change.record("second look withdrawn", author=author, scene_id=scene_id, detail=detail)
    return len(waiting)


def give_second_verdict(
    change: Change,
    scene_id: str,
    name: str,
    verdict: str,
    *,
    comment: str,
    reviewer: str,
    expected_version: int,
    expected_log: int | None = None,
) -> SecondReview:
    """Store the second verdict beside the first, which stays the tile's own."""
    row = tile_row(change.connection, scene_id, name)
    review = second_review_of(change.connection, scene_id, name)
    if row.verdict_version != expected_version:
        raise change.conflict(f"the verdict on tile {name}", scene_id, name, ("verdict",))
    if expected_log is not None and row.log_version != expected_log:
        raise change.conflict(f"tile {name}", scene_id, name, ("edit", "undo", "redo"))
    if review is None or not review.waiting:
        raise _too_late(name, review)
    _check(row, verdict, reviewer)
    change.connection.execute(
        update(second_review)
        .where(second_review.c.tile_id == row.id)
        .values(
            first_verdict=row.verdict,
            first_reviewer=row.reviewer,
            first_comment=row.comment,
            first_at=row.verdict_at,
            first_head=row.verdict_head,
            first_version=row.verdict_version,
            second_verdict=verdict,
            second_reviewer=reviewer,
            second_comment=comment,
            second_at=change.at,
            second_head=row.head,
        )
    )
    change_tile(change, row)
    detail = {"verdict": verdict, "first": row.verdict, "comment": comment}
    change.record(SECOND_VERDICT, author=reviewer, scene_id=scene_id, tile=name, detail=detail)
    given = second_review_of(change.connection, scene_id, name)
    assert given is not None  # noqa: S101  (it was just written)
    return given


def _check(row: Row[Any], verdict: str, reviewer: str) -> None:
    if verdict not in VERDICTS or verdict == "open":
        raise InputError("A second look needs a verdict.", "Accept, fix or reject the tile.")
    if row.verdict == "open":
        raise InputError(
            "The first verdict on this tile was undone.",
            "Give the first verdict, or take the tile out of the second look.",
        )
    if same_person(reviewer, row.reviewer):
        raise InputError(
            "You gave the first verdict on this tile yourself.",
            "A second look must be given by somebody else. Your name is at the top of the page.",
        )


def _too_late(name: str, review: SecondReview | None) -> ConflictError:
    who = review.second.reviewer if review and review.second else ""
    if who:
        message = f"{who} gave the second verdict on tile {name} first."
    else:
        message = f"Tile {name} is not up for a second look any more."
    return ConflictError(message, "Nothing was overwritten; look at the present state.")


def _record(row: Row[Any]) -> SecondReview:
    check_row("second_review", row.tile_id, row, SECOND_REVIEW)
    first = second = None
    if row.second_verdict is not None:
        first = PastVerdict(
            row.first_verdict, row.first_reviewer, row.first_comment, row.first_at, row.first_head
        )
        second = PastVerdict(
            row.second_verdict,
            row.second_reviewer,
            row.second_comment,
            row.second_at,
            row.second_head,
        )
    return SecondReview(
        row.scene_id,
        row.name,
        row.drawn_at,
        row.drawn_by,
        row.seed,
        first,
        second,
        row.first_version,
    )
