"""What each correction of the shape does to the parcels."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Point, Polygon

from core.attributes import agreed
from core.label.correction_layer import Layer, ParcelChange, by_place, corrected
from core.label.drawn_corrections import AreaAdd
from core.label.edit_units import NATIVE
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, polygons_of, shape_of
from core.parcels.parcel import Parcel
from core.parcels.shapes import (
    bridges,
    cut,
    faces_of_hull,
    lengthened,
    split_polygon,
    without_pinholes,
)


def new_id(correction: AreaAdd) -> str:
    """An id made of what was drawn, so that it stays when other corrections are undone."""
    drawn = json.dumps((correction.kind, correction.to_json(NATIVE)))
    return "n" + hashlib.sha256(drawn.encode()).hexdigest()[:8]


def add(layer: Layer, area: Shape, stem: str, snap: float) -> ParcelChange | None:
    """Cropland added; what is not cropland grows by none."""
    near = layer.near(area)
    cropland = np.array([layer.parcels[place].is_cropland for place in near], dtype=np.bool_)
    host = _host(layer, near[cropland], area, snap)
    others: Geometries = layer.geometries[near[near != host]]
    if host is None:
        addition = cut(area, others, layer.overlay, snap, snap**2)
        return ParcelChange(added=_new_parcels(layer, addition, stem)) if addition else None
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
        return ParcelChange(added=added) if added else None
    return ParcelChange({host: [corrected(parcel, shape)]}, added)


def _host(layer: Layer, near: npt.NDArray[np.int64], area: Shape, snap: float) -> int | None:
    """The parcel that an area overlaps most; None where it only touches some."""
    if near.size == 0:
        return None
    overlaps = layer.overlay.common_areas(layer.geometries[near], area)
    most = int(np.argmax(overlaps))
    # A small dab overlaps little, yet with much of itself.
    least = max(min(snap**2, area.area / 10), layer.overlay.noise(area))
    return int(near[most]) if overlaps[most] > least else None


def remove(layer: Layer, area: Shape, snap: float) -> ParcelChange | None:
    """An area cut from all parcels."""
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
            changed[int(place)] = pieces_of_parcel(layer, parcel, kept_together(parts))
    return ParcelChange(changed) if changed else None


def split(layer: Layer, line: LineString, snap: float) -> ParcelChange | None:
    """Parcels split where a line crosses them completely."""
    long = lengthened(line, snap)
    changed: dict[int, list[Parcel]] = {}
    for place in layer.crossed(long):
        parcel = layer.parcels[place]
        parts = [
            split_polygon(part, long, layer.overlay, snap**2)
            for part in polygons_of(parcel.polygon)
        ]
        faces = faces_of_hull(parcel.polygon, long, layer.overlay) if len(parts) > 1 else []
        groups = _sides(parts, faces, layer.overlay) if len(faces) > 1 else kept_together(parts)
        if len(groups) > 1:
            changed[int(place)] = pieces_of_parcel(layer, parcel, groups)
    return ParcelChange(changed) if changed else None


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


def merge(layer: Layer, points: tuple[Point, ...], snap: float) -> ParcelChange | None:
    """Parcels made one; it is what the largest of them is, with the attributes of all.

    Of an attribute of which two say different things nothing is known.
    """
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
    one = replace(
        corrected(largest, shape),
        score=_mean_score(merged, areas),
        attributes=agreed([parcel.attributes for parcel in merged]),
    )
    return ParcelChange({place: [] for place in places[1:]} | {places[0]: [one]})


def _mean_score(parcels: list[Parcel], areas: npt.NDArray[np.float64]) -> float:
    """Mean of the known scores by area; NaN where none is known."""
    scores = np.array([parcel.score for parcel in parcels])
    known = np.isfinite(scores)
    if not known.any():
        return math.nan
    return float(np.average(scores[known], weights=areas[known]))


def reshape(layer: Layer, point: Point, area: Shape, snap: float) -> ParcelChange | None:
    """A parcel in a drawn shape, as far as its neighbours leave room."""
    place = layer.at(point)
    if place is None:
        return None
    parcel = layer.parcels[place]
    pieces = cut(area, layer.others(area, [place]), layer.overlay, snap, snap**2)
    if not pieces:  # drawn wholly over other parcels: nothing is left that it could become
        return None
    parts = polygons_of(parcel.polygon)
    if len(parts) == 1:
        return ParcelChange({place: pieces_of_parcel(layer, parcel, kept_together([pieces]))})
    nearest = int(np.argmin(shapely.distance(parts, point)))
    kept = [part for number, part in enumerate(parts) if number != nearest]
    shape = shape_of(polygons_of(layer.overlay.union([*kept, *pieces])))
    return ParcelChange({place: [corrected(parcel, shape)]})


def kept_together(parts: list[list[Polygon]]) -> list[list[Polygon]]:
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


def pieces_of_parcel(layer: Layer, parcel: Parcel, groups: list[list[Polygon]]) -> list[Parcel]:
    """A parcel's remains: one keeps its id, several get ids of their own, from left to right."""
    shapes = sorted((shape_of(group) for group in groups), key=by_place)
    if len(shapes) == 1:
        return [corrected(parcel, shapes[0])]
    names = layer.free_ids(parcel.id, 1)
    return [corrected(parcel, shape, name) for name, shape in zip(names, shapes, strict=False)]


def _new_parcels(layer: Layer, polygons: list[Polygon], stem: str) -> list[Parcel]:
    names = layer.free_ids(stem, 0)
    shapes = sorted(polygons, key=by_place)
    return [
        Parcel(name, shape, math.nan, "corrected", edited=True)
        for shape, name in zip(shapes, names, strict=False)
    ]


def _by_size(polygon: Polygon) -> tuple[float, tuple[float, ...]]:
    return -polygon.area, by_place(polygon)
