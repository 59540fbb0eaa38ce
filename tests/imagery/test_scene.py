import subprocess
import sys

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.errors import (
    AccessError,
    EmptySceneError,
    InputError,
    MissingCrsError,
    RasterTooLargeError,
    UnreadableRasterError,
)
from core.grid import Grid, PixelPoint, Window
from core.imagery.open import open_raster
from core.imagery.scene import Scene, open_scene, read_preview, read_window
from core.imagery.stretch import Stretch, estimate_stretch
from core.imagery.tile_plan import blend_weight, plan_tiles
from core.imagery.working_grid import coarser_grid
from tests.rasters import KINDS, UTM, kind, write_raster


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_raster_is_read_with_its_holes(name, tmp_path) -> None:
    valid = np.ones((40, 48), dtype=bool)
    valid[10:20, 5:15] = name == "uint8"
    values, profile = kind(name, valid)
    scene = open_scene(write_raster(tmp_path / "s.tif", values, **profile))
    image = read_window(scene, Window(0, 0, 48, 40))
    np.testing.assert_array_equal(image.valid, valid)
    assert (image.rgb[~valid] == 0).all()
    assert image.rgb[valid].std() > 10
    assert Scene.from_json(scene.to_json()) == scene or np.isnan(scene.nodata)


def test_a_palette_is_read_as_its_colours(tmp_path) -> None:
    codes = np.full((1, 8, 8), 3, dtype=np.uint8)
    table = {3: (10, 200, 30, 255)}
    path = write_raster(tmp_path / "p.tif", codes, colormap=table, photometric="palette")
    assert (read_window(open_scene(path), Window(0, 0, 8, 8)).rgb == (10, 200, 30)).all()


def test_windows_beyond_the_scene_are_not_valid(tmp_path) -> None:
    values = np.arange(3 * 64 * 64).reshape(3, 64, 64).astype(np.uint16)
    scene = open_scene(write_raster(tmp_path / "s.tif", values))
    image = read_window(scene, Window(-4, 60, 16, 16))
    assert image.valid[:4, 4:].all()
    assert image.valid.sum() == 4 * 12
    assert image.grid.transform.c == 500_000 - 40


def test_bands_follow_the_colour_interpretation_or_the_person(tmp_path) -> None:
    values = np.stack([np.full((8, 8), v, dtype=np.uint8) for v in (1, 2, 3, 4)])
    path = write_raster(tmp_path / "s.tif", values)
    assert open_scene(path).bands == (1, 2, 3)
    assert open_scene(path, bands=(4, 2, 1)).bands == (4, 2, 1)
    with pytest.raises(InputError, match="has 4 bands"):
        open_scene(path, bands=(5, 1, 2))


def test_two_crops_of_a_fine_raster_share_their_working_pixels(tmp_path) -> None:
    values = np.random.default_rng(0).integers(0, 255, (3, 200, 200), dtype=np.uint8)
    fine = Affine(0.05, 0, 500_000.35, 0, -0.05, 5_000_000.15)
    stretch = Stretch((0, 0, 0), (255, 255, 255))
    whole = open_scene(write_raster(tmp_path / "a.tif", values, transform=fine), stretch=stretch)
    part = open_scene(
        write_raster(
            tmp_path / "b.tif",
            values[:, 37:, 23:],
            transform=fine @ Affine.translation(23, 37),
        ),
        stretch=stretch,
    )
    assert whole.working_factor == part.working_factor == 10
    assert whole.working_grid.gsd_m == pytest.approx(0.5, rel=1e-3)
    a = read_window(whole, whole.working_grid.extent)
    b = read_window(part, part.working_grid.extent)
    step = whole.working_grid.world_to_pixel(part.working_grid.pixel_to_world(PixelPoint(0, 0)))
    column, row = round(step.column), round(step.row)
    assert step.column == pytest.approx(column, abs=1e-6)
    assert step.row == pytest.approx(row, abs=1e-6)
    height, width = b.valid.shape
    np.testing.assert_array_equal(b.rgb, a.rgb[row : row + height, column : column + width])


