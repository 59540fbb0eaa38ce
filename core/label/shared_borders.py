"""A parcel's border that is moved, and with it the borders that its neighbours share with it.

The person drags some corners of one parcel.  Every point of its old border has its place on the
new one: a corner where it was put, and what lies between two corners in the same share of the way
between them.  Corners of other parcels that lie on a stretch that moved go to the place of the
point on which they lie, so two parcels that had one line between them still have one, and where
three or more meet the corner moves for all.  A neighbour that only passes by a corner is given that
corner first.

Topological editing in desktop GIS does the same to vertices that coincide; here a corner on a
neighbour's edge need not be a corner of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LinearRing, LineString, Point, Polygon

from core.label.correction_edits import kept_together, pieces_of_parcel
from core.label.correction_layer import Layer, ParcelChange, corrected
from core.label.drawn_corrections import Corners
from core.parcels.outlines import Geometries
from core.parcels.overlay import Shape, array_of, polygons_of, shape_of
from core.parcels.parcel import Parcel
from core.parcels.shapes import cut

_ON_LINE_SNAPS = 0.1
"""Within so many lengths that mean nothing to a person a corner lies on a border."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """The old border between two corners one after the other, and where it goes.

    Parameters
    ----------
    line : LineString
        With all its corners, in the direction of the parcel's ring.
    first, last : float64 (2,)
        Where its ends go.
    """

    line: LineString
    first: Corners
    last: Corners
    moved: bool

    @property
    def ends(self) -> Corners:
        """Where its two ends were."""
        corners: Corners = shapely.get_coordinates(self.line)
        return corners[[0, -1]]

    @property
    def path(self) -> Corners:
        """Its corners afterwards, without the last one."""
        if not self.moved:
            return shapely.get_coordinates(self.line)[:-1]
        return self.first.reshape(1, 2)

    def place(self, corners: Corners) -> Corners:
        """Where points on it go."""
        along: Corners = np.asarray(
            shapely.line_locate_point(self.line, shapely.points(corners), normalized=True)
        )
        return self.first + along[:, None] * (self.last - self.first)


def move_border(
    layer: Layer, point: Point, before: Sequence[Corners], after: Sequence[Corners], snap: float
) -> ParcelChange | None:
    """A parcel with some corners elsewhere, and its neighbours' borders moved along.

    Parameters
    ----------
    point : Point
        In the parcel; of several parts the nearest one's border is moved.
    before, after : sequence of float64 (corners, 2)
        The corners of each of its rings, one for one.  Corners of the parcel that ``before`` does
        not name go from it: the border is straight there.
    snap : float
        As of :func:`core.label.corrections.apply_corrections`.

    Returns
    -------
    ParcelChange or None
        None where there is no parcel, or it has another border than the one that was dragged.
    """
    place = layer.at(point)
    if place is None:
        return None
    parcel, reach = layer.parcels[place], _ON_LINE_SNAPS * snap
    parts = polygons_of(parcel.polygon)
    nearest = _nearest(parts, point)
    stretches = _stretches(_seen(parts[nearest], layer, point), before, after, reach)
    if stretches is None:
        return None
    drawn = _polygon([np.concatenate([one.path for one in ring]) for ring in stretches])
    moved = [one for ring in stretches for one in ring if one.moved]
    if drawn is None or not moved:
        return None
    neighbours = _neighbours(layer, place, moved, reach)
    free = layer.others(drawn, [place, *neighbours])
    pieces = cut(drawn, free, layer.overlay, snap, snap**2)
    if not pieces:
        return None
    kept = [part for number, part in enumerate(parts) if number != nearest]
    changed = {place: _own(layer, parcel, kept, pieces)}
    taken = array_of([one.polygon for one in changed[place]])
    for beside, shape in neighbours.items():
        others = [*layer.others(shape, [place, *neighbours]), *taken]
        left = _clear_of(shape, array_of(others), layer, snap)
        changed[beside] = pieces_of_parcel(layer, layer.parcels[beside], [left]) if left else []
        taken = array_of([*taken, *(one.polygon for one in changed[beside])])
    return ParcelChange(changed)


def seen_part(layer: Layer, point: Point) -> Polygon | None:
    """The part of the parcel at a point of which :func:`move_border` moves the border, if any."""
    place = layer.at(point)
    if place is None:
        return None
    parts = polygons_of(layer.parcels[place].polygon)
    return _seen(parts[_nearest(parts, point)], layer, point)


def _nearest(parts: list[Polygon], point: Point) -> int:
    return int(np.argmin(shapely.distance(parts, point)))


def _own(layer: Layer, parcel: Parcel, kept: list[Polygon], pieces: list[Polygon]) -> list[Parcel]:
    if not kept:
        return pieces_of_parcel(layer, parcel, kept_together([pieces]))
    whole = layer.overlay.union([*kept, *pieces])
    return [corrected(parcel, shape_of(polygons_of(whole)))]


def _seen(part: Polygon, layer: Layer, point: Point) -> Polygon:
    """A part of a parcel as it is on the screen: of what lies beyond the tile nothing is."""
    if layer.extent is None or layer.extent.covers(part):
        return part
    inside = polygons_of(layer.overlay.intersection(part, layer.extent))
    return min(inside, key=lambda one: one.distance(point), default=part)


def _stretches(
    seen: Polygon, before: Sequence[Corners], after: Sequence[Corners], reach: float
) -> list[list[_Stretch]] | None:
    """The stretches of each ring; None where the corners are not those of this border."""
    rings = [seen.exterior, *seen.interiors]
    if len(rings) != len(before) or len(before) != len(after):
        return None
    found = []
    for own, old, new in zip(_matched(rings, before), before, after, strict=True):
        of_ring = _of_ring(own, old, new, reach)
        if of_ring is None:
            return None
        found.append(of_ring)
    return found


def _matched(rings: list[LinearRing], before: Sequence[Corners]) -> list[LinearRing]:
    """The ring on which the corners of each lie: holes may be in another order."""
    return [min(rings, key=lambda ring: _farthest(ring, corners)) for corners in before]


def _farthest(ring: LinearRing, corners: Corners) -> float:
    return float(shapely.distance(ring, shapely.points(corners)).max())


def _of_ring(ring: LinearRing, old: Corners, new: Corners, reach: float) -> list[_Stretch] | None:
    if len(old) != len(new) or _farthest(ring, old) > reach:
        return None
    if LinearRing(old).is_ccw != ring.is_ccw:
        ring = LinearRing(shapely.get_coordinates(ring)[::-1])
    along = shapely.line_locate_point(ring, shapely.points(old))
    start = int(np.argmin(along))
    along, old, new = (np.roll(one, -start, axis=0) for one in (along, old, new))
    if (np.diff(along) < 0).any():
        return None
    goes = np.any(old != new, axis=1)
    path = shapely.get_coordinates(ring)[:-1]
    places = shapely.line_locate_point(ring, shapely.points(path))
    exact = _on_corners(old, path, reach)
    ends = np.where(goes[:, None], new, exact)
    stretches = []
    for number in range(len(old)):
        after = (number + 1) % len(old)
        low, high = along[number], along[after]
        within = places > low if after == 0 else (places > low) & (places < high)
        between = [path[within]] if after else [path[within], path[places < high]]
        line = _line(exact[number], np.concatenate(between), exact[after], reach)
        straight = LineString([exact[number], exact[after]])
        bent = shapely.distance(straight, shapely.points(shapely.get_coordinates(line))).max()
        moved = bool(goes[number] or goes[after] or bent > reach)
        stretches.append(_Stretch(line, ends[number], ends[after], moved))
    return stretches


def _on_corners(corners: Corners, path: Corners, reach: float) -> Corners:
    """The corners where the border has them exactly: what was sent is rounded."""
    apart = np.hypot(*(corners[:, None, :] - path[None, :, :]).transpose(2, 0, 1))
    nearest = apart.argmin(axis=1)
    close = apart[np.arange(len(corners)), nearest] <= reach
    return np.where(close[:, None], path[nearest], corners)


def _line(first: Corners, between: Corners, last: Corners, reach: float) -> LineString:
    """A line through corners, of which those at its very ends are left out."""
    apart = [np.hypot(*(between - end).T) > reach for end in (first, last)]
    return LineString(np.vstack([first[None], between[apart[0] & apart[1]], last[None]]))


def _neighbours(
    layer: Layer, place: int, moved: Sequence[_Stretch], reach: float
) -> dict[int, Shape]:
    """The parcels of which a border moves along, by their place, in their new shapes."""
    lines = array_of([one.line for one in moved])
    ends = np.concatenate([one.ends for one in moved])
    near = [other for other in layer.within_reach(lines, reach).tolist() if other != place]
    shapes = {}
    for other in near:
        shape = layer.parcels[other].polygon
        parts = polygons_of(shape)
        goes = [_moved_along(part, moved, ends, reach) for part in parts]
        if any(one is not None for one in goes):
            now = [new or part for new, part in zip(goes, parts, strict=True)]
            shapes[other] = shape_of(now)
    return shapes


def _moved_along(
    part: Polygon, moved: Sequence[_Stretch], ends: Corners, reach: float
) -> Polygon | None:
    """A polygon with its corners on some stretches, of these ends, moved; None without any."""
    rings, any_moved = [], False
    for ring in (part.exterior, *part.interiors):
        corners = _with_corners(ring, ends, reach)
        goes_to = corners.copy()
        for stretch in moved:
            on = shapely.distance(stretch.line, shapely.points(corners)) <= reach
            if on.any():
                goes_to[on] = stretch.place(corners[on])
        any_moved = any_moved or bool((np.abs(goes_to - corners) > 0).any())
        rings.append(goes_to)
    return _polygon(rings) if any_moved else None


def _with_corners(ring: LinearRing, places: Corners, reach: float) -> Corners:
    """A ring's corners, and those of some places by which it passes without one."""
    corners: Corners = shapely.get_coordinates(ring)[:-1]
    points = shapely.points(places)
    near = (shapely.distance(ring, points) <= reach) & (
        shapely.distance(shapely.multipoints(corners), points) > reach
    )
    if not near.any():
        return corners
    new = np.unique(places[near], axis=0)
    along = shapely.line_locate_point(ring, shapely.points(np.concatenate([corners, new])))
    return np.concatenate([corners, new])[np.argsort(along, kind="stable")]


def _polygon(rings: Sequence[Corners]) -> Polygon | None:
    """A polygon of rings; None where it is none."""
    if any(len(ring) < 3 for ring in rings):
        return None
    polygon = Polygon(rings[0], rings[1:])
    if polygon.is_valid:
        return polygon
    repaired = polygons_of(shapely.make_valid(polygon))
    return max(repaired, key=lambda one: one.area, default=None)


def _clear_of(shape: Shape, others: Geometries, layer: Layer, snap: float) -> list[Polygon]:
    """A shape outside others; as it is where it shares no land with them."""
    if len(others) == 0:
        return polygons_of(shape)
    if (layer.overlay.common_areas(others, shape) <= layer.overlay.noise(shape)).all():
        return polygons_of(shape)
    return cut(shape, others, layer.overlay, snap, snap**2)
