"""A border that is moved is moved for all whose border it is."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from core.errors import InputError
from core.label.corrections import MoveBorder, apply_corrections
from core.parcels.parcel import Parcel
from tests.label.corrections import largest_overlap, mosaics

SNAP = 0.5


def parcel(name: str, shape: Polygon | MultiPolygon) -> Parcel:
    return Parcel(name, shape, 0.9, "auto")


def moved(shape: Polygon, **corners: tuple[float, float]) -> MoveBorder:
    """A border of which the corners at some numbers are elsewhere: ``c1=(12, 0)``."""
    ring = [list(xy) for xy in shape.exterior.coords[:-1]]
    for number, place in corners.items():
        ring[int(number[1:])] = list(place)
    before = Polygon(shape.exterior.coords[:-1], shape.interiors)
    return MoveBorder(shape.representative_point(), Polygon(ring, shape.interiors), before)


def after(edit: MoveBorder, *parcels: Parcel, extent: Polygon | None = None) -> dict[str, Polygon]:
    made = apply_corrections(list(parcels), [edit], snap=SNAP, extent=extent)
    assert largest_overlap(made) < 1e-6
    return {one.id: one.polygon for one in made}


WEST, EAST = box(0, 0, 40, 40), box(40, 0, 80, 40)
# box: 0 right bottom, 1 right top, 2 left top, 3 left bottom
NORTH = box(0, 40, 80, 80)


def test_the_neighbour_gets_what_the_parcel_loses_and_gives_what_it_gains() -> None:
    edit = moved(WEST, c0=(30, 0), c1=(50, 40))
    found = after(edit, parcel("W", WEST), parcel("E", EAST))
    assert found["W"].equals(Polygon([(30, 0), (50, 40), (0, 40), (0, 0)]))
    assert found["E"].equals(Polygon([(30, 0), (80, 0), (80, 40), (50, 40)]))


def test_where_three_meet_the_corner_moves_for_all_and_every_side_stays_one_line() -> None:
    edit = moved(WEST, c1=(35, 44))
    found = after(edit, parcel("W", WEST), parcel("E", EAST), parcel("N", NORTH))
    assert found["W"].equals(Polygon([(40, 0), (35, 44), (0, 40), (0, 0)]))
    assert found["E"].equals(Polygon([(40, 0), (80, 0), (80, 40), (35, 44)]))
    # It had no corner there.
    assert found["N"].equals(Polygon([(0, 40), (35, 44), (80, 40), (80, 80), (0, 80)]))
    assert shapely.union_all(list(found.values())).area == pytest.approx(6400)


def test_what_only_touches_elsewhere_is_the_same_object() -> None:
    far, beside = parcel("F", box(80, 0, 99, 40)), parcel("S", box(0, -40, 40, 0))
    made = apply_corrections(
        [parcel("W", WEST), parcel("E", EAST), far, beside], [moved(WEST, c1=(44, 40))], snap=SNAP
    )
    assert made[2] is far
    assert made[3] is beside
    assert [one.state for one in made] == ["corrected", "corrected", "auto", "auto"]


def test_a_corner_that_lies_on_the_moved_side_goes_along() -> None:
    upper, lower = box(40, 20, 80, 40), box(40, 0, 80, 20)
    found = after(
        moved(WEST, c0=(44, 0), c1=(36, 40)),
        parcel("W", WEST),
        parcel("U", upper),
        parcel("L", lower),
    )
    assert found["U"].equals(Polygon([(36, 40), (40, 20), (80, 20), (80, 40)]))
    assert found["L"].equals(Polygon([(44, 0), (80, 0), (80, 20), (40, 20)]))


def test_a_new_corner_is_dragged_out_of_a_side() -> None:
    ring = [(40, 0), (40, 20), (40, 40), (0, 40), (0, 0)]
    bent = [(40, 0), (50, 20), (40, 40), (0, 40), (0, 0)]
    edit = MoveBorder(Point(5, 5), Polygon(bent), Polygon(ring))
    found = after(edit, parcel("W", WEST), parcel("E", EAST))
    assert found["W"].equals(Polygon(bent))
    assert found["E"].equals(Polygon([(40, 0), (80, 0), (80, 40), (40, 40), (50, 20)]))


def test_a_corner_that_is_taken_away_goes_for_both() -> None:
    bent = Polygon([(40, 0), (50, 20), (40, 40), (0, 40), (0, 0)])
    beside = Polygon([(40, 0), (80, 0), (80, 40), (40, 40), (50, 20)])
    left = Polygon([(40, 0), (40, 40), (0, 40), (0, 0)])
    edit = MoveBorder(Point(5, 5), left, left)
    found = after(edit, parcel("W", bent), parcel("E", beside))
    assert found["W"].equals(WEST)
    assert found["E"].equals(EAST)


def test_a_hole_and_the_parcel_in_it_move_together() -> None:
    pond = box(10, 10, 20, 20)
    ring = Polygon(WEST.exterior.coords, [pond.exterior.coords])
    wider = [(20, 10), (24, 24), (10, 20), (10, 10)]
    edit = MoveBorder(Point(5, 5), Polygon(WEST.exterior.coords, [wider]), ring)
    found = after(edit, parcel("W", ring), parcel("P", pond))
    assert found["P"].equals(Polygon(wider))
    assert found["W"].area + found["P"].area == pytest.approx(1600)


def test_it_gives_way_to_parcels_with_which_it_had_no_border() -> None:
    far = box(60, 0, 80, 40)
    found = after(moved(WEST, c0=(70, 0), c1=(70, 40)), parcel("W", WEST), parcel("F", far))
    assert found["F"].equals(far)
    assert found["W"].equals(box(0, 0, 60, 40))


def test_a_border_that_was_not_that_of_the_parcel_moves_nothing() -> None:
    edit = moved(box(0, 0, 30, 30), c0=(36, 0))
    assert after(edit, parcel("W", WEST), parcel("E", EAST)) == {"W": WEST, "E": EAST}


def test_what_lies_beyond_the_tile_does_not_count() -> None:
    extent = box(0, 0, 100, 30)
    seen = box(0, 0, 40, 30)
    found = after(moved(seen, c0=(30, 0)), parcel("W", WEST), parcel("E", EAST), extent=extent)
    assert found["W"].intersection(extent).equals(Polygon([(30, 0), (40, 30), (0, 30), (0, 0)]))
    gained = found["E"].intersection(extent).difference(EAST)
    assert gained.equals(Polygon([(30, 0), (40, 30), (40, 0)]))


def test_corners_that_do_not_match_are_refused() -> None:
    with pytest.raises(InputError, match="do not match"):
        MoveBorder(Point(5, 5), WEST, Polygon([(0, 0), (40, 0), (40, 40)]))


# Many mosaics have an edge of a fraction of a pixel, of which nobody can tell the corners apart.
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(mosaics(), st.data())
def test_a_coverage_stays_one_and_the_way_back_leads_to_it(
    parcels: list[Parcel], data: st.DataObject
) -> None:
    """For any corner that goes a little way in any direction, crossing no other border."""
    if not parcels:
        return
    own = data.draw(st.sampled_from(parcels))
    corners = np.array(own.polygon.exterior.coords[:-1])
    number = data.draw(st.integers(0, len(corners) - 1))
    away = [shapely.distance(side, Point(corners[number])) for side in _sides(parcels)]
    room = min(distance for distance in away if distance > 1e-6)
    # Nearer than that, a corner lies on the other border, or is taken for its neighbour.
    assume(room > 0.2 * SNAP)
    assume(min(side.length for side in _sides(parcels)) > 0.2 * SNAP)
    angle = data.draw(st.floats(0, 2 * math.pi))
    goes = corners[number] + 0.4 * room * np.array([math.cos(angle), math.sin(angle)])
    there = moved(own.polygon, **{f"c{number}": goes.tolist()})
    before = covered_by(parcels)
    made = apply_corrections(parcels, [there], snap=SNAP)
    assert all(one.polygon.is_valid for one in made)
    assert largest_overlap(made) < 1e-6
    covered = covered_by(made)
    if shapely.distance(before.boundary, Point(corners[number])) > 1e-3:
        # Within a coverage land only goes from one to another.
        assert area_between(covered, before) < 1e-6
    assert [one.id for one in made] == [one.id for one in parcels]
    now = made[parcels.index(own)].polygon
    ring = np.array(now.exterior.coords[:-1])
    number = int(np.hypot(*(ring - goes).T).argmin())
    again = moved(now, **{f"c{number}": _nearest(corners, goes, room)})
    for one, other in zip(apply_corrections(made, [again], snap=SNAP), parcels, strict=True):
        assert area_between(one.polygon, other.polygon) < 1e-6


def covered_by(parcels: list[Parcel]) -> shapely.Geometry:
    return shapely.union_all([one.polygon for one in parcels], grid_size=2**-33)


def area_between(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """On a lattice: on plain doubles GEOS errs where borders nearly coincide."""
    return float(shapely.symmetric_difference(one, other, grid_size=2**-33).area)


def _nearest(corners: np.ndarray, place: np.ndarray, room: float) -> tuple[float, float]:
    """The corner from which one came that is at a place now."""
    far = np.hypot(*(corners - place).T)
    assert far.min() <= 0.41 * room
    return tuple(corners[far.argmin()].tolist())


def _sides(parcels: list[Parcel]) -> list[shapely.LineString]:
    rings = [ring for one in parcels for ring in (one.polygon.exterior, *one.polygon.interiors)]
    return [shapely.LineString(pair) for ring in rings for pair in pairwise(ring.coords)]
