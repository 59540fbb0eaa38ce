import numpy as np
import pytest
from rasterio.warp import transform_bounds

from core.farmland import Mistakes, coarse_landcover, generate, write_scene
from core.imagery.scene import open_scene
from core.landcover.alignment import align
from core.landcover.source import LandCoverTile, open_landcover
from core.study.metrics.pixels import compare_pixels


@pytest.mark.parametrize("style", ["large_fields", "smallholder"])
def test_a_seed_makes_the_same_farmland_every_time(style) -> None:
    one, same, other = (generate(s, size=128, style=style) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.rgb, same.rgb)
    np.testing.assert_array_equal(one.parcels, same.parcels)
    assert (one.rgb != other.rgb).any()


@pytest.mark.parametrize("style", ["large_fields", "smallholder"])
def test_truth_is_consistent(style) -> None:
    farmland = generate(5, size=512, style=style)
    np.testing.assert_array_equal(farmland.parcels > 0, farmland.classes == 40)
    assert 0.4 < farmland.cropland.mean() < 0.9
    assert {10, 30, 40, 60, 80} <= set(np.unique(farmland.classes).tolist())
    numbers = np.unique(farmland.parcels)
    np.testing.assert_array_equal(numbers, np.arange(len(numbers)))
    assert np.bincount(farmland.parcels.ravel())[1:].min() >= 200


def test_smallholders_have_smaller_fields() -> None:
    large = generate(5, size=512).parcels.max()
    small = generate(5, size=512, style="smallholder").parcels.max()
    assert small > 3 * large


def test_woods_are_darker_than_fields() -> None:
    farmland = generate(3, size=512)
    light = farmland.rgb.mean(axis=-1)
    assert light[farmland.classes == 10].mean() + 20 < light[farmland.cropland].mean()


def test_the_coarse_land_cover_is_wrong_as_real_ones_are() -> None:
    for seed in (1, 2, 3):
        farmland = generate(seed, size=1024)
        agreement = against_truth(farmland, Mistakes(), seed)
        assert 0.72 < agreement.overall_accuracy < 0.92
        assert 0.5 < agreement.mean_iou < 0.8


def test_without_mistakes_only_the_cells_are_coarse() -> None:
    farmland = generate(1, size=512)
    perfect = against_truth(farmland, Mistakes(0.0, 0.0, 0), 1)
    assert perfect.overall_accuracy > against_truth(farmland, Mistakes(), 1).overall_accuracy + 0.05
    shifted = against_truth(farmland, Mistakes(3.0, 0.0, 0), 1)
    assert shifted.overall_accuracy < perfect.overall_accuracy - 0.03


def against_truth(farmland, mistakes, seed):
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    from core.landcover.product_registry import PRODUCTS

    codes, grid = coarse_landcover(farmland, seed, mistakes)
    out = np.zeros(farmland.parcels.shape, dtype=np.uint8)
    reproject(
        codes,
        out,
        src_transform=grid.transform,
        src_crs=grid.crs.to_wkt(),
        dst_transform=farmland.grid.transform,
        dst_crs=farmland.grid.crs.to_wkt(),
        resampling=Resampling.nearest,
    )
    fraction = (out == 40).astype(np.float32)
    tile = LandCoverTile(
        out.astype(np.uint16), fraction, out > 0, farmland.grid, PRODUCTS["worldcover_v200"]
    )
    return compare_pixels(tile.cropland, farmland.cropland)


def test_files_open_where_they_say(tmp_path) -> None:
    files = write_scene(tmp_path, 4, size=256)
    scene = open_scene(files.scene)
    assert scene.grid == generate(4, size=256).grid
    landcover = open_landcover(files.landcover)
    assert landcover.simulated
    assert landcover.product.key == "worldcover_v200"
    assert align(landcover, scene.grid).valid.all()
    left, bottom, right, top = transform_bounds(
        scene.grid.crs.to_wkt(), "EPSG:4326", *scene.grid.footprint.bounds
    )
    assert 15 < left < right < 15.3
    assert 47.8 < bottom < top < 48.1