def test_a_working_gsd_finer_than_the_raster_is_refused(tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", np.ones((3, 8, 8), dtype=np.uint8))
    with pytest.raises(InputError, match="finer than"):
        open_scene(path, working_gsd_m=1.0)
    assert open_scene(path, working_gsd_m=20.0).working_factor == 2


def test_stretch_ignores_holes_and_survives_constants() -> None:
    values = np.array([np.linspace(0, 100, 64).reshape(8, 8)] * 3)
    values[0, 0, 0] = np.nan
    values[1] = 7.0
    valid = np.ones((8, 8), dtype=bool)
    valid[-1] = False
    stretch = estimate_stretch(values, valid)
    assert stretch.high[0] < 90
    assert stretch.low[1] == 6.5
    assert (stretch.apply(values)[..., 1] == 128).all()
    assert Stretch.from_json(stretch.to_json()) == stretch


def test_world_files_count_from_the_centre_of_the_first_pixel(tmp_path) -> None:
    with rasterio.open(  # noqa: TID251
        tmp_path / "photo.png", "w", driver="PNG", width=8, height=8, count=3, dtype="uint8"
    ) as dataset:
        dataset.write(np.full((3, 8, 8), 9, dtype=np.uint8))
    (tmp_path / "photo.pgw").write_text("2\n0\n0\n-2\n1001\n4999\n")
    with pytest.raises(MissingCrsError, match="in which CRS"):
        open_scene(tmp_path / "photo.png")
    scene = open_scene(tmp_path / "photo.png", crs="EPSG:32633")
    assert scene.crs_source == "person"
    assert (scene.grid.transform.c, scene.grid.transform.f) == (1000, 5000)
    (tmp_path / "photo.prj").write_text(CRS.from_epsg(32634).to_wkt())
    assert open_scene(tmp_path / "photo.png").grid.crs == CRS.from_epsg(32634)
    (tmp_path / "photo.pgw").write_text("2\n0\nnot a number")
    with pytest.raises(MissingCrsError, match="six numbers"):
        open_scene(tmp_path / "photo.png", crs="EPSG:32633")


def test_nothing_is_guessed_without_a_georeference(tmp_path) -> None:
    values = np.full((3, 8, 8), 9, dtype=np.uint8)
    bare = write_raster(tmp_path / "bare.tif", values, crs=None, transform=None)
    with pytest.raises(MissingCrsError, match="not georeferenced"):
        open_scene(bare, crs="EPSG:32633")
    no_crs = write_raster(tmp_path / "nocrs.tif", values, crs=None)
    with pytest.raises(InputError, match="not a CRS"):
        open_scene(no_crs, crs="somewhere in Austria")


def test_what_is_no_raster_is_told_apart(tmp_path) -> None:
    (tmp_path / "text.tif").write_text("hello")
    (tmp_path / "empty.tif").touch()
    good = write_raster(tmp_path / "good.tif", np.full((3, 64, 64), 9, dtype=np.uint8))
    (tmp_path / "cut.tif").write_bytes(good.read_bytes()[:2000])
    (tmp_path / "header.tif").write_bytes(good.read_bytes()[:100])
    for name, words in (
        ("text.tif", "not a raster"),
        ("empty.tif", "is empty"),
        ("gone.tif", "no file"),
        (".", "a folder"),
        ("cut.tif", "damaged or cut short|not a raster"),
        ("header.tif", "damaged or cut short|not a raster"),
    ):
        with pytest.raises(UnreadableRasterError, match=words):
            open_scene(tmp_path / name)
    for url in ("http://x/a.tif", "https://x/a.tif", "/vsicurl/https://x/a.tif", "WMS:x"):
        with pytest.raises(AccessError):
            open_scene(url)


def test_formats_that_read_other_files_stay_shut(tmp_path) -> None:
    secret = write_raster(tmp_path / "secret.tif", np.full((1, 8, 8), 77, dtype=np.uint8))
    vrt = (
        '<VRTDataset rasterXSize="8" rasterYSize="8"><SRS>EPSG:32633</SRS>'
        "<GeoTransform>0,1,0,0,0,-1</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{secret}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    (tmp_path / "sly.tif").write_text(vrt)
    with pytest.raises(UnreadableRasterError):
        open_scene(tmp_path / "sly.tif")
    plain = write_raster(tmp_path / "plain.tif", np.full((1, 8, 8), 5, dtype=np.uint8))
    for sidecar in ("plain.tif.msk", "plain.tif.ovr"):
        (tmp_path / sidecar).write_text(vrt)
    with open_raster(plain) as dataset:
        assert dataset.overviews(1) == []
        assert (dataset.dataset_mask() == 255).all()


def test_headers_that_claim_too_much_are_refused_unread(tmp_path) -> None:
    with rasterio.open(  # noqa: TID251
        tmp_path / "huge.tif",
        "w",
        driver="GTiff",
        width=1_000_000,
        height=1_000_000,
        count=1,
        dtype="uint8",
        crs="EPSG:32633",
        transform=UTM,
        SPARSE_OK=True,
        tiled=True,
        blockxsize=16384,
        blockysize=16384,
        BIGTIFF="YES",
    ):
        pass
    assert (tmp_path / "huge.tif").stat().st_size < 1_000_000
    with pytest.raises(RasterTooLargeError, match="1,000,000 x 1,000,000"):
        open_scene(tmp_path / "huge.tif")


def test_all_nodata_is_no_scene_but_one_pixel_is(tmp_path) -> None:
    values = np.zeros((1, 64, 64), dtype=np.uint8)
    with pytest.raises(EmptySceneError):
        open_scene(write_raster(tmp_path / "e.tif", values, nodata=0))
    values[0, 33, 7] = 9
    assert open_scene(write_raster(tmp_path / "f.tif", values, nodata=0)).nodata == 0


def test_the_fingerprint_follows_the_pixels(tmp_path) -> None:
    values = np.full((3, 32, 32), 9, dtype=np.uint8)
    one = open_scene(write_raster(tmp_path / "a.tif", values)).fingerprint
    same = open_scene(write_raster(tmp_path / "b.tif", values)).fingerprint
    values[0, 5, 5] = 10
    other = open_scene(write_raster(tmp_path / "c.tif", values)).fingerprint
    assert one == same != other


def test_a_scene_of_twenty_thousand_pixels_opens_in_little_memory(tmp_path) -> None:
    """Opening and previewing a 20,000 x 20,000 COG: peak under 300 MB in a fresh process."""
    block = np.random.default_rng(0).integers(1, 255, (3, 512, 512), dtype=np.uint8)
    path = tmp_path / "large.tif"
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        driver="GTiff",
        width=20_000,
        height=20_000,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=Affine(1, 0, 500_000, 0, -1, 5e6),
        tiled=True,
        blockxsize=512,
        blockysize=512,
        compress="lzw",
        SPARSE_OK=True,
    ) as dataset:
        for row in range(0, 20_000 - 512, 4096):
            for column in range(0, 20_000 - 512, 4096):
                dataset.write(block, window=rasterio.windows.Window(column, row, 512, 512))
        dataset.build_overviews([4, 16, 64])
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from core.imagery.scene import open_scene, read_preview\n"
        "preview = read_preview(open_scene(sys.argv[1]), 1024)\n"
        "assert preview.rgb.shape == (1024, 1024, 3), preview.rgb.shape\n"
        # Unlike ru_maxrss, VmHWM does not inherit the peak of the process that started this one.
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300


@settings(max_examples=30, deadline=None)
@given(
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    x=st.integers(-10_000, 10_000),
    angle=st.sampled_from([0, 33, 180]),
)
def test_tiles_cover_the_scene_and_their_weights_share_every_pixel(width, height, x, angle) -> None:
    transform = Affine.translation(x * 1.0, 77.0) @ Affine.rotation(angle) @ Affine.scale(1, -1)
    grid = Grid(CRS.from_epsg(32633), transform, width, height)
    total = np.zeros(grid.shape, dtype=np.float32)
    names = set()
    for tile in plan_tiles(grid, size=128, halo=16):
        assert tile.window.intersection(grid.extent) == tile.window
        assert tile.name not in names
        names.add(tile.name)
        total[tile.window.slices] += blend_weight(tile, 16)
    assert (total > 0).all()
    np.testing.assert_allclose(total[16:-16, 16:-16], 1.0, atol=1e-5)


def test_a_scene_as_large_as_a_tile_is_one_tile() -> None:
    for offset in (0, 17, 500, 895.5):
        grid = Grid(CRS.from_epsg(32633), Affine(1, 0, offset, 0, -1, offset), 1024, 1024)
        (tile,) = plan_tiles(grid, size=1024, halo=64)
        assert tile.window == Window(0, 0, 1024, 1024)


@settings(max_examples=40, deadline=None)
@given(
    left=st.integers(0, 300),
    top=st.integers(0, 300),
    phase=st.sampled_from([0.0, 0.25, 0.5, 0.499999]),
    angle=st.sampled_from([0, 33]),
)
def test_inner_tiles_of_every_crop_are_tiles_of_the_whole(left, top, phase, angle) -> None:
    linear = Affine.rotation(angle) @ Affine.scale(2.5, -2.5)
    transform = linear @ Affine.translation(40_000 + phase, 90_000 + phase)
    whole = Grid(CRS.from_epsg(32633), transform, 1200, 1200)
    crop = whole.window_grid(Window(left, top, 800, 800))
    tiles = {t.name: t.window for t in plan_tiles(whole, size=128, halo=16)}
    inner = 0
    for tile in plan_tiles(crop, size=128, halo=16):
        expected = tile.cores[0].expanded(16)
        if expected != tile.window:
            continue  # touches the crop's edge
        inner += 1
        own = tiles[tile.name]
        assert (own.column - left, own.row - top) == (tile.window.column, tile.window.row)
    assert inner >= 25


def test_coarser_grids_lie_inside_the_native_one() -> None:
    grid = Grid(CRS.from_epsg(32633), Affine(0.1, 0, 3.3, 0, -0.1, 7.7), 101, 57)
    coarse = coarser_grid(grid, 5)
    assert coarse.bounds.left >= grid.bounds.left - 1e-9
    assert coarse.bounds.right <= grid.bounds.right + 1e-9


def test_the_preview_keeps_the_scenes_shape(tmp_path) -> None:
    scene = open_scene(write_raster(tmp_path / "s.tif", np.ones((3, 30, 60), dtype=np.uint8)))
    preview = read_preview(scene, 20)
    assert preview.rgb.shape == (10, 20, 3)
    np.testing.assert_allclose(preview.grid.corners.x, scene.grid.corners.x)


def test_a_scene_that_the_overview_misses_is_found_and_stretched(tmp_path) -> None:
    values = np.zeros((1, 3000, 3000), dtype=np.uint16)
    tiled = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "lzw", "nodata": 0}
    path = write_raster(tmp_path / "s.tif", values, **tiled)
    with pytest.raises(EmptySceneError):
        open_scene(path)
    nearest = (np.arange(1024) * 3000 + 1500) // 1024  # the rows and columns of the preview
    row = next(i for i in range(2500, 2600) if not {i, i + 1} & set(nearest.tolist()))
    values[0, row, row : row + 2] = 700, 900
    path = write_raster(tmp_path / "s.tif", values, **tiled)
    assert not read_preview(open_scene(path), 1024).valid.any()
    scene = open_scene(path)
    assert scene.stretch.low[0] == pytest.approx(704, abs=4)
    assert scene.stretch.high[0] == pytest.approx(896, abs=4)
    image = read_window(scene, Window(row, row, 2, 1))
    assert image.rgb[..., 0].tolist() == [[0, 255]]


