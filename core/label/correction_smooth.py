"""Smooth borders: what two parcels share moves for both, so nothing opens and nothing overlaps."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Point, Polygon

from core.label.correction_layer import Layer, ParcelChange, corrected
from core.parcels.geometry_index import GeometryIndex
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, polygons_of, shape_of
from core.parcels.shapes import inner_points

_CORNER = math.radians(60)
"""Sharper turns are corners of a field and stay; gentler ones are rounded."""

_ROUNDS = 2

_REACH = 1.5
"""By so many tolerances a border may move: one by leaving points out, half by rounding."""

_LEAST_SIZE = 4.0
"""Parcels narrower than so many tolerances would fall together; their borders stay."""

_ON_LINE = 1e4
"""In steps of the lattice: how near a point lies to a line that it is on."""


def smooth(layer: Layer, point: Point | None, tolerance: float, snap: float) -> ParcelChange | None:
    """The borders of the parcel at the point, or of all, without their small turns."""
    chosen = np.arange(len(layer.parcels)) if point is None else _at(layer, point)
    chosen = chosen[_wide(layer.geometries[chosen], tolerance)]
    if chosen.size == 0:
        return None
    members = layer.within_reach(layer.geometries[chosen], _REACH * tolerance)
    shapes: Geometries = layer.geometries[members]
    arcs = _arcs(shapes, layer)
    moving = _on_boundaries(arcs, layer.geometries[chosen], layer)
    arcs[moving] = _smooth_arcs(arcs[moving], tolerance)
    faces = shapely.get_parts(shapely.polygonize([layer.overlay.union(arcs)]))
    found = _owned(faces, shapes, tolerance, layer.overlay, snap)
    changed = {
        int(place): [corrected(layer.parcels[place], shape)]
        for place, before, shape in zip(members, shapes, found, strict=True)
        if shape is not None and _differ(before, shape, layer.overlay)
    }
    return ParcelChange(changed) if changed else None


def _at(layer: Layer, point: Point) -> npt.NDArray[np.int64]:
    place = layer.at(point)
    return np.array([] if place is None else [place], dtype=np.int64)


def _wide(shapes: Geometries, tolerance: float) -> npt.NDArray[np.bool_]:
    """Whether shapes are wide enough to keep their form, by twice the area over the length."""
    wide: npt.NDArray[np.bool_] = 2 * shapely.area(shapes) > (
        _LEAST_SIZE * tolerance * shapely.length(shapes)
    )
    return wide


def _arcs(shapes: Geometries, layer: Layer) -> Geometries:
    """All borders, cut where three meet: between two cuts a border belongs to the same parcels."""
    lines = list(shapely.boundary(shapes))
    if layer.extent is not None:
        lines.append(layer.extent.boundary)
    return np.asarray(shapely.get_parts(shapely.line_merge(layer.overlay.union(lines))))


def _on_boundaries(arcs: Geometries, shapes: Geometries, layer: Layer) -> npt.NDArray[np.bool_]:
    """Whether arcs are borders of some shapes, and none of the extent's edge."""
    middles = shapely.line_interpolate_point(arcs, 0.5, normalized=True)
    reach = _ON_LINE * layer.overlay.size
    borders = GeometryIndex(shapely.boundary(shapes))
    on = np.zeros(len(arcs), dtype=np.bool_)
    on[borders.query(middles, predicate="dwithin", distance=reach)[0]] = True
    if layer.extent is not None:
        on &= ~shapely.dwithin(layer.extent.boundary, middles, reach)
    return on


def _smooth_arcs(arcs: Geometries, tolerance: float) -> Geometries:
    """Borders through fewer points, rounded where they turn gently; their ends stay."""
    smooth = shapely.simplify(arcs, tolerance)
    points = shapely.get_num_points(smooth)
    # A closed line of fewer points encloses nothing: all of it would be gone.
    gone = shapely.is_closed(arcs) & (points < _RING)
    smooth[gone] = arcs[gone]
    for place in np.flatnonzero(~gone & (points > _STRAIGHT)):
        xy = shapely.get_coordinates(smooth[place])
        for _ in range(_ROUNDS):
            xy = _rounded(xy, tolerance)
        smooth[place] = LineString(xy)
    return smooth


