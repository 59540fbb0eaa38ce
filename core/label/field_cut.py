"""What a field that is put in, or taken out, does to the parcels that it meets.

The model's outlines and those of parcels that were there before are never quite the same, so along
a border that both mean lies a *rim*: a strip that is narrower than anything a person points at.

A tidy field leaves none.  Put in, it gives way to a neighbour of which it covers no more than a rim
(the neighbour stays as it is), and rims of what it cuts go along with it.  Taken out, it is taken
from the parcel under the click alone, and rims that would be left beside it go as well.  A field of
earlier versions is not tidy: it is cut from all parcels as it is.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.imagery.frame import Frame
from core.label.acceptance import within_land
from core.label.answers import Field
from core.label.correction_edits import kept_together
from core.label.correction_layer import Layer, ParcelChange, corrected
from core.label.looked_at import Looks
from core.parcels.overlay import Overlay, Shape, polygons_of, shape_of
from core.parcels.parcel import Parcel
from core.parcels.shapes import wide_parts

RIM_PIXELS = 3.0
"""Of the working grid: what is narrower lies within what two outlines of one border differ by."""

_MOST_CUTS = 16

_TOUCH = 1e-6
"""Native pixels squared: shapes that share less only touch."""

_BESIDE = 1e-6
"""Native pixels: a rim that is no further away lies beside the field."""


def rim_width(frame: Frame) -> float:
    """Native pixels: strips along a border that are narrower are rims."""
    return RIM_PIXELS * frame.native_per_tile_pixel


@dataclass(frozen=True, slots=True, eq=False)
class FieldCut:
    """What a field does to a layer.

    Parameters
    ----------
    land : geometry
        What it adds, or takes away; empty where it changes nothing.
    rests : dict
        What is left of the parcels that it changes, by their place: the pieces of each.
    looks : Looks
        All that was looked at in the layer to make it.
    """

    land: BaseGeometry
    rests: dict[int, list[Shape]] = field(default_factory=dict)
    looks: Looks = field(default_factory=Looks)


def field_cut(layer: Layer, asked: Field, least: float, rim: float) -> FieldCut:
    """What a field does to the parcels of a layer.

    Parameters
    ----------
    least : float
        Area, in squared units of the coordinates, of the smallest piece that is left of a parcel.
    rim : float
        Of :func:`rim_width`.
    """
    looks = Looks()
    return replace(_made(layer.watched(looks), asked, least, rim), looks=looks)


def _made(layer: Layer, asked: Field, least: float, rim: float) -> FieldCut:
    if not asked.tidy:
        return FieldCut(asked.area, _rests_of_all(layer, asked, least))
    with np.errstate(all="ignore"):  # edges of hardly any length: GEOS copes, numpy warns
        cut = _put_in if asked.adds else _taken_out
        return cut(layer.reaching([asked.area]), asked, least, rim)


class FieldCuts:
    """The cuts that were asked for lately, each computed once; safe to call from any thread.

    What a click is refused for, or previewed as, is computed again when its label is made.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Layers and areas are told by identity; kept with the cut, so that none takes their place.
        self._kept: OrderedDict[tuple[object, ...], tuple[Layer, Field, FieldCut]] = OrderedDict()

    def of(self, layer: Layer, asked: Field, least: float, rim: float) -> FieldCut:
        """As :func:`field_cut`."""
        key = id(layer), id(asked.area), asked.adds, asked.clicks, asked.tidy, least, rim
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][2]
        cut = field_cut(layer, asked, least, rim)
        with self._lock:
            self._kept[key] = (layer, asked, cut)
            while len(self._kept) > _MOST_CUTS:
                self._kept.popitem(last=False)
        return cut


@dataclass(frozen=True, slots=True, eq=False)
class FieldGround:
    """What the next field would be put on, or taken from; parameters as of :func:`field_cut`."""

    layer: Layer
    least: float
    rim: float
    cuts: FieldCuts

    def land_of(self, asked: Field) -> Shape | None:
        """What the field would add or take away, inside the layer's extent; None for nothing."""
        land = polygons_of(self.cuts.of(self.layer, asked, self.least, self.rim).land)
        return within_land(shape_of(land), self.layer.extent) if land else None


def put_field(layer: Layer, asked: Field, cut: FieldCut) -> ParcelChange:
    """The change of parcels by a field, which makes this cut in them."""
    changed: dict[int, list[Parcel]] = {}
    for place, pieces in cut.rests.items():
        parcel = layer.parcels[place]
        names = [parcel.id] + [
            f"{parcel.id}-{asked.prompt_id[:8]}.{number}" for number in range(1, len(pieces))
        ]
        changed[place] = [
            corrected(parcel, piece, name) for name, piece in zip(names, pieces, strict=False)
        ]
    if not asked.adds:
        return ParcelChange(changed)
    fields = largest_first(cut.land, 0.0)
    names = [asked.prompt_id]
    names += [f"{asked.prompt_id}.{number}" for number in range(1, len(fields))]
    added = [
        Parcel(name, piece, math.nan, "corrected", edited=True)
        for name, piece in zip(names, fields, strict=False)
    ]
    return ParcelChange(changed, added)


