"""The per-image classifier: it corrects its own teacher, at every GSD, repeatably."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from affine import Affine
from pyproj import CRS
from rasterio.features import rasterize
from scipy import ndimage

from core.grid import Grid
from core.imagery.scene import SceneImage, open_scene, read_window
from core.landcover.alignment import align
from core.landcover.product_registry import PRODUCTS
from core.landcover.source import LandCoverTile, open_landcover
from core.predict import classifier
from core.predict.classifier import classify
from core.predict.features import (
    colour_texture_features,
    downsample,
    enlarge,
    fill_missing,
    shrink_flags,
)
from core.predict.registration import Shift, find_shift, move_flags

UTM = CRS.from_epsg(32633)
PRODUCT = next(p for p in PRODUCTS.values() if p.resolution_m == 10)
Flags = npt.NDArray[np.bool_]


def landcover_of(crop: Flags, grid: Grid, valid: Flags | None = None) -> LandCoverTile:
    known = np.ones(grid.shape, dtype=np.bool_) if valid is None else valid
    codes = np.where(crop, 40, 30).astype(np.uint16)
    fraction = np.where(known, crop.astype(np.float32), np.nan).astype(np.float32)
    return LandCoverTile(codes, fraction, known, grid, PRODUCT)


def farmland(gsd_m: float, side: int, seed: int = 0) -> tuple[SceneImage, LandCoverTile, Flags]:
    """Smooth brown fields in rough green land, and land cover wrong in 15 % of its clumps."""
    generator = np.random.default_rng(seed)
    grid = Grid(UTM, Affine(gsd_m, 0, 5e5, 0, -gsd_m, 5e6), side, side)
    rows, columns = np.indices((side, side)) * 4 // side
    field = (rows + columns) % 2 == 0
    rough = generator.normal(0, 25, (side, side, 1)) * ~field[..., None]
    colour = np.where(field[..., None], (150, 125, 90), (90, 125, 80))
    rgb = np.clip(colour + rough + generator.normal(0, 6, (side, side, 3)), 0, 255)
    cell = max(1, round(10 / gsd_m))
    clumps = generator.random((-(-side // (2 * cell)),) * 2) < 0.15
    wrong = np.kron(clumps, np.ones((2 * cell, 2 * cell)))[:side, :side] > 0
    image = SceneImage(rgb.astype(np.uint8), np.ones((side, side), dtype=np.bool_), grid)
    return image, landcover_of(field ^ wrong, grid), field


def iou(mask: Flags, truth: Flags) -> float:
    """Mean of the IoU of cropland and of background."""
    crop = (mask & truth).sum() / (mask | truth).sum()
    background = (~mask & ~truth).sum() / (~mask | ~truth).sum()
    return float(crop + background) / 2


@pytest.mark.parametrize(("gsd_m", "side"), [(0.5, 256), (1.0, 128), (2.5, 96), (10.0, 64)])
def test_it_corrects_its_own_land_cover_at_every_gsd(gsd_m: float, side: int) -> None:
    image, landcover, truth = farmland(gsd_m, side)
    prediction = classify(image, landcover, 0)
    before, after = iou(landcover.cropland, truth), iou(prediction.probability >= 0.5, truth)
    assert before < 0.8
    assert after > before + 0.1


def test_the_result_is_on_the_image_grid_and_of_the_contract() -> None:
    image, landcover, _ = farmland(1.0, 67)  # no whole number of working pixels
    prediction = classify(image, landcover, 0)
    assert prediction.probability.shape == image.grid.shape
    assert prediction.probability.dtype == prediction.uncertainty.dtype == np.float32
    assert prediction.instances is None
    assert prediction.probability.min() >= 0
    assert prediction.probability.max() <= 1
    expected = 1 - np.abs(2 * prediction.probability - 1)
    np.testing.assert_allclose(prediction.uncertainty, expected, atol=1e-6)


def test_the_same_seed_gives_the_same_bits_on_any_number_of_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image, landcover, _ = farmland(2.0, 96)
    monkeypatch.setattr(classifier, "_ROWS_AT_ONCE", 1000)
    monkeypatch.setattr(classifier, "processors", lambda: 1)
    alone = classify(image, landcover, 7)
    monkeypatch.setattr(classifier, "processors", lambda: 3)
    np.testing.assert_array_equal(classify(image, landcover, 7).probability, alone.probability)
    other = classify(image, landcover, 8)
    assert not np.array_equal(other.probability, alone.probability)


@pytest.mark.parametrize("value", [True, False])
def test_one_class_alone_gives_the_land_covers_own_answer(value: bool) -> None:
    image, _, _ = farmland(2.0, 48)
    uniform = landcover_of(np.full(image.grid.shape, value), image.grid)
    prediction = classify(image, uniform, 0)
    np.testing.assert_array_equal(prediction.probability, np.float32(value))
    np.testing.assert_array_equal(prediction.uncertainty, 0)


def test_a_class_too_rare_to_be_sampled_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    image, _, _ = farmland(2.0, 48)
    crop = np.zeros(image.grid.shape, dtype=np.bool_)
    crop[3, 3] = True
    monkeypatch.setattr(classifier, "_MOST_SAMPLES", 5)
    prediction = classify(image, landcover_of(crop, image.grid), 0)
    np.testing.assert_array_equal(prediction.probability, crop.astype(np.float32))


def test_what_is_not_valid_is_nan_and_nothing_else_is() -> None:
    image, landcover, _ = farmland(2.0, 64)
    valid, known = image.valid.copy(), landcover.valid.copy()
    valid[:20, :20] = False
    known[50:, 50:] = False
    rgb = np.where(valid[..., None], image.rgb, 0).astype(np.uint8)
    prediction = classify(
        SceneImage(rgb, valid, image.grid),
        landcover_of(landcover.cropland, image.grid, known),
        0,
    )
    np.testing.assert_array_equal(np.isnan(prediction.probability), ~(valid & known))
    np.testing.assert_array_equal(np.isnan(prediction.uncertainty), ~(valid & known))


def test_nothing_valid_at_all_is_all_nan() -> None:
    image, landcover, _ = farmland(2.0, 32)
    nothing = np.zeros(image.grid.shape, dtype=np.bool_)
    prediction = classify(SceneImage(image.rgb, nothing, image.grid), landcover, 0)
    assert np.isnan(prediction.probability).all()


def test_enlarging_keeps_pixel_centres_in_place() -> None:
    # A ramp of coarse pixels of 4: the centre of coarse column c lies at fine column 4 c + 1.5.
    ramp = np.tile(np.arange(8, dtype=np.float32), (6, 1))
    fine = enlarge(ramp, 4, (23, 31))
    assert fine.shape == (23, 31)
    expected = np.clip((np.arange(31) - 1.5) / 4, 0, 7)
    np.testing.assert_allclose(fine[10], expected, atol=1e-5)


def test_downsampling_takes_the_mean_of_valid_pixels_alone() -> None:
    image, _, _ = farmland(1.0, 5)
    rgb = np.full((5, 5, 3), 100, dtype=np.uint8)
    valid = np.ones((5, 5), dtype=np.bool_)
    rgb[0, 0], valid[0, 0] = 0, False
    rgb[2:4, 2:4], valid[2:4, 2:4] = 0, False
    small, there = downsample(SceneImage(rgb, valid, image.grid), 2)
    assert small.shape == (3, 3, 3)
    assert (small[there] == 100).all()
    np.testing.assert_array_equal(there, ~np.eye(3, dtype=bool) | (np.arange(3) != 1)[:, None])
    filled = fill_missing(small, there)
    assert (filled == 100).all()


def test_flags_shrink_to_the_majority() -> None:
    flags = np.zeros((4, 5), dtype=np.bool_)
    flags[0, :2] = True  # half of the first block
    flags[2, 2] = True  # a quarter of another
    flags[:, 4] = True
    expected = np.array([[True, False, True], [False, False, True]])
    np.testing.assert_array_equal(shrink_flags(flags, 2), expected)


def test_features_are_finite_and_blind_to_position() -> None:
    flat = np.full((40, 40, 3), 120, dtype=np.uint8)
    features = colour_texture_features(flat, 2.0)
    assert features.dtype == np.float32
    assert features.shape[:2] == (40, 40)
    # A uniform image has the same features everywhere, to rounding (at its edges as well).
    assert np.ptp(features.reshape(-1, features.shape[-1]), axis=0).max() < 0.1


def test_a_region_outvotes_its_speck_but_not_its_neighbour() -> None:
    rgb = np.full((40, 40, 3), (150, 125, 90), dtype=np.uint8)
    rgb[:, 20:] = (60, 110, 60)
    features = colour_texture_features(rgb, 2.0)
    probability = np.where(np.arange(40) < 20, 0.9, 0.1)[None].repeat(40, 0).astype(np.float32)
    probability[5:8, 5:8] = 0.0
    known = np.ones((40, 40), dtype=np.bool_)
    known[30:, :] = False
    probability[30:, :] = 0.5  # not known, so it has no vote
    means = classifier._region_means(probability, features, known, 2.0)
    assert means.dtype == np.float32
    np.testing.assert_allclose(means[:, :20], 0.9 * (1 - 9 / 600), atol=1e-5)
    np.testing.assert_allclose(means[:, 20:], 0.1, atol=1e-5)


def test_a_moved_land_cover_is_found_and_moved_back() -> None:
    generator = np.random.default_rng(3)
    truth = ndimage.gaussian_filter(generator.normal(size=(160, 160)), 8) > 0
    seen = ndimage.gaussian_filter(truth.astype(np.float32), 1.5)
    known = np.ones_like(truth)
    for error in (Shift(0, 5), Shift(-4, 3), Shift(6, 0)):
        shift = find_shift(seen, move_flags(truth, error), known, cell_pixels=4.0)
        assert shift == Shift(-error.rows, -error.columns)
    assert find_shift(seen, truth, known, cell_pixels=4.0) == Shift(0, 0)


def test_moving_flags_leaves_the_uncovered_false() -> None:
    flags = np.ones((4, 5), dtype=np.bool_)
    moved = move_flags(flags, Shift(1, -2))
    expected = np.zeros((4, 5), dtype=np.bool_)
    expected[1:, :3] = True
    np.testing.assert_array_equal(moved, expected)
    np.testing.assert_array_equal(move_flags(flags, Shift(0, 0)), flags)


def test_too_small_an_area_is_not_registered() -> None:
    flags = np.eye(12, dtype=np.bool_)
    shift = find_shift(flags.astype(np.float32), flags, np.ones_like(flags), cell_pixels=5.0)
    assert shift == Shift(0, 0)


@pytest.mark.real_data
def test_on_real_tiles_it_beats_the_simulated_land_cover_by_far(shared_data: Path) -> None:
    folder = shared_data / "naip_fields"
    names = sorted(p.stem for p in (folder / "landcover_simulated").glob("*.tif"))
    before, after = [], []
    for name in names[::5]:
        scene = open_scene(folder / "images" / f"{name}.tif")
        grid = scene.working_grid
        landcover = align(open_landcover(folder / "landcover_simulated" / f"{name}.tif"), grid)
        features = json.loads((folder / "fields" / f"{name}.geojson").read_text())["features"]
        truth = (
            rasterize(
                [(feature["geometry"], 1) for feature in features],
                out_shape=grid.shape,
                transform=grid.transform,
                dtype=np.uint8,
            )
            > 0
        )
        prediction = classify(read_window(scene, grid.extent), landcover, 0)
        before.append(iou(landcover.cropland, truth))
        after.append(iou(prediction.probability >= 0.5, truth))
    assert np.mean(after) > np.mean(before) + 0.15
    assert np.mean(after) > 0.84
