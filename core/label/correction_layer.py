"""Parcels with a spatial index, and what an edit does to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.label.acceptance import Acceptance
from core.label.correction_index import ShapeIndex
from core.label.correction_types import KEPT_STATES, STANDING_VERDICTS, Signature
from core.label.looked_at import Looks, NearQuestion
from core.parcels.geometry_index import Places
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, array_of
from core.parcels.parcel import Parcel
from core.people import same_person


@dataclass(frozen=True, slots=True)
class ParcelChange:
    """What a correction does: what becomes of the parcels at some places, and new parcels.

    Parameters
    ----------
    acceptances : tuple of Acceptance or None
        All that hold afterwards; None leaves them as they are.
    unsigned : bool
        Whether the parcels go on being those of whoever changed them: to accept is no change.
    """

    changed: dict[int, list[Parcel]] = field(default_factory=dict)
    added: list[Parcel] = field(default_factory=list)
    acceptances: tuple[Acceptance, ...] | None = None
    unsigned: bool = False

    def signed(self, signature: Signature, *, said: bool = False) -> ParcelChange:
        """The same, with who did it on every parcel that comes of it.

        What was said of a parcel before and still holds (its class, a standing verdict, the reason)
        stays beside the name of who said it, unless somebody ``said`` anew what it is.  A reason
        never stands beside the name of somebody else.
        """
        if self.unsigned:
            return self
        changed = {
            place: [_signed(parcel, signature, said=said) for parcel in parcels]
            for place, parcels in self.changed.items()
        }
        added = [_signed(new, signature, said=said) for new in self.added]
        return ParcelChange(changed, added, self.acceptances)

    def moved(self, places: Mapping[int, int]) -> ParcelChange:
        """The same change where the parcels stand at other places."""
        return replace(self, changed={places[old]: new for old, new in self.changed.items()})


def _signed(parcel: Parcel, signature: Signature, *, said: bool) -> Parcel:
    author, at = signature.author, signature.at
    if said or not parcel.reviewer:
        return replace(parcel, reviewer=author, reviewed_at=at)
    if parcel.land_class != "cropland" or parcel.state in STANDING_VERDICTS:
        return parcel
    reason = parcel.reason if same_person(parcel.reviewer, author) else ""
    return replace(parcel, reason=reason, reviewer=author, reviewed_at=at)


class Layer:
    """Parcels with a spatial index.

    Parameters
    ----------
    parcels : list of Parcel
    extent : Polygon, optional
        The land that they are of.  Borders along its edge are the edge's, not a field's.
    acceptances : tuple of Acceptance
        What people signed, the earliest first.  Whether it stands is told at the end, of all
        parcels together: :class:`core.label.acceptance.Settling`.
    """

    def __init__(
        self,
        parcels: list[Parcel],
        extent: Polygon | None = None,
        index: ShapeIndex | None = None,
        acceptances: tuple[Acceptance, ...] = (),
    ) -> None:
        self.parcels = parcels
        self.extent = extent
        self.acceptances = acceptances
        self._index = index or ShapeIndex(array_of([parcel.polygon for parcel in parcels]))
        self.overlay = self._index.overlay
        self._looks: Looks | None = None

    @property
    def geometries(self) -> Geometries:
        """The parcels' shapes, object (parcels,)."""
        return self._index.shapes

    def reaching(self, drawing: Sequence[shapely.Geometry]) -> Layer:
        """The same parcels, with a lattice that holds a drawing's coordinates as well."""
        view = copy(self)
        view.overlay = Overlay(max(self.overlay.size, Overlay.around(drawing).size))
        return view

    def watched(self, looks: Looks) -> Layer:
        """The same parcels; what is looked at is noted."""
        view = copy(self)
        view._looks = looks
        return view

    def look(self, look: NearQuestion) -> Places:
        """Places of the parcels that a question is about, in order."""
        found = self._index.query(look.wanted, look.predicate, look.distance)
        if self._looks is not None:
            self._looks.found.append((look, found))
        return found

    def near(self, shape: BaseGeometry) -> Places:
        """Places of the parcels that share at least a point with a shape, in order."""
        return self.look(NearQuestion(shape, "intersects", None))

    def within_reach(self, shapes: Geometries, reach: float) -> Places:
        """Places of the parcels at most ``reach`` from any of some shapes, in order."""
        return self.look(NearQuestion(shapes, "dwithin", reach))

    def crossed(self, line: LineString) -> Places:
        """Places of the parcels that a line meets, or between whose parts it may pass."""
        boxes = self.look(NearQuestion(line, None, None))
        shapes = self.geometries[boxes]
        several = shapely.get_num_geometries(shapes) > 1
        crossed: Places = boxes[several | shapely.intersects(line, shapes)]
        return crossed

    def at(self, point: Point) -> int | None:
        """Place of the parcel at a point; the first where several share it as a border."""
        near = self.near(point)
        if near.size == 0:
            return None
        within = near[shapely.contains(self.geometries[near], point)]
        return int(within[0]) if within.size else int(near[0])

    def others(self, shape: BaseGeometry, own: Sequence[int]) -> Geometries:
        """Polygons of the parcels near a shape, without those at the places ``own``."""
        near = self.near(shape)
        chosen: Geometries = self.geometries[near[~np.isin(near, own)]]
        return chosen

    def after(self, change: ParcelChange) -> Layer:
        """The layer after a change."""
        parcels = list(self.parcels)
        for place in sorted(change.changed, reverse=True):
            parcels[place : place + 1] = change.changed[place]
        shapes = {place: _shapes(new) for place, new in change.changed.items()}
        index = self._index.spliced(shapes, _shapes(change.added))
        signed = self.acceptances if change.acceptances is None else change.acceptances
        return Layer(parcels + change.added, self.extent, index, signed)

    def has_name(self, name: str) -> bool:
        """Whether a parcel has this id."""
        taken = name in self._taken
        if self._looks is not None:
            self._looks.names[name] = taken
        return taken

    @cached_property
    def _taken(self) -> frozenset[str]:
        return frozenset(parcel.id for parcel in self.parcels)

    def free_ids(self, stem: str, first: int) -> Iterator[str]:
        """Ids that no parcel has: the stem with a number from ``first``; alone for 0."""
        number = first
        while True:
            name = f"{stem}.{number}" if number else stem
            if not self.has_name(name):
                yield name
            number += 1


def _shapes(parcels: list[Parcel]) -> list[Shape]:
    return [parcel.polygon for parcel in parcels]


def corrected(parcel: Parcel, shape: Shape, name: str | None = None) -> Parcel:
    """The parcel in a new shape, and maybe of a new name.

    That it was rejected, or is unsure, stays: its land is no better for another border.
    """
    state = parcel.state if parcel.state in KEPT_STATES else "corrected"
    return replace(parcel, id=name or parcel.id, polygon=shape, state=state, edited=True)


def by_place(shape: Shape) -> tuple[float, ...]:
    """Sorts shapes from left to right."""
    return tuple(shape.bounds)
