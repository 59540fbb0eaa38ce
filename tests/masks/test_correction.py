"""Corrections on parcels: what each does, and what none may ever do."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from core.errors import InputError
from core.masks.correction import (
    AreaAdd,
    AreaRemove,
    Correction,
    Judge,
    LandClass,
    Merge,
    Parcel,
    ParcelDelete,
    Reclassify,
    Reshape,
    Split,
    apply_corrections,
    brush,
    correction_from_json,
    correction_to_json,
)
from core.masks.correction_shapes import inner_point
from core.masks.correction_types import ParcelVerdict

SNAP = 0.01
SIZE = 100.0
OVERLAP = 1e-7  # what rounding may make two fields of this size share
LEFT = Parcel("F1", box(0, 0, 10, 10), 0.9, "auto")
RIGHT = Parcel("F2", box(10, 0, 20, 10), 0.5, "auto")
FAR = Parcel("F3", box(30, 0, 40, 10), math.nan, "auto")
FIELDS = [LEFT, RIGHT, FAR]


def apply(*corrections: Correction, parcels: list[Parcel] | None = None, snap: float = 0.5):
    return apply_corrections(FIELDS if parcels is None else parcels, corrections, snap=snap)


def by_id(parcels: list[Parcel]) -> dict[str, Parcel]:
    assert len({p.id for p in parcels}) == len(parcels)
    return {p.id: p for p in parcels}


def cover(parcels: list[Parcel]) -> shapely.Geometry:
    return shapely.union_all([p.polygon for p in parcels])


def total(parcels: list[Parcel]) -> float:
    return sum(p.polygon.area for p in parcels)


# What each correction does


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


# Drawings of a person


def test_a_lasso_that_crosses_itself_counts_what_it_goes_round() -> None:
    eight = Polygon([(50, 0), (60, 10), (60, 0), (50, 10)])
    assert sorted(p.polygon.area for p in apply(AreaAdd(eight))[3:]) == pytest.approx([25, 25])
    # It ends beyond its start: what is covered twice is inside too.
    twice = Polygon([(50, 0), (60, 0), (60, 10), (50, 10), (50, 0), (60, 0), (60, 10), (50, 5)])
    assert apply(AreaAdd(twice))[3].polygon.area == pytest.approx(100)


def test_an_outline_may_run_along_a_line_and_back() -> None:
    spur = Polygon([(50, 0), (60, 0), (60, 10), (70, 10), (60, 10), (50, 10)])
    assert apply(AreaAdd(spur))[3].polygon.equals(box(50, 0, 60, 10))


@pytest.mark.parametrize(
    "refused",
    [
        lambda: AreaAdd(Polygon([(0, 0), (1, 1), (2, 2)])),
        lambda: AreaRemove(Polygon([(0, 0), (1, 1), (0, 0)])),
        lambda: AreaAdd(Polygon()),
        lambda: AreaAdd(Polygon([(0, 0), (1, 1), (math.nan, 2)])),
        lambda: AreaAdd(Point(0, 0).buffer(1, quad_segs=6000)),
        lambda: Split(LineString([(1, 1), (1, 1)])),
        lambda: Split(LineString([(1, 1), (math.inf, 1)])),
        lambda: Merge((Point(1, 1), Point(1, 1))),
        lambda: Merge(()),
        lambda: ParcelDelete(Point()),
        lambda: Reshape(Point(0, 0), Polygon([(0, 0), (1, 0), (2, 0)])),
        lambda: brush(LineString([(0, 0), (1, 1)]), 0.0),
        lambda: brush(LineString([(0, 0), (1, 1)]), math.nan),
        lambda: brush(LineString(), 1.0),
    ],
)
def test_drawings_of_which_nothing_remains_are_refused_in_a_sentence(refused: Any) -> None:
    with pytest.raises(InputError) as caught:
        refused()
    assert caught.value.message.endswith(".")


def test_a_brush_covers_its_stroke() -> None:
    line = LineString([(0, 0), (10, 0), (10, 10)])
    area = brush(line, 2.0)
    assert area.is_valid
    assert area.covers(line.buffer(1.9))
    assert line.buffer(2.1, quad_segs=64).covers(area)
    dab = brush(LineString([(3, 3), (3, 3)]), 2.0)
    assert dab.area == pytest.approx(math.pi * 4, rel=0.02)


def test_a_long_shaky_stroke_has_few_points() -> None:
    x = np.linspace(0, 300, 5000)
    shaky = LineString(np.column_stack([x, np.sin(x) * 0.1]))
    assert shapely.get_num_coordinates(brush(shaky, 10.0)) < 200


# Properties, on mosaics of touching fields

positions = st.tuples(st.floats(-10, SIZE + 10), st.floats(-10, SIZE + 10))


@st.composite
def mosaics(draw: st.DrawFn) -> list[Parcel]:
    """Touching convex fields with gaps where fields are missing; some have holes."""
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    seeds = shapely.multipoints(generator.uniform(0, SIZE, (draw(st.integers(3, 25)), 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=box(0, 0, SIZE, SIZE)))
    parcels = []
    for number, cell in enumerate(shapely.intersection(cells, box(0, 0, SIZE, SIZE))):
        chance = generator.random()
        hole = cell.centroid.buffer(1.0)
        hole = hole if chance > 0.8 and cell.contains_properly(hole) else Polygon()
        if chance > 0.2 and cell.area > 1:
            parcels.append(Parcel(f"F{number}", cell - hole, float(chance), "auto"))
    return parcels


@st.composite
def lassos(draw: st.DrawFn) -> Polygon:
    """Any closed line through a few points: most cross themselves."""
    ring = Polygon(draw(st.lists(positions, min_size=3, max_size=9)))
    return ring if ring.buffer(0).area > 1 else brush(LineString(ring.exterior), 1.0)


@st.composite
def lines(draw: st.DrawFn) -> LineString:
    line = LineString(draw(st.lists(positions, min_size=2, max_size=6)))
    return line if line.length > 0.1 else LineString([(0, 0), (SIZE, SIZE)])


points = positions.map(Point)
corrections = st.one_of(
    st.builds(AreaAdd, lassos()),
    st.builds(AreaRemove, lassos()),
    st.builds(AreaAdd, st.builds(brush, lines(), st.floats(0.1, 10))),
    st.builds(AreaRemove, st.builds(brush, lines(), st.floats(0.1, 10))),
    st.builds(Split, lines()),
    st.builds(Merge, st.lists(points, min_size=2, max_size=4, unique=True).map(tuple)),
    st.builds(ParcelDelete, points),
    st.builds(Reshape, points, lassos()),
    st.builds(
        Reclassify,
        points,
        st.sampled_from(get_args(LandClass)),
        st.sampled_from(["", "a meadow, Ödland 草地"]),
    ),
    st.builds(Judge, points, st.sampled_from(get_args(ParcelVerdict))),
)


def largest_overlap(parcels: list[Parcel]) -> float:
    shapes = np.array([p.polygon for p in parcels], dtype=object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    overlaps = shapely.area(
        shapely.intersection(shapes[one[pairs]], shapes[other[pairs]], grid_size=2**-33)
    )
    return float(overlaps.max(initial=0.0))


def lasso_area(area: Polygon) -> shapely.Geometry:
    """What a lasso goes round, found another way: as the parcels it makes on empty land."""
    return cover(apply_corrections([], [AreaAdd(area)], snap=0.0))


def tolerance(area: Polygon, parcels: list[Parcel]) -> float:
    """What slivers and hair-thin parts may hold along the borders."""
    length = area.length + sum(p.polygon.length for p in parcels)
    return 0.02 * SNAP * length + 100 * SNAP**2


@settings(max_examples=150, deadline=None)
@given(mosaics(), st.lists(corrections, min_size=1, max_size=6), st.sampled_from([SNAP, 1.0, 0.0]))
def test_whatever_a_person_does_parcels_stay_sound(
    parcels: list[Parcel], edits: list[Correction], snap: float
) -> None:
    found = apply_corrections(parcels, edits, snap=snap)
    by_id(found)
    known = {id(p) for p in parcels}
    for parcel in found:
        assert parcel.polygon.is_valid
        assert parcel.polygon.geom_type in ("Polygon", "MultiPolygon")
        if parcel.edited:
            assert id(parcel) not in known
            assert parcel.polygon.area >= snap**2
            assert parcel.polygon.area > 0
    assert largest_overlap(found) < OVERLAP
    assert apply_corrections(parcels, edits, snap=snap) == found


@settings(max_examples=80, deadline=None)
@given(mosaics(), st.lists(corrections, min_size=2, max_size=6))
def test_one_by_one_is_the_same_as_at_once(parcels: list[Parcel], edits: list[Correction]) -> None:
    stepwise = parcels
    for edit in edits:
        stepwise = apply_corrections(stepwise, [edit], snap=SNAP)
    assert stepwise == apply_corrections(parcels, edits, snap=SNAP)


@settings(max_examples=100, deadline=None)
@given(mosaics(), lassos())
def test_adding_covers_what_was_there_and_the_area(parcels: list[Parcel], area: Polygon) -> None:
    found = apply_corrections(parcels, [AreaAdd(area)], snap=SNAP)
    wanted = cover(parcels) | lasso_area(area)
    assert (cover(found) ^ wanted).area < tolerance(area, parcels)
    assert total(found) == pytest.approx(wanted.area, abs=tolerance(area, parcels))
    kept = by_id(found)
    changed = [p for p in parcels if kept[p.id] is not p]
    assert len(changed) <= 1


@settings(max_examples=100, deadline=None)
@given(mosaics(), lassos())
def test_removing_leaves_what_was_there_outside_the_area(
    parcels: list[Parcel], area: Polygon
) -> None:
    found = apply_corrections(parcels, [AreaRemove(area)], snap=SNAP)
    wanted = cover(parcels) - lasso_area(area)
    assert (cover(found) ^ wanted).area < tolerance(area, parcels)
    assert total(found) == pytest.approx(wanted.area, abs=tolerance(area, parcels))
    assert all(p.polygon.geom_type == "Polygon" for p in found)


@settings(max_examples=100, deadline=None)
@given(mosaics(), lines(), st.sampled_from([SNAP, 1.0]))
def test_splitting_preserves_the_area_and_merging_brings_it_back(
    parcels: list[Parcel], line: LineString, snap: float
) -> None:
    split = apply_corrections(parcels, [Split(line)], snap=snap)
    assert total(split) == pytest.approx(total(parcels), rel=1e-8)
    assert (cover(split) ^ cover(parcels)).area < 1e-6
    for parcel in parcels:
        pieces = [p for p in split if p.id.startswith(f"{parcel.id}.")]
        if not pieces:
            continue
        assert sum(p.polygon.area for p in pieces) == pytest.approx(parcel.polygon.area, rel=1e-8)
        inside = tuple(inner_point(p.polygon) for p in pieces)
        merged = by_id(apply_corrections(split, [Merge(inside)], snap=SNAP))
        (back,) = [p for name, p in merged.items() if name.startswith(f"{parcel.id}.")]
        # Cut lines may end at a wedge, which is a small gap between the pieces.
        assert back.polygon.area == pytest.approx(parcel.polygon.area, abs=20 * SNAP**2)
        assert isinstance(back.polygon, Polygon)


@given(corrections)
@settings(max_examples=100, deadline=None)
def test_corrections_survive_json(correction: Correction) -> None:
    kind, data = correction_to_json(correction)
    assert correction_from_json(kind, json.loads(json.dumps(data))) == correction


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=20,
)
KEYS = ["ring", "holes", "line", "points", "point", "rings", "radius", "add"]
KEYS += ["land_class", "verdict", "reason"]
KINDS = [
    *("area_add", "area_remove", "brush", "split", "merge", "parcel_delete", "reshape"),
    *("reclassify", "parcel_verdict", "dance"),
]
loose = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)).map(list), max_size=5)


@given(
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(KEYS), json_values | loose | st.lists(loose, max_size=3)),
)
@settings(max_examples=300, deadline=None)
def test_anything_else_is_refused(kind: str, data: dict[str, Any]) -> None:
    try:
        correction = correction_from_json(kind, data)
    except InputError:
        return
    apply(correction)


def test_a_browsers_edits_are_understood() -> None:
    ring = [[50, 0], [60, 0], [60, 10], [50, 10]]  # open, whole numbers
    added = correction_from_json("area_add", {"kind": "area_add", "ring": ring})
    assert isinstance(added, AreaAdd)
    assert added.area.equals(box(50, 0, 60, 10))
    stroke = {"line": [[0, 0], [5, 5]], "radius": 2, "add": False}
    assert isinstance(correction_from_json("brush", stroke), AreaRemove)
    dab = correction_from_json("brush", {"line": [[5, 5]], "radius": 2, "add": True})
    assert isinstance(dab, AreaAdd)
    rings = {"point": [5, 5], "rings": [ring, [[52, 2], [54, 2], [54, 4]]]}
    reshaped = correction_from_json("reshape", rings)
    assert isinstance(reshaped, Reshape)
    assert reshaped.polygon.area == pytest.approx(98)


@pytest.mark.parametrize("correction", [AreaAdd, AreaRemove])
def test_an_area_keeps_its_holes(correction: type[AreaAdd | AreaRemove]) -> None:
    loop = brush(LineString([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)]), 1.0)
    assert len(loop.interiors) == 1
    assert correction_from_json(*correction_to_json(correction(loop))) == correction(loop)


def test_a_field_split_along_an_old_cut_does_not_grow() -> None:
    # The loop's face outside the field has no width where GEOS looks for a point inside it.
    field = Polygon(
        [
            (23.908255451322614, 68.02345102263428),
            (34.08173970237445, 72.39034186929277),
            (39.49201916543154, 72.21628109299598),
            (36.9364530470702, 34.73464469036297),
            (33.1652137395451, 32.02416879065794),
        ]
    )
    old = LineString([(18, 91), (42, 109), (36, 21), (18, 91)])
    parcels = [Parcel("F", field, 1.0, "auto")]
    found = apply(Split(old), parcels=parcels, snap=SNAP)
    assert total(found) == pytest.approx(field.area)
    assert largest_overlap(found) < OVERLAP


@pytest.mark.parametrize("seed", range(40))
def test_splits_along_old_cuts_preserve_the_area(seed: int) -> None:
    generator = np.random.default_rng(seed)
    seeds = shapely.multipoints(generator.uniform(0, SIZE, (12, 2)))
    cells = shapely.voronoi_polygons(seeds, extend_to=box(0, 0, SIZE, SIZE)).geoms
    parcels = [Parcel(str(i), cell, 1.0, "auto") for i, cell in enumerate(cells)]
    line = generator.integers(-10, 110, (3, 2)).astype(float)
    cuts = [Split(LineString(line)), Split(LineString(np.vstack([line, line[:1]])))]
    found = apply_corrections(parcels, cuts, snap=SNAP)
    assert total(found) == pytest.approx(total(parcels), rel=1e-8)
    assert largest_overlap(found) < OVERLAP


def test_borders_that_are_the_same_but_for_rounding_are_told_apart() -> None:
    # On plain doubles GEOS takes these two fields, which share a border, for 415 overlapping.
    left = [(0, 31.571275829833205), (0, 55.963761199386475)]
    left += [(35.79332596688199, 50.522990622137534), (30.537284956390145, 44.80973776370622)]
    below = [(85.4727922007727, 5.035428384864446), (91.66252210045073, 0)]
    below += [(4.3080118365360445, 0), (29.020546468690657, 17.871873206600284)]
    parcels = [Parcel(str(i), Polygon(ring), 1.0, "auto") for i, ring in enumerate([left, below])]
    area = Polygon([(0, 0), (0, 56), (18, 0.00390625)])
    found = apply(AreaAdd(area), AreaAdd(area), parcels=parcels, snap=SNAP)
    assert largest_overlap(found) < OVERLAP
    assert by_id(found)["1"] is parcels[1]
    wanted = area.area + total(parcels)
    wanted -= sum(area.intersection(p.polygon).area for p in parcels)
    assert total(found) == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize(
    ("scale", "x", "y"),
    [(0.5, 500_000.0, 5_400_000.0), (5e-6, -91.97, 60.3), (1.0, 9000.0, 9000.0)],
)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_metres_degrees_and_far_pixels_work_as_well(
    scale: float, x: float, y: float, data: st.DataObject
) -> None:
    def placed(shape: Any) -> Any:
        return shapely.transform(shape, lambda xy: xy * scale + [x, y])

    near = data.draw(mosaics())
    area, line = data.draw(lassos()), data.draw(lines())
    parcels = [replace(p, polygon=placed(p.polygon)) for p in near]
    moved = [AreaAdd(placed(area)), Split(placed(line)), AreaRemove(placed(brush(line, 2.0)))]
    found = apply_corrections(parcels, moved, snap=scale)
    here = apply_corrections(
        near, [AreaAdd(area), Split(line), AreaRemove(brush(line, 2.0))], snap=1
    )
    assert all(p.polygon.is_valid for p in found)
    shapes = [shapely.transform(p.polygon, lambda xy: (xy - [x, y]) / scale) for p in found]
    assert sum(s.area for s in shapes) == pytest.approx(total(here), abs=5.0)
    overlap = sum(s.area for s in shapes) - shapely.union_all(shapes, grid_size=2**-15).area
    assert abs(overlap) < 0.5


# Speed


def test_ten_thousand_parcels_and_a_hundred_corrections_are_quick() -> None:
    corners = [(x, y) for x in range(0, 1000, 10) for y in range(0, 1000, 10)]
    parcels = [
        Parcel(f"F{x}_{y}", box(x, y, x + 9, y + 9).segmentize(1), 0.5, "auto") for x, y in corners
    ]
    edits: list[Correction] = []
    for x, y in np.random.default_rng(0).uniform(0, 900, (20, 2)):
        edits.append(AreaAdd(box(x, y, x + 30, y + 7)))
        edits.append(AreaRemove(Point(x, y).buffer(20)))
        edits.append(Split(LineString([(x, y), (x + 60, y + 50)])))
        edits.append(Merge((Point(x, y), Point(x + 10, y))))
        edits.append(Reshape(Point(x, y), Point(x, y).buffer(9)))
    start = time.process_time()
    found = apply_corrections(parcels, edits, snap=1.0)
    assert time.process_time() - start < 4.0  # 0.7 s on one quiet core
    assert largest_overlap(found) < OVERLAP
