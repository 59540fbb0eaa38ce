"""A scene's parcels from the labels of its tiles: what a seam cut is put together again."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import shapely

from core.attributes import agreed, contradict
from core.grid import Grid
from core.imagery.frame import Frame
from core.label.labelled import LabelledParcel
from core.label.tile_label import Label, Polygonal
from core.parcels.geometry_index import GeometryIndex
from core.parcels.overlay import array_of
from core.parcels.parcel import Parcel
from core.parcels.seams import REACH, share_border, united
from core.people import same_person
from core.predict.kept_prediction import WorldPrompt
from core.project import CHANGED, VerdictRecord

NO_VERDICT = VerdictRecord("open", "", "", None, 0)
"""That of a tile on which nobody has looked."""

_TILE_STATES = {"accepted": "accepted", "rejected": "rejected", "fix": "unsure"}
"""What a tile's verdict says of the parcels on which there is none of their own."""

_LEAST_BORDER = 3.0
"""Pixels of the working grid: parcels of two tiles that share a longer border are one."""

_OWN_VERDICTS = ("accepted", "rejected", "unsure")

_EXPLAINED = ("rejected", "unsure")
"""States of a tile whose comment is the reason of its parcels."""


@dataclass(frozen=True, slots=True)
class PromptCounts:
    """How many points lie in a piece, by what they say."""

    positive: int
    negative: int


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A parcel's part in one tile, in the scene's CRS.

    Parameters
    ----------
    prompts : PromptCounts or None
        None where they are not known.
    """

    parcel: Parcel
    shape: Polygonal
    tile: str
    verdict: VerdictRecord
    prompts: PromptCounts | None = None


def pieces_of(
    label: Label,
    frame: Frame,
    tile: str,
    verdict: VerdictRecord = NO_VERDICT,
    prompts: Sequence[WorldPrompt] | None = None,
) -> list[Piece]:
    """What a tile's label holds, in the scene's CRS.

    Parameters
    ----------
    prompts : sequence of WorldPrompt, optional
        The points that the label came from, which are counted in its parcels.
    """
    native = np.empty(len(label.parcels), dtype=object)
    native[:] = [parcel.polygon for parcel in label.parcels]
    world = frame.natives_to_world(native) if native.size else native
    counts: Sequence[PromptCounts | None] = [None] * len(label.parcels)
    if prompts is not None:
        counts = _counted(world, prompts)
    return [
        Piece(parcel, shape, tile, verdict, inside)
        for parcel, shape, inside in zip(label.parcels, world, counts, strict=True)
    ]


def own_parcels(label: Label, frame: Frame, tile: str) -> list[LabelledParcel]:
    """A tile's parcels in the scene's CRS by what was said of each, whatever its tile's verdict."""
    return [labelled_parcel([piece], 0.0) for piece in pieces_of(label, frame, tile)]


def join_parcels(pieces: Sequence[Piece], grid: Grid) -> list[LabelledParcel]:
    """Parcels of the pieces that tiles hold, put together at the seams of the working grid."""
    least = least_border(grid)
    return [labelled_parcel(group, least) for group in _joined(pieces, least)]


def least_border(grid: Grid) -> float:
    """How long a border makes two pieces one, in units of the grid's CRS."""
    return _LEAST_BORDER * float(abs(grid.transform.determinant) ** 0.5)


def _counted(shapes: npt.NDArray[np.object_], prompts: Sequence[WorldPrompt]) -> list[PromptCounts]:
    """Points of each label inside each shape."""
    counts = np.zeros((2, len(shapes)), dtype=np.int64)
    if len(shapes) and prompts:
        places = np.array([(prompt.world.x, prompt.world.y) for prompt in prompts])
        labels = np.array([1 if prompt.label else 0 for prompt in prompts])
        points, holders = GeometryIndex(shapes).query(shapely.points(places), predicate="within")
        np.add.at(counts, (labels[points], holders), 1)
    return [PromptCounts(positive, negative) for negative, positive in counts.T.tolist()]


