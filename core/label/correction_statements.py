"""What people say of a whole parcel: that it is not there, what it is, whether it is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shapely import Point

from core.label.correction_layer import Layer, ParcelChange
from core.label.correction_types import STANDING_VERDICTS, Judge, Reclassify
from core.label.drawn_corrections import ParcelDelete
from core.parcels.parcel import Parcel, ParcelState


def delete(layer: Layer, said: ParcelDelete) -> ParcelChange | None:
    """The parcel at the point gone."""
    place = layer.at(said.point)
    return None if place is None else ParcelChange({place: []})


def reclassify(layer: Layer, said: Reclassify) -> ParcelChange | None:
    """The parcel at the point in its new class."""

    def change(parcel: Parcel) -> Parcel:
        state = parcel.state if parcel.state in STANDING_VERDICTS else "corrected"
        return replace(
            parcel, land_class=said.land_class, reason=said.reason, state=state, edited=True
        )

    return _change(layer, said.point, change)


def judge(layer: Layer, said: Judge) -> ParcelChange | None:
    """The parcel at the point with its verdict."""

    def change(parcel: Parcel) -> Parcel:
        edited = parcel.edited or parcel.state == "corrected"
        before: ParcelState = "corrected" if edited else "auto"
        state: ParcelState = before if said.verdict == "none" else said.verdict
        return replace(parcel, state=state, reason=said.reason, edited=edited)

    return _change(layer, said.point, change)


def _change(layer: Layer, point: Point, change: Callable[[Parcel], Parcel]) -> ParcelChange | None:
    place = layer.at(point)
    return None if place is None else ParcelChange({place: [change(layer.parcels[place])]})
