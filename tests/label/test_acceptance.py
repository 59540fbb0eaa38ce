"""What is accepted is a shape and a class: it stands as long as they do, whoever changes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from shapely import LineString, Point, box, get_coordinates, transform

from core.label.acceptance import Acceptance, Settling
from core.label.correction_statements import still_accepted
from core.label.correction_types import Restore, Signature, Signed
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Judge,
    Merge,
    MoveBorder,
    ParcelDelete,
    Reclassify,
    Reshape,
    Split,
    apply_corrections,
)
from core.parcels.parcel import Parcel
from tests.label.corrections import FIELDS, LEFT, RIGHT, largest_overlap

ANA = Signature("Ana", datetime(2026, 5, 1, tzinfo=UTC))
BEN = Signature("Ben", datetime(2026, 5, 2, tzinfo=UTC))
IN_LEFT, IN_RIGHT = Point(3, 3), Point(13, 3)
ACCEPT = Judge(IN_LEFT, "accepted", "as drawn", LEFT.polygon, "cropland")

CHANGES = {
    "split": Split(LineString([(5, -1), (5, 11)])),
    "merge": Merge((IN_LEFT, IN_RIGHT)),
    "brush": AreaRemove(box(8, 8, 12, 12)),
    "grown": AreaAdd(box(0, 0, 8, 14)),
    "reshape": Reshape(IN_LEFT, box(0, 0, 9, 9)),
    "border": MoveBorder(IN_LEFT, box(0, 0, 9, 9), box(0, 0, 10, 10)),
    "class": Reclassify(IN_LEFT, "other"),
    "delete": ParcelDelete(IN_LEFT),
}


def after(*said: Signed, parcels: list[Parcel] | None = None) -> list[Parcel]:
    return apply_corrections(FIELDS if parcels is None else parcels, said, snap=0.5)


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_ends_it_and_restoring_brings_it_back(name: str) -> None:
    accepted, change = Signed(ACCEPT, ANA), Signed(CHANGES[name], BEN)
    (signed, *_) = after(accepted)
    assert (signed.state, signed.reviewer, signed.reason) == ("accepted", "Ana", "as drawn")

    changed = after(accepted, change)
    assert not [parcel for parcel in changed if parcel.state == "accepted"]
    on_its_land = [p for p in changed if p.polygon.intersection(LEFT.polygon).area > 40]
    assert {(p.state, p.reviewer) for p in on_its_land} <= {("changed", "Ben")}
    assert bool(on_its_land) == (name != "delete")

    back = after(accepted, change, Signed(Restore(Point(4, 4)), BEN))
    (again,) = [parcel for parcel in back if parcel.state == "accepted"]
    assert again.polygon.equals(LEFT.polygon)
    assert (again.reviewer, again.reviewed_at, again.land_class) == ("Ana", ANA.at, "cropland")
    assert not [parcel for parcel in back if parcel.state == "changed"]
    assert largest_overlap(back) < 1e-6


def test_every_piece_is_signed_by_itself() -> None:
    half = Judge(Point(2, 2), "accepted", "", box(0, 0, 5, 10), "cropland")
    pieces = after(Signed(ACCEPT, ANA), Signed(CHANGES["split"], BEN), Signed(half, BEN))
    states = {p.id: (p.state, p.reviewer) for p in pieces if p.id.startswith("F1")}
    assert states == {"F1.1": ("accepted", "Ben"), "F1.2": ("changed", "Ben")}


def test_another_parcel_under_the_point_is_not_what_was_accepted() -> None:
    """A click comes before all corrections in a replay, and a new prediction before everything."""
    shapes = {"F1": box(0, 0, 4, 10), "n": box(4, 0, 10, 10)}
    cut = [replace(LEFT, id=name, polygon=shape) for name, shape in shapes.items()]
    found = after(Signed(ACCEPT, ANA), parcels=[*cut, RIGHT])
    assert [parcel.state for parcel in found] == ["changed", "changed", "auto"]
    # An older log does not say what was accepted, but that the parcel is newer than the verdict.
    newer = replace(LEFT, reviewer="Ben", reviewed_at=BEN.at)
    (one,) = after(Signed(Judge(IN_LEFT, "accepted"), ANA), parcels=[newer])
    assert (one.state, one.reviewer) == ("changed", "Ben")
    older = replace(LEFT, reviewer="Ben", reviewed_at=ANA.at - timedelta(days=1))
    (one,) = after(Signed(Judge(IN_LEFT, "accepted"), ANA), parcels=[older])
    assert (one.state, one.reviewer) == ("accepted", "Ana")


@pytest.mark.parametrize("verdict", ["rejected", "unsure", "none"])
def test_a_later_verdict_takes_its_place(verdict: str) -> None:
    said = Signed(ACCEPT, ANA), Signed(Judge(IN_LEFT, verdict), BEN)
    changed = Signed(CHANGES["split"], BEN)
    states = {parcel.state for parcel in after(*said, changed) if parcel.id.startswith("F1")}
    assert states == {"corrected" if verdict == "none" else verdict}
    assert still_accepted((), said) == ()
    assert len(still_accepted((), said[:1])) == 1


def test_rounding_on_the_way_through_the_browser_is_no_change() -> None:
    rough = transform(RIGHT.polygon.segmentize(0.7), lambda xy: xy + 0.0031)
    sent = transform(rough, lambda xy: np.round(xy, 2))
    parcel = replace(RIGHT, polygon=rough)
    moved = get_coordinates(rough)[3] + (0.3, 0.0)
    dented = replace(RIGHT, polygon=rough.union(Point(moved).buffer(0.4)))
    acceptance = Acceptance(sent, "cropland", "", ANA)
    for now, state in ((parcel, "accepted"), (dented, "changed")):
        settling = Settling()
        first = settling.settle([now, LEFT], [acceptance])
        assert [one.state for one in first.parcels] == [state, "auto"]
        # Nothing is made anew for a parcel that stays.
        again = settling.settle([now, LEFT], [acceptance])
        assert [a is b for a, b in zip(first.parcels, again.parcels, strict=True)] == [True, True]


def test_what_is_gone_is_told_and_what_was_signed_anew_is_not() -> None:
    first = Acceptance(LEFT.polygon, "cropland", "", ANA)
    gone = Settling().settle([RIGHT], [first])
    assert [(one.acceptance, one.parcels) for one in gone.changed] == [(first, ())]
    larger = replace(LEFT, polygon=box(0, 0, 10, 11))
    second = Acceptance(larger.polygon, "cropland", "", BEN)
    settled = Settling().settle([larger, RIGHT], [first, second])
    assert (settled.parcels[0].state, settled.changed) == ("accepted", ())
