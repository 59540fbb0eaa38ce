from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy import stats

from core.grid import Grid
from core.landcover.product_registry import PRODUCTS
from core.landcover.source import LandCoverTile
from core.study.experiments.degrade_landcover import (
    AS_IT_IS,
    Degradation,
    choose_parcels,
    degrade_landcover,
    grassland_codes,
    simulate_landcover,
)

SIDE = 120
RIGHT = Degradation(shift_cells=0.0, clump_share=0.0)
"""Cells of 10 m and no other mistake."""

seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.05, 0.12, 0.3, 0.5, 0.9])


def utm_grid(rows: int = SIDE, columns: int = SIDE, gsd_m: float = 2.5) -> Grid:
    # On the central meridian, where the scale is 0.9996: nearly four pixels a cell.
    transform = Affine(gsd_m, 0, 500_000, 0, -gsd_m, 4_600_000)
    return Grid(CRS.from_epsg(32615), transform, columns, rows)


def truth_of(seed: int, parts: int = 9) -> np.ndarray:
    """Rectangles that may overlap."""
    generator = np.random.default_rng(seed)
    truth = np.zeros((SIDE, SIDE), dtype=bool)
    for _ in range(parts):
        row, column = generator.integers(0, SIDE - 20, 2)
        height, width = generator.integers(8, 20, 2)
        truth[row : row + height, column : column + width] = True
    return truth


def parcels_of(seed: int) -> np.ndarray:
    """Squares of 10 to 20 pixels that touch, numbered, some of them no parcel."""
    generator = np.random.default_rng(seed)
    numbers = np.arange(1, 37).reshape(6, 6) * (generator.random((6, 6)) < 0.8)
    widths = generator.integers(10, 21, 6)
    return np.repeat(np.repeat(numbers, 20, axis=0), widths, axis=1).astype(np.int64)


