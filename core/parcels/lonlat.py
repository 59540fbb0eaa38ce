"""Polygons in another CRS, and in longitudes that end at the 180 degree meridian.

Source: RFC 7946, sections 3.1.9 and 5.2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from core.crs import WGS84, through_wgs84
from core.grid import WorldCoordinates, full_turn, transform_coordinates
from core.parcels.outlines import Geometries

_BEYOND_POLES = 4.0
"""Quarter turns that a box reaches up and down, so that it never cuts latitudes."""


def nearest_longitudes(
    x: npt.NDArray[np.float64], crs: CRS, around: float
) -> npt.NDArray[np.float64]:
    """Longitudes at most half a turn away from ``around``: 268.04 is -91.96 beside -90.

    The x of a CRS that is not geographic stays as it is.
    """
    turn = full_turn(crs)
    if turn is None:
        return x
    with np.errstate(invalid="ignore"):
        turns = np.round((x - around) / turn)
    return np.where(np.isfinite(turns) & (turns != 0), x - turns * turn, x)


def moved(geometries: Geometries, source: CRS, target: CRS) -> Geometries:
    """Geometries in another CRS, vertex by vertex; infinite where that cannot hold them.

    By way of WGS 84, so that a transformation inside ``source`` counts even where ``target`` is
    the CRS under it.
    """
    if source == target or len(geometries) == 0:
        return geometries

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
        there = through_wgs84(WorldCoordinates(x, y), source, target)
        return np.column_stack([there.x, there.y])

    there: Geometries = shapely.transform(geometries, move)
    return there


def moved_beside(geometries: Geometries, source: CRS, target: CRS, around: float) -> Geometries:
    """Geometries in another CRS, their longitudes within half a turn of ``around`` there.

    So polygons at -91.96 degrees lie on a scene whose longitudes go from 0 to 360, and parts on
    both sides of the 180 degree meridian beside each other.
    """

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
        there = transform_coordinates(WorldCoordinates(x, y), source, target)
        return np.column_stack([nearest_longitudes(there.x, target, around), there.y])

    there: Geometries = shapely.transform(geometries, move)
    return there


def in_lonlat(geometries: Geometries, crs: CRS) -> Geometries:
    """Polygons in WGS 84 longitude and latitude, cut at the 180 degree meridian.

    Outer rings run anticlockwise, holes clockwise.
    """
    return placed(geometries, crs, WGS84)


def placed(geometries: Geometries, source: CRS, target: CRS) -> Geometries:
    """Polygons in another CRS as files hold them: cut where the longitudes of ``target`` end.

    What a CRS cannot hold is infinite there.
    """
    turn = full_turn(target)
    if turn is None:
        return moved(geometries, source, target)
    return cut_longitudes(_moved_whole(geometries, source, target, turn), target)


def _moved_whole(geometries: Geometries, source: CRS, target: CRS, turn: float) -> Geometries:
    """Geometries in longitudes, each without a jump: beyond half a turn if need be."""
    if len(geometries) == 0:
        return geometries
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    there = through_wgs84(WorldCoordinates(x, y), source, target)
    first = np.searchsorted(owner, owner, side="left")
    half = turn / 2
    with np.errstate(invalid="ignore"):
        start = (there.x[first] + half) % turn - half
        turns = np.round((there.x - start) / turn)
    lon = np.where(np.isfinite(turns), there.x - turn * turns, there.x)
    whole: Geometries = shapely.set_coordinates(geometries.copy(), np.column_stack([lon, there.y]))
    return whole


def cut_longitudes(geometries: Geometries, crs: CRS) -> Geometries:
    """Polygons of a geographic CRS within half a turn of its first meridian, cut where they cross.

    Those of another CRS stay as they are.
    """
    turn = full_turn(crs)
    if turn is None or len(geometries) == 0:
        return geometries
    half = turn / 2
    bounds = shapely.bounds(geometries)
    beyond = (bounds[:, 0] < -half) | (bounds[:, 2] > half)
    # What a CRS cannot hold is infinite, and stays so.
    beyond &= np.isfinite(bounds).all(axis=1)
    cut = geometries.copy()
    cut[beyond] = [_cut(shape, half) for shape in geometries[beyond]]
    oriented: Geometries = shapely.orient_polygons(cut)
    return oriented


class LonLatBounds:
    """West, south, east and north of polygons of a geographic CRS, added in any number of steps.

    West is larger than east where the shorter way round crosses the 180 degree meridian.
    """

    def __init__(self, crs: CRS) -> None:
        self._turn = full_turn(crs)
        self._least = np.full(3, np.inf)
        self._most = np.full(3, -np.inf)

    def add(self, geometries: Geometries) -> None:
        """Add polygons, or none."""
        bounds = shapely.bounds(shapely.get_parts(geometries)).reshape(-1, 4)
        if len(bounds) == 0:
            return
        beside = np.where(bounds[:, [0, 2]].mean(axis=1) < 0, self._turn or 0.0, 0.0)
        low = np.column_stack([bounds[:, :2], bounds[:, 0] + beside])
        high = np.column_stack([bounds[:, 2:], bounds[:, 2] + beside])
        self._least = np.minimum(self._least, low.min(axis=0))
        self._most = np.maximum(self._most, high.max(axis=0))

    def all(self) -> list[float] | None:
        """The bounds; None while nothing was added."""
        (west, south, first), (east, north, last) = self._least, self._most
        if west > east:
            return None
        if self._turn is not None and last - first < east - west and first < self._turn / 2 < last:
            west, east = first, last - self._turn
        return [float(value) for value in (west, south, east, north)]


def _cut(shape: BaseGeometry, half: float) -> BaseGeometry:
    west, _, east, _ = shape.bounds
    first, last = (int(np.floor((x + half) / (2 * half))) for x in (west, east))
    if first == last:
        return shapely.affinity.translate(shape, -2 * half * first)
    high = _BEYOND_POLES * half
    sound = shapely.make_valid(shape)
    parts = []
    for turns in range(first, last + 1):
        middle = 2 * half * turns
        strip = shapely.box(middle - half, -high, middle + half, high)
        piece = shapely.affinity.translate(shapely.intersection(sound, strip), -middle)
        parts += [one for one in shapely.get_parts(piece) if one.geom_type == "Polygon"]
    parts = [one for one in parts if one.area > 0]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
