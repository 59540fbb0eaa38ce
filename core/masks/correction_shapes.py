"""Planar geometry behind corrections: repair of drawn shapes, cutting, splitting, closing gaps.

All lengths are in the units of the coordinates, all areas in their squares.  ``snap`` is the
length below which a distance means nothing to a person (a pixel, say); pieces smaller than its
square are slivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.masks.outlines import Geometries

Shape = Polygon | MultiPolygon

_SPIKE = 0.01
"""Parts narrower than twice this share of ``snap`` are leftovers of rounding, not land."""

_WELD = 1e-3
"""A bridge reaches this share of ``snap`` into what it joins, so that rounding leaves no slit."""

_MITRE = 5.0


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
    united = polygons_of(shapely.union_all(polygons))
    return united[0] if len(united) == 1 else MultiPolygon(united)


def drawn_area(polygon: Shape) -> Shape:
    """The area that a drawn polygon encloses; a ring that crosses itself is a lasso.

    Whatever the lasso goes round (winding number not 0) is inside, so a lasso that overlaps
    itself has no hole there and each lobe of a figure of eight counts.  May be empty.
    """
    if polygon.is_valid:
        return polygon
    lassos = []
    for part in shapely.get_parts(polygon):
        holes = [_inside(ring) for ring in part.interiors]
        lassos.append(_inside(part.exterior).difference(shapely.union_all(holes)))
    found = polygons_of(shapely.union_all(lassos))
    return found[0] if len(found) == 1 else MultiPolygon(found)


def _inside(ring: LineString) -> BaseGeometry:
    """Everything that a closed line, which may cross itself, goes round."""
    xy = shapely.get_coordinates(ring)
    noded = shapely.union_all([LineString(xy)])
    faces = shapely.get_parts(shapely.polygonize([noded]))
    inner = [face for face in faces if _winding(xy, shapely.point_on_surface(face)) != 0]
    return shapely.union_all(inner)


def _winding(ring: npt.NDArray[np.float64], point: shapely.Point) -> int:
    """How often a closed line, float64 (points, 2), goes round a point that is not on it."""
    before, after = ring[:-1], ring[1:]
    across = (after[:, 0] - before[:, 0]) * (point.y - before[:, 1]) - (point.x - before[:, 0]) * (
        after[:, 1] - before[:, 1]
    )
    up = (before[:, 1] <= point.y) & (after[:, 1] > point.y) & (across > 0)
    down = (before[:, 1] > point.y) & (after[:, 1] <= point.y) & (across < 0)
    return int(up.sum()) - int(down.sum())


def cut(shape: BaseGeometry, others: Geometries, snap: float, least_area: float) -> list[Polygon]:
    """The pieces of ``shape`` outside ``others``, without hair-thin parts and smaller pieces."""
    left = shape.difference(shapely.union_all(others)) if len(others) else shape
    pieces = [thick for piece in polygons_of(left) for thick in _without_spikes(piece, snap)]
    return [piece for piece in pieces if piece.area >= least_area]


def _without_spikes(polygon: Polygon, snap: float) -> list[Polygon]:
    """The polygon without parts that rounding made: much narrower than ``snap``.

    Edges elsewhere stay exactly where they are: the polygon is intersected with a larger one.
    """
    reach = _SPIKE * snap
    if reach <= 0:
        return [polygon]
    core = polygon.buffer(-reach, join_style="mitre", mitre_limit=_MITRE)
    if core.is_empty:
        return []
    thick = core.buffer(2 * reach, join_style="mitre", mitre_limit=_MITRE)
    if thick.covers(polygon):
        return [polygon]
    return polygons_of(polygon.intersection(thick))


def split_polygon(polygon: Polygon, line: LineString, least_area: float) -> list[Polygon]:
    """The pieces into which a line splits a polygon; the polygon alone where it does not.

    Pieces smaller than ``least_area`` stay with the neighbour of their longest border, so the
    areas of the pieces add up to the polygon's.
    """
    noded = shapely.union_all([polygon.boundary, line])
    faces = shapely.get_parts(shapely.polygonize([noded]))
    pieces = [face for face in faces if polygon.contains(shapely.point_on_surface(face))]
    large = [piece for piece in pieces if piece.area >= least_area]
    for small in (piece for piece in pieces if piece.area < least_area):
        if len(large) < 2:
            break
        borders = [small.boundary.intersection(piece.boundary).length for piece in large]
        host = int(np.argmax(borders))
        large[host] = _single(large[host].union(small)) or large[host]
    if len(large) < 2:
        return [polygon]
    return large


def _single(shape: BaseGeometry) -> Polygon | None:
    return shape if isinstance(shape, Polygon) else None


def lengthened(line: LineString, reach: float) -> LineString:
    """The line with both ends drawn out by ``reach``: people stop just at the border."""
    xy = shapely.get_coordinates(line)
    xy = xy[np.concatenate([[True], np.any(xy[1:] != xy[:-1], axis=1)])]
    start = xy[0] + _direction(xy[1], xy[0]) * reach
    end = xy[-1] + _direction(xy[-2], xy[-1]) * reach
    return LineString(np.vstack([start, xy, end]))


def _direction(
    start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    step = end - start
    unit: npt.NDArray[np.float64] = step / np.hypot(step[0], step[1])
    return unit


def faces_of_hull(shape: Shape, line: LineString) -> list[Polygon]:
    """The parts into which a line splits the convex hull of a shape; one where it does not."""
    hull = shape.convex_hull
    return split_polygon(hull, line, 0.0) if isinstance(hull, Polygon) else []


def bridges(shapes: Iterable[Shape], snap: float) -> BaseGeometry:
    """What lies between shapes at most ``snap`` apart; reaches a little into them."""
    shapes = list(shapes)
    if snap <= 0:
        return Polygon()
    each = shapely.union_all([_closed(shape, snap) for shape in shapes])
    between = _closed(shapely.union_all(shapes), snap).difference(each)
    wide = [thick for piece in polygons_of(between) for thick in _without_spikes(piece, snap)]
    return shapely.union_all(wide).buffer(_WELD * snap, join_style="mitre", mitre_limit=_MITRE)


def _closed(shape: BaseGeometry, width: float) -> BaseGeometry:
    """The shape with every gap and notch up to ``width`` filled."""
    grown = shape.buffer(width / 2, join_style="mitre", mitre_limit=_MITRE)
    closed: BaseGeometry = grown.buffer(-width / 2, join_style="mitre", mitre_limit=_MITRE)
    return closed


def without_pinholes(polygon: Polygon, others: Geometries, snap: float) -> Polygon:
    """The polygon with holes smaller than ``snap`` squared filled, unless one of ``others`` is in.

    A union of shapes whose common border was rounded leaves such holes along it.
    """
    inside = shapely.point_on_surface(others)
    kept = []
    for ring in polygon.interiors:
        hole = Polygon(ring)
        if hole.area >= snap**2 or bool(shapely.covers(hole, inside).any()):
            kept.append(ring)
    if len(kept) == len(polygon.interiors):
        return polygon
    return Polygon(polygon.exterior, kept)
