"""What people say of a whole parcel: that it is not there, what it is, whether it is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from shapely import Point

from core import attributes
from core.label.acceptance import Acceptance, is_of, within_land
from core.label.correction_layer import Layer, ParcelChange
from core.label.correction_types import (
    KEPT_STATES,
    FillAttributes,
    Judge,
    Reclassify,
    Signature,
    Signed,
)
from core.label.drawn_corrections import ParcelDelete
from core.parcels.parcel import Parcel, ParcelState


def say(
    layer: Layer, said: ParcelDelete | Reclassify | Judge | FillAttributes, signature: Signature
) -> ParcelChange | None:
    """What somebody says of the parcel at a point, done."""
    match said:
        case ParcelDelete():
            return delete(layer, said)
        case Reclassify():
            return reclassify(layer, said)
        case Judge():
            return judge(layer, said, signature)
        case FillAttributes():
            return fill(layer, said)


def delete(layer: Layer, said: ParcelDelete) -> ParcelChange | None:
    """The parcel at the point gone."""
    place = layer.at(said.point)
    return None if place is None else ParcelChange({place: []})


def reclassify(layer: Layer, said: Reclassify) -> ParcelChange | None:
    """The parcel at the point in its new class."""

    def change(parcel: Parcel) -> Parcel:
        state = parcel.state if parcel.state in KEPT_STATES else "corrected"
        return replace(
            parcel, land_class=said.land_class, reason=said.reason, state=state, edited=True
        )

    return _change(layer, said.point, change)


def fill(layer: Layer, said: FillAttributes) -> ParcelChange | None:
    """The parcel at the point with other values; who stands behind its outline does not change."""
    place = layer.at(said.point)
    if place is None:
        return None
    parcel = layer.parcels[place]
    values = attributes.changed(parcel.attributes, said.values)
    if values == parcel.attributes:
        return None
    return ParcelChange({place: [replace(parcel, attributes=values)]}, unsigned=True)


def judge(layer: Layer, said: Judge, signature: Signature) -> ParcelChange | None:
    """The parcel at the point with its verdict; the shape that was accepted is kept."""
    place = layer.at(said.point)
    parcel = None if place is None else layer.parcels[place]
    if said.verdict == "accepted":
        return _accept(layer, said, signature, place)
    if place is None or parcel is None:
        return None
    others = tuple(one for one in layer.acceptances if not is_of(parcel.polygon, one))
    state: ParcelState = _unjudged(parcel) if said.verdict == "none" else said.verdict
    judged = replace(
        parcel, state=state, reason=said.reason, edited=_unjudged(parcel) == "corrected"
    )
    return ParcelChange({place: [judged]}, acceptances=others)


def _accept(
    layer: Layer, said: Judge, signature: Signature, place: int | None
) -> ParcelChange | None:
    parcel = None if place is None else layer.parcels[place]
    accepted = acceptance_of(said, signature)
    changed: dict[int, list[Parcel]] = {}
    if place is not None and parcel is not None:
        if accepted is None and _is_newer(parcel, signature):
            # What was accepted is not known; it is not this, which was made afterwards.
            return ParcelChange({place: [replace(parcel, state="changed")]}, unsigned=True)
        if accepted is None:
            shape = within_land(parcel.polygon, layer.extent)
            accepted = Acceptance(shape, parcel.land_class, said.reason, signature)
        # A verdict that was given before does not count any more.
        if parcel.state not in ("auto", "corrected"):
            edited = _unjudged(parcel) == "corrected"
            anew = replace(parcel, state=_unjudged(parcel), reason="", edited=edited)
            changed = {place: [anew]}
    if accepted is None:
        return None
    signed = (*layer.acceptances, accepted)
    return ParcelChange(changed, acceptances=signed, unsigned=True)


def acceptance_of(said: Judge, signature: Signature) -> Acceptance | None:
    """What an acceptance signs, where it says so itself."""
    if said.shape is None:
        return None
    return Acceptance(said.shape, said.land_class or "cropland", said.reason, signature)


def still_accepted(
    before: Sequence[Acceptance], corrections: Sequence[Signed]
) -> tuple[Acceptance, ...]:
    """What was accepted and not taken back, told without the parcels that there were.

    An acceptance of which only the point is known is left out.
    """
    standing = list(before)
    for signed in corrections:
        said = signed.correction
        if not isinstance(said, Judge):
            continue
        accepted = acceptance_of(said, signed.signature)
        if accepted is not None and said.verdict == "accepted":
            standing.append(accepted)
        elif said.verdict != "accepted":
            standing = [one for one in standing if not one.shape.intersects(said.point)]
    return tuple(standing)


def _unjudged(parcel: Parcel) -> Literal["auto", "corrected"]:
    return "corrected" if parcel.edited or parcel.state == "corrected" else "auto"


def _is_newer(parcel: Parcel, signature: Signature) -> bool:
    """Whether a parcel was changed after something was signed: prompts come before corrections."""
    changed_at, signed_at = parcel.reviewed_at, signature.at
    return changed_at is not None and signed_at is not None and changed_at > signed_at


def _change(layer: Layer, point: Point, change: Callable[[Parcel], Parcel]) -> ParcelChange | None:
    place = layer.at(point)
    return None if place is None else ParcelChange({place: [change(layer.parcels[place])]})
