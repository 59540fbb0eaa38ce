import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from core.grid import Grid, PixelPoint, Window, WorldPoint
from tests.rasters import PLACES

coordinates = st.floats(-500, 500)


def grid_of(place: str) -> Grid:
    crs, transform = PLACES[place]
    return Grid(CRS.from_user_input(crs), transform, 48, 40)


@pytest.mark.parametrize("place", PLACES)
@given(column=coordinates, row=coordinates)
def test_pixel_to_world_and_back(place: str, column: float, row: float) -> None:
    grid = grid_of(place)
    back = grid.world_to_pixel(grid.pixel_to_world(PixelPoint(column, row)))
    assert math.isclose(back.column, column, abs_tol=1e-5)
    assert math.isclose(back.row, row, abs_tol=1e-5)


def test_the_corner_of_the_first_pixel_is_zero() -> None:
    grid = grid_of("utm")
    assert grid.pixel_to_world(PixelPoint(0, 0)) == WorldPoint(500_000, 5_000_000)
    assert grid.pixel_to_world(PixelPoint(0.5, 0.5)) == WorldPoint(500_005, 4_999_995)


windows = st.builds(
    Window, st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 60), st.integers(1, 60)
)


@given(windows, windows)
def test_intersections_hold_what_both_hold(one: Window, other: Window) -> None:
    def pixels(window: Window | None) -> set[tuple[int, int]]:
        if window is None:
            return set()
        return {
            (r, c)
            for r in range(window.row, window.row_stop)
            for c in range(window.column, window.column_stop)
        }

    assert pixels(one.intersection(other)) == pixels(one) & pixels(other)


@pytest.mark.parametrize("place", PLACES)
@given(window=windows)
def test_a_windows_grid_lies_where_its_pixels_do(place: str, window: Window) -> None:
    grid = grid_of(place)
    part = grid.window_grid(window)
    inside = part.pixel_to_world(PixelPoint(1.25, 2.5))
    same = grid.pixel_to_world(PixelPoint(window.column + 1.25, window.row + 2.5))
    assert math.isclose(inside.x, same.x, rel_tol=1e-12, abs_tol=1e-6)
    assert math.isclose(inside.y, same.y, rel_tol=1e-12, abs_tol=1e-6)


@pytest.mark.parametrize("place", PLACES)
def test_gsd_and_pixel_area_are_those_on_the_ground(place: str) -> None:
    grid = grid_of(place)
    centre = [
        grid.pixel_to_world(PixelPoint(24 + c, 20 + r))
        for c, r in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
    ]
    from pyproj import Transformer

    lonlat = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    x, y = lonlat.transform([p.x for p in centre], [p.y for p in centre])
    area, perimeter = Geod(ellps="WGS84").polygon_area_perimeter(x, y)
    assert math.isclose(grid.pixel_area_m2, abs(area), rel_tol=2e-3)
    assert math.isclose(grid.gsd_m, perimeter / 4, rel_tol=0.02)


def test_bounds_and_footprint_of_a_rotated_grid() -> None:
    grid = Grid(CRS.from_epsg(32633), Affine.rotation(45) @ Affine.scale(1, -1), 10, 10)
    assert grid.bounds.right - grid.bounds.left == pytest.approx(10 * math.sqrt(2))
    assert grid.footprint.area == pytest.approx(100)


def test_scaled_grids_cover_the_same_ground() -> None:
    grid = grid_of("rotated")
    np.testing.assert_allclose(grid.scaled(7, 3).corners.x, grid.corners.x)
    np.testing.assert_allclose(grid.scaled(7, 3).corners.y, grid.corners.y)


@pytest.mark.parametrize("place", PLACES)
def test_ground_steps_are_the_metres_of_a_pixel(place: str) -> None:
    grid = grid_of(place)
    steps = grid.ground_steps
    assert math.isclose(abs(np.linalg.det(steps)), grid.pixel_area_m2, rel_tol=1e-5)
    along, down = np.linalg.norm(steps, axis=1)
    assert math.isclose(down / along, grid.ground_shape.aspect, rel_tol=1e-4)
    # A step up the grid goes north, turned by as much as north lies aside.
    east, north = -steps[1]
    turned = math.degrees(math.atan2(east, north))
    assert math.isclose(turned, -grid.ground_shape.north_deg, abs_tol=0.05)
