import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from core.grid import Grid, PixelPoint, Window
from core.imagery.frame import Frame, frame_of
from core.imagery.scene import open_scene
from core.imagery.tile_plan import plan_tiles
from tests.rasters import PLACES, write_raster


def frame(place: str, factor: int = 1) -> Frame:
    crs, transform = PLACES[place]
    grid = Grid(CRS.from_user_input(crs), transform, 48, 40)
    working = grid.window_grid(Window(3, 1, 45 // factor * factor, 39 // factor * factor))
    working = working.scaled(45 // factor, 39 // factor)
    return Frame(grid, working, Window(2, 3, 10, 8))


@pytest.mark.parametrize("factor", [1, 3])
@pytest.mark.parametrize("place", PLACES)
@given(column=st.floats(0, 48), row=st.floats(0, 40))
def test_positions_go_there_and_back(place, factor, column, row) -> None:
    it = frame(place, factor)
    native = PixelPoint(column, row)
    world = it.from_world(it.to_world(native))
    tile = it.to_native(it.to_tile(native))
    for back in (world, tile):
        assert back.column == pytest.approx(column, abs=1e-4)
        assert back.row == pytest.approx(row, abs=1e-4)
    # The same place in the world, whichever way it is reached.
    direct = it.scene_grid.pixel_to_world(native)
    over_tile = it.tile_grid.pixel_to_world(it.to_tile(native))
    size = abs(it.scene_grid.transform.determinant) ** 0.5
    assert direct.x == pytest.approx(over_tile.x, abs=size * 1e-4)
    assert direct.y == pytest.approx(over_tile.y, abs=size * 1e-4)


@pytest.mark.parametrize("place", PLACES)
def test_geometry_goes_there_and_back(place) -> None:
    it = frame(place, 3)
    native = np.array([shapely.box(5, 6, 11, 15)], dtype=object)
    back = it.worlds_to_native(it.natives_to_world(native))
    assert shapely.hausdorff_distance(back[0], native[0]) < 1e-4
    core = it.natives_to_core(native)[0]
    assert core.bounds == pytest.approx((2 / 3 - 2, 5 / 3 - 3, 8 / 3 - 2, 14 / 3 - 3), abs=1e-4)


def test_core_bounds_are_native_pixels() -> None:
    assert frame("utm", 3).core_bounds() == pytest.approx((9, 10, 30, 24))
    assert frame("utm", 3).native_per_tile_pixel == pytest.approx(3)


def test_a_native_pixel_has_its_ground_area() -> None:
    for factor in (1, 3):
        assert frame("utm", factor).native_pixel_area_m2 == pytest.approx(100, rel=2e-3)


def test_cores_cover_the_scene_once(tmp_path) -> None:
    values = np.random.default_rng(0).integers(1, 255, (3, 90, 130)).astype(np.uint8)
    scene = open_scene(write_raster(tmp_path / "s.tif", values))
    seen = np.zeros(scene.grid.shape, dtype=int)
    for tile in plan_tiles(scene.working_grid, size=48, halo=8):
        column, row, width, height = (round(v) for v in frame_of(scene, tile).core_bounds())
        seen[row : row + height, column : column + width] += 1
    assert (seen == 1).all()


def test_a_transform_that_is_rotated_is_not_forgotten() -> None:
    grid = Grid(CRS.from_epsg(32633), PLACES["rotated"][1], 48, 40)
    it = Frame(grid, grid, Window(0, 0, 48, 40))
    world = it.to_world(PixelPoint(10, 20))
    expected = PLACES["utm"][1] @ Affine.rotation(33) @ (10, 20)
    assert (world.x, world.y) == pytest.approx(expected)
