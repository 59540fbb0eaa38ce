"""What a drawing leaves is finished: no crumbs, and no slits along the borders that it made.

Only drawings that say so (``tidy``) are: logs of earlier versions come to what they came to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely

from core.label.correction_edits import pieces_of_parcel
from core.label.correction_layer import Layer, ParcelChange
from core.label.correction_tidy import reaching
from core.parcels.overlay import Overlay, Shape, array_of, polygons_of
from core.parcels.parcel import Parcel
from core.parcels.shapes import wide_parts


@dataclass(frozen=True, slots=True)
class Finish:
    """What is too small to be left, in units of the coordinates.

    Parameters
    ----------
    least : float
        Area of the smallest parcel of the project.
    width : float
        Parcels, and gaps between them, that are narrower are none.
    """

    least: float
    width: float

    def is_crumb(self, shape: Shape, overlay: Overlay) -> bool:
        """Whether a piece is nothing that a person would leave on purpose."""
        if shape.area < self.least:
            return True
        return not any(wide_parts(part, overlay, self.width) for part in polygons_of(shape))


def finished(
    layer: Layer, change: ParcelChange, area: Shape, finish: Finish, *, grows: bool
) -> ParcelChange:
    """The change of a drawing without the crumbs and slits that it would leave.

    Of a parcel that was small before, and of what is drawn anew, the largest piece always stays.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        What was drawn.
    grows : bool
        Whether the parcels that come of it grow over slits beside it; what is cut out grows none.
    """
    changed = {
        place: _without_crumbs(layer, place, pieces, finish, always=grows)
        for place, pieces in change.changed.items()
    }
    added = _kept(change.added, finish, layer.overlay, always=not changed)
    if not grows:
        return replace(change, changed=changed, added=added)
    results = [*(piece for pieces in changed.values() for piece in pieces), *added]
    grown = _grown(layer, results, sorted(changed), area, finish)
    return replace(
        change,
        changed={place: [grown[one.id] for one in pieces] for place, pieces in changed.items()},
        added=[grown[one.id] for one in added],
    )


def _without_crumbs(
    layer: Layer, place: int, pieces: list[Parcel], finish: Finish, *, always: bool
) -> list[Parcel]:
    parcel = layer.parcels[place]
    was_small = finish.is_crumb(parcel.polygon, layer.overlay)
    kept = _kept(pieces, finish, layer.overlay, always=always or was_small)
    if len(kept) == len(pieces) or not kept:
        return kept
    # One that is left alone has the parcel's own name.
    return pieces_of_parcel(layer, parcel, [polygons_of(one.polygon) for one in kept])


def _kept(
    pieces: Sequence[Parcel], finish: Finish, overlay: Overlay, *, always: bool
) -> list[Parcel]:
    kept = [one for one in pieces if not finish.is_crumb(one.polygon, overlay)]
    if kept or not pieces or not always:
        return kept
    return [max(pieces, key=lambda one: one.polygon.area)]


def _grown(
    layer: Layer, results: list[Parcel], places: list[int], area: Shape, finish: Finish
) -> dict[str, Parcel]:
    """The parcels that come of a drawing, by name, grown over slits beside what was drawn."""
    beside = area.buffer(finish.width)
    shapes = {one.id: one.polygon for one in results}
    for name, shape in shapes.items():
        near = layer.within_reach(array_of([shape]), finish.width)
        there = [layer.geometries[place] for place in near.tolist() if place not in places]
        others = array_of([*there, *(it for other, it in shapes.items() if other != name)])
        targets = others[shapely.intersects(others, beside)]
        grown = reaching(shape, targets, others, layer.overlay, finish.width, within=beside)
        if grown.area - shape.area > layer.overlay.noise(shape):
            shapes[name] = grown
    return {one.id: replace(one, polygon=shapes[one.id]) for one in results}
