"""A person's corrections on top of predicted parcels: applied in order, the same each time.

Everything here is pure and planar.  The coordinates may be pixels of a grid or world coordinates,
as long as parcels, corrections and ``snap`` agree.  Two parcels that only touch stay apart, and no
correction makes parcels overlap beyond the rounding of coordinates.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Point, Polygon
from shapely.errors import GEOSException

from core.errors import InputError
from core.masks.correction_json import brush, correction_from_json, correction_to_json
from core.masks.correction_overlay import Overlay, Shape, polygons_of, shape_of
from core.masks.correction_shapes import (
    bridges,
    cut,
    drawn_area,
    faces_of_hull,
    lengthened,
    split_polygon,
    without_pinholes,
)
from core.masks.correction_types import (
    AreaAdd,
    AreaRemove,
    Correction,
    Merge,
    Parcel,
    ParcelDelete,
    ParcelState,
    Reshape,
    Split,
)
from core.masks.outlines import Geometries

__all__ = [
    "AreaAdd",
    "AreaRemove",
    "Correction",
    "Merge",
    "Parcel",
    "ParcelDelete",
    "ParcelState",
    "Reshape",
    "Split",
    "apply_corrections",
    "brush",
    "correction_from_json",
    "correction_to_json",
]


def apply_corrections(
    parcels: Sequence[Parcel], corrections: Sequence[Correction], *, snap: float
) -> list[Parcel]:
    """Parcels after a person's corrections, applied one after the other.

    Parameters
    ----------
    parcels : sequence of Parcel
        With ids of their own, not overlapping.
    corrections : sequence of Correction
        In the coordinates of the parcels; one that hits nothing changes nothing.
    snap : float
        Length, in units of the coordinates, that means nothing to a person: about a pixel.  Gaps
        up to it are closed where parcels are merged, splitting lines are drawn out by it, and
        what a correction leaves smaller than its square goes.

    Returns
    -------
    list of Parcel
        In the order of ``parcels``; the pieces of one stand in its place, new ones at the end.
        An untouched parcel is the same object.  A changed one keeps its id, as does the largest
        of merged ones; the pieces of F7 are F7.1, F7.2 and so on, from left to right; a new
        one's id is made of its correction.  So ids do not depend on whether corrections were
        applied at once or one by one, nor on later ones.

    Raises
    ------
    InputError
        GEOS cannot compute a correction.  None is known that does this.
    """
    if not (math.isfinite(snap) and snap >= 0):
        raise ValueError(f"snap must be a length, not {snap}")
    layer = _Layer(list(parcels))
    # Where GEOS meets edges of hardly any length it divides by zero and copes, but numpy warns.
    with np.errstate(all="ignore"):
        for correction in corrections:
            edit = _computed(layer, correction, snap)
            if edit is not None:
                layer = layer.after(edit)
    return layer.parcels


@dataclass(frozen=True, slots=True)
class _Edit:
    """What a correction does: what becomes of the parcels at some places, and new parcels."""

    changed: dict[int, list[Parcel]] = field(default_factory=dict)
    added: list[Parcel] = field(default_factory=list)


class _Layer:
    """Parcels with a spatial index."""

    def __init__(self, parcels: list[Parcel]) -> None:
        self.parcels = parcels
        self.geometries: Geometries = np.empty(len(parcels), dtype=object)
        self.geometries[:] = [parcel.polygon for parcel in parcels]
        self.tree = shapely.STRtree(self.geometries)
        self.overlay = Overlay.around(self.geometries)

    def reaching(self, drawing: Sequence[shapely.Geometry]) -> _Layer:
        """The same parcels, with a lattice that holds a drawing's coordinates as well."""
        view = copy(self)
        view.overlay = Overlay(max(self.overlay.size, Overlay.around(drawing).size))
        return view

    def near(self, shape: shapely.Geometry) -> npt.NDArray[np.int64]:
        """Places of the parcels that share at least a point with a shape, in order."""
        shapely.prepare(shape)
        return np.sort(self.tree.query(shape, predicate="intersects")).astype(np.int64)

    def crossed(self, line: LineString) -> npt.NDArray[np.int64]:
        """Places of the parcels that a line meets, or between whose parts it may pass."""
        boxes = np.sort(self.tree.query(line)).astype(np.int64)
        shapes = self.geometries[boxes]
        shapely.prepare(line)
        several = shapely.get_num_geometries(shapes) > 1
        crossed: npt.NDArray[np.int64] = boxes[several | shapely.intersects(line, shapes)]
        return crossed

    def at(self, point: Point) -> int | None:
        """Place of the parcel at a point; the first where several share it as a border."""
        near = self.near(point)
        if near.size == 0:
            return None
        within = near[shapely.contains(self.geometries[near], point)]
        return int(within[0]) if within.size else int(near[0])

    def others(self, shape: shapely.Geometry, own: Sequence[int]) -> Geometries:
        """Polygons of the parcels near a shape, without those at the places ``own``."""
        near = self.near(shape)
        chosen: Geometries = self.geometries[near[~np.isin(near, own)]]
        return chosen

    def after(self, edit: _Edit) -> _Layer:
        """The layer after an edit."""
        parcels: list[Parcel] = []
        for place, parcel in enumerate(self.parcels):
            parcels.extend(edit.changed.get(place, (parcel,)))
        return _Layer(parcels + edit.added)

    @cached_property
    def _taken(self) -> frozenset[str]:
        return frozenset(parcel.id for parcel in self.parcels)

    def free_ids(self, stem: str, first: int) -> Iterator[str]:
        """Ids that no parcel has: the stem with a number from ``first``; alone for 0."""
        number = first
        while True:
            name = f"{stem}.{number}" if number else stem
            if name not in self._taken:
                yield name
            number += 1


