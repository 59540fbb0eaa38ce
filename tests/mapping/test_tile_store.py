"""Tiles on disk, their blend without seams, and parcels stitched over seams."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.errors import DiskFullError, OutputError
from core.grid import Grid, PixelPoint
from core.imagery.tile_plan import Tile, plan_tiles
from core.mapping.stitch import stitch_instances
from core.mapping.tile_store import Blend, TileStore, read_checked, write_checked
from core.predict.prediction import TilePrediction
from core.prompts.prompt import Prompt, PromptSet

KEY = "a" * 64
HALF_PRECISION = 5e-4  # probabilities are kept as float16


def grid_of(width: int, height: int) -> Grid:
    # A corner that is no multiple of the tile size, so that tiles start before the scene.
    return Grid(CRS.from_epsg(32633), Affine(2, 0, 500_074, 0, -2, 4_999_938), width, height)


def prediction(
    probability: npt.NDArray[np.float32],
    instances: npt.NDArray[np.int32] | None = None,
    prompts: PromptSet | None = None,
) -> TilePrediction:
    uncertainty = (1 - np.abs(2 * probability - 1)).astype(np.float32)
    return TilePrediction(probability, uncertainty, instances, prompts or PromptSet())


def store_layer(
    store: TileStore, grid: Grid, tiles: tuple[Tile, ...], values: npt.NDArray[np.float32]
) -> None:
    for tile in tiles:
        store.save(tile.name, prediction(values[tile.window.slices]), grid.window_grid(tile.window))


def blended(blend: Blend, grid: Grid, rows: int = 17) -> npt.NDArray[np.float32]:
    merged = np.full(grid.shape, -1, dtype=np.float32)
    for window, values in blend.bands("probability", rows):
        assert values.dtype == np.float32
        merged[window.slices] = values
    return merged


def wave(grid: Grid) -> npt.NDArray[np.float32]:
    rows, columns = np.mgrid[: grid.height, : grid.width]
    return (0.5 + 0.4 * np.sin(rows / 17) * np.cos(columns / 23)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 150), st.integers(20, 150), st.integers(0, 8), st.integers(1, 60))
def test_a_smooth_function_merges_to_itself(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, halo: int, rows: int
) -> None:
    grid = grid_of(width, height)
    tiles = plan_tiles(grid, size=48, halo=halo)
    store = TileStore(tmp_path_factory.mktemp("tiles"), KEY)
    store_layer(store, grid, tiles, wave(grid))
    merged = blended(Blend(grid, tiles, store, halo), grid, rows)
    np.testing.assert_allclose(merged, wave(grid), atol=HALF_PRECISION)


def test_tiles_that_disagree_fade_into_each_other(tmp_path: Path) -> None:
    grid = grid_of(150, 40)
    tiles = plan_tiles(grid, size=64, halo=16)
    store = TileStore(tmp_path, KEY)
    for index, tile in enumerate(tiles):
        shape = (tile.window.height, tile.window.width)
        flat = np.full(shape, index % 2, dtype=np.float32)
        store.save(tile.name, prediction(flat), grid.window_grid(tile.window))
    merged = blended(Blend(grid, tiles, store, 16), grid)
    assert merged.min() == 0
    assert merged.max() == 1
    # From 0 to 1 over the overlap of 32 pixels: no step is higher than one of them.
    assert np.abs(np.diff(merged, axis=1)).max() <= 1 / 32 + HALF_PRECISION


def test_what_one_tile_does_not_know_comes_from_its_neighbour(tmp_path: Path) -> None:
    grid = grid_of(100, 40)
    tiles = plan_tiles(grid, size=64, halo=16)
    store = TileStore(tmp_path, KEY)
    values = wave(grid)
    values[5:9, 5:9] = np.nan  # nobody knows
    for tile in tiles:
        own = values[tile.window.slices].copy()
        if tile is tiles[0]:
            own[:, -8:] = np.nan  # its last columns lie under the next tile as well
        store.save(tile.name, prediction(own), grid.window_grid(tile.window))
    merged = blended(Blend(grid, tiles, store, 16), grid)
    np.testing.assert_array_equal(np.isnan(merged), np.isnan(values))
    np.testing.assert_allclose(merged, values, atol=HALF_PRECISION)


def test_blending_needs_no_more_memory_for_a_taller_scene(tmp_path: Path) -> None:
    peaks = []
    for height in (200, 1600):
        grid = grid_of(128, height)
        tiles = plan_tiles(grid, size=64, halo=8)
        store = TileStore(tmp_path / str(height), KEY)
        store_layer(store, grid, tiles, wave(grid))
        blend = Blend(grid, tiles, store, 8)
        for _ in blend.bands("probability", 32):  # fills caches outside of what is measured
            break
        tracemalloc.start()
        for _ in blend.bands("probability", 32):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_tile_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    grid = grid_of(48, 40)
    probability = wave(grid)
    probability[3, 4] = np.nan
    instances = np.arange(48 * 40, dtype=np.int32).reshape(40, 48)
    prompts = PromptSet(
        (
            Prompt(PixelPoint(3.5, 7.25), 1),
            Prompt(PixelPoint(30.0, 2.0), 0, source="person", weight=0.5),
        )
    )
    TileStore(tmp_path, KEY).save("x1_y-2", prediction(probability, instances, prompts), grid)
    again = TileStore(tmp_path, KEY)
    assert again.has("x1_y-2")
    kept = again.load("x1_y-2", grid)
    np.testing.assert_allclose(kept.probability, probability, atol=HALF_PRECISION)
    np.testing.assert_array_equal(np.isnan(kept.uncertainty), np.isnan(probability))
    assert kept.instances is not None
    np.testing.assert_array_equal(kept.instances, instances)
    assert [p.label for p in kept.prompts.points] == [1, 0]
    assert kept.prompts.points[1].source == "person"
    assert kept.prompts.points[0].point.column == pytest.approx(3.5)
    assert kept.prompts.points[0].point.row == pytest.approx(7.25)


def test_other_runs_are_not_seen_and_survive_clearing(tmp_path: Path) -> None:
    grid = grid_of(48, 40)
    first, second = TileStore(tmp_path, KEY), TileStore(tmp_path, "b" * 64)
    first.save("x0_y0", prediction(wave(grid)), grid)
    assert not second.has("x0_y0")
    second.save("x0_y0", prediction(wave(grid)), grid)
    second.clear()
    assert first.has("x0_y0")
    first.clear()
    assert not tmp_path.exists()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "header"])
def test_a_damaged_tile_is_not_served_and_is_made_again(tmp_path: Path, damage: str) -> None:
    grid = grid_of(48, 40)
    store = TileStore(tmp_path, KEY)
    store.save("x0_y0", prediction(wave(grid)), grid)
    (path,) = store.folder.iterdir()
    raw = bytearray(path.read_bytes())
    if damage == "cut":
        raw = raw[: len(raw) // 2]
    elif damage == "flip":
        raw[-5] ^= 1
    elif damage == "empty":
        raw.clear()
    else:
        raw[0] ^= 1
    path.write_bytes(bytes(raw))
    assert not store.has("x0_y0")
    with pytest.raises(OutputError, match="x0_y0"):
        store.load("x0_y0", grid)
    store.save("x0_y0", prediction(wave(grid)), grid)
    assert store.has("x0_y0")


def test_a_half_written_file_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tile"
    write_checked(path, b"first")

    def killed(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(DiskFullError):
        write_checked(path, b"second")
    assert read_checked(path) == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(OutputError, match="file"):
        TileStore(blocked, KEY)


def test_a_tile_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    store = TileStore(tmp_path, KEY)
    (store.folder / "x0_y0.tile").mkdir()
    with pytest.raises(OutputError, match="x0_y0"):
        store.has("x0_y0")


# Stitching -------------------------------------------------------------------------------------

SIZE, HALO = 48, 8


def stitched(
    tmp_path: Path, grid: Grid, views: dict[str, npt.NDArray[np.int32]] | npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Stitch what each tile sees; one array means that all tiles see the truth.

    Every tile numbers what it sees in its own way.
    """
    tiles = plan_tiles(grid, size=SIZE, halo=HALO)
    store = TileStore(tmp_path, KEY)
    for index, tile in enumerate(tiles):
        view = views[tile.window.slices] if isinstance(views, np.ndarray) else views[tile.name]
        own = np.where(view > 0, (view * 7 + index * 13) % 1000 + 1, 0).astype(np.int32)
        flat = np.zeros(view.shape, dtype=np.float32)
        store.save(tile.name, prediction(flat, own), grid.window_grid(tile.window))
    numbers = stitch_instances(grid, tiles, store)
    assert numbers is not None
    return numbers


