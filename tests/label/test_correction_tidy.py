"""Smoothing, filling and snapping: borders move together, and nobody loses land to them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from core.label.corrections import FillHoles, Smooth, SnapToNeighbours, apply_corrections
from core.parcels.parcel import Parcel
from tests.label.corrections import OVERLAP, SIZE, by_id, cover, largest_overlap, mosaics, total

RING = Polygon(box(0, 0, 20, 20).exterior.coords, [box(4, 4, 10, 10).exterior.coords])


def parcel(name: str, shape: shapely.Geometry) -> Parcel:
    return Parcel(name, shape, 0.5, "auto")


def apply(parcels, *corrections, extent=None):
    return by_id(apply_corrections(parcels, corrections, snap=0.1, extent=extent))


def zigzag() -> list[Parcel]:
    """Two fields with a common border that goes up and down by 0.8."""
    border = [(float(x), 50 + 0.8 * (x % 2)) for x in range(101)]
    below = Polygon([(0, 0), (100, 0), *border[::-1]])
    above = Polygon([(0, 100), (100, 100), *border[::-1]])
    return [parcel("A", below), parcel("B", above)]


@pytest.mark.parametrize("place", [None, Point(50, 10)])
def test_a_common_border_is_smoothed_for_both(place: Point | None) -> None:
    found = apply(zigzag(), Smooth(place, 1.0))
    assert found["A"].polygon.equals(box(0, 0, 100, 50))
    assert found["B"].polygon.equals(box(0, 50, 100, 100))
    assert {p.state for p in found.values()} == {"corrected"}


def test_corners_of_a_field_stay_and_bends_are_rounded() -> None:
    bent = Polygon([(0, 0), (40, 10), (80, 0), (80, 50), (0, 50)])
    found = apply([parcel("A", bent)], Smooth(None, 2.0))["A"].polygon
    corners = {(0.0, 0.0), (80.0, 0.0), (80.0, 50.0), (0.0, 50.0)}
    assert corners <= set(found.exterior.coords)
    assert (40.0, 10.0) not in found.exterior.coords
    assert len(found.exterior.coords) > len(bent.exterior.coords)
    assert found.hausdorff_distance(bent) < 3.0


def test_borders_along_the_edge_of_the_tile_stay_there() -> None:
    edge = box(0, 0, 100, 100)
    jagged = Polygon([(0, 0), (50, 0), (51, 20), (49, 40), (51, 60), (49, 80), (50, 100), (0, 100)])
    small_step = Polygon([(0, 0), (1, 0), (30, 0.6), (30, 20), (0, 20)])
    found = apply([parcel("A", jagged)], Smooth(None, 3.0), extent=edge)["A"].polygon
    assert found.boundary.intersection(edge.boundary).length == pytest.approx(200)
    found = apply([parcel("A", small_step)], Smooth(None, 1.0), extent=edge)["A"].polygon
    assert found.boundary.intersection(edge.boundary).length == pytest.approx(21)


def test_what_is_too_small_to_be_smoothed_stays() -> None:
    tiny = parcel("T", box(0, 0, 3, 3))
    assert apply([tiny], Smooth(None, 2.0))["T"] is tiny


@settings(max_examples=60, deadline=None)
@given(mosaics(), st.floats(0.1, 5), st.none() | st.just(Point(50, 50)))
def test_smoothing_moves_borders_no_further_than_told(parcels, tolerance, place) -> None:
    found = apply(parcels, Smooth(place, tolerance), extent=box(0, 0, SIZE, SIZE))
    assert set(found) <= {p.id for p in parcels}
    assert largest_overlap(list(found.values())) < OVERLAP
    length = sum(p.polygon.length for p in parcels)
    assert (cover(parcels) ^ cover(list(found.values()))).area <= 1.6 * tolerance * length
    for before in parcels:
        after = found.get(before.id)
        if after is not None and after is not before:
            assert before.polygon.buffer(1.6 * tolerance).covers(after.polygon)


def test_a_hole_is_filled_up_to_its_area() -> None:
    ring = [parcel("A", RING)]
    assert apply(ring, FillHoles(None, None))["A"].polygon.equals(box(0, 0, 20, 20))
    assert apply(ring, FillHoles(Point(1, 1), 36.0))["A"].polygon.equals(box(0, 0, 20, 20))
    assert apply(ring, FillHoles(None, 35.0))["A"] is ring[0]
    assert apply(ring, FillHoles(Point(50, 50), None))["A"] is ring[0]


def test_a_parcel_within_the_hole_keeps_its_land() -> None:
    both = [parcel("A", RING), parcel("B", box(4, 4, 10, 10))]
    assert apply(both, FillHoles(None, None)) == by_id(both)
    inner = [both[0], parcel("B", box(5, 5, 9, 9) - box(6, 6, 7, 7))]
    found = apply(inner, FillHoles(None, None))
    assert found["B"].polygon.equals(box(5, 5, 9, 9))
    assert found["A"].polygon.area == pytest.approx(400 - 16)


def test_a_gap_to_the_neighbours_is_closed() -> None:
    parcels = [
        parcel("A", box(0, 0, 10, 10)),
        parcel("B", box(10.4, 0, 20, 10)),
        parcel("C", box(0, 10.3, 20, 20)),
    ]
    found = apply(parcels, SnapToNeighbours(Point(5, 5), 1.0))
    assert found["B"] is parcels[1]
    assert found["C"] is parcels[2]
    assert found["A"].polygon.area == pytest.approx(100 + 4 + 3)
    assert found["A"].polygon.bounds == pytest.approx((0, 0, 10.4, 10.3))
    assert largest_overlap(list(found.values())) < OVERLAP
    assert apply(parcels, SnapToNeighbours(Point(5, 5), 0.2))["A"] is parcels[0]
    assert apply(parcels, SnapToNeighbours(Point(50, 5), 9.0)) == by_id(parcels)


def test_land_of_a_neighbour_is_given_back() -> None:
    parcels = [parcel("A", box(0, 0, 10.5, 10)), parcel("B", box(10, 0, 20, 10))]
    found = apply(parcels, SnapToNeighbours(Point(5, 5), 1.0))
    assert found["A"].polygon.equals(box(0, 0, 10, 10))


@settings(max_examples=60, deadline=None)
@given(mosaics(), st.floats(0.1, 5), st.floats(0.2, 3))
def test_snapping_takes_from_nobody(parcels, tolerance, width) -> None:
    slit = shapely.buffer(shapely.LineString([(0, 0), (SIZE, SIZE)]), width / 2)
    cut = [parcel(p.id, p.polygon - slit) for p in parcels]
    cut = [p for p in cut if isinstance(p.polygon, Polygon) and p.polygon.area > 1]
    for one in cut:
        found = apply(cut, SnapToNeighbours(one.polygon.representative_point(), tolerance))
        changed = [p for p in cut if found[p.id] is not p]
        assert changed in ([], [one])
        assert found[one.id].polygon.area >= one.polygon.area - 1e-3
        assert largest_overlap(list(found.values())) < OVERLAP
        grown = total(list(found.values())) - total(cut)
        assert grown <= tolerance * one.polygon.length


def test_what_was_snapped_needs_no_second_time() -> None:
    rng = np.random.default_rng(1)
    teeth = [(10.0 - float(x), float(y)) for y, x in enumerate(rng.uniform(0, 0.4, 11))]
    parcels = [
        parcel("A", Polygon([(0, 0), *teeth, (0, 10)])),
        parcel("B", box(10, 0, 20, 10)),
    ]
    once = apply(parcels, SnapToNeighbours(Point(5, 5), 1.0))["A"]
    twice = apply(parcels, *[SnapToNeighbours(Point(5, 5), 1.0)] * 2)["A"]
    assert twice.polygon.area == pytest.approx(once.polygon.area, abs=1e-3)
    assert once.polygon.area == pytest.approx(100, abs=0.05)
