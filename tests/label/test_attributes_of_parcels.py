"""What grows there: said of a parcel, and kept through what is done to its outline."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from shapely import LineString, Point, box

from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    FillAttributes,
    Judge,
    Merge,
    Reclassify,
    Reshape,
    Restore,
    Signature,
    Signed,
    Split,
    apply_corrections,
)
from core.label.tile_label import Label
from tests.label.corrections import FIELDS, LEFT, apply, by_id

IN_LEFT, IN_RIGHT = Point(3, 3), Point(13, 3)
WHEAT = (("crop", "wheat"), ("irrigated", True))
IS_WHEAT = FillAttributes(IN_LEFT, WHEAT)
ANA = Signature("Ana", datetime(2026, 5, 1, tzinfo=UTC))


def test_what_is_said_is_the_parcels_and_nothing_else_of_it_changes() -> None:
    signed = Signed(IS_WHEAT, ANA)
    left, right, _ = apply_corrections(FIELDS, [signed], snap=0.5)
    assert left.attributes == WHEAT
    assert (left.state, left.reviewer, left.edited) == ("auto", "", False)
    assert right is FIELDS[1]
    taken = FillAttributes(IN_LEFT, (("irrigated", None),))
    assert apply(IS_WHEAT, taken)[0].attributes == (("crop", "wheat"),)
    assert apply(FillAttributes(Point(99, 99), WHEAT)) == FIELDS


def test_an_accepted_parcel_stays_accepted() -> None:
    accepted = Signed(Judge(IN_LEFT, "accepted", "", LEFT.polygon, "cropland"), ANA)
    for order in ([accepted, Signed(IS_WHEAT, ANA)], [Signed(IS_WHEAT, ANA), accepted]):
        left = apply_corrections(FIELDS, order, snap=0.5)[0]
        assert (left.state, left.attributes) == ("accepted", WHEAT)
    changed = [Signed(IS_WHEAT, ANA), accepted, Signed(Reshape(IN_LEFT, box(0, 0, 9, 9)), ANA)]
    left = apply_corrections(FIELDS, [*changed, Signed(Restore(IN_LEFT), ANA)], snap=0.5)[0]
    assert (left.state, left.attributes) == ("accepted", WHEAT)


def test_both_pieces_keep_them_and_a_new_parcel_has_none() -> None:
    split = apply(IS_WHEAT, Split(LineString([(5, -1), (5, 11)])))
    assert [one.attributes for one in split] == [WHEAT, WHEAT, (), ()]
    for change in (AreaRemove(box(8, 0, 10, 10)), AreaAdd(box(0, 8, 4, 14))):
        assert apply(IS_WHEAT, change)[0].attributes == WHEAT
    added = by_id(apply(IS_WHEAT, AreaAdd(box(50, 50, 60, 60))))
    assert [one.attributes for name, one in added.items() if name[0] == "n"] == [()]
    assert apply(IS_WHEAT, Reclassify(IN_LEFT, "other"))[0].attributes == WHEAT


def test_merged_parcels_keep_what_none_denies() -> None:
    merge = Merge((IN_LEFT, IN_RIGHT))
    assert apply(IS_WHEAT, merge)[0].attributes == WHEAT
    rye = FillAttributes(IN_RIGHT, (("crop", "rye"),))
    assert apply(IS_WHEAT, rye, merge)[0].attributes == (("irrigated", True),)


def test_a_label_from_disk_has_them_and_an_older_one_none() -> None:
    label = Label("v", tuple(apply(IS_WHEAT)))
    stored = json.loads(json.dumps(label.to_json()))
    assert Label.from_json(stored).parcels[0].attributes == WHEAT
    assert len(stored["parcels"][1]) == 9