def assert_same_partition(numbers: npt.NDArray[np.int32], truth: npt.NDArray[np.int32]) -> None:
    np.testing.assert_array_equal(numbers > 0, truth > 0)
    pairs = np.unique(np.stack([numbers.ravel(), truth.ravel()]), axis=1)
    assert len(np.unique(pairs[0])) == pairs.shape[1] == len(np.unique(pairs[1]))


def test_a_parcel_over_four_tiles_becomes_one(tmp_path: Path) -> None:
    grid = grid_of(90, 90)
    assert len(plan_tiles(grid, size=SIZE, halo=HALO)) >= 4
    truth = np.zeros(grid.shape, dtype=np.int32)
    truth[10:80, 12:78] = 1
    assert_same_partition(stitched(tmp_path, grid, truth), truth)


@pytest.mark.parametrize("seed", range(5))
def test_a_mosaic_of_touching_parcels_comes_back(tmp_path: Path, seed: int) -> None:
    grid = grid_of(150, 110)
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[: grid.height, : grid.width]
    centres = generator.uniform(0, 1, (14, 2)) * grid.shape
    distance = [(rows - r) ** 2 + (columns - c) ** 2 for r, c in centres]
    truth = np.argmin(distance, axis=0).astype(np.int32)  # number 0 is background
    assert_same_partition(stitched(tmp_path, grid, truth), truth)


