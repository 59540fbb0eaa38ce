from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy import ndimage

from core.grid import Grid, PixelPoint
from core.imagery.scene import SceneImage
from core.landcover.product_registry import PRODUCTS
from core.landcover.source import LandCoverTile
from core.study.experiments.degrade_imagery import (
    CLEAN,
    ImageDegradation,
    coarser_landcover,
    degrade_image,
    finer_mask,
)

seeds = st.integers(0, 2**32 - 1)
factors = st.sampled_from([2, 3, 4, 8])
WORSE = (
    ImageDegradation(haze=0.5),
    ImageDegradation(blur_m=3.0),
    ImageDegradation(coarser=4),
    ImageDegradation(noise=20.0),
)


def image_of(seed: int, rows: int = 90, columns: int = 110, *, gaps: bool = False) -> SceneImage:
    """Smooth colours with texture on a rotated grid; with ``gaps`` a part holds nothing."""
    generator = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(generator.normal(0, 400, (rows, columns, 3)), (6, 6, 0))
    texture = generator.normal(0, 10, (rows, columns, 3))
    rgb = np.clip(smooth + texture + 110, 0, 255).astype(np.uint8)
    valid = np.ones((rows, columns), dtype=bool)
    if gaps:
        valid[20:45, 30:70] = False
        rgb[~valid] = 0
    transform = Affine(0.8, 0.6, 500_000, 0.6, -0.8, 4_600_000)
    return SceneImage(rgb, valid, Grid(CRS.from_epsg(32615), transform, columns, rows))


def landcover_of(seed: int, image: SceneImage) -> LandCoverTile:
    generator = np.random.default_rng(seed)
    classes = np.where(generator.random(image.valid.shape) < 0.5, 40, 30).astype(np.uint16)
    fraction = np.where(image.valid, classes == 40, np.nan).astype(np.float32)
    return LandCoverTile(classes, fraction, image.valid, image.grid, PRODUCTS["worldcover_v200"])


def test_nothing_to_do_is_the_very_same_image():
    image = image_of(1)
    assert degrade_image(image, CLEAN, 3) is image


@pytest.mark.parametrize("wrong", WORSE)
def test_one_seed_gives_one_image_and_what_holds_nothing_stays_so(wrong):
    image = image_of(1, gaps=True)
    before = image.rgb.copy()
    first, again = (degrade_image(image, wrong, 7) for _ in range(2))
    assert np.array_equal(first.rgb, again.rgb)
    assert first.rgb.dtype == np.uint8
    assert np.array_equal(image.rgb, before)
    if wrong.coarser == 1:
        assert np.array_equal(first.valid, image.valid)
        assert not first.rgb[~image.valid].any()
    other = degrade_image(image, wrong, 8)
    assert np.array_equal(other.rgb, first.rgb) == (not wrong.haze and not wrong.noise)


@given(seeds, st.floats(0.5, 9.0))
@settings(max_examples=20, deadline=None)
def test_blur_keeps_the_mean_and_takes_away_texture(seed, sigma):
    image = image_of(seed)
    # A margin of one colour, so that what the edge repeats weighs nothing.
    rgb = np.pad(image.rgb, ((40, 40), (40, 40), (0, 0)), constant_values=110)
    rows, columns = rgb.shape[:2]
    grid = Grid(image.grid.crs, image.grid.transform, columns, rows)
    framed = SceneImage(rgb, np.ones((rows, columns), dtype=bool), grid)
    blurred = degrade_image(framed, ImageDegradation(blur_m=sigma))
    assert np.abs(blurred.rgb.mean((0, 1)) - rgb.mean((0, 1))).max() < 0.1
    inside = (slice(70, -70), slice(70, -70))
    for band in range(3):
        before = np.diff(rgb[inside][..., band].astype(float)).std()
        assert np.diff(blurred.rgb[inside][..., band].astype(float)).std() < before


