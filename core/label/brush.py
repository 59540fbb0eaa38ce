"""A person's brush strokes, which are stored as the areas that they cover."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InputError
from core.label.drawn_corrections import AreaAdd, AreaRemove
from core.label.edit_reader import EditReader
from core.label.plain_values import check, number_between

STROKE = "brush"
"""Kind of the browser's edit."""

_STROKE_TOLERANCE = 0.05
"""Share of the brush's radius by which a stroke may be straightened: a hand shakes more."""


@dataclass(frozen=True, slots=True)
class BrushStroke:
    """A round brush's way along a line; lengths in native pixels."""

    line: LineString
    radius: float
    adds: bool

    @classmethod
    def from_browser(cls, read: EditReader) -> BrushStroke:
        """The stroke of the browser's JSON, taken from what may be drawn."""
        radius = number_between(read.data.get("radius"), 0.1, 10_000)
        check(radius is not None, "The brush has no size.")
        size = radius or 0.0
        # A stroke that never moved is a dot.
        line = read.line(least=1)
        if read.budget is not None:
            read.budget.take_stroke(_straightened(line, size), size)
        return cls(line, size, read.flag("add", default=True))

    def as_area(self) -> AreaAdd | AreaRemove:
        """What the stroke does, as it is stored."""
        area = brush(self.line, self.radius)
        return AreaAdd(area, tidy=True) if self.adds else AreaRemove(area, tidy=True)


def brush(line: LineString, radius: float) -> Polygon:
    """The area that a round brush covers on its way along a line.

    Parameters
    ----------
    line : LineString
        A line of no length is a dab: a disc.
    radius : float
        In the units of the line.

    Raises
    ------
    InputError
        The radius is not a positive number, or the line has no place.
    """
    if not (math.isfinite(radius) and radius > 0):
        raise InputError("The brush needs a radius greater than 0.", "Choose a larger brush.")
    xy = shapely.get_coordinates(line)
    if len(xy) == 0 or not np.isfinite(xy).all():
        raise InputError("The brush stroke has no place.", "Draw it again.")
    straight = _straightened(line, radius)
    area = straight.buffer(radius) if straight.length > 0 else Point(xy[0]).buffer(radius)
    if not isinstance(area, Polygon) or area.is_empty:
        raise InputError("The brush is too small for where it was used.", "Choose a larger brush.")
    return area


def _straightened(line: LineString, radius: float) -> BaseGeometry:
    """A stroke without the shaking of a hand, of which a brush of this radius shows nothing."""
    return line.simplify(_STROKE_TOLERANCE * radius)
