"""What each correction of the shape does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from shapely import LineString, MultiPolygon, Point, Polygon, box

from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Correction,
    Merge,
    ParcelDelete,
    Reshape,
    Split,
)
from core.parcels.parcel import Parcel
from tests.label.corrections import (
    FAR,
    FIELDS,
    LEFT,
    OVERLAP,
    RIGHT,
    apply,
    by_id,
    total,
)


def test_an_added_area_joins_the_parcel_that_it_overlaps_most_and_leaves_others_whole() -> None:
    found = by_id(apply(AreaAdd(box(5, 8, 12, 14))))
    assert set(found) == {"F1", "F2", "F3"}
    assert found["F2"] is RIGHT
    assert found["F1"].state == "corrected"
    assert found["F1"].score == 0.9
    assert found["F1"].polygon.area == pytest.approx(100 + 7 * 4)


def test_an_added_area_that_touches_only_becomes_a_parcel() -> None:
    found = apply(AreaAdd(box(20, 0, 30, 10)))
    assert found[:3] == FIELDS
    new = found[3]
    assert new.state == "corrected"
    assert math.isnan(new.score)
    assert new.polygon.equals(box(20, 0, 30, 10))


def test_an_added_area_beyond_another_field_is_a_parcel_of_its_own() -> None:
    found = apply(AreaAdd(box(5, 4, 45, 6)))
    kept = by_id(found)
    assert kept["F1"] is LEFT
    assert kept["F3"] is FAR
    assert kept["F2"].polygon.equals(RIGHT.polygon | box(20, 4, 30, 6))
    assert found[3].polygon.equals(box(40, 4, 45, 6))


def test_painting_inside_a_parcel_changes_nothing() -> None:
    assert apply(AreaAdd(box(2, 2, 5, 5))) == FIELDS


def test_an_added_area_around_parcels_leaves_them_as_they_are() -> None:
    found = by_id(apply(AreaAdd(box(-5, -5, 50, 15))))
    assert found["F2"] is RIGHT
    assert found["F3"] is FAR
    assert total(list(found.values())) == pytest.approx(55 * 20)


def test_a_removed_area_is_cut_from_all_parcels() -> None:
    found = by_id(apply(AreaRemove(box(8, -1, 12, 11))))
    assert found["F1"].polygon.equals(box(0, 0, 8, 10))
    assert found["F2"].polygon.equals(box(12, 0, 20, 10))
    assert found["F3"] is FAR


def test_a_parcel_that_falls_into_pieces_becomes_several_in_its_place() -> None:
    found = apply(AreaRemove(box(4, -1, 6, 11)))
    assert [p.id for p in found] == ["F1.1", "F1.2", "F2", "F3"]
    assert [p.polygon.area for p in found[:2]] == pytest.approx([40, 40])
    assert all(p.score == 0.9 and p.state == "corrected" for p in found[:2])


def test_slivers_do_not_stay() -> None:
    assert [p.id for p in apply(AreaRemove(box(0.02, -1, 11, 11)))] == ["F2", "F3"]
    assert apply(AreaRemove(box(-1, -1, 21, 11))) == [FAR]
    assert apply(AreaAdd(box(50, 50, 50.4, 50.4))) == FIELDS


def test_a_hole_is_cut_and_filled_again() -> None:
    holed = apply(AreaRemove(box(4, 4, 6, 6)))
    assert by_id(holed)["F1"].polygon.area == pytest.approx(96)
    filled = apply(AreaRemove(box(4, 4, 6, 6)), AreaAdd(box(3, 3, 7, 7)))
    assert by_id(filled)["F1"].polygon.equals(LEFT.polygon)


def test_a_line_splits_every_parcel_that_it_crosses_completely() -> None:
    found = apply(Split(LineString([(-1, 5), (15, 5)])))
    assert [p.id for p in found] == ["F1.1", "F1.2", "F2", "F3"]
    assert found[2] is RIGHT
    assert [p.polygon.area for p in found[:2]] == pytest.approx([50, 50])


def test_a_line_may_end_just_before_the_border() -> None:
    assert len(apply(Split(LineString([(0.4, 5), (9.6, 5)])))) == 4
    assert apply(Split(LineString([(0.6, 5), (9.4, 5)]))) == FIELDS


def test_a_line_along_the_border_splits_no_sliver_off() -> None:
    assert apply(Split(LineString([(-1, 0.01), (21, 0.01)]))) == FIELDS
    found = apply(Split(LineString([(-1, 9.99), (5, 9.99), (5, -1)])))
    assert [p.polygon.area for p in found[:2]] == pytest.approx([50, 50], abs=0.1)
    assert total(found) == pytest.approx(total(FIELDS))


def test_a_line_from_a_hole_to_the_border_does_not_split() -> None:
    ring = Parcel("R", box(0, 0, 10, 10) - box(4, 4, 6, 6), 1.0, "auto")
    assert apply(Split(LineString([(5, 5), (5, 12)])), parcels=[ring]) == [ring]
    both = apply(Split(LineString([(5, -2), (5, 12)])), parcels=[ring])
    assert [p.polygon.area for p in both] == pytest.approx([48, 48])


def test_parcels_are_merged_and_a_small_gap_is_closed() -> None:
    parcels = [LEFT, replace(RIGHT, polygon=box(10.4, 0, 20, 10)), FAR]
    found = apply(Merge((Point(5, 5), Point(15, 5))), parcels=parcels)
    assert [p.id for p in found] == ["F1", "F3"]
    assert isinstance(found[0].polygon, Polygon)
    assert found[0].polygon.area == pytest.approx(200, abs=0.01)
    assert found[0].score == pytest.approx((100 * 0.9 + 96 * 0.5) / 196)


def test_parcels_with_a_wide_gap_are_merged_into_one_of_two_parts() -> None:
    found = apply(Merge((Point(35, 5), Point(15, 5), Point(99, 99))))
    assert [p.id for p in found] == ["F1", "F2"]
    assert isinstance(found[1].polygon, MultiPolygon)
    assert found[1].polygon.area == 200
    assert found[1].score == 0.5  # the other's is not known


def test_a_merge_does_not_close_what_is_another_parcels() -> None:
    thin = Parcel("T", box(10, 2, 10.4, 8), 1.0, "auto")
    parcels = [LEFT, replace(RIGHT, polygon=box(10.4, 0, 20, 10)), thin]
    found = by_id(apply(Merge((Point(5, 5), Point(15, 5))), parcels=parcels))
    assert found["T"] is thin
    assert found["F1"].polygon.intersection(thin.polygon).area < OVERLAP
    assert found["F1"].polygon.area == pytest.approx(196 + 0.4 * 4, abs=0.01)
    assert len(found["F1"].polygon.interiors) == 1


def test_a_parcel_of_two_parts_stays_one_until_a_part_falls_apart() -> None:
    merged = apply(Merge((Point(15, 5), Point(35, 5))))
    nibbled = apply(AreaRemove(box(18, -1, 21, 5)), parcels=merged)
    assert [p.id for p in nibbled] == ["F1", "F2"]
    assert nibbled[1].polygon.area == pytest.approx(190)
    between = apply(Split(LineString([(25, -5), (25, 15)])), parcels=merged)
    assert [p.polygon.bounds for p in between[1:]] == [(10, 0, 20, 10), (30, 0, 40, 10)]
    across = apply(Split(LineString([(12, -5), (12, 15)])), parcels=merged)
    assert [p.polygon.area for p in across[1:]] == pytest.approx([20, 180])
    gone = apply(AreaRemove(box(12, -1, 14, 11)), parcels=merged)
    assert [p.polygon.area for p in gone[1:]] == pytest.approx([20, 160])


def test_a_parcel_is_deleted() -> None:
    assert apply(ParcelDelete(Point(15, 5))) == [LEFT, FAR]
    assert apply(ParcelDelete(Point(10, 5))) == [RIGHT, FAR]  # the border is the first one's


def test_a_reshaped_parcel_gives_way_to_its_neighbours() -> None:
    found = by_id(apply(Reshape(Point(5, 5), box(-5, 0, 12, 8))))
    assert found["F1"].polygon.equals(box(-5, 0, 10, 8))
    assert found["F1"].state == "corrected"
    assert found["F2"] is RIGHT


def test_a_parcel_reshaped_onto_others_only_stays() -> None:
    assert apply(Reshape(Point(5, 5), box(12, 2, 18, 8))) == FIELDS


def test_one_part_is_reshaped_and_the_others_stay() -> None:
    merged = apply(Merge((Point(15, 5), Point(35, 5))))
    found = by_id(apply(Reshape(Point(35, 5), box(30, 0, 50, 10)), parcels=merged))
    assert found["F2"].polygon.area == pytest.approx(300)


@pytest.mark.parametrize(
    "correction",
    [
        AreaRemove(box(50, 50, 60, 60)),
        AreaRemove(box(20, 0, 30, 10)),  # touches two
        Split(LineString([(50, 50), (60, 60)])),
        Split(LineString([(2, 2), (5, 5)])),
        Merge((Point(5, 5), Point(6, 6))),
        Merge((Point(5, 5), Point(50, 50))),
        ParcelDelete(Point(25, 5)),
        Reshape(Point(25, 5), box(22, 0, 28, 5)),
    ],
)
@pytest.mark.parametrize("parcels", [FIELDS, []])
def test_what_hits_nothing_changes_nothing(correction: Correction, parcels: list[Parcel]) -> None:
    found = apply(correction, parcels=parcels)
    assert len(found) == len(parcels)
    assert all(one is other for one, other in zip(found, parcels, strict=True))


def test_ids_stay_when_another_correction_is_undone() -> None:
    first, second = AreaAdd(box(50, 0, 60, 10)), AreaAdd(box(50, 20, 60, 30))
    both, alone = apply(first, second), apply(second)
    assert both[-1].id == alone[-1].id
    assert both[-2].id != both[-1].id


def test_snap_is_a_length() -> None:
    for snap in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="snap"):
            apply(snap=snap)