def test_blur_of_one_colour_is_that_colour_beside_nodata_too():
    image = image_of(1, gaps=True)
    rgb = np.where(image.valid[..., None], np.uint8([120, 90, 60]), np.uint8(0))
    plain = SceneImage(rgb.astype(np.uint8), image.valid, image.grid)
    assert np.array_equal(degrade_image(plain, ImageDegradation(blur_m=5.0)).rgb, plain.rgb)


@given(seeds, factors, st.integers(17, 60), st.integers(17, 60))
@settings(max_examples=40, deadline=None)
def test_coarser_pixels_are_means_and_go_back_to_the_original_size(seed, factor, rows, columns):
    image = image_of(seed, rows, columns)
    coarse = degrade_image(image, ImageDegradation(coarser=factor))
    assert coarse.rgb.shape == (-(-rows // factor), -(-columns // factor), 3)
    assert coarse.grid.shape == coarse.valid.shape
    assert coarse.grid.gsd_m == pytest.approx(factor * image.grid.gsd_m, rel=1e-6)
    block = image.rgb[:factor, factor : 2 * factor].reshape(-1, 3)
    assert np.abs(coarse.rgb[0, 1] - block.mean(axis=0)).max() <= 0.5
    corner = coarse.grid.pixel_to_world(PixelPoint(1, 1))
    same = image.grid.pixel_to_world(PixelPoint(factor, factor))
    assert (corner.x, corner.y) == pytest.approx((same.x, same.y))
    landcover = coarser_landcover(landcover_of(seed, image), factor)
    assert landcover.grid == coarse.grid
    assert landcover.cropland.shape == landcover.classes.shape == coarse.valid.shape
    back = finer_mask(landcover.cropland, factor, (rows, columns))
    assert back.shape == (rows, columns)
    row, column = rows - 1, columns // 2
    assert back[row, column] == landcover.cropland[row // factor, column // factor]


def test_land_cover_of_coarser_pixels_is_what_most_of_them_is():
    image = image_of(1, 4, 8)
    landcover = landcover_of(1, image)
    cropland = np.zeros((4, 8), dtype=bool)
    cropland[:3, :4] = cropland[0, 4:] = True
    given_ = LandCoverTile(
        np.where(cropland, 40, 30).astype(np.uint16),
        cropland.astype(np.float32),
        landcover.valid,
        image.grid,
        landcover.product,
    )
    assert coarser_landcover(given_, 4).cropland.tolist() == [[True, False]]
    assert coarser_landcover(given_, 1) is given_


@given(seeds, st.sampled_from([(0.1, 0.3), (0.3, 0.6), (0.6, 0.9)]))
@settings(max_examples=20, deadline=None)
def test_thicker_haze_is_brighter_and_flatter_and_hides_nothing_wholly(seed, two):
    image = image_of(seed)
    thin, thick = (degrade_image(image, ImageDegradation(haze=one), seed).rgb for one in two)
    assert image.rgb.mean() < thin.mean() < thick.mean() < 230
    assert image.rgb.std() > thin.std() > thick.std() > 0


def test_haze_varies_slowly_from_place_to_place():
    image = image_of(1, 800, 800)
    grey = SceneImage(np.full_like(image.rgb, 40), image.valid, image.grid)
    veil = degrade_image(grey, ImageDegradation(haze=0.5), 2).rgb[..., 0].astype(float)
    assert veil.max() - veil.min() > 15
    assert np.abs(np.diff(veil, axis=0)).max() <= 2
    assert np.abs(np.diff(veil, axis=1)).max() <= 2


@given(seeds, st.sampled_from([5.0, 20.0]))
@settings(max_examples=20, deadline=None)
def test_noise_has_the_deviation_that_was_asked_for(seed, deviation):
    image = image_of(3)
    grey = SceneImage(np.full_like(image.rgb, 128), image.valid, image.grid)
    noise = degrade_image(grey, ImageDegradation(noise=deviation), seed).rgb.astype(float) - 128
    assert noise.std() == pytest.approx(deviation, rel=0.05)
    assert abs(noise.mean()) < deviation / 20