def test_the_fingerprint_follows_the_holes(tmp_path) -> None:
    values = np.full((3, 32, 32), 9, dtype=np.uint8)
    prints = set()
    for hole in (0, 1, 2):
        mask = np.ones((32, 32), dtype=bool)
        mask[hole] = False
        prints.add(open_scene(write_raster(tmp_path / "s.tif", values, mask=mask)).fingerprint)
    assert len(prints) == 3


def test_a_grey_image_with_alpha_is_grey_with_holes(tmp_path) -> None:
    values = np.full((2, 16, 16), 9, dtype=np.uint8)
    values[0] = np.arange(256).reshape(16, 16)
    values[1, :3] = 0
    scene = open_scene(
        write_raster(tmp_path / "s.tif", values, photometric="MINISBLACK", alpha="YES")
    )
    assert scene.bands == (1, 1, 1)
    image = read_window(scene, Window(0, 0, 16, 16))
    assert image.valid.sum() == 13 * 16
    assert (image.rgb[..., 0] == image.rgb[..., 2]).all()


def test_a_working_gsd_that_leaves_nothing_is_refused(tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", np.ones((3, 48, 48), dtype=np.uint8))
    with pytest.raises(InputError, match="leaves nothing"):
        open_scene(path, working_gsd_m=1000.0)
    with pytest.raises(InputError, match="finer than"):
        open_scene(path, working_gsd_m=float("nan"))


def test_a_scene_is_seen_alike_whatever_type_holds_its_colours(tmp_path) -> None:
    photo = np.random.default_rng(0).integers(30, 220, (3, 64, 64)).astype(np.uint8)
    expected = np.moveaxis(photo, 0, -1)
    for number, values in enumerate(
        (photo, photo.astype(np.uint16) * 257, (photo / 255).astype(np.float32))
    ):
        scene = open_scene(write_raster(tmp_path / f"{number}.tif", values))
        assert scene.stretch_source == "file"
        np.testing.assert_array_equal(read_window(scene, scene.grid.extent).rgb, expected)


def test_scale_and_offset_of_the_file_decide_on_the_one_width(tmp_path) -> None:
    # Bands of one reflectance, stored with and without the offset of baseline 04.00.
    meant = np.random.default_rng(0).integers(200, 3000, (64, 64))
    values = np.stack([meant + 1000, meant, meant + 1000]).astype(np.uint16)
    path = write_raster(tmp_path / "s.tif", values)
    with rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.scales, dataset.offsets = (1e-4,) * 3, (-0.1, 0.0, -0.1)
    scene = open_scene(path)
    assert scene.stretch_source == "one"
    colours = read_window(scene, scene.grid.extent).rgb.astype(int)
    assert np.ptp(colours, axis=-1).max() <= 1
    assert colours.std() > 60
    each = open_scene(path, stretch="each")
    assert (each.stretch_source, each.stretch.low[0] > each.stretch.low[1]) == ("each", True)
    stated = open_scene(path, stretch=scene.stretch)
    assert (stated.stretch_source, stated.stretch) == ("person", scene.stretch)


@pytest.mark.parametrize(("scale", "offset"), [(0.0, 0.0), (-1.0, 0.0), (float("nan"), 0.0)])
def test_scales_that_make_no_sense_are_left_aside(tmp_path, scale, offset) -> None:
    values = np.random.default_rng(0).integers(200, 3000, (3, 16, 16)).astype(np.uint16)
    path = write_raster(tmp_path / "s.tif", values)
    with rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.scales, dataset.offsets = (scale, 1.0, 1.0), (offset, 0.0, 0.0)
    plain = open_scene(write_raster(tmp_path / "t.tif", values))
    assert open_scene(path).stretch == plain.stretch