_STRAIGHT = 2
_RING = 4
"""Points of the smallest closed line, its first counted twice."""


def _rounded(xy: npt.NDArray[np.float64], tolerance: float) -> npt.NDArray[np.float64]:
    """Gentle turns cut off (Chaikin 1974), at most ``tolerance`` from their corner."""
    steps = np.diff(xy, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    units = steps / lengths[:, None]
    turns = np.arccos(np.clip((units[1:] * units[:-1]).sum(axis=1), -1.0, 1.0))
    # A quarter of a side is left for the corner at its other end, and some straight line between.
    offset = np.minimum(np.minimum(lengths[1:], lengths[:-1]) / 4, tolerance)
    offset = np.where(turns < _CORNER, offset, 0.0)
    before = xy[1:-1] - units[:-1] * offset[:, None]
    after = xy[1:-1] + units[1:] * offset[:, None]
    both = np.stack([before, after], axis=1).reshape(-1, 2)
    rounded: npt.NDArray[np.float64] = np.vstack([xy[:1], both, xy[-1:]])
    moved: npt.NDArray[np.bool_] = np.any(rounded[1:] != rounded[:-1], axis=1)
    apart: npt.NDArray[np.float64] = rounded[np.concatenate([[True], moved])]
    return apart


def _owned(
    faces: Geometries, shapes: Geometries, tolerance: float, overlay: Overlay, snap: float
) -> list[Shape | None]:
    """What each shape becomes: the faces that were mostly its own; None where it gets none."""
    owners: list[list[Polygon]] = [[] for _ in shapes]
    wide = _wide(faces, tolerance)
    for face, owner in (*_by_place(faces, shapes, wide), *_by_area(faces, shapes, ~wide, overlay)):
        owners[owner].append(faces[face])
    return [_together(own, overlay, snap) for own in owners]


def _by_place(
    faces: Geometries, shapes: Geometries, chosen: npt.NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Faces wide enough that a point well inside tells whose they are, and their shapes."""
    places = np.flatnonzero(chosen)
    face, shape = GeometryIndex(shapes).query(inner_points(faces[places]), "intersects")
    first = np.unique(face, return_index=True)[1]
    return list(zip(places[face[first]].tolist(), shape[first].tolist(), strict=True))


def _by_area(
    faces: Geometries, shapes: Geometries, chosen: npt.NDArray[np.bool_], overlay: Overlay
) -> list[tuple[int, int]]:
    """Faces and the shapes that cover more than half of them."""
    places = np.flatnonzero(chosen)
    face, shape = GeometryIndex(shapes).query(faces[places], predicate="intersects")
    face = places[face]
    shared = overlay.each_common_area(faces[face], shapes[shape])
    most = shared > shapely.area(faces[face]) / 2
    face, shape, shared = face[most], shape[most], shared[most]
    # Of shapes that overlap, the one that covers most.
    order = np.lexsort((-shared, face))
    first = order[np.unique(face[order], return_index=True)[1]]
    return list(zip(face[first].tolist(), shape[first].tolist(), strict=True))


def _together(own: list[Polygon], overlay: Overlay, snap: float) -> Shape | None:
    if not own:
        return None
    parts = polygons_of(overlay.union(own)) if len(own) > 1 else own
    large = [part for part in parts if part.area >= snap**2]
    return shape_of(large or parts)


def _differ(before: Shape, after: Shape, overlay: Overlay) -> bool:
    """Whether two shapes differ by more than the lattice's rounding."""
    noise = 10 * overlay.noise(before)
    if abs(before.area - after.area) > noise:
        return True
    return before.area - overlay.intersection(before, after).area > noise
