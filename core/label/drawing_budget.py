"""How intricate a new drawing may be: bounded before it is stored, for GEOS takes its time.

A lasso of 1,000 random points crosses itself 115,000 times and would take GEOS 40 seconds, every
time the tile's log is replayed; a comb of 1,000 teeth cuts 300 parcels into 10,000 in 20 seconds.
A hand crosses its own line a dozen times.  Within the bounds the slowest drawing found takes a
second on a tile of 300 parcels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InputError
from core.parcels.geometry_index import GeometryIndex

FloatArray = npt.NDArray[np.float64]
Pairs = npt.NDArray[np.int64]

MOST_CROSSINGS = 200
"""Of all drawings that are sent at once."""

_MOST_STROKE_CROSSINGS = 200
"""Of all brush strokes that are sent at once; a stroke becomes an area once, then it is stored."""

_MOST_NEAR = 1_000_000
"""Pairs of segments whose boxes overlap, whether they cross or not: a hatching of long lines."""

_MOST_PAINTED_OVER = 40_000
"""Pairs of a stroke's segments that the brush paints over both."""

_MOST_TO_AND_FRO = 60.0
"""Length of a drawing, in diagonals of the box around it."""

_MOST_INVALID_RINGS = 200
"""Rings of an area of which two cross or lie wrongly; each is then understood by itself."""

_CHUNK = 32
"""Segments that are looked at together: with 10,000 others each, 20 MB."""


@dataclass(slots=True)
class DrawingBudget:
    """What the drawings of one request may still cost; each takes its share."""

    crossings: int = MOST_CROSSINGS
    stroke_crossings: int = _MOST_STROKE_CROSSINGS
    near: int = _MOST_NEAR
    painted_over: int = _MOST_PAINTED_OVER

    def take_lines(self, lines: Sequence[FloatArray]) -> None:
        """Take the crossings of lines, float64 (points, 2) each, with themselves and each other.

        Raises
        ------
        InputError
            They are more than are left.
        """
        segments = _Segments.of(lines)
        for one, other in segments.pairs(0.0):
            self.near -= len(one)
            if self.near < 0:
                raise InputError("That drawing is too complicated.", "Draw it in pieces.")
            self.crossings -= int(segments.cross(one, other).sum())
            if self.crossings < 0:
                raise _crosses_itself(MOST_CROSSINGS)

    def take_stroke(self, line: BaseGeometry, radius: float) -> None:
        """Take a brush's way along a line.

        Raises
        ------
        InputError
            It paints the same place over more often than is left.
        """
        segments = _Segments.of([shapely.get_coordinates(line)])
        for one, other in segments.pairs(radius):
            self.painted_over -= len(one)
            self.stroke_crossings -= int(segments.cross(one, other).sum())
            if self.stroke_crossings < 0:
                raise _crosses_itself(_MOST_STROKE_CROSSINGS)
            if self.painted_over < 0:
                raise InputError(
                    "That stroke paints the same place over too many times.",
                    "Paint it in several strokes.",
                )

    def take_shape(self, shape: BaseGeometry) -> None:
        """Take what was drawn, whose lines have been taken.

        Raises
        ------
        InputError
            It goes to and fro over the tile, or it has too many rings and is not sound.
        """
        across, down = np.ptp(shapely.get_coordinates(shape), axis=0)
        if shape.length > _MOST_TO_AND_FRO * math.hypot(across, down):
            raise InputError("That line goes back and forth too many times.", "Draw it in pieces.")
        rings = 1 + len(shape.interiors) if isinstance(shape, Polygon) else 0
        if rings > _MOST_INVALID_RINGS and not shape.is_valid:
            raise InputError(
                f"That drawing has {rings:,} outlines that cross each other.", "Draw it in pieces."
            )


def _crosses_itself(most: int) -> InputError:
    return InputError(
        f"That drawing crosses itself more than {most:,} times.", "Draw it in pieces."
    )


@dataclass(frozen=True, slots=True)
class _Segments:
    """Straight pieces of lines.

    Parameters
    ----------
    start, end : float64 (segments, 2)
    following : int64 (segments,)
        The next segment on the same line, -1 at its end.
    """

    start: FloatArray
    end: FloatArray
    following: Pairs

    @classmethod
    def of(cls, lines: Sequence[FloatArray]) -> _Segments:
        """The segments of lines, float64 (points, 2) each; those of no length are left out."""
        starts, ends, following = [], [], []
        count = 0
        for line in lines:
            moves = np.any(line[1:] != line[:-1], axis=1)
            start, end = line[:-1][moves], line[1:][moves]
            here = np.arange(count + 1, count + 1 + len(start))
            if len(start):
                closed = bool((start[0] == end[-1]).all())
                here[-1] = count if closed else -1
            count += len(start)
            starts.append(start)
            ends.append(end)
            following.append(here)
        return cls(np.concatenate(starts), np.concatenate(ends), np.concatenate(following))

    def pairs(self, reach: float) -> Iterator[tuple[Pairs, Pairs]]:
        """Pairs whose boxes, grown by ``reach``, overlap; neighbours on a line are no pair."""
        low, high = np.minimum(self.start, self.end), np.maximum(self.start, self.end)
        plain = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
        low, high = low - 2 * reach, high + 2 * reach
        grown = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
        tree = GeometryIndex(plain)
        for first in range(0, len(self.start), _CHUNK):
            one, other = tree.query(grown[first : first + _CHUNK])
            one = one + first
            later = other > one
            one, other = one[later], other[later]
            apart = (self.following[one] != other) & (self.following[other] != one)
            yield one[apart], other[apart]

    def cross(self, one: Pairs, other: Pairs) -> npt.NDArray[np.bool_]:
        """Whether the segments of pairs share a point, bool (pairs,)."""
        a, b, c, d = self.start[one], self.end[one], self.start[other], self.end[other]
        above = np.minimum(a, b) > np.maximum(c, d)
        below = np.maximum(a, b) < np.minimum(c, d)
        parted = (above | below).any(axis=1)
        parted |= _side(a, b, c) * _side(a, b, d) > 0
        parted |= _side(c, d, a) * _side(c, d, b) > 0
        shared: npt.NDArray[np.bool_] = ~parted
        return shared


def _side(start: FloatArray, end: FloatArray, point: FloatArray) -> FloatArray:
    """On which side of lines points lie: positive to the left."""
    along, towards = end - start, point - start
    side: FloatArray = along[:, 0] * towards[:, 1] - along[:, 1] * towards[:, 0]
    return side
