"""Corrections that a person draws: areas, lines and points, in native pixels.

Each keeps what the person drew, as it was drawn: a lasso may cross itself, and what it goes round
is worked out once (:func:`core.parcels.shapes.drawn_area`).  Drawings of which nothing sensible
remains are refused when the value is made, so a stored correction can always be replayed.

A drawing that is ``tidy`` leaves no crumbs and slits (:mod:`core.label.correction_finish`); those
in logs of earlier versions do not say it, and leave what they left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InputError
from core.label.drawing_checks import check_coordinates, checked_area
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits
from core.label.edit_writer import area_json, place_json, positions_json, rings_json, tidy_json
from core.parcels.overlay import Shape
from core.parcels.shapes import tidied

Corners = npt.NDArray[np.float64]
"""Positions (corners, 2: column, row) of a ring; the last is not the first again."""


@dataclass(frozen=True, slots=True)
class AreaAdd:
    """Cropland is added.

    The area joins the one parcel that it overlaps most and never fuses two: what it overlaps of
    others is cut off.  Overlapping none, it becomes a parcel of its own.
    """

    kind: ClassVar[str] = "area_add"

    area: Polygon
    tidy: bool = False
    drawn: Shape = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "drawn", checked_area(self.area))

    @classmethod
    def from_json(cls, read: EditReader) -> AreaAdd:
        """The edit that JSON describes."""
        return cls(read.area(), read.flag("tidy", default=False))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values: a closed ``ring``, with ``holes`` where it has any."""
        return {**area_json(self.area, units), **tidy_json(self.tidy)}


@dataclass(frozen=True, slots=True)
class AreaRemove:
    """Cropland is cut from all parcels; one that falls into pieces becomes several."""

    kind: ClassVar[str] = "area_remove"

    area: Polygon
    tidy: bool = False
    drawn: Shape = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "drawn", checked_area(self.area))

    @classmethod
    def from_json(cls, read: EditReader) -> AreaRemove:
        """The edit that JSON describes."""
        return cls(read.area(), read.flag("tidy", default=False))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values: a closed ``ring``, with ``holes`` where it has any."""
        return {**area_json(self.area, units), **tidy_json(self.tidy)}


@dataclass(frozen=True, slots=True)
class Split:
    """Every parcel that the line crosses completely is split."""

    kind: ClassVar[str] = "split"

    line: LineString

    def __post_init__(self) -> None:
        check_coordinates(self.line)
        if tidied(self.line).length <= 0:
            raise InputError(
                "The splitting line has no length.",
                "Draw it from one side of the field to another.",
            )

    @classmethod
    def from_json(cls, read: EditReader) -> Split:
        """The edit that JSON describes."""
        return cls(read.splitting_line())

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {"line": positions_json(self.line, units)}


@dataclass(frozen=True, slots=True)
class Merge:
    """The parcels at the points become one."""

    kind: ClassVar[str] = "merge"

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        for point in self.points:
            check_coordinates(point)
        if len(set(self.points)) < 2:
            raise InputError("Merging needs two parcels.", "Choose a point in each of them.")

    @classmethod
    def from_json(cls, read: EditReader) -> Merge:
        """The edit that JSON describes."""
        return cls(read.points())

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {"points": [positions_json(point, units)[0] for point in self.points]}


@dataclass(frozen=True, slots=True)
class ParcelDelete:
    """The parcel at the point goes."""

    kind: ClassVar[str] = "parcel_delete"

    point: Point

    def __post_init__(self) -> None:
        check_coordinates(self.point)

    @classmethod
    def from_json(cls, read: EditReader) -> ParcelDelete:
        """The edit that JSON describes."""
        return cls(read.point())

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return place_json(self.point, units)


@dataclass(frozen=True, slots=True)
class Reshape:
    """The parcel at the point becomes the polygon; its neighbours keep what is theirs.

    Of a parcel of several parts, the part at the point becomes the polygon.
    """

    kind: ClassVar[str] = "reshape"

    point: Point
    polygon: Polygon
    tidy: bool = False
    drawn: Shape = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_coordinates(self.point)
        object.__setattr__(self, "drawn", checked_area(self.polygon))

    @classmethod
    def from_json(cls, read: EditReader) -> Reshape:
        """The edit that JSON describes."""
        return cls(read.point(), read.polygon(), read.flag("tidy", default=False))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        rings = rings_json(self.polygon, units)
        return {**place_json(self.point, units), "rings": rings, **tidy_json(self.tidy)}


@dataclass(frozen=True, slots=True)
class MoveBorder:
    """Corners of the parcel at the point are moved, and neighbours' borders along with them.

    Parameters
    ----------
    polygon : Polygon
        The parcel, or the part of it at the point, afterwards.
    before : Polygon
        The same corners as they were, one for one.
    """

    kind: ClassVar[str] = "border_move"

    point: Point
    polygon: Polygon
    before: Polygon

    def __post_init__(self) -> None:
        check_coordinates(self.point)
        check_coordinates(self.before)
        checked_area(self.polygon)
        counts = [
            [len(ring.coords) for ring in (one.exterior, *one.interiors)]
            for one in (self.polygon, self.before)
        ]
        if counts[0] != counts[1]:
            raise InputError(
                "The corners of the parcel do not match those that it had.", "Reshape it again."
            )

    @classmethod
    def from_json(cls, read: EditReader) -> MoveBorder:
        """The edit that JSON describes."""
        return cls(read.point(), read.polygon(), read.polygon("before"))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        rings, before = rings_json(self.polygon, units), rings_json(self.before, units)
        return {**place_json(self.point, units), "rings": rings, "before": before}

    @property
    def moves(self) -> tuple[list[Corners], list[Corners]]:
        """The corners of each ring before and after, float64 (corners, 2), no ring closed."""
        one, other = (
            [shapely.get_coordinates(ring)[:-1] for ring in (shape.exterior, *shape.interiors)]
            for shape in (self.before, self.polygon)
        )
        return one, other

    @property
    def reached(self) -> BaseGeometry:
        """Land that holds the border as it was and as it is; convex."""
        corners = shapely.get_coordinates([self.polygon, self.before])
        hull: BaseGeometry = MultiPoint(corners).convex_hull
        return hull
