"""Parcels and the corrections that a person makes to them, as values.

Each correction keeps what the person drew, as it was drawn: a lasso may cross itself and is
understood only when it is applied (:func:`core.parcels.shapes.drawn_area`).  Drawings of
which nothing sensible remains are refused when the value is made, so a stored correction can
always be replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from unicodedata import category

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from core.errors import InputError
from core.parcels.parcel import LandClass
from core.parcels.shapes import drawn_area, tidied

ParcelVerdict = Literal["accepted", "rejected", "unsure", "none"]
"""What a person may say of one parcel; 'none' takes an earlier verdict back."""

STANDING_VERDICTS = ("rejected", "unsure")
"""Verdicts that a change of the shape does not end: the land is no better for another border."""

LONGEST_REASON = 500
"""Characters of a reason: two sentences, not a letter."""

MOST_POINTS = 20_000
"""Points of one drawing; a hand makes hundreds."""

_FARTHEST = 1e9
"""Larger coordinates lie in no CRS; their areas would leave the range of numbers."""

_THINNEST = 1e-9
"""Area over squared length below which a ring is a line that was walked back."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did something, and when (UTC)."""

    author: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AreaAdd:
    """Cropland is added.

    The area joins the one parcel that it overlaps most and never fuses two: what it overlaps of
    others is cut off.  Overlapping none, it becomes a parcel of its own.
    """

    area: Polygon

    def __post_init__(self) -> None:
        _check_area(self.area)


@dataclass(frozen=True, slots=True)
class AreaRemove:
    """Cropland is cut from all parcels; one that falls into pieces becomes several."""

    area: Polygon

    def __post_init__(self) -> None:
        _check_area(self.area)


@dataclass(frozen=True, slots=True)
class Split:
    """Every parcel that the line crosses completely is split."""

    line: LineString

    def __post_init__(self) -> None:
        _check_coordinates(self.line)
        if tidied(self.line).length <= 0:
            raise InputError(
                "The splitting line has no length.",
                "Draw it from one side of the field to another.",
            )


@dataclass(frozen=True, slots=True)
class Merge:
    """The parcels at the points become one."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        for point in self.points:
            _check_coordinates(point)
        if len(set(self.points)) < 2:
            raise InputError("Merging needs two parcels.", "Choose a point in each of them.")


@dataclass(frozen=True, slots=True)
class ParcelDelete:
    """The parcel at the point goes."""

    point: Point

    def __post_init__(self) -> None:
        _check_coordinates(self.point)


@dataclass(frozen=True, slots=True)
class Reshape:
    """The parcel at the point becomes the polygon; its neighbours keep what is theirs.

    Of a parcel of several parts, the part at the point becomes the polygon.
    """

    point: Point
    polygon: Polygon

    def __post_init__(self) -> None:
        _check_coordinates(self.point)
        _check_area(self.polygon)


@dataclass(frozen=True, slots=True)
class Reclassify:
    """The parcel at the point is cropland, something else, or a person cannot tell."""

    point: Point
    land_class: LandClass
    reason: str = ""

    def __post_init__(self) -> None:
        _check_coordinates(self.point)
        _check_word(self.land_class, get_args(LandClass), "class")
        _check_reason(self.reason)


@dataclass(frozen=True, slots=True)
class Judge:
    """A verdict on the parcel at the point; "none" takes an earlier one back."""

    point: Point
    verdict: ParcelVerdict
    reason: str = ""

    def __post_init__(self) -> None:
        _check_coordinates(self.point)
        _check_word(self.verdict, get_args(ParcelVerdict), "verdict")
        _check_reason(self.reason)


@dataclass(frozen=True, slots=True)
class Smooth:
    """The borders of the parcel at the point, or of all without one, lose their small turns.

    A border that two parcels share moves for both.

    Parameters
    ----------
    tolerance : float
        How far a border may move, in units of the coordinates.
    """

    point: Point | None
    tolerance: float

    def __post_init__(self) -> None:
        _check_place(self.point)
        _check_length(self.tolerance, "The smoothing")


@dataclass(frozen=True, slots=True)
class FillHoles:
    """Holes of the parcel at the point, or of all without one, become part of their parcel.

    What another parcel covers of a hole stays that parcel's.

    Parameters
    ----------
    max_area : float or None
        Larger holes stay, in squared units of the coordinates; None fills all.
    """

    point: Point | None
    max_area: float | None

    def __post_init__(self) -> None:
        _check_place(self.point)
        if self.max_area is not None:
            _check_length(self.max_area, "The largest hole")


@dataclass(frozen=True, slots=True)
class SnapToNeighbours:
    """Edges of the parcel at the point go to the borders of its neighbours.

    Parameters
    ----------
    tolerance : float
        Gaps up to this width are closed, in units of the coordinates.
    """

    point: Point
    tolerance: float

    def __post_init__(self) -> None:
        _check_coordinates(self.point)
        _check_length(self.tolerance, "The distance")


@dataclass(frozen=True, slots=True)
class Repair:
    """What :func:`core.parcels.topology.find_problems` finds is put right.

    Parameters
    ----------
    point : Point or None
        Only the problem there; all without one.
    width : float
        Of gaps and slivers that count, in units of the coordinates.
    """

    point: Point | None
    width: float

    def __post_init__(self) -> None:
        _check_place(self.point)
        _check_length(self.width, "The width")


Drawn = AreaAdd | AreaRemove | Split | Merge | ParcelDelete | Reshape
Said = Reclassify | Judge
Tidied = Smooth | FillHoles | SnapToNeighbours | Repair
Correction = Drawn | Said | Tidied


@dataclass(frozen=True, slots=True)
class Signed:
    """A correction and who made it."""

    correction: Correction
    signature: Signature


def _check_place(point: Point | None) -> None:
    if point is not None:
        _check_coordinates(point)


def _check_length(length: float, name: str) -> None:
    if not 0 < length < _FARTHEST:  # nor is NaN
        raise InputError(f"{name} must be a number greater than 0.", "Choose a larger one.")


def _check_word(word: str, known: tuple[str, ...], name: str) -> None:
    if word not in known:
        raise InputError(f"A parcel's {name} is one of: {', '.join(known)}.", "Choose one of them.")


def _check_reason(reason: str) -> None:
    if len(reason) > LONGEST_REASON:
        raise InputError(
            f"The reason has {len(reason)} characters; {LONGEST_REASON} are the most.",
            "Make it shorter.",
        )
    if any(category(character) in ("Cc", "Cs") for character in reason):
        raise InputError("The reason has characters that are no text.", "Write it again.")


def _check_area(area: Polygon) -> None:
    _check_coordinates(area)
    found = drawn_area(area)
    if found.area <= _THINNEST * found.length**2:
        raise InputError("The outline that was drawn encloses no area.", "Draw around the area.")


def _check_coordinates(shape: shapely.Geometry) -> None:
    """Refuse shapes without points, with too many, or with coordinates that are no numbers."""
    xy = shapely.get_coordinates(shape)
    if len(xy) == 0:
        raise InputError("Nothing was drawn.", "Draw it again.")
    if len(xy) > MOST_POINTS:
        raise InputError(
            f"The drawing has {len(xy):,} points; {MOST_POINTS:,} are the most.",
            "Draw it in several strokes.",
        )
    if not (np.abs(xy) < _FARTHEST).all():  # nor is NaN
        raise InputError("The drawing has a point without a place.", "Draw it again.")
