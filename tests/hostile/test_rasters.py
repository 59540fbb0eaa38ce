"""Rasters that claim more than they hold: refused by their header, before a pixel is read."""

import os

import numpy as np
import pytest
from affine import Affine

from core.errors import EmptySceneError, InputError, MissingCrsError, RasterTooLargeError
from core.existing.mask import read_mask
from core.grid import Window
from core.imagery.ingest import ingest
from core.imagery.open import open_raster
from core.imagery.scene import open_scene, read_preview
from core.imagery.warp import read_shape
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from tests.hostile.rasters import without_colour_table, write_one_block, write_sparse
from tests.rasters import PLACES, UTM, write_raster

CLAIMS = [
    ((400_000_000, 16), (33_554_432, 16)),
    ((2_000_000_000, 16), (33_554_432, 16)),
    ((190_000, 190_000), (16_384, 16_384)),
    ((20_000, 20_000), (16_384, 16_384)),
]


@pytest.mark.parametrize(("size", "block"), CLAIMS)
@pytest.mark.parametrize("opened", [open_scene, read_mask, open_landcover])
def test_a_sparse_raster_is_refused_by_its_bytes(tmp_path, size, block, opened) -> None:
    path = write_sparse(tmp_path / "wide.tif", *size, block=block)
    assert path.stat().st_size < 3000
    with pytest.raises(RasterTooLargeError, match="cannot hold them"):
        opened(path)


def test_a_mask_whose_blocks_were_never_written_is_not_read(tmp_path) -> None:
    mask = read_mask(write_sparse(tmp_path / "wide.tif", 400_000_000, 16, block=(16_384, 16)))
    assert (mask.values, mask.unknown) == ({}, 6_400_000_000)


def test_the_only_block_of_a_sparse_scene_is_found_and_none_is_refused(tmp_path) -> None:
    scene = open_scene(write_one_block(tmp_path / "one.tif", 4096))
    assert read_preview(scene).rgb.shape == (1024, 1024, 3)
    with pytest.raises(EmptySceneError):
        open_scene(write_sparse(tmp_path / "none.tif", 4096, 4096))


def test_land_cover_of_cells_that_are_a_thousand_times_longer_than_wide(tmp_path) -> None:
    image = write_raster(tmp_path / "scene.tif", np.full((3, 40, 48), 9, np.uint8))
    grid = open_scene(image).grid
    codes = np.full((1, 4, 96_000), 40, np.uint8)
    codes[..., 48_000:] = 10
    transform = UTM @ Affine.scale(48 / 96_000, 10)
    path = write_raster(tmp_path / "wide.tif", codes, transform=transform)
    tile = align(open_landcover(path, product="worldcover_v200"), grid)
    assert tile.cropland[:, :24].all()
    assert not tile.cropland[:, 24:].any()
    assert read_shape(Window(0, 0, 96_000, 4), grid, 8) == (4, 704)


def test_pixels_without_a_size(tmp_path) -> None:
    codes = np.full((1, 40, 48), 40, np.uint8)
    transform = Affine(1e-30, 0, 500_000, 0, -1e-30, 5_000_000)
    path = write_raster(tmp_path / "gsd0.tif", codes, transform=transform)
    with pytest.raises(InputError, match=r"land cover gsd0.tif does not lie on Earth"):
        open_landcover(path, product="worldcover_v200")
    with pytest.raises(InputError, match=r"mask gsd0.tif does not lie on Earth"):
        read_mask(path)


def test_a_palette_without_colours_is_read_as_grey(tmp_path) -> None:
    codes = np.tile(np.arange(48, dtype=np.uint8) * 5, (1, 40, 1))
    colours = {code: (code, 0, 0, 255) for code in range(256)}
    path = without_colour_table(write_raster(tmp_path / "p.tif", codes, colormap=colours))
    assert read_preview(open_scene(path)).rgb.any()
    copy = ingest(path, tmp_path / "copy.tif", categorical=True, trusted=False)
    assert read_preview(open_scene(copy)).rgb.any()


@pytest.mark.parametrize("special", ["/dev/zero", "pipe"])
def test_devices_and_pipes(tmp_path, special) -> None:
    path = tmp_path / special
    if special == "pipe":
        os.mkfifo(path)
    with pytest.raises(InputError, match="a device or a pipe"), open_raster(path):
        pass


def test_a_good_raster_is_still_read(tmp_path) -> None:
    for place in PLACES:
        path = write_raster(tmp_path / f"{place}.tif", np.full((1, 40, 48), 1, np.uint8), place)
        assert read_mask(path).values == {1: 1920}
    with pytest.raises(MissingCrsError):
        read_mask(write_raster(tmp_path / "n.tif", np.ones((1, 4, 4), np.uint8), crs=None))
