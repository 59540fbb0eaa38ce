"""What a step looked at in a layer, so that it need not be done again where all that is the same.

Prompts come before all corrections, so a new one is put under steps that were made long before.
Nearly all of them lie elsewhere, and come to what they came to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from core.parcels.geometry_index import Places, Predicate
from core.parcels.outlines import Geometries
from core.parcels.parcel import Parcel

if TYPE_CHECKING:
    from core.label.correction_layer import Layer, ParcelChange


@dataclass(frozen=True, slots=True, eq=False)
class NearQuestion:
    """One question to a layer: which parcels are near one geometry, or near several."""

    wanted: BaseGeometry | Geometries
    predicate: Predicate | None
    distance: float | None


@dataclass(slots=True, eq=False)
class Looks:
    """What was looked at, with what was found: places of parcels, and whether names are taken."""

    found: list[tuple[NearQuestion, Places]] = field(default_factory=list)
    names: dict[str, bool] = field(default_factory=dict)

    def take_over(self, others: Looks) -> None:
        """What was looked at in the same layer, to make a part of what is being made."""
        self.found += others.found
        self.names |= others.names


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All that a step has found in a layer."""

    found: tuple[tuple[NearQuestion, Places], ...]
    parcels: dict[int, Parcel]
    names: dict[str, bool]
    lattice: float
    extent: Polygon | None

    @classmethod
    def of(cls, layer: Layer, looks: Looks) -> Seen:
        """What the looks have found in a layer."""
        places = {place for _, found in looks.found for place in found.tolist()}
        parcels = {place: layer.parcels[place] for place in sorted(places)}
        return cls(tuple(looks.found), parcels, dict(looks.names), layer.overlay.size, layer.extent)

    def again_in(self, layer: Layer) -> dict[int, int] | None:
        """By the places of what was seen, those where it is in another layer; None: it differs."""
        if self.lattice != layer.overlay.size or self.extent != layer.extent:
            return None
        moved: dict[int, int] = {}
        for look, found in self.found:
            places = layer.look(look).tolist()
            if len(places) != len(found):
                return None
            for old, new in zip(found.tolist(), places, strict=True):
                if not _same(layer.parcels[new], self.parcels[old]):
                    return None
                moved[old] = new
        if any(layer.has_name(name) != taken for name, taken in self.names.items()):
            return None
        # In the same order, too: of two that are alike in all else the first is taken.
        places = [moved[old] for old in self.parcels]
        return moved if places == sorted(places) else None


def _same(one: Parcel, other: Parcel) -> bool:
    """Whether nobody can tell two parcels apart; most that are alike are the same object."""
    return one is other or one == other


class Changes:
    """What steps did to the layers that they were taken on last; for one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[Seen, ParcelChange | None]] = {}

    def of(
        self, layer: Layer, step: Hashable, compute: Callable[[Looks], ParcelChange | None]
    ) -> ParcelChange | None:
        """The change that a step makes, computed where it is not known.

        Parameters
        ----------
        compute : callable
            Makes the change of the layer and notes all that it looks at in it.
        """
        if (kept := self._kept.get(step)) is not None:
            seen, change = kept
            if (places := seen.again_in(layer)) is not None:
                return None if change is None else change.moved(places)
        change = compute(looks := Looks())
        self._kept[step] = (Seen.of(layer, looks), change)
        return change

    def keep_only(self, steps: Iterable[Hashable]) -> None:
        """Forget all other steps."""
        wanted = set(steps)
        self._kept = {step: kept for step, kept in self._kept.items() if step in wanted}