def largest_first(geometry: BaseGeometry, least: float) -> list[Polygon]:
    """Polygons of a geometry whose area is above ``least``, the largest first."""
    parts = [
        part
        for part in shapely.get_parts(geometry)
        if isinstance(part, Polygon) and part.area > max(least, 1e-9)
    ]
    return sorted(parts, key=lambda part: -part.area)


def _rests_of_all(layer: Layer, asked: Field, least: float) -> dict[int, list[Shape]]:
    """The pieces of every parcel outside a field."""
    near = layer.near(asked.area)
    shapes = layer.geometries[near]
    rests = Overlay.around([*shapes, asked.area]).differences(shapes, asked.area)
    return {
        place: list(largest_first(rest, least))
        for place, shape, rest in zip(near.tolist(), shapes, rests, strict=True)
        if shape.area - rest.area >= _TOUCH
    }


def _put_in(layer: Layer, asked: Field, least: float, rim: float) -> FieldCut:
    overlay, clicks = layer.overlay, _points(asked)
    shared = {
        place: overlay.intersection(layer.geometries[place], asked.area)
        for place in layer.near(asked.area).tolist()
    }
    shared = {place: common for place, common in shared.items() if common.area >= _TOUCH}
    stay = [
        place
        for place, common in shared.items()
        if common.area < layer.geometries[place].area / 2
        and not any(layer.geometries[place].intersects(click) for click in clicks)
        and not _wide(common, overlay, rim)
    ]
    land: BaseGeometry = asked.area
    if stay:
        whole = overlay.difference(land, overlay.union(layer.geometries[stay]))
        land = _without_crumbs(whole, clicks, least) or land
    if land is asked.area:
        stay = []
    rests, rims = {}, []
    for place in shared:
        if place not in stay:
            rests[place], beside = _rests(layer.geometries[place], land, overlay, least, rim)
            rims += beside
    return FieldCut(overlay.union([land, *rims]) if rims else land, rests)


def _taken_out(layer: Layer, asked: Field, least: float, rim: float) -> FieldCut:
    overlay = layer.overlay
    (click,) = _points(asked)
    place = layer.at(click)
    if place is None:
        return FieldCut(Polygon())
    whole = layer.geometries[place]
    met = polygons_of(overlay.intersection(whole, asked.area))
    shared = [part for part in met if part.area >= _TOUCH]
    if not shared:
        return FieldCut(Polygon())
    meant = _nearest(shared, click)
    # Along its border the parcel is met by rims as others are, which are not meant.
    wide = _wide(meant, overlay, rim)
    if wide and (body := _nearest(wide, click)).distance(click) < rim:
        meant = body
    pieces, _ = _rests(whole, meant, overlay, least, rim)
    land = overlay.difference(whole, overlay.union(pieces)) if pieces else whole
    return FieldCut(land, {place: pieces})


def _points(asked: Field) -> list[Point]:
    return [Point(click.column, click.row) for click in asked.clicks]


def _nearest(parts: list[Polygon], click: Point) -> Polygon:
    return parts[int(np.argmin(shapely.distance(parts, click)))]


def _wide(shape: BaseGeometry, overlay: Overlay, rim: float) -> list[Polygon]:
    return [part for one in polygons_of(shape) for part in wide_parts(one, overlay, rim)]


def _without_crumbs(land: BaseGeometry, clicks: Sequence[Point], least: float) -> Shape | None:
    """The pieces of a field that are no crumbs; those under clicks never are."""
    pieces = [
        piece
        for piece in largest_first(land, 0.0)
        if piece.area > least or any(piece.intersects(click) for click in clicks)
    ]
    return shape_of(pieces) if pieces else None


def _rests(
    whole: Shape, land: BaseGeometry, overlay: Overlay, least: float, rim: float
) -> tuple[list[Shape], list[Polygon]]:
    """The pieces of a parcel outside some land, the largest first; and its rims beside the land.

    Parts of a parcel that the land does not touch stay with its largest piece, however small.
    """
    rims: list[Polygon] = []
    groups: list[list[Polygon]] = []
    for part in polygons_of(whole):
        left = overlay.difference(part, land)
        if part.area - left.area < _TOUCH:
            groups.append([part])
            continue
        beside = _rims_beside(left, land, overlay, rim)
        if beside:
            left = overlay.difference(left, overlay.union(beside))
        rims += beside
        groups.append([piece for piece in polygons_of(left) if piece.area > least])
    pieces = [shape_of(together) for together in kept_together(groups)]
    return sorted(pieces, key=lambda piece: -piece.area), rims


def _rims_beside(
    left: BaseGeometry, land: BaseGeometry, overlay: Overlay, rim: float
) -> list[Polygon]:
    """The strips of what is left that are narrower than a rim and lie along the land."""
    wide = overlay.union(_wide(left, overlay, rim))
    near = overlay.intersection(overlay.difference(left, wide), land.buffer(rim))
    return [
        strip
        for strip in polygons_of(near)
        if strip.area >= _TOUCH and strip.distance(land) <= _BESIDE
    ]
