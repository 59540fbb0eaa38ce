"""Straight sides, and right angles where a field nearly has them; neighbours' borders go along.

Farmland is laid out with straight lines, and a network's border wavers along them.  Each ring is
taken apart into sides (Douglas and Peucker 1973), each side is the line that fits all of its border
best, and sides that run nearly along or across the field's main direction run exactly so.  Corners
are where sides meet.  That the neighbours still share the border is
:func:`core.label.shared_borders.move_border`'s work.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LinearRing, LineString, Point

from core.label.correction_layer import Layer, ParcelChange
from core.label.drawn_corrections import Corners
from core.label.edit_units import GroundSteps
from core.label.shared_borders import move_border, seen_part

_SQUARE = math.radians(12)
"""Sides nearer to the main direction, or across it, are meant to be so."""

_SQUARE_SHARE = 0.5
"""So much of the border has to agree on a main direction; a round field has none."""

_CORNER = math.radians(20)
"""Where two sides meet at less, their crossing may be anywhere."""

_REACH = 2.0
"""By so many tolerances a corner may move; one whose sides cross farther away stays."""

_RING = 3

_STILL_SNAPS = 0.01
"""A corner that would move by less, in lengths that mean nothing to a person, does not move."""


def straighten(
    layer: Layer, point: Point, tolerance: float, ground: GroundSteps, snap: float
) -> ParcelChange | None:
    """The parcel at the point with straight sides, and its neighbours with the same border.

    Parameters
    ----------
    tolerance : float
        Bends up to this are none, in units of the coordinates; a corner moves twice as far at most.
    ground : GroundSteps
        In what directions on the ground the coordinates run: right angles are those of the ground.
    snap : float
        As of :func:`core.label.corrections.apply_corrections`.

    Returns
    -------
    ParcelChange or None
        None where there is no parcel, or its sides are as straight as they can be.
    """
    part = seen_part(layer, point)
    if part is None:
        return None
    rings = [part.exterior, *part.interiors]
    before = [_corners(ring, tolerance) for ring in rings]
    direction = _main_direction(rings, before, ground)
    after = [
        _but_still(old, _squared(ring, old, direction, tolerance, ground), layer, snap)
        for ring, old in zip(rings, before, strict=True)
    ]
    if not all(LinearRing(new).is_valid for new in after):
        return None
    return move_border(layer, point, before, after, snap)


def _corners(ring: LinearRing, tolerance: float) -> Corners:
    """The corners of a ring between which it is straight, some of its own, float64 (corners, 2)."""
    own: Corners = shapely.get_coordinates(ring)[:-1]
    # The farthest one from the middle is a corner; where the ring happens to begin may not be.
    far = int(np.hypot(*(own - own.mean(axis=0)).T).argmax())
    own = np.roll(own, -far, axis=0)
    simple = shapely.get_coordinates(LineString([*own, own[0]]).simplify(tolerance))[:-1]
    return simple if len(simple) >= _RING else own


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """A straight line on the ground.

    Parameters
    ----------
    middle : float64 (2,)
        A point on it, in metres.
    angle : float
        Its direction, in radians.
    length : float
        That of the border it stands for.
    """

    middle: Corners
    angle: float
    length: float

    @property
    def along(self) -> Corners:
        """Its direction, of length one."""
        return np.array([math.cos(self.angle), math.sin(self.angle)])

    def nearest(self, place: Corners) -> Corners:
        """The point on it nearest to a place."""
        nearest: Corners = self.middle + self.along * float((place - self.middle) @ self.along)
        return nearest


def _sides(ring: LinearRing, corners: Corners, ground: GroundSteps) -> list[_Side]:
    """The line of each stretch between two corners that fits its border best."""
    own = shapely.get_coordinates(ring)[:-1]
    places = [int(np.hypot(*(own - corner).T).argmin()) for corner in corners]
    if len(places) > 1 and not _in_order(places):
        own, places = own[::-1], [len(own) - 1 - place for place in places]
    sides = []
    for first, last in zip(places, [*places[1:], places[0]], strict=True):
        count = (last - first) % len(own) or len(own)
        path = np.take(own, np.arange(first, first + count + 1), axis=0, mode="wrap")
        sides.append(_fitted(ground.to_metres(path)))
    return sides


def _in_order(places: list[int]) -> bool:
    start = places.index(min(places))
    turned = [*places[start:], *places[:start]]
    return turned == sorted(turned)


def _fitted(path: Corners) -> _Side:
    """The line nearest to all of a path in the least squares, by its length."""
    steps = np.diff(path, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    total = float(lengths.sum())
    middles = (path[1:] + path[:-1]) / 2
    middle = (middles * lengths[:, None]).sum(axis=0) / total
    apart = middles - middle
    spread = (apart * lengths[:, None]).T @ apart + (steps * lengths[:, None]).T @ steps / 12
    angle = 0.5 * math.atan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1])
    return _Side(middle, angle, total)


def _main_direction(
    rings: list[LinearRing], corners: list[Corners], ground: GroundSteps
) -> float | None:
    """The direction along or across which most of the border runs; None where there is none."""
    sides = [
        side for ring, own in zip(rings, corners, strict=True) for side in _sides(ring, own, ground)
    ]
    # Four times an angle is the same for a direction and the one across it.
    mean = sum(side.length * cmath.exp(4j * side.angle) for side in sides)
    if abs(mean) < _SQUARE_SHARE * sum(side.length for side in sides):
        return None
    return cmath.phase(mean) / 4


def _squared(
    ring: LinearRing,
    corners: Corners,
    direction: float | None,
    tolerance: float,
    ground: GroundSteps,
) -> Corners:
    """Where the corners of a ring go."""
    sides = [
        _turned(side, direction, tolerance * ground.metres)
        for side in _sides(ring, corners, ground)
    ]
    places = ground.to_metres(corners)
    found = places.copy()
    for number, (before, after) in enumerate(zip([sides[-1], *sides[:-1]], sides, strict=True)):
        crossing = _crossing(before, after, places[number])
        if math.dist(crossing, places[number]) <= _REACH * tolerance * ground.metres:
            found[number] = crossing
    return ground.from_metres(found)


def _turned(side: _Side, direction: float | None, tolerance: float) -> _Side:
    """A side along or across the main direction, where it nearly is."""
    if direction is None:
        return side
    quarter = math.pi / 2
    exact = direction + round((side.angle - direction) / quarter) * quarter
    off = abs(side.angle - exact)
    near = off <= _SQUARE and side.length / 2 * math.sin(off) <= tolerance
    return _Side(side.middle, exact, side.length) if near else side


def _crossing(one: _Side, other: _Side, corner: Corners) -> Corners:
    """Where two sides meet; beside their corner where they hardly cross."""
    first, second = one.along, other.along
    turn = float(first[0] * second[1] - first[1] * second[0])
    if abs(turn) < math.sin(_CORNER):
        beside: Corners = (one.nearest(corner) + other.nearest(corner)) / 2
        return beside
    between = other.middle - one.middle
    far = float(between[0] * second[1] - between[1] * second[0]) / turn
    crossing: Corners = one.middle + first * far
    return crossing


def _but_still(before: Corners, after: Corners, layer: Layer, snap: float) -> Corners:
    """Corners afterwards; those that hardly move stay, and those on the edge of the tile.

    There the next tile's parcel goes on.
    """
    stay = np.hypot(*(after - before).T) <= _STILL_SNAPS * snap
    if layer.extent is not None:
        stay |= shapely.distance(layer.extent.boundary, shapely.points(before)) <= snap
    return np.where(stay[:, None], before, after)
