"""Unions, differences and intersections of shapes that share borders, safe from rounding.

On plain doubles GEOS's overlay may be wrong by whole fields where two borders are the same but for
rounding, which after a few corrections is every border.  So everything is computed on a lattice
far finer than any pixel (Hobby 1999, doi:10.1016/S0925-7721(99)00021-8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import GeometryCollection, GEOSException, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.parcels.outlines import Geometries

Shape = Polygon | MultiPolygon

_FINENESS = 2.0**-40
"""Of the largest coordinate: some thousand times what doubles can tell apart there."""

_COARSER = (2.0**10, 2.0**16)
"""Lattices so much coarser are still a hundred-thousandth and a thousandth of a pixel."""

_MOST_POINTS = 50_000
"""Points that an operation takes to the lattice; a lasso round 10,000 fields would take 40 s."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Overlay operations on a lattice.

    Parameters
    ----------
    size : float
        Distance of the lattice's nodes, a power of 2, so that whole pixels lie on it and what was
        computed once stays where it is.
    """

    size: float

    @classmethod
    def around(cls, shapes: Sequence[shapely.Geometry] | Geometries) -> Overlay:
        """The lattice for shapes: by their largest coordinate."""
        bounds = np.abs(shapely.bounds(np.asarray(shapes, dtype=object)))
        return cls.reaching_to(float(np.max(bounds, where=np.isfinite(bounds), initial=0.0)))

    @classmethod
    def reaching_to(cls, largest: float) -> Overlay:
        """The lattice for coordinates up to a largest one."""
        return cls(2.0 ** math.ceil(math.log2(max(largest, 1e-6) * _FINENESS)))

    def union(self, shapes: Sequence[BaseGeometry] | Geometries) -> BaseGeometry:
        """What any of the shapes covers."""
        united: BaseGeometry = shapely.union_all(
            [_covering(shape) for shape in shapes], grid_size=self._size(shapes)
        )
        return united

    def difference(self, shape: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
        """What a shape covers and the other does not."""
        return _computed(shapely.difference, shape, other, self._size([shape, other]))

    def differences(self, shapes: Geometries, other: BaseGeometry) -> Geometries:
        """What each shape covers and the other does not, object (shapes,)."""
        size = self._size([*shapes, other])
        left: Geometries = shapely.difference(shapes, other, grid_size=size)
        return left

    def intersection(self, shape: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
        """What both shapes cover."""
        return _computed(shapely.intersection, shape, other, self._size([shape, other]))

    def common_areas(self, shapes: Geometries, other: BaseGeometry) -> npt.NDArray[np.float64]:
        """The area that each shape shares with another, float64 (shapes,)."""
        size = self._size([*shapes, other])
        common = shapely.intersection(shapes, other, grid_size=size)
        areas: npt.NDArray[np.float64] = shapely.area(common)
        return areas

    def each_common_area(self, shapes: Geometries, others: Geometries) -> npt.NDArray[np.float64]:
        """The area that each shape shares with its own other, float64 (shapes,)."""
        areas: npt.NDArray[np.float64] = shapely.area(
            shapely.intersection(shapes, others, grid_size=self.size)
        )
        return areas

    def mostly_within(self, shapes: Geometries, whole: BaseGeometry) -> npt.NDArray[np.bool_]:
        """Whether more than half of each shape lies within a whole, bool (shapes,)."""
        within: npt.NDArray[np.bool_] = self.common_areas(shapes, whole) > shapely.area(shapes) / 2
        return within

    def _size(self, shapes: Sequence[BaseGeometry] | Geometries) -> float | None:
        """The lattice for an operation; None, plain doubles, where it would take too long."""
        points = int(shapely.get_num_coordinates(np.asarray(shapes, dtype=object)).sum())
        return self.size if points <= _MOST_POINTS else None

    def noise(self, shape: BaseGeometry) -> float:
        """The area by which the lattice may change a shape."""
        return self.size * float(shape.length)


def _computed(
    operation: Callable[..., BaseGeometry],
    shape: BaseGeometry,
    other: BaseGeometry,
    size: float | None,
) -> BaseGeometry:
    """An operation on two shapes; on coarser lattices where GEOS cannot tell edges apart."""
    shape, other = _covering(shape), _covering(other)
    try:
        return operation(shape, other, grid_size=size)
    except GEOSException:
        if size is None:
            raise
    # Edges that nearly touch may cross on a lattice: so both are made valid on it first.
    sound = [_covering(shapely.make_valid(one)) for one in (shape, other)]
    for times in _COARSER:
        coarser = times * size
        try:
            one, two = (shapely.set_precision(each, coarser) for each in sound)
            return operation(one, two, grid_size=coarser)
        except GEOSException:
            continue
    one, two = (shapely.buffer(each, 0) for each in sound)
    return operation(one, two, grid_size=None)


def _covering(shape: BaseGeometry) -> BaseGeometry:
    """A shape without the lines and points by which an overlay says where two areas touch.

    GEOS refuses to compute with areas and lines together.
    """
    if not isinstance(shape, GeometryCollection):
        return shape
    return MultiPolygon(polygons_of(shape))


def array_of(shapes: Sequence[BaseGeometry]) -> Geometries:
    """Shapes as an array; numpy alone would take a multi-polygon apart."""
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def polygons_of(shape: BaseGeometry) -> list[Polygon]:
    """The polygons of a shape, valid and with an area, in the shape's order."""
    sound = shape if shape.is_valid else shapely.make_valid(shape)
    parts = shapely.get_parts(sound)
    if any(isinstance(part, MultiPolygon) for part in parts):  # within a collection
        parts = shapely.get_parts(parts)
    return [part for part in parts if isinstance(part, Polygon) and part.area > 0]


def shape_of(polygons: Sequence[Polygon]) -> Shape:
    """One shape of polygons that do not overlap: a Polygon, or a MultiPolygon of several."""
    if len(polygons) == 1:
        return polygons[0]
    together = MultiPolygon(polygons)
    if together.is_valid:
        return together
    united = polygons_of(Overlay.around(polygons).union(polygons))
    return united[0] if len(united) == 1 else MultiPolygon(united)
