"""Planar geometry behind corrections: repair of drawn shapes, cutting, splitting, closing gaps.

All lengths are in the units of the coordinates, all areas in their squares.  ``snap`` is the
length below which a distance means nothing to a person (a pixel, say); pieces smaller than its
square are slivers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LinearRing, LineString, MultiPolygon, Point, Polygon
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, polygons_of

_SPIKE = 0.01
"""Parts narrower than twice this share of ``snap`` are leftovers of rounding, not land."""

_SLACK = 1e-3
"""Share by which what is wide is drawn out again beyond its edges, so that these stay exact."""

_WELD = 1e-3
"""A bridge reaches this share of ``snap`` into what it joins, so that rounding leaves no slit."""

_DECIMALS = 9
"""Of coordinates that a person drew: a tenth of a millimetre, should they be degrees."""

_MITRE = 5.0

_SHORT_LINE = 100
"""Points of a line that is not worth looking through for what is near."""


def tidied(drawing: BaseGeometry) -> BaseGeometry:
    """A drawing with its coordinates rounded to what a hand and a double can tell apart.

    Coordinates such as 1e-38, which a browser may send for 0, make GEOS's overlays go wrong.
    """
    tidy: BaseGeometry = shapely.transform(drawing, lambda xy: np.round(xy, _DECIMALS))
    return tidy


def drawn_area(polygon: Shape) -> Shape:
    """The area that a drawn polygon encloses; a ring that crosses itself is a lasso.

    Whatever the lasso goes round (winding number not 0) is inside, so a lasso that overlaps
    itself has no hole there and each lobe of a figure of eight counts.  May be empty.
    """
    tidy = tidied(polygon)
    if tidy.is_valid and isinstance(tidy, Polygon | MultiPolygon):
        return tidy
    overlay = Overlay.around([tidy])
    lassos = []
    for part in shapely.get_parts(tidy):
        holes = [_inside(ring, overlay) for ring in part.interiors]
        lassos.append(overlay.difference(_inside(part.exterior, overlay), overlay.union(holes)))
    found = polygons_of(overlay.union(lassos))
    return found[0] if len(found) == 1 else MultiPolygon(found)


def _inside(ring: LinearRing, overlay: Overlay) -> BaseGeometry:
    """Everything that a closed line, which may cross itself, goes round."""
    xy = shapely.get_coordinates(ring)
    faces = shapely.get_parts(shapely.polygonize([overlay.union([LineString(xy)])]))
    inner = [
        face
        for face in faces
        if face.area > overlay.noise(face) and _winding(xy, inner_point(face)) != 0
    ]
    return overlay.union(inner)


def inner_point(polygon: Shape) -> Point:
    """A point well inside a polygon: the centre of the largest triangle that fills it.

    GEOS's own looks along one line only and takes a corner where the polygon has no width there.
    """
    try:
        triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
    except GEOSException:  # hardly any width anywhere
        return polygon.representative_point()
    if len(triangles) == 0:
        return polygon.representative_point()
    largest: Polygon = triangles[int(np.argmax(shapely.area(triangles)))]
    return largest.centroid


def inner_points(polygons: Geometries) -> Geometries:
    """:func:`inner_point` of each of many polygons that all have some width."""
    triangles, owner = shapely.get_parts(
        shapely.constrained_delaunay_triangles(polygons), return_index=True
    )
    largest = np.lexsort((-shapely.area(triangles), owner))
    first = largest[np.unique(owner[largest], return_index=True)[1]]
    points = shapely.point_on_surface(polygons)
    points[owner[first]] = shapely.centroid(triangles[first])
    return points


def _winding(ring: npt.NDArray[np.float64], point: Point) -> int:
    """How often a closed line, float64 (points, 2), goes round a point that is not on it."""
    before, after = ring[:-1], ring[1:]
    across = (after[:, 0] - before[:, 0]) * (point.y - before[:, 1]) - (point.x - before[:, 0]) * (
        after[:, 1] - before[:, 1]
    )
    up = (before[:, 1] <= point.y) & (after[:, 1] > point.y) & (across > 0)
    down = (before[:, 1] > point.y) & (after[:, 1] <= point.y) & (across < 0)
    return int(up.sum()) - int(down.sum())


def cut(
    shape: BaseGeometry, others: Geometries, overlay: Overlay, snap: float, least_area: float
) -> list[Polygon]:
    """The pieces of ``shape`` outside ``others``, without hair-thin parts and smaller pieces."""
    left = overlay.difference(shape, overlay.union(others)) if len(others) else shape
    pieces = [thick for piece in polygons_of(left) for thick in _thick(piece, overlay, snap)]
    return [piece for piece in pieces if piece.area >= max(least_area, overlay.noise(piece))]


def _thick(polygon: Polygon, overlay: Overlay, snap: float) -> list[Polygon]:
    """The polygon without parts that rounding made: much narrower than ``snap``.

    Edges elsewhere stay exactly where they are: the polygon is intersected with a larger one.
    """
    return _opened(polygon, overlay, _SPIKE * snap, 2 * _SPIKE * snap)


def wide_parts(polygon: Polygon, overlay: Overlay, width: float) -> list[Polygon]:
    """What is at least ``width`` wide of a polygon; its edges there stay exactly where they are."""
    return _opened(polygon, overlay, width / 2, width / 2 * (1 + _SLACK))


def _opened(polygon: Polygon, overlay: Overlay, reach: float, back: float) -> list[Polygon]:
    if reach <= 0:
        return [polygon]
    core = polygon.buffer(-reach, join_style="mitre", mitre_limit=_MITRE)
    if core.is_empty:
        return []
    thick = core.buffer(back, join_style="mitre", mitre_limit=_MITRE)
    if thick.covers(polygon):
        return [polygon]
    return polygons_of(overlay.intersection(polygon, thick))


def split_polygon(
    polygon: Polygon, line: LineString, overlay: Overlay, least_area: float
) -> list[Polygon]:
    """The pieces into which a line splits a polygon; the polygon alone where it does not.

    Pieces smaller than ``least_area`` stay with the neighbour of their longest border, or by
    themselves where they have none in common, so the areas of the pieces add up to the polygon's.
    """
    noded = overlay.union([polygon.boundary, _near(line, polygon)])
    faces = shapely.get_parts(shapely.polygonize([noded]))
    pieces = list(faces[overlay.mostly_within(faces, polygon)])
    noise = overlay.noise(polygon)
    least = max(least_area, noise)
    large = [piece for piece in pieces if piece.area >= least]
    if len(large) < 2:
        return [polygon]
    small = [piece for piece in pieces if piece.area < least]
    while small:
        left = [piece for piece in small if not _joined(large, piece, overlay)]
        if len(left) == len(small):
            # Each meets the others in corners alone: what a line cuts off so is a piece, too.
            return [*large, *(piece for piece in left if piece.area >= noise)]
        small = left
    return large


def _near(line: LineString, polygon: Polygon) -> BaseGeometry:
    """Of a long line, the segments that may meet a polygon, with their points as they are.

    A spiral of thousands of points through a thousand parcels is else noded whole with each.
    """
    xy = shapely.get_coordinates(line)
    if len(xy) <= _SHORT_LINE:
        return line
    left, top, right, bottom = polygon.bounds
    low, high = np.minimum(xy[:-1], xy[1:]), np.maximum(xy[:-1], xy[1:])
    met: npt.NDArray[np.bool_] = np.all((high >= (left, top)) & (low <= (right, bottom)), axis=1)
    # Runs of segments that follow one another.
    starts = np.flatnonzero(met & ~np.concatenate([[False], met[:-1]]))
    ends = np.flatnonzero(met & ~np.concatenate([met[1:], [False]]))
    return shapely.MultiLineString(
        [xy[start : end + 2] for start, end in zip(starts, ends, strict=True)]
    )


def _joined(large: list[Polygon], small: Polygon, overlay: Overlay) -> bool:
    """Whether a small piece was joined to the large one of its longest border, in place."""
    borders = [small.boundary.intersection(piece.boundary).length for piece in large]
    host = int(np.argmax(borders))
    united = overlay.union([large[host], small])
    if not isinstance(united, Polygon):
        return False
    large[host] = united
    return True


def lengthened(line: LineString, reach: float) -> LineString:
    """The line with both ends drawn out by ``reach``: people stop just at the border."""
    xy = shapely.get_coordinates(tidied(line))
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


def faces_of_hull(shape: Shape, line: LineString, overlay: Overlay) -> list[Polygon]:
    """The parts into which a line splits the convex hull of a shape; one where it does not."""
    hull = shape.convex_hull
    return split_polygon(hull, line, overlay, 0.0) if isinstance(hull, Polygon) else []


def bridges(shapes: Sequence[Shape], overlay: Overlay, snap: float) -> BaseGeometry:
    """What lies between shapes at most ``snap`` apart; reaches a little into them."""
    if snap <= 0:
        return Polygon()
    each = overlay.union([_closed(shape, snap) for shape in shapes])
    whole = _closed(overlay.union(shapes), snap)
    between = overlay.difference(whole, each)
    wide = [thick for piece in polygons_of(between) for thick in _thick(piece, overlay, snap)]
    welded = overlay.union(wide).buffer(_WELD * snap, join_style="mitre", mitre_limit=_MITRE)
    return overlay.union(polygons_of(overlay.intersection(welded, whole)))


def _closed(shape: BaseGeometry, width: float) -> BaseGeometry:
    """The shape with every gap and notch up to ``width`` filled."""
    grown = shape.buffer(width / 2, join_style="mitre", mitre_limit=_MITRE)
    closed: BaseGeometry = grown.buffer(-width / 2, join_style="mitre", mitre_limit=_MITRE)
    return closed


def without_pinholes(
    polygon: Polygon, others: Geometries, overlay: Overlay, snap: float
) -> Polygon:
    """The polygon with holes smaller than ``snap`` squared filled, unless one of ``others`` is in.

    A union of shapes whose common border was rounded leaves such holes along it.
    """
    kept = []
    for ring in polygon.interiors:
        hole = Polygon(ring)
        large = hole.area >= max(snap**2, overlay.noise(hole))
        if large or bool((overlay.common_areas(others, hole) > overlay.noise(hole)).any()):
            kept.append(ring)
    if len(kept) == len(polygon.interiors):
        return polygon
    return Polygon(polygon.exterior, kept)
