"""Parcels put right where :mod:`core.parcels.topology` finds something wrong with them."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Point, Polygon

from core.label.correction_layer import Layer, ParcelChange, corrected
from core.label.correction_tidy import reaching
from core.parcels.geometry_index import GeometryIndex
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, array_of, polygons_of, shape_of
from core.parcels.parcel import Parcel
from core.parcels.shapes import cut
from core.parcels.topology import Checked, Problem, narrow, recheck

_ROUNDS = 3
"""What is put right may show something else: the rest of an overlap may be a sliver."""


def repair(layer: Layer, point: Point | None, width: float, snap: float) -> ParcelChange | None:
    """All problems put right, or the one nearest to a point.

    An invalid outline becomes the areas that it goes round.  Land of two parcels is the smaller
    one's.  A sliver joins the neighbour with the longest common border; alone it goes.  A gap
    becomes the larger parcel's.
    """
    now: dict[str, Parcel] = {parcel.id: parcel for parcel in layer.parcels}
    checked: Checked | None = None
    for _ in range(_ROUNDS if point is None else 1):
        checked = recheck(checked, list(now.values()), width)
        problems = checked.problems if point is None else _nearest(checked.problems, point, width)
        if not problems:
            break
        mender = _Mender(now, width, snap)
        for problem in problems:
            mender.mend(problem)
        now = mender.now
    changed = {
        place: [now[parcel.id]] if parcel.id in now else []
        for place, parcel in enumerate(layer.parcels)
        if now.get(parcel.id) is not parcel
    }
    return ParcelChange(changed) if changed else None


def _nearest(problems: tuple[Problem, ...], point: Point, width: float) -> tuple[Problem, ...]:
    """The problem at a point; none where all are farther away than a width."""
    if not problems:
        return ()
    distances = [point.distance(shapely.box(*problem.bounds)) for problem in problems]
    centres = [point.distance(problem.point) for problem in problems]
    first = min(range(len(problems)), key=lambda number: (distances[number], centres[number]))
    return (problems[first],) if distances[first] <= width else ()


class _Mender:
    """Parcels by id, put right one problem after the other."""

    def __init__(self, now: dict[str, Parcel], width: float, snap: float) -> None:
        self.now = dict(now)
        self._width, self._snap = width, snap
        self._ids = list(now)
        shapes = [parcel.polygon for parcel in now.values()]
        self._tree = GeometryIndex(shapes)
        self._overlay = Overlay.around(shapes)
        self._grown: set[str] = set()

    def mend(self, problem: Problem) -> None:
        parcels = [self.now[name] for name in problem.parcels if name in self.now]
        if len(parcels) < len(problem.parcels):
            return
        small, *large = sorted(parcels, key=lambda parcel: parcel.polygon.area)
        match problem.kind:
            case "invalid":
                self._set(small, polygons_of(small.polygon))
            case "overlap":
                self._cut(large[0], small)
            case "sliver":
                self._join(small)
            case "gap":
                others = self._around(large[0])
                target = array_of([small.polygon])
                reach = (large[0].polygon, target, others, self._overlay, self._width)
                self._set(large[0], polygons_of(reaching(*reach)))

    def _set(self, parcel: Parcel, polygons: list[Polygon]) -> None:
        """A parcel's new shape; one of which nothing is left goes."""
        if not polygons:
            del self.now[parcel.id]
        elif not shape_of(polygons).equals(parcel.polygon) or not parcel.polygon.is_valid:
            self.now[parcel.id] = corrected(parcel, shape_of(polygons))
            self._grown.add(parcel.id)

    def _cut(self, parcel: Parcel, blade: Parcel) -> None:
        left = cut(parcel.polygon, array_of([blade.polygon]), self._overlay, self._snap, 0.0)
        self._set(parcel, [piece for piece in left if piece.area >= self._snap**2])

    def _join(self, parcel: Parcel) -> None:
        """The parts of a parcel that are too narrow, given to neighbours."""
        parts = array_of(polygons_of(parcel.polygon))
        thin = narrow(parts, self._width)
        self._set(parcel, list(parts[~thin]))
        for part in parts[thin]:
            host = self._host(part, parcel)
            if host is not None:
                united = self._overlay.union([host.polygon, part])
                self._set(host, polygons_of(united))

    def _host(self, part: Polygon, parcel: Parcel) -> Parcel | None:
        """The neighbour that shares most border with a part."""
        near = [p for p in self._near(part) if p.id != parcel.id and p.polygon.is_valid]
        closed = part.buffer(self._overlay.size * _TOUCH)
        shared = [p.polygon.boundary.intersection(closed).length for p in near]
        if not shared or max(shared) <= 0:
            return None
        return near[int(np.argmax(shared))]

    def _near(self, shape: Shape) -> list[Parcel]:
        places = np.sort(self._tree.query(shape, predicate="dwithin", distance=self._width))
        names = [self._ids[place] for place in places]
        # The tree knows where parcels were; what has grown since may have come near.
        names += sorted(self._grown.difference(names))
        return [self.now[name] for name in names if name in self.now]

    def _around(self, parcel: Parcel) -> Geometries:
        near = self._near(parcel.polygon)
        return array_of([p.polygon for p in near if p.id != parcel.id])


_TOUCH = 1e4
"""In steps of the lattice: how near borders are that are the same."""
