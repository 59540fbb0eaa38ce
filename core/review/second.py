"""A second look at a random sample of reviewed tiles, blind to the first verdict.

Whoever has not given the first verdict of a waiting tile does not see it; what they say of the tile
is the second verdict.  Once it is given both are shown, and any later verdict settles the matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from core.errors import InputError
from core.people import same_person
from core.project import HistoryRow, Project, SecondReview, TileRecord, VerdictRecord, verdict_now


def sample(tiles: Sequence[TileRecord], drawn: Iterable[str], count: int, seed: int) -> list[str]:
    """Names of ``count`` random tiles that have a verdict and were not drawn before.

    The same tiles, verdicts, count and seed give the same sample, in the order of the tiles.

    Raises
    ------
    InputError
        More are wanted than there are, or none.
    """
    before = set(drawn)
    eligible = [t for t in tiles if t.verdict.verdict != "open" and t.name not in before]
    if not eligible:
        raise InputError(
            "There is no reviewed tile left for a second look.", "Review more tiles first."
        )
    if not 1 <= count <= len(eligible):
        raise InputError(
            f"{count:,} tiles cannot be drawn from {len(eligible):,}.",
            f"Choose a number from 1 to {len(eligible):,}.",
        )
    by_name = sorted(eligible, key=lambda tile: tile.name)
    places = np.random.default_rng(seed).choice(len(by_name), size=count, replace=False)
    chosen = [by_name[place] for place in places.tolist()]
    return [tile.name for tile in sorted(chosen, key=lambda tile: tile.order)]


def asked(person: str, verdict: VerdictRecord, review: SecondReview | None) -> bool:
    """Whether a tile waits for this person's second verdict, and hides the first from them."""
    if review is None or not review.waiting or verdict.verdict == "open":
        return False
    return not same_person(person, verdict.reviewer)


def owed(project: Project, scene_id: str, person: str) -> list[str]:
    """Names of the scene's tiles that wait for this person's second verdict."""
    waiting = {one.tile: one for one in project.second_reviews(scene_id) if one.waiting}
    if not waiting:
        return []
    tiles = project.tiles(scene_id)
    return [t.name for t in tiles if asked(person, t.verdict, waiting.get(t.name))]


def settled(verdict: VerdictRecord, review: SecondReview) -> bool:
    """Whether both verdicts say the same, or somebody has judged the tile after both."""
    if review.first is None or review.second is None:
        return False
    later = verdict.version != review.first_version
    return later or review.first.verdict == review.second.verdict


def seen_by(person: str, verdict: VerdictRecord, review: SecondReview | None) -> VerdictRecord:
    """A tile's verdict as a person may see it on the map.

    Nothing where the tile waits for their second verdict; their own where they gave it and nobody
    has judged the tile since.  The version is the tile's in any case.
    """
    if asked(person, verdict, review):
        return VerdictRecord("open", "", "", None, verdict.version)
    if review is None or review.second is None or verdict.version != review.first_version:
        return verdict
    second = review.second
    if not same_person(person, second.reviewer):
        return verdict
    return replace(
        verdict,
        verdict=verdict_now(second.verdict, second.head, verdict.head),
        reviewer=second.reviewer,
        comment=second.comment,
        at=second.at,
    )


def judge(
    project: Project,
    scene_id: str,
    tile: str,
    verdict: str,
    *,
    comment: str,
    reviewer: str,
    expected_version: int,
    expected_log: int | None = None,
) -> bool:
    """Give a verdict: the second where the tile waits for this person's; returns whether it did.

    Parameters
    ----------
    expected_version : int
        Of the tile's verdict.
    expected_log : int, optional
        Of the edit log that the person saw.

    Raises
    ------
    ConflictError
        One of them is not what it is now; nothing was changed.
    InputError
        A second look that says 'open'.
    ProjectError
        There is no such tile.
    """
    review = project.second_review(scene_id, tile)
    present = project.tile(scene_id, tile).verdict
    second = asked(reviewer, present, review)
    give = project.give_second_verdict if second else project.set_verdict
    give(
        scene_id,
        tile,
        verdict,
        comment=comment,
        reviewer=reviewer,
        expected_version=expected_version,
        expected_log=expected_log,
    )
    return second


def without_hidden(history: Sequence[HistoryRow], hidden: Iterable[str]) -> list[HistoryRow]:
    """Who did what, with the verdicts on tiles named in ``hidden`` covered; of one scene."""
    covered = set(hidden)
    return [
        replace(row, author="", detail={"hidden": True})
        if row.action.split()[0] in ("verdict", "second") and row.tile in covered
        else row
        for row in history
    ]