def _joined(pieces: Sequence[Piece], least: float) -> list[list[Piece]]:
    """Pieces grouped where two of different tiles share a border longer than ``least``."""
    group = list(range(len(pieces)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    for i, j in neighbours(pieces, pieces, least):
        if i < j and root(i) != root(j) and are_one(pieces[i], pieces[j], least):
            group[root(j)] = root(i)
    groups: dict[int, list[Piece]] = defaultdict(list)
    for i, piece in enumerate(pieces):
        groups[root(i)].append(piece)
    return list(groups.values())


def neighbours(
    some: Sequence[Piece], others: Sequence[Piece], least: float
) -> list[tuple[int, int]]:
    """Places in both sequences of pieces that nearly touch."""
    if not some or not others:
        return []
    here, there = (array_of([piece.shape for piece in each]) for each in (some, others))
    near = GeometryIndex(there).query(here, "dwithin", REACH * least)
    return [(i, j) for i, j in near.T.tolist()]


def are_one(one: Piece, other: Piece, least: float) -> bool:
    """Whether two pieces are parts of one field; ``one`` is of the earlier tile.

    They share a border longer than ``least``.
    """
    if one.tile == other.tile or not _alike(one, other):
        return False
    return share_border(one.shape, other.shape, least)


def _alike(one: Piece, other: Piece) -> bool:
    """Whether two pieces may be one field: what a person told apart stays apart."""
    if contradict(one.parcel.attributes, other.parcel.attributes):
        return False
    return (one.parcel.land_class, one.parcel.is_cropland) == (
        other.parcel.land_class,
        other.parcel.is_cropland,
    )


def labelled_parcel(group: Sequence[Piece], least: float) -> LabelledParcel:
    """The parcel of which these pieces, in the order of their tiles, are the parts."""
    first = max(group, key=lambda piece: piece.shape.area)
    shape: Polygonal = first.shape
    if len(group) > 1:
        shape = united([piece.shape for piece in group], least) or first.shape
    judged = max(group, key=_weight)
    state, reviewer, at, reason = _review(judged)
    counts = [piece.prompts for piece in group if piece.prompts is not None]
    known = len(counts) == len(group)
    return LabelledParcel(
        f"{first.tile}/{first.parcel.id}",
        shape,
        # The model's word on a parcel is no word on what a person has made of it.
        math.nan if any(piece.parcel.edited for piece in group) else first.parcel.score,
        state,
        reviewer,
        at,
        first.tile,
        judged.parcel.land_class,
        reason,
        sum(count.positive for count in counts) if known else None,
        sum(count.negative for count in counts) if known else None,
        agreed([piece.parcel.attributes for piece in group]),
    )


def _weight(piece: Piece) -> tuple[bool, bool, bool, float]:
    """Of a field that a seam cuts, the part of which most was said speaks for all.

    A part that nobody signed as it is now keeps the whole from counting as accepted.
    """
    state = piece.parcel.state
    unsigned = state == "changed" and piece.verdict.verdict != "accepted"
    return unsigned, state in _OWN_VERDICTS, state == "corrected", piece.shape.area


def _review(piece: Piece) -> tuple[str, str, datetime | None, str]:
    """State, reviewer, time and reason: a parcel's own verdict beats that of its tile."""
    # Of what is there now nobody said anything where another label was accepted.
    tile = NO_VERDICT if piece.verdict.verdict == CHANGED else piece.verdict
    parcel = piece.parcel
    own = parcel.reviewer, parcel.reviewed_at, parcel.reason
    if parcel.state in _OWN_VERDICTS:
        return parcel.state, *own
    state = _TILE_STATES.get(tile.verdict, "auto")
    if parcel.state == "changed" and state == "auto":
        return parcel.state, *own
    # A reason stands beside the name of whoever gave it, or not at all.
    said = parcel.reason if same_person(parcel.reviewer, tile.reviewer) else ""
    by_tile = tile.reviewer, tile.at, tile.comment if state in _EXPLAINED else said
    if parcel.state != "corrected" or state == "rejected":
        return state, *by_tile
    # Who looked at it last: whoever corrected it, or whoever accepted the tile afterwards.
    newer = tile.at is not None and (parcel.reviewed_at is None or tile.at > parcel.reviewed_at)
    return "corrected", *(by_tile if newer else own)
