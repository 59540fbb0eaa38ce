"""What is wrong with parcels is found, told with its place and size, and put right."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from core.label.corrections import Correction, Repair, apply_corrections
from core.parcels.parcel import Parcel
from core.parcels.topology import Problem, find_problems, recheck
from tests.label.corrections import OVERLAP, corrections, largest_overlap, mosaics, total

BOW = Polygon([(30, 0), (40, 10), (40, 0), (30, 10)])


def parcel(name: str, shape: shapely.Geometry) -> Parcel:
    return Parcel(name, shape, 0.5, "auto")


def two(right: shapely.Geometry) -> list[Parcel]:
    return [parcel("A", box(0, 0, 10, 10)), parcel("B", right)]


def only(parcels: list[Parcel], width: float = 1.0) -> Problem:
    (problem,) = find_problems(parcels, width)
    return problem


def repaired(parcels: list[Parcel], point: Point | None = None, width: float = 1.0):
    found = apply_corrections(parcels, [Repair(point, width)], snap=0.01)
    return {p.id: p for p in found}


def test_sound_parcels_have_no_problems() -> None:
    assert find_problems(two(box(10, 0, 20, 10)), 1.0) == ()
    assert find_problems(two(box(10, -5, 20, 25)), 1.0) == ()  # a corner on the other's edge
    assert find_problems(two(box(11.5, 0, 20, 10)), 1.0) == ()
    assert find_problems([], 1.0) == ()


def test_an_overlap_is_found_and_becomes_the_smaller_ones() -> None:
    parcels = two(box(9, 2, 20, 9))
    problem = only(parcels)
    assert (problem.kind, problem.parcels) == ("overlap", ("A", "B"))
    assert problem.area == pytest.approx(7)
    assert problem.bounds == pytest.approx((9, 2, 10, 9))
    assert box(9, 2, 10, 9).contains(problem.point)
    found = repaired(parcels)
    assert found["B"] is parcels[1]
    assert found["A"].polygon.area == pytest.approx(93)
    assert found["A"].state == "corrected"


def test_a_parcel_within_another_is_kept() -> None:
    found = repaired(two(box(2, 2, 5, 5)))
    assert found["B"].polygon.area == 9
    assert found["A"].polygon.area == pytest.approx(91)


def test_a_gap_is_found_and_becomes_the_larger_ones() -> None:
    parcels = two(box(10.4, 0, 25, 10))
    problem = only(parcels)
    assert (problem.kind, problem.parcels) == ("gap", ("A", "B"))
    assert problem.area == pytest.approx(4, abs=0.01)
    assert 10 <= problem.point.x <= 10.4
    found = repaired(parcels)
    assert found["A"] is parcels[0]
    assert found["B"].polygon.area == pytest.approx(150, abs=0.01)
    assert find_problems(parcels, 0.3) == ()


def test_a_gap_beside_a_part_of_a_long_edge_is_found() -> None:
    long = parcel("L", box(0, -100, 1000, 0))
    short = parcel("S", box(700, 0.5, 720, 30))
    problem = only([long, short])
    assert (problem.kind, problem.area) == ("gap", pytest.approx(10, abs=0.6))


def test_a_third_parcel_in_between_is_no_gap() -> None:
    thin = parcel("T", box(10, 0, 10.9, 10))
    assert [p.kind for p in find_problems([*two(box(10.9, 0, 25, 10)), thin], 2.0)] == ["sliver"]


def test_a_sliver_joins_its_neighbour_or_goes() -> None:
    beside = [parcel("A", box(0, 0, 10, 10)), parcel("S", box(10, 0, 10.5, 10))]
    problem = only(beside)
    assert (problem.kind, problem.parcels, problem.area) == ("sliver", ("S",), 5)
    found = repaired(beside)
    assert set(found) == {"A"}
    assert found["A"].polygon.area == pytest.approx(105)
    assert repaired([parcel("S", box(50, 0, 50.5, 10))]) == {}


def test_a_thin_part_of_a_parcel_goes_alone() -> None:
    parts = shapely.MultiPolygon([box(0, 0, 10, 10), box(20, 0, 20.5, 10)])
    assert repaired([parcel("A", parts)])["A"].polygon.equals(box(0, 0, 10, 10))


def test_an_outline_that_crosses_itself_becomes_what_it_goes_round() -> None:
    problem = only([parcel("X", BOW)])
    assert (problem.kind, problem.area) == ("invalid", pytest.approx(50))
    found = repaired([parcel("X", BOW)])["X"].polygon
    assert found.is_valid
    assert found.area == pytest.approx(50)


def test_one_problem_is_put_right_and_the_others_stay() -> None:
    far = [parcel("C", box(100, 0, 110, 10)), parcel("D", box(110.4, 0, 125, 10))]
    parcels = [*two(box(10.4, 0, 25, 10)), *far]
    first, second = find_problems(parcels, 1.0)
    found = list(repaired(parcels, second.point).values())
    assert [p.parcels for p in find_problems(found, 1.0)] == [first.parcels]
    assert found[0] is parcels[0]
    nowhere = repaired(parcels, Point(500, 500))
    assert all(nowhere[p.id] is p for p in parcels)


def test_only_what_is_near_a_change_is_looked_at_again() -> None:
    gaps = [
        parcel(f"{x}{side}", box(x * 100 + left, 0, x * 100 + right, 10))
        for x in range(20)
        for side, left, right in (("a", 0, 10), ("b", 10.4, 25))
    ]
    before = recheck(None, gaps, 1.0)
    assert len(before.problems) == 20
    assert recheck(before, gaps, 1.0).problems == before.problems
    fewer = [p for p in gaps if p.id != "3a"]
    after = recheck(before, fewer, 1.0)
    assert set(after.problems) == set(before.problems) - {before.problems[3]}
    kept = [p for p in after.problems if any(p is one for one in before.problems)]
    assert len(kept) >= 17
    assert recheck(before, gaps, 0.3).problems == ()


@settings(max_examples=40, deadline=None)
@given(mosaics(), st.lists(corrections, min_size=1, max_size=3), st.floats(0.2, 3))
def test_looking_again_finds_what_looking_at_all_finds(
    parcels: list[Parcel], edits: list[Correction], width: float
) -> None:
    checked = recheck(None, parcels, width)
    for edit in edits:
        parcels = apply_corrections(parcels, [edit], snap=0.01)
        checked = recheck(checked, parcels, width)
    whole = find_problems(parcels, width)
    assert list(map(told, checked.problems)) == list(map(told, whole))


def told(problem: Problem) -> tuple[str, tuple[str, ...]]:
    return problem.kind, problem.parcels


@settings(max_examples=40, deadline=None)
@given(mosaics(), st.floats(0.2, 3), st.integers(0, 1000))
def test_repair_leaves_sound_parcels(parcels: list[Parcel], width: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shaken = [
        parcel(p.id, shapely.affinity.translate(p.polygon, *rng.uniform(-width / 3, width / 3, 2)))
        for p in parcels
    ]
    found = list(repaired(shaken, width=width).values())
    assert all(p.polygon.is_valid for p in found)
    assert largest_overlap(found) < OVERLAP
    assert {p.kind for p in find_problems(found, width)} <= {"gap"}
    assert len(find_problems(found, width)) <= len(find_problems(shaken, width))
    assert total(found) <= shapely.union_all([p.polygon for p in shaken]).area * 1.2