def _computed(layer: _Layer, correction: Correction, snap: float) -> _Edit | None:
    try:
        return _edit(layer.reaching(_drawing(correction)), correction, snap)
    except GEOSException as error:
        raise InputError(
            "The correction meets borders that cannot be told apart.",
            "Draw it a little differently.",
        ) from error


def _edit(layer: _Layer, correction: Correction, snap: float) -> _Edit | None:
    match correction:
        case AreaAdd(area):
            return _add(layer, drawn_area(area), _new_id(correction), snap)
        case AreaRemove(area):
            return _remove(layer, drawn_area(area), snap)
        case Split(line):
            return _split(layer, line, snap)
        case Merge(points):
            return _merge(layer, points, snap)
        case ParcelDelete(point):
            place = layer.at(point)
            return None if place is None else _Edit({place: []})
        case Reshape(point, polygon):
            return _reshape(layer, point, drawn_area(polygon), snap)


def _drawing(correction: Correction) -> list[shapely.Geometry]:
    """The lines and areas of a correction."""
    match correction:
        case AreaAdd(shape) | AreaRemove(shape) | Split(shape) | Reshape(_, shape):
            return [shape]
        case _:
            return []


def _new_id(correction: Correction) -> str:
    """An id made of what was drawn, so that it stays when other corrections are undone."""
    drawn = json.dumps(correction_to_json(correction))
    return "n" + hashlib.sha256(drawn.encode()).hexdigest()[:8]


def _add(layer: _Layer, area: Shape, stem: str, snap: float) -> _Edit | None:
    near = layer.near(area)
    host = _host(layer, near, area, snap)
    others: Geometries = layer.geometries[near[near != host]]
    if host is None:
        addition = cut(area, others, layer.overlay, snap, snap**2)
        return _Edit(added=_new_parcels(layer, addition, stem)) if addition else None
    parcel = layer.parcels[host]
    addition = cut(area, others, layer.overlay, snap, 0.0)
    grown = polygons_of(layer.overlay.union([parcel.polygon, *addition]))
    # What others cut off from the host is a field of its own, not a far part of the host.
    parts = np.array(polygons_of(parcel.polygon), dtype=object)
    own, apart = [], []
    for piece in grown:
        if len(grown) == 1 or layer.overlay.mostly_within(parts, piece).any():
            own.append(without_pinholes(piece, others, layer.overlay, snap))
        elif piece.area >= snap**2:
            apart.append(piece)
    shape = shape_of(own)
    added = _new_parcels(layer, apart, stem)
    if shape.area - parcel.polygon.area <= layer.overlay.noise(shape):
        return _Edit(added=added) if added else None
    return _Edit({host: [_corrected(parcel, shape)]}, added)


def _host(layer: _Layer, near: npt.NDArray[np.int64], area: Shape, snap: float) -> int | None:
    """The parcel that an area overlaps most; None where it only touches some."""
    if near.size == 0:
        return None
    overlaps = layer.overlay.common_areas(layer.geometries[near], area)
    most = int(np.argmax(overlaps))
    # A small dab overlaps little, yet with much of itself.
    least = max(min(snap**2, area.area / 10), layer.overlay.noise(area))
    return int(near[most]) if overlaps[most] > least else None


def _remove(layer: _Layer, area: Shape, snap: float) -> _Edit | None:
    near = layer.near(area)
    changed: dict[int, list[Parcel]] = {}
    touched = shapely.intersects(layer.geometries[near], area)
    gone = shapely.covers(area, layer.geometries[near])
    blade = np.array([area], dtype=object)
    for place, whole in zip(near[touched], gone[touched], strict=True):
        parcel = layer.parcels[place]
        if whole:
            changed[int(place)] = []
            continue
        lost = layer.overlay.intersection(parcel.polygon, area)
        if lost.area > layer.overlay.noise(parcel.polygon):
            parts = [
                cut(part, blade, layer.overlay, snap, snap**2)
                for part in polygons_of(parcel.polygon)
            ]
            changed[int(place)] = _pieces(layer, parcel, _groups(parts))
    return _Edit(changed) if changed else None


