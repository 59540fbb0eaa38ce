"""Predictions of tiles blended into one raster without seams."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.grid import Grid
from core.imagery.tile_plan import Tile, plan_tiles
from core.mapping.blend import Blend
from core.predict.kept_prediction import Bytes, to_bytes

HALF_A_STEP = 2.1e-3
"""Probabilities are kept in 251 steps."""

Values = npt.NDArray[np.float32]


def grid_of(width: int, height: int) -> Grid:
    # A corner that is no multiple of the tile size, so that tiles start before the scene.
    return Grid(CRS.from_epsg(32633), Affine(2, 0, 500_074, 0, -2, 4_999_938), width, height)


def cut_from(values: Values) -> Callable[[Tile], Bytes]:
    return lambda tile: to_bytes(values[tile.window.slices])


def blended(blend: Blend, grid: Grid, rows: int = 17, columns: int = 200) -> Values:
    merged = np.full(grid.shape, -1, dtype=np.float32)
    for window, values in blend.parts(columns, rows):
        assert values.dtype == np.float32
        merged[window.slices] = values
    return merged


def wave(grid: Grid) -> Values:
    rows, columns = np.mgrid[: grid.height, : grid.width]
    return (0.5 + 0.4 * np.sin(rows / 17) * np.cos(columns / 23)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(20, 150),
    st.integers(20, 150),
    st.integers(0, 8),
    st.integers(1, 60),
    st.integers(20, 160),
)
def test_a_smooth_function_merges_to_itself(
    width: int, height: int, halo: int, rows: int, columns: int
) -> None:
    grid = grid_of(width, height)
    tiles = plan_tiles(grid, size=48, halo=halo)
    merged = blended(Blend(grid, tiles, cut_from(wave(grid)), halo), grid, rows, columns)
    np.testing.assert_allclose(merged, wave(grid), atol=HALF_A_STEP)


def test_tiles_that_disagree_fade_into_each_other() -> None:
    grid = grid_of(150, 40)
    tiles = plan_tiles(grid, size=64, halo=16)
    flat = {
        tile.name: np.full((tile.window.height, tile.window.width), index % 2 * 250, np.uint8)
        for index, tile in enumerate(tiles)
    }
    merged = blended(Blend(grid, tiles, lambda tile: flat[tile.name], 16), grid)
    assert merged.min() == 0
    assert merged.max() == 1
    # From 0 to 1 over the overlap of 32 pixels: no step is higher than one of them.
    assert np.abs(np.diff(merged, axis=1)).max() <= 1 / 32 + 1e-6


def test_what_one_tile_does_not_know_comes_from_its_neighbour() -> None:
    grid = grid_of(100, 40)
    tiles = plan_tiles(grid, size=64, halo=16)
    values = wave(grid)
    values[5:9, 5:9] = np.nan  # nobody knows

    def read(tile: Tile) -> Bytes:
        own = values[tile.window.slices].copy()
        if tile is tiles[0]:
            own[:, -8:] = np.nan  # its last columns lie under the next tile as well
        return to_bytes(own)

    merged = blended(Blend(grid, tiles, read, 16), grid)
    np.testing.assert_array_equal(np.isnan(merged), np.isnan(values))
    np.testing.assert_allclose(merged, values, atol=HALF_A_STEP)


def test_each_tile_is_read_once() -> None:
    grid = grid_of(150, 110)
    tiles = plan_tiles(grid, size=48, halo=8)
    read: list[str] = []
    cut = cut_from(wave(grid))

    def counted(tile: Tile) -> Bytes:
        read.append(tile.name)
        return cut(tile)

    blended(Blend(grid, tiles, counted, 8), grid, rows=7)
    assert sorted(read) == sorted(tile.name for tile in tiles)


@pytest.mark.parametrize("sides", [[(128, 200), (128, 1600)], [(256, 128), (2048, 128)]])
def test_blending_needs_no_more_memory_for_a_larger_scene(sides: list[tuple[int, int]]) -> None:
    peaks = []
    for width, height in sides:
        grid = grid_of(width, height)
        tiles = plan_tiles(grid, size=64, halo=8)
        cut = cut_from(wave(grid))
        blend = Blend(grid, tiles, cut, 8)
        for _ in blend.parts(128, 32):  # fills caches outside of what is measured
            break
        tracemalloc.start()
        for _ in blend.parts(128, 32):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
