"""What no correction may ever do, on mosaics of touching fields."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Correction,
    Merge,
    Reshape,
    Split,
    apply_corrections,
)
from core.parcels.parcel import Parcel
from core.parcels.shapes import inner_point
from tests.label.corrections import (
    OVERLAP,
    SNAP,
    by_id,
    corrections,
    cover,
    largest_overlap,
    lasso_area,
    lassos,
    lines,
    mosaics,
    signatures,
    tolerance,
    total,
)


@settings(max_examples=150, deadline=None)
@given(
    mosaics(),
    st.lists(corrections | signatures, min_size=1, max_size=6),
    st.sampled_from([SNAP, 1.0, 0.0]),
)
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
@example(  # the line cuts off a piece that meets the others in corners alone
    [Parcel("F0", Polygon([(40, 0), (0, 0), (0, 83), (7, 77)]), 0.5, "auto")],
    LineString([(2, 0), (0, 2), (1, 0), (0, 1)]),
    1.0,
)
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


def test_many_corrections_on_many_parcels() -> None:
    """More changes than the index keeps beside its tree; one by one they are the same."""
    corners = [(x, y) for x in range(0, 300, 10) for y in range(0, 300, 10)]
    parcels = [
        Parcel(f"F{x}_{y}", box(x, y, x + 9, y + 9).segmentize(1), 0.5, "auto") for x, y in corners
    ]
    edits: list[Correction] = []
    for x, y in np.random.default_rng(0).uniform(0, 270, (20, 2)):
        edits.append(AreaAdd(box(x, y, x + 30, y + 7)))
        edits.append(AreaRemove(Point(x, y).buffer(20)))
        edits.append(Split(LineString([(x, y), (x + 60, y + 50)])))
        edits.append(Merge((Point(x, y), Point(x + 10, y))))
        edits.append(Reshape(Point(x, y), Point(x, y).buffer(9)))
    found = apply_corrections(parcels, edits, snap=1.0)
    assert largest_overlap(found) < OVERLAP
    stepwise = parcels
    for edit in edits:
        stepwise = apply_corrections(stepwise, [edit], snap=1.0)
    assert stepwise == found
