"""What a person signed of parcels: the shape and class of each, held against what is there now.

An acceptance belongs to a shape.  It stands while a parcel of that shape and class is there,
however that came about; otherwise whatever lies on its land was *changed since it was accepted*,
and the accepted shape is kept.  Nothing is handed down from a parcel to its pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from core.label.correction_types import STANDING_VERDICTS, Signature
from core.parcels.geometry_index import GeometryIndex
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, array_of, polygons_of, shape_of
from core.parcels.parcel import LandClass, Parcel

_ROUNDING = 0.0075
"""Native pixels: the browser sends two decimals, so a corner is off by this at most."""

_MOST_OF = 0.5
"""A parcel is of an accepted one where it is mostly on its land, or covers most of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Acceptance:
    """One parcel as it was accepted.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
        In the coordinates of the parcels, cut at the tile's core.
    land_class : {"cropland", "other", "unsure"}
    reason : str
        What was written beside the verdict; may be empty.
    signature : Signature
        Who accepted it, and when.
    """

    shape: Shape
    land_class: LandClass
    reason: str
    signature: Signature


@dataclass(frozen=True, slots=True, eq=False)
class ChangedAcceptance:
    """An acceptance that does not stand, and the parcels that lie on its land now, if any."""

    acceptance: Acceptance
    parcels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Parcels with the states that acceptances give them, and the acceptances that do not stand."""

    parcels: tuple[Parcel, ...]
    changed: tuple[ChangedAcceptance, ...] = ()


class Settling:
    """Holds acceptances against parcels; parcels that stay the same are settled once.

    Not safe to call from several threads at once.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, bool], tuple[Parcel, Acceptance, Parcel]] = {}
        self._same: dict[tuple[int, int], tuple[Parcel, Acceptance, bool]] = {}

    def settle(self, parcels: Sequence[Parcel], acceptances: Sequence[Acceptance]) -> Settled:
        """The parcels as they stand under some acceptances, the earliest first.

        The newest counts first: it speaks for the parcels that are of it, and an earlier one for
        the rest.  An untouched parcel is the same object, and so is one that was settled alike.
        """
        if not acceptances:
            self._known, self._same = {}, {}
            return Settled(tuple(parcels))
        shapes = array_of([parcel.polygon for parcel in parcels])
        index = GeometryIndex(shapes)
        settled, changed = list(parcels), []
        taken = {n for n, parcel in enumerate(parcels) if parcel.state in STANDING_VERDICTS}
        known, same = self._known, self._same
        self._known, self._same = {}, {}
        for acceptance in reversed(acceptances):
            near = np.sort(index.query(acceptance.shape)).tolist()
            # Parcels do not overlap: where one is as accepted, no other lies on its land.
            alike = [place for place in near if self._is_that(same, parcels[place], acceptance)]
            mine = alike or places_of(acceptance.shape, shapes, near)
            free = [place for place in mine if place not in taken]
            if mine and not free:
                continue  # all of its land has a newer verdict
            taken.update(free)
            stands = bool(alike)
            for place in free:
                settled[place] = self._settled(known, parcels[place], acceptance, stands)
            if not stands:
                names = tuple(parcels[place].id for place in free)
                changed.append(ChangedAcceptance(acceptance, names))
        return Settled(tuple(settled), tuple(reversed(changed)))

    def _is_that(
        self,
        known: dict[tuple[int, int], tuple[Parcel, Acceptance, bool]],
        parcel: Parcel,
        acceptance: Acceptance,
    ) -> bool:
        key = (id(parcel), id(acceptance))
        # Both are kept beside what is known, so that no other one can get their addresses.
        found = known.get(key) or (parcel, acceptance, is_as_accepted(parcel, acceptance))
        self._same[key] = found
        return found[2]

    def _settled(
        self,
        known: dict[tuple[int, int, bool], tuple[Parcel, Acceptance, Parcel]],
        parcel: Parcel,
        acceptance: Acceptance,
        stands: bool,
    ) -> Parcel:
        key = (id(parcel), id(acceptance), stands)
        found = known.get(key) or (parcel, acceptance, _stated(parcel, acceptance, stands))
        self._known[key] = found
        return found[2]


def _stated(parcel: Parcel, acceptance: Acceptance, stands: bool) -> Parcel:
    """An acceptance that stands is its signer's; a changed parcel is of whoever changed it."""
    if not stands:
        return replace(parcel, state="changed")
    signed = acceptance.signature
    return replace(
        parcel,
        state="accepted",
        reason=acceptance.reason,
        reviewer=signed.author,
        reviewed_at=signed.at,
    )


def places_of(shape: Shape, shapes: Geometries, near: list[int]) -> list[int]:
    """Those of some places whose shapes are mostly on the land of one, or cover most of it."""
    if not near:
        return []
    close = shapes[near]
    common = Overlay.around([*close, shape]).common_areas(close, shape)
    most = _is_most(common, shapely.area(close), shape.area)
    return [place for place, is_most in zip(near, most.tolist(), strict=True) if is_most]


def is_of(shape: Shape, acceptance: Acceptance) -> bool:
    """Whether a parcel's shape is mostly on the accepted land, or covers most of it."""
    own = acceptance.shape
    common = Overlay.around([shape, own]).common_areas(array_of([shape]), own)
    return bool(_is_most(common, np.array([shape.area]), own.area)[0])


def _is_most(
    common: npt.NDArray[np.float64], areas: npt.NDArray[np.float64], accepted: float
) -> npt.NDArray[np.bool_]:
    least = _MOST_OF * np.minimum(areas, accepted)
    most: npt.NDArray[np.bool_] = common > np.maximum(least, 0.0)
    return most


def is_as_accepted(parcel: Parcel, acceptance: Acceptance) -> bool:
    """Whether a parcel has the class and, but for rounding, the shape that was accepted."""
    if parcel.land_class != acceptance.land_class:
        return False
    one, other = parcel.polygon, acceptance.shape
    overlay = Overlay.around([one, other])
    rounding = max(_ROUNDING * other.length, overlay.noise(other))
    if abs(one.area - other.area) > rounding:
        return False
    if shapely.equals_exact(one, other, tolerance=_ROUNDING, normalize=True):
        return True
    apart = overlay.difference(one, other).area + overlay.difference(other, one).area
    return bool(apart <= rounding)


def within_land(shape: Shape, extent: Polygon | None) -> Shape:
    """A shape cut at the tile's core; itself where nothing would be left."""
    if extent is None or extent.covers(shape):
        return shape
    inside = polygons_of(Overlay.around([shape, extent]).intersection(shape, extent))
    return shape_of(inside) if inside else shape