def test_neighbours_that_overlap_a_little_in_the_halo_stay_apart(tmp_path: Path) -> None:
    grid = grid_of(90, 30)
    tiles = plan_tiles(grid, size=SIZE, halo=HALO)
    first, second = tiles[1:3]
    seam = max(core.column_stop for core in first.cores)
    views = {
        tile.name: np.zeros((tile.window.height, tile.window.width), dtype=np.int32)
        for tile in tiles
    }
    # One field ends a little before the seam as the first tile sees it; the second tile sees
    # another one that begins there and takes in two pixels of the first field's columns.
    stop = seam - 4 - first.window.column
    views[first.name][5:25, 4:stop] = 1
    start = seam - 6 - second.window.column
    views[second.name][5:25, start:] = 1
    numbers = stitched(tmp_path, grid, views)
    left = numbers[15, seam - 8]
    right = numbers[15, seam + 2]
    assert left > 0
    assert right > 0
    assert left != right


def test_seams_run_in_the_middle_of_the_overlap(tmp_path: Path) -> None:
    grid = grid_of(90, 30)
    tiles = plan_tiles(grid, size=SIZE, halo=HALO)
    views = {
        tile.name: np.full((tile.window.height, tile.window.width), index + 1, dtype=np.int32)
        for index, tile in enumerate(tiles)
    }
    for view in views.values():
        view[:, ::2] = 0  # a fringe in each view tells where it was taken from
    numbers = stitched(tmp_path, grid, views)
    for tile in tiles:
        for core in tile.cores:
            inside = core.intersection(grid.extent)
            if inside is not None:
                there = views[tile.name][inside.relative_to(tile.window).slices] > 0
                np.testing.assert_array_equal(numbers[inside.slices] > 0, there)


def test_without_instances_there_is_nothing_to_stitch(tmp_path: Path) -> None:
    grid = grid_of(90, 30)
    tiles = plan_tiles(grid, size=SIZE, halo=HALO)
    store = TileStore(tmp_path, KEY)
    store_layer(store, grid, tiles, wave(grid))
    assert stitch_instances(grid, tiles, store) is None
