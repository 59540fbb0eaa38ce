"""What a step looked at in a layer, so that it need not be done again where all that is the same.

Prompts come before all corrections, so a new one is put under steps that were made long before.
Nearly all of them lie elsewhere, and come to what they came to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from core.parcels.geometry_index import Places
from core.parcels.outlines import Geometries
from core.parcels.parcel import Parcel

if TYPE_CHECKING:
    from core.label.correction_layer import Layer, ParcelChange

_ROUNDING = 1e-6
"""Of a distance: so much further is counted as looked at."""


@dataclass(slots=True, eq=False)
class Looks:
    """What is looked at: land, and whether names are taken."""

    names: dict[str, bool] = field(default_factory=dict)
    _low: tuple[float, float] = (np.inf, np.inf)
    _high: tuple[float, float] = (-np.inf, -np.inf)

    def note(self, wanted: BaseGeometry | Geometries, distance: float | None) -> None:
        """Somebody asks what lies within a distance of one geometry, or of several."""
        left, top, right, bottom = shapely.total_bounds(wanted).tolist()
        if not left <= right:
            return  # nothing was asked for
        beyond = (distance or 0.0) * (1.0 + _ROUNDING)
        self._low = (min(self._low[0], left - beyond), min(self._low[1], top - beyond))
        self._high = (max(self._high[0], right + beyond), max(self._high[1], bottom + beyond))

    @property
    def region(self) -> Polygon | None:
        """A box around all land that was looked at; None where none was."""
        if self._low[0] > self._high[0]:
            return None
        return shapely.box(*self._low, *self._high)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All that a step can have found in a layer."""

    region: Polygon | None
    parcels: tuple[Parcel, ...]
    places: Places
    names: dict[str, bool]
    lattice: float
    extent: Polygon | None

    @classmethod
    def of(cls, layer: Layer, looks: Looks) -> Seen:
        """What the looks have found."""
        places = _places(layer, looks.region)
        parcels = tuple(layer.parcels[place] for place in places.tolist())
        return cls(
            looks.region, parcels, places, dict(looks.names), layer.overlay.size, layer.extent
        )

    def again_in(self, layer: Layer) -> dict[int, int] | None:
        """By the places of what was seen, those where it is in another layer; None: it differs."""
        if self.lattice != layer.overlay.size or self.extent != layer.extent:
            return None
        places = _places(layer, self.region).tolist()
        if len(places) != len(self.parcels):
            return None
        if any(layer.parcels[at] is not it for at, it in zip(places, self.parcels, strict=True)):
            return None
        if any(layer.has_name(name) != taken for name, taken in self.names.items()):
            return None
        return dict(zip(self.places.tolist(), places, strict=True))


def _places(layer: Layer, region: Polygon | None) -> Places:
    if region is None:
        return np.array([], dtype=np.int64)
    return layer.in_boxes(region)


class Changes:
    """What steps did to the layers that they were taken on last; for one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[Seen, ParcelChange | None]] = {}

    def of(
        self, layer: Layer, step: Hashable, compute: Callable[[Layer], ParcelChange | None]
    ) -> ParcelChange | None:
        """The change that a step makes, computed where it is not known.

        Parameters
        ----------
        compute : callable
            Makes the change of a layer, in which it looks through the layer's own methods only.
        """
        if (kept := self._kept.get(step)) is not None:
            seen, change = kept
            if (places := seen.again_in(layer)) is not None:
                return None if change is None else change.moved(places)
        change = compute(layer.watched(looks := Looks()))
        self._kept[step] = (Seen.of(layer, looks), change)
        return change

    def keep_only(self, steps: Iterable[Hashable]) -> None:
        """Forget all other steps."""
        wanted = set(steps)
        self._kept = {step: kept for step, kept in self._kept.items() if step in wanted}
