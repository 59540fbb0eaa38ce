import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from core.grid import Grid, Window
from core.imagery.tile_plan import Tile, blend_weight, plan_tiles, whole_pixels, world_offset

UTM33 = CRS.from_epsg(32633)
PIXELS = (10.0, 0.6, 0.3, 0.1, 1e-5, 8.983152841195215e-05, 4.77731426716)
PHASES = (*(tenth / 10 for tenth in range(10)), 1 / 3, 2 / 3, 0.125, 0.25, 0.625, 0.75, 0.875)


@pytest.mark.parametrize("pixel", PIXELS)
@pytest.mark.parametrize("angle", [0, 33])
def test_every_crop_counts_the_same_pixels(pixel, angle) -> None:
    """The last digit of an origin must not shift the tiles, whatever fraction it starts on."""
    linear = Affine.rotation(angle) @ Affine.scale(pixel, -pixel)
    for phase in PHASES:
        whole = Grid(UTM33, linear @ Affine.translation(50_000 + phase, -300_000 - phase), 9, 9)
        counts = set()
        for step in range(0, 2000, 37):
            offset = world_offset(whole.window_grid(Window(step, 3 * step, 9, 9)))
            counts.add((whole_pixels(offset.column) - step, whole_pixels(offset.row) - 3 * step))
        assert len(counts) == 1, phase


@pytest.mark.parametrize("angle", [0, 33, 90, 180])
def test_inside_a_scene_a_core_weighs_one_and_edges_share_half(angle) -> None:
    linear = Affine.rotation(angle) @ Affine.scale(2, -2)
    grid = Grid(UTM33, linear @ Affine.translation(-700, -500), 1000, 1000)
    inner = [t for t in plan_tiles(grid, size=128, halo=16) if t.cores[0].expanded(16) == t.window]
    assert len(inner) > 50
    for tile in inner[:5]:
        weight = blend_weight(tile, 16)
        assert weight.shape == (128, 128)
        assert (weight[32:-32, 32:-32] == 1).all()
        np.testing.assert_allclose(weight[64, 15] + weight[64, 16], 1.0, atol=1e-6)
        np.testing.assert_array_equal(weight, weight[::-1, ::-1])
        assert 0 < weight.min() < 0.001


def test_without_a_halo_every_pixel_has_one_tile() -> None:
    grid = Grid(UTM33, Affine(1, 0, 500_013, 0, -1, 4_000_077), 300, 200)
    total = np.zeros(grid.shape)
    for tile in plan_tiles(grid, size=64, halo=0):
        total[tile.window.slices] += blend_weight(tile, 0)
    np.testing.assert_array_equal(total, 1.0)


def test_windows_that_coincide_are_one_tile_with_all_its_cores() -> None:
    grid = Grid(UTM33, Affine(1, 0, 90, 0, -1, -90), 100, 128)
    tiles = plan_tiles(grid, size=128, halo=16)
    assert [tile.window for tile in tiles] == [Window(0, 0, 100, 128)]
    assert len(tiles[0].cores) == 6
    assert (blend_weight(tiles[0], 16)[16:-16, 16:-16] > 0.999).all()


def test_names_are_indices_counted_from_the_crs_origin() -> None:
    grid = Grid(UTM33, Affine(1, 0, 0, 0, -1, 96), 300, 300)
    names = {tile.name: tile.cores[0] for tile in plan_tiles(grid, size=128, halo=16)}
    assert names["x1_y0"] == Window(96, 96, 96, 96)
    assert "x0_y-1" in names
    assert len(names) == len({tile.window for tile in plan_tiles(grid, size=128, halo=16)})


def test_a_tile_is_its_own_and_a_halo_leaves_a_core() -> None:
    tile = Tile(Window(0, 0, 8, 8), (Window(0, 0, 8, 8),), "x0_y0")
    with pytest.raises(AttributeError):
        tile.name = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="no core"):
        plan_tiles(Grid(UTM33, Affine(1, 0, 0, 0, -1, 0), 8, 8), size=128, halo=64)
