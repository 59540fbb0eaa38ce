"""Reads the JSON of one edit strictly: whatever is not what it should be is one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely import LineString, Point, Polygon

from core.attributes import Change, read_change
from core.errors import InputError
from core.grid import PixelPoint
from core.label.drawing_budget import DrawingBudget
from core.label.drawing_checks import FARTHEST, MOST_POINTS
from core.label.edit_units import EditUnits
from core.label.plain_values import check, is_text, plain_number

FloatArray = npt.NDArray[np.float64]

LONGEST_ID = 64
"""Characters of the id of a prompt or box."""

_MOST_NEW_POINTS = 10_000
"""Positions in one list of a new edit; a hand makes hundreds."""

_RING = 3
"""Different points of the smallest ring."""


@dataclass(frozen=True, slots=True)
class EditReader:
    """The fields of one edit, in native pixels; fields that nobody asks for are ignored.

    Every method raises :class:`~core.errors.InputError` where the field is not what it should be.

    Parameters
    ----------
    data : mapping
        JSON that may come from anybody.
    budget : DrawingBudget or None
        What a new drawing may cost; None for one that is in the log, which is read as it is.
    """

    data: Mapping[str, Any]
    units: EditUnits
    budget: DrawingBudget | None = None

    def identifier(self, name: str = "id") -> str:
        """The name of a prompt, a box or a field."""
        value = self.data.get(name)
        known = isinstance(value, str) and 0 < len(value) <= LONGEST_ID and is_text(value)
        check(known, "The prompt has no name.")
        return str(value)

    def number(self, name: str) -> float:
        """A finite number."""
        return _number(self.data.get(name), name)

    def flag(self, name: str, default: bool) -> bool:
        """A bool; the default where the field is left out."""
        value = self.data.get(name, default)
        if not isinstance(value, bool):
            raise InputError(f"The edit's '{name}' is neither true nor false.")
        return value

    def text(self, name: str, default: str | None = None) -> Any:
        """A text, put on one line; which words are known is for the edit's own type to say."""
        value = self.data.get(name, default)
        if not isinstance(value, str):
            raise InputError(f"The edit lacks its '{name}'.")
        return " ".join(value.split())

    def attributes(self, name: str = "values") -> Change:
        """Values of attributes by their keys."""
        return read_change(self.data.get(name))

    def length(self, name: str) -> float:
        """A length, which stands in metres under the name with ``_m`` behind it."""
        return self.units.length_to_native(self.number(f"{name}_m"))

    def area_or_none(self, name: str) -> float | None:
        """An area, which stands in square metres under the name with ``_m2``; None without one."""
        if self.data.get(f"{name}_m2") is None:
            return None
        return self.units.area_to_native(self.number(f"{name}_m2"))

    def pixel(self, x: str, y: str) -> PixelPoint:
        """The position whose coordinates stand in two fields."""
        return self._pixel([self.data.get(x), self.data.get(y)], "position")

    def corner(self, name: str) -> PixelPoint:
        """The position that stands in a field as a pair."""
        return self._pixel(self.data.get(name), name)

    def _pixel(self, pair: object, name: str) -> PixelPoint:
        ((column, row),) = self._moved([_pair(pair, name)]).tolist()
        return PixelPoint(column, row)

    def point(self, name: str = "point") -> Point:
        """A position."""
        return Point(self._moved([_pair(self.data.get(name), name)])[0])

    def point_or_none(self, name: str = "point") -> Point | None:
        """The position of an edit that means all parcels without one."""
        return None if self.data.get(name) is None else self.point(name)

    def points(self, name: str = "points") -> tuple[Point, ...]:
        """Positions."""
        return tuple(map(Point, self._positions(self.data.get(name), name)))

    def line(self, least: int, name: str = "line") -> LineString:
        """A line of at least so many points; one point alone is a line of no length."""
        xy = self._positions(self.data.get(name), name)
        if len(xy) < least:
            raise InputError("The line has too few points.", "Draw it again.")
        return LineString(xy if len(xy) > 1 else np.repeat(xy, 2, axis=0))

    def splitting_line(self) -> LineString:
        """A line that parcels are to be split along."""
        line = self.line(least=2)
        if self.budget is not None:
            self.budget.take_lines([np.asarray(line.coords)])
            self.budget.take_shape(line)
        return line

    def area(self) -> Polygon:
        """The area of ``ring``, without ``holes`` where there are any."""
        holes = _list(self.data.get("holes", []), "holes")
        return self._polygon(self._ring(self.data.get("ring"), "ring"), holes)

    def polygon(self, name: str = "rings") -> Polygon:
        """The area of rings: its outline, then its holes."""
        rings = _list(self.data.get(name), name)
        if not rings:
            raise InputError("The outline has no points.", "Draw around the area.")
        return self._polygon(self._ring(rings[0], "ring"), rings[1:])

    def polygons(self, name: str) -> list[Polygon]:
        """The polygons of a field that holds the rings of each; none where it is left out."""
        parts = _list(self.data.get(name, []), name)
        if len(parts) > MOST_POINTS:
            raise _too_many(len(parts))
        found = []
        for part in parts:
            rings = _list(part, name)
            check(len(rings) > 0, "An outline has no points.")
            found.append(self._polygon(self._ring(rings[0], name), rings[1:]))
        return found

    def _polygon(self, shell: FloatArray, holes: Sequence[Any]) -> Polygon:
        """A polygon of rings, which may be open; a hole of fewer than 3 points is none."""
        if _different(shell) < _RING:
            raise InputError(
                "The outline has fewer than 3 different points.", "Draw around the area."
            )
        points = len(shell)
        inner = []
        for hole in holes:
            ring = self._ring(hole, "holes")
            points += len(ring)
            if points > MOST_POINTS:
                raise _too_many(points)
            if _different(ring) >= _RING:
                inner.append(ring)
        if self.budget is not None:
            self.budget.take_lines([shell, *inner])
        polygon = Polygon(shell, inner)
        if self.budget is not None:
            self.budget.take_shape(polygon)
        return polygon

    def _ring(self, value: object, name: str) -> FloatArray:
        """A closed line, float64 (points, 2); empty where nothing is given."""
        xy = self._positions(value, name)
        closed = len(xy) == 0 or bool((xy[0] == xy[-1]).all())
        return xy if closed else np.concatenate([xy, xy[:1]])

    def _positions(self, value: object, name: str) -> FloatArray:
        values = _list(value, name)
        most = MOST_POINTS if self.budget is None else _MOST_NEW_POINTS
        if len(values) > most:
            raise _too_many(len(values), most)
        return self._moved([_pair(pair, name) for pair in values])

    def _moved(self, pairs: list[list[float]]) -> FloatArray:
        xy = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        native = self.units.positions_to_native(xy)
        if not (np.abs(native) < FARTHEST).all():  # nor is NaN
            raise InputError("The edit has a point without a place.", "Draw it again.")
        return native


def _too_many(points: int, most: int = MOST_POINTS) -> InputError:
    return InputError(
        f"The drawing has {points:,} points; {most:,} are the most.",
        "Draw it in several strokes.",
    )


def _different(xy: FloatArray) -> int:
    return len(set(map(tuple, xy.tolist())))


def _pair(value: object, name: str) -> list[float]:
    pair = _list(value, name)
    if len(pair) != 2:
        raise InputError(f"A position of '{name}' is not a pair of numbers.")
    return [_number(number, name) for number in pair]


def _list(value: object, name: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise InputError(f"The edit lacks its '{name}'.")
    return value


def _number(value: object, name: str) -> float:
    number = plain_number(value)
    if number is None:
        raise InputError(f"The edit's '{name}' holds something that is not a number.")
    return number