def product_of(seed: int) -> LandCoverTile:
    """Cells of cropland, grassland and trees, and a corner where nothing is known."""
    generator = np.random.default_rng(seed)
    cells = generator.choice([40, 30, 10], size=(SIDE // 4, SIDE // 4)).astype(np.uint16)
    classes = np.kron(cells, np.ones((4, 4), dtype=np.uint16))
    valid = np.ones(classes.shape, dtype=bool)
    valid[:9, :13] = False
    fraction = np.where(valid, classes == 40, np.nan).astype(np.float32)
    return LandCoverTile(classes, fraction, valid, utm_grid(), PRODUCTS["worldcover_v200"])


def same(first: LandCoverTile, second: LandCoverTile) -> bool:
    return bool(
        np.array_equal(first.cropland, second.cropland)
        and np.array_equal(first.valid, second.valid)
        and np.array_equal(first.classes, second.classes)
    )


def is_whole(tile: LandCoverTile) -> None:
    """Classes, fraction and validity of a tile say one thing."""
    assert tile.classes.dtype == np.uint16
    assert tile.cropland_fraction.dtype == np.float32
    assert np.array_equal(np.isnan(tile.cropland_fraction), ~tile.valid)
    said = np.isin(tile.classes, tile.product.cropland_codes)
    assert np.array_equal(said[tile.valid], tile.cropland[tile.valid])
    assert set(np.unique(tile.classes[tile.valid])) <= tile.product.codes


def test_simulated_cells_are_cropland_where_most_of_them_is():
    truth = np.zeros((8, 12), dtype=bool)
    truth[:4, :4] = True
    truth[:2, 4:8] = True
    truth[4:6, 8:11] = True
    made = simulate_landcover(truth, utm_grid(8, 12), RIGHT)
    cells = np.array([[1, 1, 0], [0, 0, 0]], dtype=bool)
    assert np.array_equal(made.cropland, np.kron(cells, np.ones((4, 4), dtype=bool)))
    is_whole(made)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_cells_of_ten_metres_are_the_base_and_change_no_product(seed):
    truth = truth_of(seed)
    base = simulate_landcover(truth, utm_grid(), Degradation(), seed)
    ten = simulate_landcover(truth, utm_grid(), replace(Degradation(), resolution_m=10.0), seed)
    assert same(base, ten)
    product = product_of(seed)
    assert degrade_landcover(product, AS_IT_IS, seed) is product
    assert degrade_landcover(product, replace(AS_IT_IS, resolution_m=10.0), seed) is product
    assert degrade_landcover(product, replace(AS_IT_IS, resolution_m=30.0), seed) is not product


@given(seeds, shares)
@settings(max_examples=40, deadline=None)
def test_the_share_of_flipped_clumps_is_what_chance_allows(seed, share):
    truth = truth_of(seed)
    wrong = replace(RIGHT, clump_share=share)
    right = simulate_landcover(truth, utm_grid(), RIGHT, seed)
    noisy = simulate_landcover(truth, utm_grid(), wrong, seed)
    # Cells lie four pixels apart, clumps sixteen; the last ones are cut by the tile's edge.
    flipped = (right.cropland ^ noisy.cropland)[2::4, 2::4]
    clumps = flipped[::4, ::4]
    assert np.array_equal(np.kron(clumps, np.ones((4, 4), bool))[:30, :30], flipped)
    low, high = stats.binom.ppf([1e-7, 1 - 1e-7], clumps.size, share)
    assert low <= clumps.sum() <= high
    is_whole(noisy)


@given(seeds, st.sampled_from([(0.05, 0.12), (0.12, 0.3), (0.3, 0.9)]))
@settings(max_examples=20, deadline=None)
def test_more_noise_flips_what_less_flips_and_more(seed, two):
    product = product_of(seed)
    little, much = (
        degrade_landcover(product, replace(AS_IT_IS, clump_share=share), seed) for share in two
    )
    first, second = little.cropland ^ product.cropland, much.cropland ^ product.cropland
    assert not (first & ~second)[product.valid].any()
    assert np.array_equal(little.valid, product.valid)
    is_whole(much)


@given(seeds, st.integers(-3, 3), st.integers(-3, 3))
@settings(max_examples=40, deadline=None)
def test_a_shift_moves_by_exactly_so_many_cells(seed, right, down):
    truth, product = truth_of(seed), product_of(seed)
    there = replace(RIGHT, shift_cells=float(right), shift_down_cells=float(down))
    before = simulate_landcover(truth, utm_grid(), RIGHT).cropland[2::4, 2::4]
    after = simulate_landcover(truth, utm_grid(), there).cropland[2::4, 2::4]
    moved = replace(AS_IT_IS, shift_cells=float(right), shift_down_cells=float(down))
    shifted = degrade_landcover(product, moved)
    is_whole(shifted)
    for first, second, cell in (
        (before, after, 1),
        (product.cropland, shifted.cropland, 4),
        (product.valid, shifted.valid, 4),
    ):
        across, along = right * cell, down * cell
        rows, columns = first.shape
        source = first[
            max(0, -along) : rows - max(0, along), max(0, -across) : columns - max(0, across)
        ]
        target = second[
            max(0, along) : rows + min(0, along), max(0, across) : columns + min(0, across)
        ]
        assert np.array_equal(source, target)


@given(seeds, st.sampled_from([0.0, 0.25, 0.5, 1.0]))
@settings(max_examples=40, deadline=None)
def test_missing_parcels_are_whole_and_as_near_to_the_share_as_parcels_get(seed, share):
    parcels = parcels_of(seed)
    lost = choose_parcels(parcels, share, seed)
    areas = np.bincount(parcels.ravel())[1:]
    for number in np.unique(parcels[parcels > 0]):
        inside = lost[parcels == number]
        assert inside.all() or not inside.any()
    assert not lost[parcels == 0].any()
    assert abs(lost.sum() - share * areas.sum()) <= areas.max(initial=0) / 2


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_missing_parcels_are_gone_from_land_cover_and_the_others_stay(seed):
    parcels = parcels_of(seed)
    truth = parcels > 0
    lost = choose_parcels(parcels, 0.5, seed)
    grid = utm_grid(*truth.shape)
    made = simulate_landcover(truth, grid, replace(RIGHT, missing_share=0.5), seed, parcels)
    assert same(made, simulate_landcover(truth & ~lost, grid, RIGHT, seed))
    whole = simulate_landcover(truth, grid, RIGHT, seed)
    worse = degrade_landcover(whole, replace(AS_IT_IS, missing_share=0.5), seed, parcels)
    assert not (worse.cropland & ~whole.cropland).any()
    # Cells at a parcel's edge are called by what most of them is.
    assert (worse.cropland != made.cropland).mean() < 0.1
    is_whole(worse)


def test_without_numbers_parts_that_hang_together_are_the_parcels():
    truth = np.zeros((40, 40), dtype=bool)
    truth[:16, :16] = truth[24:, 24:] = True
    made = simulate_landcover(truth, utm_grid(40, 40), replace(RIGHT, missing_share=0.5), 3)
    corners = made.cropland[8, 8], made.cropland[32, 32]
    assert sorted(corners) == [False, True]


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_one_seed_gives_one_land_cover_and_another_gives_another(seed):
    truth, product = truth_of(seed), product_of(seed)
    wrong = Degradation(clump_share=0.3, missing_share=0.4)
    assert same(*(simulate_landcover(truth, utm_grid(), wrong, seed) for _ in range(2)))
    assert same(*(degrade_landcover(product, wrong, seed) for _ in range(2)))
    assert not same(*(simulate_landcover(truth, utm_grid(), wrong, seed + n) for n in range(2)))
    assert not same(*(degrade_landcover(product, wrong, seed + n) for n in range(2)))


def test_grassland_called_cropland_leaves_other_land_alone():
    product = product_of(5)
    worse = degrade_landcover(product, replace(AS_IT_IS, grassland_is_cropland=True))
    assert np.array_equal(worse.cropland, product.valid & np.isin(product.classes, (40, 30)))
    assert (worse.classes[worse.valid & ~worse.cropland] == 10).all()
    is_whole(worse)


def test_the_truth_does_not_know_grassland():
    wrong = replace(RIGHT, grassland_is_cropland=True)
    with pytest.raises(ValueError, match="grassland"):
        simulate_landcover(truth_of(1), utm_grid(), wrong)


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_grassland_of_any_legend_is_no_cropland(product):
    assert not set(grassland_codes(product)) & set(product.cropland_codes)


def test_larger_cells_of_a_product_are_what_most_of_them_is():
    product = product_of(2)
    worse = degrade_landcover(product, replace(AS_IT_IS, resolution_m=40.0))
    cells = worse.cropland[16:112, 16:112].reshape(6, 16, 6, 16).swapaxes(1, 2).reshape(36, 256)
    assert all(cell.all() or not cell.any() for cell in cells)
    before = product.cropland[16:112, 16:112].reshape(6, 16, 6, 16).swapaxes(1, 2).reshape(36, 256)
    clear = np.abs(before.mean(axis=1) - 0.5) > 0.1
    assert np.array_equal(cells[clear].all(axis=1), before[clear].mean(axis=1) > 0.5)
    assert worse.product.resolution_m == 40.0
    is_whole(worse)
