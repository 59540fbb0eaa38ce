"""What people say of a parcel: its class and their verdict, and what becomes of it later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from shapely import LineString, Point, box

from core.errors import InputError
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Correction,
    Judge,
    Merge,
    Reclassify,
    Reshape,
    Signature,
    Signed,
    Split,
    apply_corrections,
)
from core.parcels.parcel import Parcel

LEFT = Parcel("F1", box(0, 0, 10, 10), 0.9, "auto")
RIGHT = Parcel("F2", box(10, 0, 20, 10), 0.5, "auto")
IN_LEFT, IN_RIGHT = Point(3, 3), Point(15, 5)
ANA = Signature("Ana", datetime(2026, 5, 1, 10, tzinfo=UTC))
BEN = Signature("Ben", datetime(2026, 5, 2, 10, tzinfo=UTC))


def apply(*corrections: Correction | Signed) -> dict[str, Parcel]:
    found = apply_corrections([LEFT, RIGHT], corrections, snap=0.5)
    return {parcel.id: parcel for parcel in found}


@pytest.mark.parametrize("verdict", ["accepted", "rejected", "unsure"])
def test_a_verdict_is_the_parcels_state_and_leaves_its_shape(verdict) -> None:
    found = apply(Signed(Judge(IN_LEFT, verdict, "a road"), ANA))
    said = {"reason": "a road", "reviewer": "Ana", "reviewed_at": ANA.at}
    assert found["F1"] == replace(LEFT, state=verdict, **said)
    assert found["F2"] is RIGHT


def test_a_verdict_taken_back_leaves_what_was_there_before() -> None:
    back = Judge(IN_LEFT, "none")
    assert apply(Judge(IN_LEFT, "rejected", "why"), back)["F1"] == LEFT
    cut = AreaRemove(box(8, -1, 10, 11))
    assert apply(cut, Judge(IN_LEFT, "accepted"), back)["F1"].state == "corrected"
    given = replace(LEFT, state="corrected")
    (found,) = apply_corrections([given], [Judge(IN_LEFT, "accepted"), back], snap=0.5)
    assert found.state == "corrected"


def test_a_class_is_a_correction_and_may_change_again() -> None:
    found = apply(Signed(Reclassify(IN_LEFT, "other", "a meadow"), ANA))["F1"]
    assert (found.land_class, found.reason, found.state) == ("other", "a meadow", "corrected")
    assert not found.is_cropland
    again = apply(Reclassify(IN_LEFT, "other"), Reclassify(IN_LEFT, "cropland"))["F1"]
    assert again.is_cropland


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (Judge(IN_LEFT, "accepted"), True),
        (Judge(IN_LEFT, "unsure"), True),
        (Judge(IN_LEFT, "rejected"), False),
        (Reclassify(IN_LEFT, "other"), False),
        (Reclassify(IN_LEFT, "unsure"), False),
    ],
)
def test_cropland_is_what_is_called_so_and_not_rejected(said: Correction, counts: bool) -> None:
    assert apply(said)["F1"].is_cropland == counts


@pytest.mark.parametrize(
    "change",
    [
        AreaRemove(box(-1, 6, 11, 8)),
        Split(LineString([(5, -1), (5, 11)])),
        Reshape(IN_LEFT, box(0, 0, 9, 9)),
    ],
)
def test_another_shape_does_not_end_a_rejection(change) -> None:
    found = apply(Signed(Judge(IN_LEFT, "rejected", "why"), ANA), Signed(change, BEN))
    pieces = [parcel for name, parcel in found.items() if name.startswith("F1")]
    assert {(p.state, p.reason, p.reviewer) for p in pieces} == {("rejected", "why", "Ana")}


def test_what_is_merged_is_what_the_largest_was() -> None:
    smaller = Reshape(IN_RIGHT, box(10, 0, 16, 10))
    merge = Merge((IN_LEFT, Point(12, 5)))
    found = apply(smaller, Reclassify(IN_LEFT, "other", "a meadow"), merge)
    assert {p.land_class for p in found.values()} == {"other"}
    found = apply(smaller, Reclassify(Point(12, 5), "other"), merge)
    assert {p.land_class for p in found.values()} == {"cropland"}


@pytest.mark.parametrize("said", [Reclassify(IN_LEFT, "other"), Judge(IN_LEFT, "rejected")])
def test_cropland_that_is_added_does_not_join_what_is_none(said: Correction) -> None:
    found = apply(said, AreaAdd(box(2, 5, 8, 15)))
    new = [parcel for name, parcel in found.items() if name not in ("F1", "F2")]
    assert found["F1"].polygon.equals(LEFT.polygon)
    assert [parcel.polygon.area for parcel in new] == pytest.approx([6 * 5])
    assert new[0].is_cropland


def test_every_parcel_that_a_correction_changes_or_makes_is_signed() -> None:
    found = apply(
        Signed(AreaAdd(box(30, 0, 40, 10)), ANA),
        Signed(Split(LineString([(5, -1), (5, 11)])), BEN),
    )
    who = sorted((p.reviewer, p.reviewed_at) for p in found.values() if p.reviewer)
    assert who == [("Ana", ANA.at), ("Ben", BEN.at), ("Ben", BEN.at)]
    assert found["F2"].reviewed_at is None


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Reclassify(IN_LEFT, "wheat"),
        lambda: Judge(IN_LEFT, "fine"),
        lambda: Judge(Point(), "accepted"),
        lambda: Judge(IN_LEFT, "rejected", "x" * 501),
        lambda: Judge(IN_LEFT, "rejected", "a\x00b"),
    ],
)
def test_what_cannot_be_said_is_refused_in_a_sentence(refused) -> None:
    with pytest.raises(InputError) as caught:
        refused()
    assert caught.value.message.endswith(".")


def test_a_parcel_is_found_by_its_place_whatever_it_is_called() -> None:
    other = [replace(LEFT, id="P77", polygon=box(1, 1, 9, 9)), replace(RIGHT, id="P78")]
    (found, _) = apply_corrections(other, [Reclassify(IN_LEFT, "other")], snap=0.5)
    assert (found.id, found.land_class) == ("P77", "other")
