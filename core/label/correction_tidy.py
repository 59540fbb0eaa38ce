"""Holes filled and gaps to neighbours closed: parcels put in order without drawing."""

from __future__ import annotations

from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.label.correction_layer import Layer, ParcelChange, corrected
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, array_of, polygons_of, shape_of
from core.parcels.shapes import bridges, cut, without_pinholes


def fill_holes(
    layer: Layer, point: Point | None, max_area: float | None, snap: float
) -> ParcelChange | None:
    """Holes up to an area filled, in the parcel at the point or in all."""
    filled: dict[int, list[Polygon]] = {}
    taken: list[Polygon] = []
    # A hole may lie within another: the innermost ring gets what it encloses.
    for place, hole in sorted(_holes(layer, point), key=lambda found: found[1].area):
        free = cut(hole, array_of([*layer.others(hole, [place]), *taken]), layer.overlay, snap, 0.0)
        small = [piece for piece in free if max_area is None or piece.area <= max_area]
        if small:
            filled.setdefault(place, []).extend(small)
            taken += small
    changed = {}
    for place, pieces in filled.items():
        parcel = layer.parcels[place]
        others = layer.others(parcel.polygon, [place])
        grown = _joined(parcel.polygon, pieces, others, layer.overlay, snap)
        changed[place] = [corrected(parcel, grown)]
    return ParcelChange(changed) if changed else None


def _holes(layer: Layer, point: Point | None) -> list[tuple[int, Polygon]]:
    places = range(len(layer.parcels)) if point is None else [layer.at(point)]
    return [
        (place, Polygon(ring))
        for place in places
        if place is not None
        for part in polygons_of(layer.parcels[place].polygon)
        for ring in part.interiors
    ]


def snap_to_neighbours(
    layer: Layer, point: Point, tolerance: float, snap: float
) -> ParcelChange | None:
    """The parcel at the point grown to its neighbours' borders, where they are near."""
    place = layer.at(point)
    if place is None:
        return None
    parcel = layer.parcels[place]
    near = layer.within_reach(array_of([parcel.polygon]), tolerance)
    others: Geometries = layer.geometries[near[near != place]]
    shape = reaching(parcel.polygon, others, others, layer.overlay, tolerance)
    if abs(shape.area - parcel.polygon.area) <= layer.overlay.noise(shape):
        return None
    return ParcelChange({place: [corrected(parcel, shape)]})


def reaching(
    shape: Shape,
    targets: Geometries,
    others: Geometries,
    overlay: Overlay,
    tolerance: float,
    within: BaseGeometry | None = None,
) -> Shape:
    """A shape grown over gaps up to ``tolerance`` to some targets, and cut where others are.

    The shape itself where nothing would be left of it.  With ``within``, gaps elsewhere stay.
    """
    own = cut(shape, others, overlay, tolerance, 0.0) if _overlap(shape, others, overlay) else []
    parts = own or polygons_of(shape)
    gaps = [
        piece
        for target in targets
        for bridge in polygons_of(bridges([shape, target], overlay, tolerance))
        for piece in cut(bridge, others, overlay, tolerance, 0.0)
        if within is None or piece.intersects(within)
    ]
    if not gaps:
        return shape_of(parts)
    return _joined(shape_of(parts), gaps, others, overlay, tolerance)


def _overlap(shape: Shape, others: Geometries, overlay: Overlay) -> bool:
    return bool((overlay.common_areas(others, shape) > overlay.noise(shape)).any())


def _joined(
    shape: Shape, pieces: list[Polygon], others: Geometries, overlay: Overlay, snap: float
) -> Shape:
    """A shape with pieces beside it; a piece that does not touch it is left away."""
    parts = array_of(polygons_of(shape))
    grown = polygons_of(overlay.union([shape, *pieces]))
    own = [piece for piece in grown if overlay.mostly_within(parts, piece).any()]
    return shape_of([without_pinholes(piece, others, overlay, snap) for piece in own])
