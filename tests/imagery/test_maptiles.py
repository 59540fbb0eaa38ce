"""A mark of known place must land there, in every level, zoom, CRS and rotation."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.errors import InputError
from core.grid import (
    Grid,
    PixelCoordinates,
    PixelPoint,
    Window,
    WorldCoordinates,
    WorldPoint,
    transform_coordinates,
)
from core.imagery.maptiles import (
    WEB_MERCATOR,
    WEB_MERCATOR_HALF_M,
    _pieces,
    outside,
    pixel_tile,
    pixel_tile_grid,
    scene_on,
    warped_tile,
    web_mercator_grid,
)
from core.imagery.scene import Scene, SceneImage, open_scene
from core.imagery.stretch import IDENTITY
from tests.rasters import PLACES, write_raster

SIZE = (701, 903)
MARK = Window(500, 300, 8, 8)
CENTRE = PixelPoint(504.0, 304.0)
DARK, BRIGHT = 40, 250


def marked(path: Path, place: str = "utm", overviews: bool = True, **profile: object) -> Scene:
    values = np.full((3, *SIZE), DARK, dtype=np.uint8)
    values[(slice(None), *MARK.slices)] = BRIGHT
    write_raster(path, values, place, **profile)
    if overviews:
        with rasterio.open(path, "r+") as dataset:  # noqa: TID251
            dataset.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    return open_scene(path, stretch=IDENTITY)


def mark_in(image: SceneImage) -> tuple[float, float]:
    """Column and row of the bright mark's centre of mass."""
    weight = np.where(image.valid, image.rgb[..., 0].astype(float) - DARK, 0.0)
    weight[weight < 2] = 0.0
    rows, columns = np.indices(weight.shape) + 0.5
    return float((weight * columns).sum() / weight.sum()), float(
        (weight * rows).sum() / weight.sum()
    )


def mercator(scene: Scene, point: PixelPoint) -> WorldPoint:
    world = scene.grid.pixel_to_world(point)
    there = transform_coordinates(
        WorldCoordinates(np.array([world.x]), np.array([world.y])), scene.grid.crs, WEB_MERCATOR
    )
    return WorldPoint(float(there.x[0]), float(there.y[0]))


def tile_at(point: WorldPoint, z: int) -> tuple[int, int]:
    side = 2 * WEB_MERCATOR_HALF_M / 2**z
    return int((point.x + WEB_MERCATOR_HALF_M) // side), int(
        (WEB_MERCATOR_HALF_M - point.y) // side
    )


def native_zoom(scene: Scene, at: WorldPoint) -> int:
    """The zoom whose pixels are about as long as the scene's, where it lies."""
    stretch = math.cosh(at.y / 6_378_137.0)
    return round(math.log2(2 * WEB_MERCATOR_HALF_M / 256 / (scene.grid.gsd_m * stretch)))


