"""An accepted parcel put back as it was signed, whatever was done to it since."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from shapely import Point, Polygon

from core.label.acceptance import Acceptance, is_as_accepted, is_of, within_land
from core.label.correction_edits import pieces_of_parcel
from core.label.correction_layer import Layer, ParcelChange, corrected
from core.parcels.overlay import Shape, array_of, polygons_of, shape_of
from core.parcels.parcel import Parcel
from core.parcels.shapes import cut

_NARROW_SNAPS = 4.0
"""Two pixels of the working grid: so far apart may be two borders that mean the same."""


def restore(layer: Layer, point: Point, snap: float) -> ParcelChange | None:
    """The parcel that was accepted at the point, and changed since, as it was accepted.

    What lies on its land gives it back and keeps what it has beside it.  Of several such
    acceptances the newest counts; None where all stand.
    """
    accepted = _changed_at(layer, point)
    if accepted is None:
        return None
    near = layer.near(accepted.shape)
    shared = layer.overlay.common_areas(layer.geometries[near], accepted.shape)
    blade = array_of([accepted.shape])
    changed: dict[int, list[Parcel]] = {}
    crumbs: list[Polygon] = []
    for place in near[shared > layer.overlay.noise(accepted.shape)].tolist():
        parcel = layer.parcels[place]
        beside = cut(parcel.polygon, blade, layer.overlay, snap, snap**2)
        fields = [piece for piece in beside if not _is_crumb(piece, snap)]
        crumbs += [piece for piece in beside if _is_crumb(piece, snap)]
        changed[place] = pieces_of_parcel(layer, parcel, [[piece] for piece in fields])
    # The parcel with most of the land goes on as the accepted one, unless it has land beside it.
    host = int(near[int(np.argmax(shared))]) if changed else None
    others = tuple(one for one in layer.acceptances if one is not accepted)
    changed |= _with_crumbs(layer, crumbs, changed)
    back = _parcel(accepted)
    if host is not None and not changed[host]:
        before = layer.parcels[host]
        kept = replace(back, id=before.id, score=before.score, attributes=before.attributes)
        changed[host] = [kept]
        return ParcelChange(changed, acceptances=(*others, accepted))
    back = replace(back, id=next(layer.free_ids(back.id, 0)))
    return ParcelChange(changed, [back], (*others, accepted))


def _is_crumb(piece: Polygon, snap: float) -> bool:
    """Whether a piece is so narrow that it is a difference of two borders and no field."""
    return bool(piece.buffer(-_NARROW_SNAPS / 2 * snap).is_empty)


def _with_crumbs(
    layer: Layer, crumbs: Sequence[Polygon], taken: Mapping[int, list[Parcel]]
) -> dict[int, list[Parcel]]:
    """The neighbours that crumbs fall to, each to that of its longest border; others are nobody's.

    An accepted parcel takes none: it would not be as accepted any more.
    """
    shapes: dict[int, Shape] = {}
    for crumb in crumbs:
        borders = {}
        for place in layer.near(crumb).tolist():
            parcel = layer.parcels[place]
            if place in taken or any(is_of(parcel.polygon, one) for one in layer.acceptances):
                continue
            borders[place] = crumb.boundary.intersection(parcel.polygon.boundary).length
        if not borders or max(borders.values()) <= 0:
            continue
        host = max(borders, key=lambda place: borders[place])
        shape = shapes.get(host, layer.parcels[host].polygon)
        shapes[host] = shape_of(polygons_of(layer.overlay.union([shape, crumb])))
    return {place: [corrected(layer.parcels[place], shape)] for place, shape in shapes.items()}


def _changed_at(layer: Layer, point: Point) -> Acceptance | None:
    """The newest acceptance of the land at a point that does not stand."""
    for accepted in reversed(layer.acceptances):
        if accepted.shape.intersects(point) and not _stands(layer, accepted):
            return accepted
    return None


def _stands(layer: Layer, accepted: Acceptance) -> bool:
    near = [layer.parcels[place] for place in layer.near(accepted.shape).tolist()]
    inside = (replace(one, polygon=within_land(one.polygon, layer.extent)) for one in near)
    return any(is_as_accepted(parcel, accepted) for parcel in inside)


def _parcel(accepted: Acceptance) -> Parcel:
    """The parcel by itself; its id is made of its shape."""
    name = "a" + hashlib.sha256(accepted.shape.wkb).hexdigest()[:8]
    return Parcel(name, accepted.shape, math.nan, "corrected", accepted.land_class, edited=True)
