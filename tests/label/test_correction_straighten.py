"""Sides become straight and corners right where they nearly are, for neighbours as well."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import Point, Polygon, box
from shapely.affinity import rotate

from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label.corrections import Straighten, apply_corrections
from core.label.edit_units import EditUnits
from core.label.edits import edit_from_json
from core.parcels.parcel import Parcel
from tests.label.corrections import SIZE, largest_overlap, mosaics
from tests.rasters import PLACES

SNAP = 0.1


def parcel(name: str, shape: Polygon) -> Parcel:
    return Parcel(name, shape, 0.5, "auto")


def wavy(shape: Polygon, by: float, seed: int = 0) -> Polygon:
    """A polygon with a corner every two units, which lie beside its border by up to ``by``."""
    ring = shapely.get_coordinates(shapely.segmentize(shape.exterior, 2.0))[:-1]
    corners = shapely.get_coordinates(shape)
    off = np.random.default_rng(seed).uniform(-by, by, ring.shape) / math.sqrt(2)
    own = (ring[:, None] == corners[None]).all(axis=2).any(axis=1)
    return Polygon(ring + np.where(own[:, None], 0.0, off))


def straight(parcels: list[Parcel], edit: Straighten, **more: object) -> dict[str, Polygon]:
    found = apply_corrections(parcels, [edit], snap=SNAP, **more)
    assert largest_overlap(found) < 1e-6
    return {one.id: one.polygon for one in found}


def angles(shape: Polygon) -> np.ndarray:
    """The turns at all corners of the outline, in degrees."""
    steps = np.diff(shapely.get_coordinates(shape.exterior), axis=0)
    heading = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    return np.abs((heading - np.roll(heading, 1) + 180) % 360 - 180)


@settings(max_examples=40, deadline=None)
@given(st.floats(-90, 90), st.integers(0, 1000))
def test_a_field_that_is_nearly_a_rectangle_is_one(turn: float, seed: int) -> None:
    true = rotate(box(20, 30, 70, 60), turn)
    found = straight([parcel("A", wavy(true, 0.8, seed))], Straighten(Point(45, 45), 2.0))["A"]
    assert len(found.exterior.coords) == 5
    assert angles(found) == pytest.approx([90] * 4, abs=1e-6)
    assert found.hausdorff_distance(true) < 2.0


def test_a_side_that_is_meant_to_be_aslant_stays_so_and_bends_go() -> None:
    true = Polygon([(0, 0), (60, 0), (40, 40), (0, 40)])
    found = straight([parcel("A", wavy(true, 0.5))], Straighten(Point(20, 20), 1.5))["A"]
    assert len(found.exterior.coords) == 5
    assert sorted(angles(found)) == pytest.approx([63.4, 90, 90, 116.6], abs=2)
    assert found.hausdorff_distance(true) < 1.5


def test_a_round_field_keeps_its_form_and_a_straight_one_is_the_same_object() -> None:
    disc = Point(50, 50).buffer(30)
    assert straight([parcel("A", disc)], Straighten(Point(50, 50), 1.0))["A"].area == pytest.approx(
        disc.area, rel=0.05
    )
    square = [parcel("A", box(0, 0, 40, 40))]
    assert apply_corrections(square, [Straighten(Point(5, 5), 1.0)], snap=SNAP)[0] is square[0]
    assert apply_corrections(square, [Straighten(Point(90, 5), 1.0)], snap=SNAP) == square


def test_neighbours_have_the_same_border_and_only_that_of_theirs_changes() -> None:
    line = [(40 + 0.6 * (-1) ** n, float(y)) for n, y in enumerate(range(2, 40, 2))]
    west = Polygon([(0, 0), (40, 0), *line, (40, 40), (0, 40)])
    east = Polygon([(40, 0), (80, 0), (80.7, 20), (80, 40), (40, 40), *line[::-1]])
    parcels = [parcel("W", west), parcel("E", east)]
    found = straight(parcels, Straighten(Point(10, 10), 2.0))
    assert found["W"].symmetric_difference(box(0, 0, 40, 40)).area < 8
    assert len(found["W"].exterior.coords) == 5
    assert (found["W"] | found["E"]).area == pytest.approx(west.area + east.area)
    assert (80.7, 20) in found["E"].exterior.coords
    assert apply_corrections(parcels, [Straighten(Point(10, 10), 2.0)], snap=SNAP)[1].state == (
        "corrected"
    )


def test_corners_on_the_edge_of_the_tile_stay_there() -> None:
    shape = wavy(box(0, 20, 50, 60), 0.5)
    shape = shapely.intersection(shape, box(0, 0, 100, 100))
    found = straight(
        [parcel("A", shape)], Straighten(Point(25, 40), 2.0), extent=box(0, 0, 100, 100)
    )
    on_edge = [xy for xy in shape.exterior.coords if xy[0] == 0]
    assert {max(on_edge), min(on_edge)} <= set(found["A"].exterior.coords)


@settings(max_examples=60, deadline=None)
@given(mosaics(), st.floats(0.1, 5), st.tuples(st.floats(1, SIZE), st.floats(1, SIZE)))
def test_whatever_is_straightened_the_coverage_stays_one(parcels, tolerance, place) -> None:
    found = apply_corrections(
        parcels, [Straighten(Point(place), tolerance)], snap=SNAP, extent=box(0, 0, SIZE, SIZE)
    )
    assert largest_overlap(found) < 1e-6
    assert all(one.polygon.is_valid for one in found)


@pytest.mark.parametrize("name", PLACES)
def test_right_angles_are_those_of_the_ground(name: str) -> None:
    crs, transform = PLACES[name]
    grid = Grid(CRS.from_user_input(crs), transform, SIZE, SIZE)
    units = EditUnits.stored(Frame(grid, grid, Window(0, 0, SIZE, SIZE)))
    metres = grid.ground_steps
    side = units.ground.metres
    rectangle = shapely.transform(
        rotate(box(-25 * side, -15 * side, 25 * side, 15 * side), 20),
        lambda xy: xy @ np.linalg.inv(metres) + SIZE / 2,
    )
    middle = units.positions_from_native(np.array([[SIZE / 2, SIZE / 2]]))[0].tolist()
    data = {"point": middle, "tolerance_m": 2 * side}
    edit = edit_from_json("straighten", data, units)
    found = straight([parcel("A", wavy(rectangle, 0.5))], edit)["A"]
    on_ground = shapely.transform(found, lambda xy: xy @ metres)
    assert angles(on_ground) == pytest.approx([90] * 4, abs=1e-4)
    assert edit.to_json(units) == {
        "point": pytest.approx(middle),
        "tolerance_m": pytest.approx(2 * side),
    }