def _split(layer: _Layer, line: LineString, snap: float) -> _Edit | None:
    long = lengthened(line, snap)
    changed: dict[int, list[Parcel]] = {}
    for place in layer.crossed(long):
        parcel = layer.parcels[place]
        parts = [
            split_polygon(part, long, layer.overlay, snap**2)
            for part in polygons_of(parcel.polygon)
        ]
        faces = faces_of_hull(parcel.polygon, long, layer.overlay) if len(parts) > 1 else []
        groups = _sides(parts, faces, layer.overlay) if len(faces) > 1 else _groups(parts)
        if len(groups) > 1:
            changed[int(place)] = _pieces(layer, parcel, groups)
    return _Edit(changed) if changed else None


def _sides(
    parts: list[list[Polygon]], faces: list[Polygon], overlay: Overlay
) -> list[list[Polygon]]:
    """Pieces of a parcel of several parts, by the face of its hull that they lie in.

    A line may pass between two parts and cut none.
    """
    groups: list[list[Polygon]] = [[] for _ in faces]
    for piece in (piece for part in parts for piece in part):
        shared = overlay.common_areas(np.array(faces, dtype=object), piece)
        groups[int(np.argmax(shared))].append(piece)
    return [group for group in groups if group]


def _merge(layer: _Layer, points: tuple[Point, ...], snap: float) -> _Edit | None:
    hits = {layer.at(point) for point in points}
    places = sorted(place for place in hits if place is not None)
    if len(places) < 2:
        return None
    merged = [layer.parcels[place] for place in places]
    shapes = [parcel.polygon for parcel in merged]
    bridge = bridges(shapes, layer.overlay, snap)
    between = cut(bridge, layer.others(bridge, places), layer.overlay, 0.0, 0.0)
    united = polygons_of(layer.overlay.union([*shapes, *between]))
    others = layer.others(layer.overlay.union(shapes), places)
    shape = shape_of([without_pinholes(polygon, others, layer.overlay, snap) for polygon in united])
    areas = np.array([polygon.area for polygon in shapes])
    largest = merged[int(np.argmax(areas))]
    one = Parcel(largest.id, shape, _mean_score(merged, areas), "corrected")
    return _Edit({place: [] for place in places[1:]} | {places[0]: [one]})


def _mean_score(parcels: list[Parcel], areas: npt.NDArray[np.float64]) -> float:
    """Mean of the known scores by area; NaN where none is known."""
    scores = np.array([parcel.score for parcel in parcels])
    known = np.isfinite(scores)
    if not known.any():
        return math.nan
    return float(np.average(scores[known], weights=areas[known]))


def _reshape(layer: _Layer, point: Point, area: Shape, snap: float) -> _Edit | None:
    place = layer.at(point)
    if place is None:
        return None
    parcel = layer.parcels[place]
    pieces = cut(area, layer.others(area, [place]), layer.overlay, snap, snap**2)
    if not pieces:  # drawn wholly over other parcels: nothing is left that it could become
        return None
    parts = polygons_of(parcel.polygon)
    if len(parts) == 1:
        return _Edit({place: _pieces(layer, parcel, _groups([pieces]))})
    nearest = int(np.argmin(shapely.distance(parts, point)))
    kept = [part for number, part in enumerate(parts) if number != nearest]
    shape = shape_of(polygons_of(layer.overlay.union([*kept, *pieces])))
    return _Edit({place: [_corrected(parcel, shape)]})


def _groups(parts: list[list[Polygon]]) -> list[list[Polygon]]:
    """What stays together, given the pieces of each part of a parcel.

    The parts of a parcel belong together although they lie apart, so a part that stays whole
    remains with the largest piece of one that does not.
    """
    main: list[Polygon] = []
    apart: list[list[Polygon]] = []
    for pieces in parts:
        ordered = sorted(pieces, key=_by_size)
        main += ordered[:1]
        apart += [[piece] for piece in ordered[1:]]
    return ([main] if main else []) + apart


def _pieces(layer: _Layer, parcel: Parcel, groups: list[list[Polygon]]) -> list[Parcel]:
    """A parcel's remains: one keeps its id, several get ids of their own, from left to right."""
    shapes = sorted((shape_of(group) for group in groups), key=_by_place)
    if len(shapes) == 1:
        return [_corrected(parcel, shapes[0])]
    names = layer.free_ids(parcel.id, 1)
    return [
        Parcel(name, shape, parcel.score, "corrected")
        for name, shape in zip(names, shapes, strict=False)
    ]


def _new_parcels(layer: _Layer, polygons: list[Polygon], stem: str) -> list[Parcel]:
    names = layer.free_ids(stem, 0)
    shapes = sorted(polygons, key=_by_place)
    return [
        Parcel(name, shape, math.nan, "corrected")
        for shape, name in zip(shapes, names, strict=False)
    ]


def _corrected(parcel: Parcel, shape: Shape) -> Parcel:
    return Parcel(parcel.id, shape, parcel.score, "corrected")


def _by_size(polygon: Polygon) -> tuple[float, tuple[float, ...]]:
    return -polygon.area, _by_place(polygon)


def _by_place(shape: Shape) -> tuple[float, ...]:
    return tuple(shape.bounds)