@pytest.mark.parametrize("overviews", [True, False])
@pytest.mark.parametrize("level", range(6))
def test_a_mark_keeps_its_place_in_every_level(tmp_path, level, overviews) -> None:
    scene = marked(tmp_path / "scene.tif", overviews=overviews)
    size = 256 * 2**level
    x, y = int(CENTRE.column // size), int(CENTRE.row // size)
    image = pixel_tile(scene, level, x, y)
    column, row = mark_in(image)
    assert column == pytest.approx((CENTRE.column - x * size) / 2**level, abs=0.5)
    assert row == pytest.approx((CENTRE.row - y * size) / 2**level, abs=0.5)
    world = image.grid.pixel_to_world(PixelPoint(column, row))
    there = scene.grid.world_to_pixel(world)
    assert math.hypot(there.column - CENTRE.column, there.row - CENTRE.row) <= 0.75 * 2**level


@pytest.mark.parametrize("level", range(1, 8))
@pytest.mark.parametrize("width", [1023, 1025, 1151, 1300])
def test_the_far_edge_does_not_drift_with_odd_sizes(tmp_path, level, width) -> None:
    # One bright column near the right edge, where GDAL's own reading of overviews is off by most.
    values = np.full((1, 64, width), DARK, dtype=np.uint8)
    start = (width // 2**level - 1) * 2**level
    values[:, :, start : start + 2**level] = BRIGHT
    path = write_raster(tmp_path / "odd.tif", values)
    with rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.build_overviews([2, 4, 8, 16], rasterio.enums.Resampling.average)
    scene = open_scene(path, stretch=IDENTITY)
    at = start // 2**level
    image = pixel_tile(scene, level, at // 256, 0)
    column, _ = mark_in(image)
    assert column == pytest.approx(at % 256 + 0.5, abs=0.5)


@pytest.mark.parametrize("place", ["utm", "geographic", "polar", "rotated", "sheared_south_up"])
@pytest.mark.parametrize("finer", [-1, 0, 1, 2])
def test_a_mark_keeps_its_place_on_the_web_map(tmp_path, place, finer) -> None:
    scene = marked(tmp_path / "scene.tif", place)
    at = mercator(scene, CENTRE)
    z = native_zoom(scene, at) + finer
    # A tile that holds the whole mark: beside a tile's edge its centre of mass would be cut.
    side = 512
    x, y = tile_at(at, z - 1)
    image = warped_tile(scene, z - 1, x, y, side)
    assert image is not None
    column, row = mark_in(image)
    seen = image.grid.pixel_to_world(PixelPoint(column, row))
    wanted = image.grid.world_to_pixel(at)
    assert column == pytest.approx(wanted.column, abs=0.5), seen
    assert row == pytest.approx(wanted.row, abs=0.5)


@pytest.mark.parametrize(
    ("west", "shift"), [(-179.9, 0.0), (-179.9, 360.0), (179.95, 0.0), (179.95, -360.0)]
)
def test_the_antimeridian_is_no_border(tmp_path, west, shift) -> None:
    values = np.full((3, 200, 300), DARK, dtype=np.uint8)
    values[:, 96:104, 96:104] = BRIGHT
    path = tmp_path / "pacific.tif"
    transform = Affine(1e-3, 0, west + shift, 0, -1e-3, 0.1)
    write_raster(path, values, crs="EPSG:4326", transform=transform)
    scene = open_scene(path, stretch=IDENTITY)
    longitude = (west + 0.1 + 180.0) % 360.0 - 180.0
    at = WorldPoint(longitude / 180.0 * WEB_MERCATOR_HALF_M, 0.0)
    z = 12
    x, y = tile_at(at, z)
    found = [
        (image, image.grid.world_to_pixel(at))
        for dx in (-1, 0, 1)
        for dy in (-1, 0)
        if (image := warped_tile(scene, z, (x + dx) % 2**z, y + dy)) is not None
        and image.rgb.max() > 200
    ]
    assert found, "the mark is nowhere"


def test_a_utm_zone_reaches_over_the_antimeridian(tmp_path) -> None:
    # Zone 1 begins at 180 degrees; the western half of this scene lies beyond.
    values = np.full((3, 100, 100), BRIGHT, dtype=np.uint8)
    edge = transform_coordinates(
        WorldCoordinates(np.array([-180.0]), np.array([0.5])),
        CRS.from_epsg(4326),
        CRS.from_epsg(32601),
    )
    transform = Affine(10, 0, float(edge.x[0]) - 500, 0, -10, float(edge.y[0]) + 500)
    path = write_raster(tmp_path / "z1.tif", values, crs="EPSG:32601", transform=transform)
    scene = open_scene(path, stretch=IDENTITY)
    z = 10
    _, y = tile_at(WorldPoint(0.0, 55_660.0), z)
    east, west = warped_tile(scene, z, 0, y), warped_tile(scene, z, 2**z - 1, y)
    assert east is not None
    assert west is not None
    assert east.valid[:, 0].any()
    assert west.valid[:, -1].any()


def test_a_tile_elsewhere_is_none(tmp_path) -> None:
    scene = marked(tmp_path / "scene.tif")
    assert warped_tile(scene, 8, 3, 3) is None
    assert warped_tile(scene, 0, 0, 0) is not None


@pytest.mark.parametrize("epsg", [32633, 3413, 5070])
def test_no_tile_on_the_other_side_of_the_earth_shows_the_scene(tmp_path, epsg) -> None:
    place = {32633: "utm", 3413: "polar", 5070: "albers"}[epsg]
    scene = marked(tmp_path / "scene.tif", place)
    z = 5
    own = {tile_at(mercator(scene, PixelPoint(c, r)), z) for c in (0, 903) for r in (0, 701)}
    for x in range(2**z):
        for y in range(2**z):
            image = None if (x, y) in own else warped_tile(scene, z, x, y, 32)
            assert image is None or not image.valid.any(), (x, y)


def test_levels_are_means_of_the_native_pixels(tmp_path) -> None:
    generator = np.random.default_rng(1)
    values = generator.integers(0, 256, (3, 512, 512)).astype(np.uint8)
    scene = open_scene(write_raster(tmp_path / "noise.tif", values), stretch=IDENTITY)
    for level in (1, 2, 3):
        size = 2**level
        image = pixel_tile(scene, level, 0, 0)
        count = 512 // size
        means = values.reshape(3, count, size, count, size).mean(axis=(2, 4))
        shown = np.moveaxis(image.rgb[:count, :count], -1, 0).astype(float)
        assert np.abs(shown - means).max() <= 1.0
        assert not image.valid[count:].any()
        assert not image.valid[:, count:].any()


def test_native_tiles_join_to_the_scene(tmp_path) -> None:
    generator = np.random.default_rng(2)
    values = generator.integers(0, 256, (3, 300, 600)).astype(np.uint8)
    scene = open_scene(write_raster(tmp_path / "noise.tif", values), stretch=IDENTITY)
    rows = [np.hstack([pixel_tile(scene, 0, x, y).rgb for x in range(3)]) for y in range(2)]
    joined = np.vstack(rows)
    assert np.array_equal(np.moveaxis(joined[:300, :600], -1, 0), values)
    assert not joined[300:].any()


def test_nodata_is_not_valid_and_does_not_darken_its_neighbours(tmp_path) -> None:
    values = np.full((3, 256, 256), 200, dtype=np.uint8)
    values[:, :, :128] = 0
    scene = open_scene(write_raster(tmp_path / "half.tif", values, nodata=0), stretch=IDENTITY)
    at = mercator(scene, PixelPoint(128, 128))
    z = native_zoom(scene, at)
    image = warped_tile(scene, z - 1, *tile_at(at, z - 1), 512)
    assert image is not None
    assert image.valid.any()
    assert not image.valid.all()
    assert image.rgb[image.valid].min() == 200
    flat = pixel_tile(scene, 1, 0, 0)
    assert flat.rgb[flat.valid].min() == 200
    assert not flat.rgb[~flat.valid].any()


def test_a_palette_keeps_its_colours(tmp_path) -> None:
    table = {0: (0, 0, 0, 255), 1: (255, 0, 0, 255), 2: (0, 0, 255, 255)}
    codes = np.ones((1, 256, 256), dtype=np.uint8)
    codes[:, :, 128:] = 2
    path = write_raster(tmp_path / "p.tif", codes, colormap=table, photometric="palette")
    scene = open_scene(path)
    at = mercator(scene, PixelPoint(128, 128))
    z = native_zoom(scene, at)
    image = warped_tile(scene, z - 1, *tile_at(at, z - 1), 512)
    assert image is not None
    colours = {tuple(int(v) for v in c) for c in np.unique(image.rgb[image.valid], axis=0)}
    assert colours == {(255, 0, 0), (0, 0, 255)}


def test_a_file_that_was_replaced_is_told(tmp_path) -> None:
    scene = marked(tmp_path / "scene.tif")
    write_raster(tmp_path / "scene.tif", np.ones((3, 40, 40), np.uint8))
    with pytest.raises(InputError, match="another file"):
        pixel_tile(scene, 0, 0, 0)
    (tmp_path / "scene.tif").unlink()
    with pytest.raises(InputError, match="no file"):
        pixel_tile(scene, 0, 0, 0)


def test_outside_in_both_kinds_of_tile(tmp_path) -> None:
    scene = marked(tmp_path / "scene.tif")
    flat = outside(scene.grid, pixel_tile_grid(scene.grid, 2, 0, 0))
    assert (~flat).sum() == round(903 / 4) * round(701 / 4)
    at = mercator(scene, CENTRE)
    z = native_zoom(scene, at) - 2
    image = warped_tile(scene, z, *tile_at(at, z))
    assert image is not None
    beyond = outside(scene.grid, image.grid)
    # Only pixels that the outline itself cuts may be judged differently.
    assert (beyond == image.valid).mean() < 0.01


SIZES = st.integers(1, 5000)


@given(size=SIZES, level=st.integers(0, 12), x=st.integers(0, 30), side=st.integers(1, 300))
@settings(max_examples=300, deadline=None)
def test_pieces_cover_each_native_pixel_once(size, level, x, side) -> None:
    pieces = list(_pieces(x * side, side, size, level))
    for piece in pieces:
        assert piece.native == (x * side + piece.start) << level
        assert 0 <= piece.start < piece.start + piece.length <= side
        assert (piece.length - 1) << level < piece.native_length <= piece.length << level
    first, stop = min(x * side << level, size), min((x + 1) * side << level, size)
    assert sum(piece.native_length for piece in pieces) == stop - first
    assert all(a.native + a.native_length == b.native for a, b in pairwise(pieces))


@given(
    place=st.sampled_from(sorted(PLACES)),
    level=st.integers(0, 20),
    x=st.integers(0, 50),
    y=st.integers(0, 50),
)
@settings(max_examples=100, deadline=None)
def test_pixel_tile_grids_lie_on_the_scene(place, level, x, y) -> None:
    crs, transform = PLACES[place]
    grid = Grid(CRS.from_string(crs), transform, 900, 700)
    tile = pixel_tile_grid(grid, level, x, y, 256)
    corner = grid.world_to_pixel(tile.pixel_to_world(PixelPoint(0, 0)))
    assert corner.column == pytest.approx(x * 256 * 2**level, rel=1e-9, abs=1e-4)
    assert corner.row == pytest.approx(y * 256 * 2**level, rel=1e-9, abs=1e-4)
    step = grid.world_to_pixel(tile.pixel_to_world(PixelPoint(1, 1)))
    assert step.column - corner.column == pytest.approx(2**level, rel=1e-6, abs=1e-4)


@given(z=st.integers(0, 24), share=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)))
@settings(max_examples=100, deadline=None)
def test_web_mercator_tiles_join(z, share) -> None:
    x, y = int(share[0] * 2**z), int(share[1] * 2**z)
    tile, beside = web_mercator_grid(z, x, y), web_mercator_grid(z, x + 1, y + 1)
    corner = tile.pixel_to_world(PixelPoint(256, 256))
    assert corner.x == pytest.approx(beside.transform.c, abs=1e-6)
    assert corner.y == pytest.approx(beside.transform.f, abs=1e-6)
    everywhere = web_mercator_grid(0, 0, 0).pixels_to_world(
        PixelCoordinates(np.array([0.0, 256.0]), np.array([0.0, 256.0]))
    )
    assert everywhere.x.tolist() == pytest.approx([-WEB_MERCATOR_HALF_M, WEB_MERCATOR_HALF_M])


@pytest.mark.parametrize("place", ["utm", "rotated", "sheared_south_up", "geographic"])
def test_a_scene_on_a_part_of_its_own_grid_is_its_own_pixels(tmp_path, place) -> None:
    values = np.random.default_rng(2).integers(1, 255, (3, 48, 40), dtype=np.uint8)
    values[:, :, 30:] = 0
    scene = open_scene(write_raster(tmp_path / "s.tif", values, place, nodata=0), stretch=IDENTITY)
    window = Window(5, 9, 30, 20)
    image = scene_on(scene, scene.grid.window_grid(window))
    assert image is not None
    expected = np.moveaxis(values[:, window.row : window.row_stop, 5:35], 0, -1)
    # Interpolated at pixel centres; beside the nodata a pixel may borrow from its neighbour.
    np.testing.assert_array_equal(image.rgb[:, :24], expected[:, :24])
    np.testing.assert_array_equal(image.valid[:, :24], True)
    assert not image.valid[:, 26:].any()
    beside = scene.grid.window_grid(Window(4000, 4000, 8, 8))
    assert scene_on(scene, beside) is None
