"""Parcels and the corrections that a person makes to them, as values.

Each correction keeps what the person drew, as it was drawn: a lasso may cross itself and is
understood only when it is applied (:func:`core.masks.correction_shapes.drawn_area`).  Drawings of
which nothing sensible remains are refused when the value is made, so a stored correction can
always be replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon

from core.errors import InputError
from core.masks.correction_shapes import drawn_area, tidied

ParcelState = Literal["auto", "corrected"]

MOST_POINTS = 20_000
"""Points of one drawing; a hand makes hundreds."""

_FARTHEST = 1e9
"""Larger coordinates lie in no CRS; their areas would leave the range of numbers."""

_THINNEST = 1e-9
"""Area over squared length below which a ring is a line that was walked back."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel of cropland.

    Parameters
    ----------
    id : str
        Unique among the parcels of a scene or tile.
    polygon : Polygon or MultiPolygon
        Valid; in pixels of a grid or in world coordinates.
    score : float
        Mean probability, 0 to 1; NaN where there is none.
    state : {"auto", "corrected"}
        Whether a person's correction changed it.
    """

    id: str
    polygon: Polygon | MultiPolygon
    score: float
    state: ParcelState


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


Correction = AreaAdd | AreaRemove | Split | Merge | ParcelDelete | Reshape


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
