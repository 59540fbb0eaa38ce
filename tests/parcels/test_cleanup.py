"""Small parts and holes in square metres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyproj import CRS
from scipy import ndimage

from core.grid import Grid
from core.parcels.cleanup import clean_mask, without_small_parts

# UTM on its central meridian: a pixel of 10 m is 100 m2 on the ground to within 0.1 %.
GRID = Grid(CRS.from_epsg(32633), Affine(10, 0, 500_000, 0, -10, 5_000_000), 40, 32)
MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


def empty() -> npt.NDArray[np.bool_]:
    return np.zeros(GRID.shape, dtype=np.bool_)


def test_parts_below_the_area_go_and_those_above_stay() -> None:
    mask = empty()
    mask[2:5, 2:5] = True  # 900 m2
    mask[10:14, 10:13] = True  # 1,200 m2
    cleaned = clean_mask(mask, GRID, min_part_m2=1000, min_hole_m2=0)
    expected = empty()
    expected[10:14, 10:13] = True
    np.testing.assert_array_equal(cleaned, expected)


def test_the_area_is_on_the_ground_whatever_the_crs_unit() -> None:
    # At 60 degrees north a Web Mercator pixel of 20 units is 10 m long, as is this one in degrees.
    mask = empty()
    mask[2:5, 2:5] = True
    mercator = Grid(CRS.from_epsg(3857), Affine(20, 0, 0, 0, -20, 8_399_737), 40, 32)
    degrees = Grid(CRS.from_epsg(4326), Affine(1.8e-4, 0, 10, 0, -9e-5, 60), 40, 32)
    for grid in (mercator, degrees):
        assert clean_mask(mask, grid, min_part_m2=880, min_hole_m2=0).any()
        assert not clean_mask(mask, grid, min_part_m2=920, min_hole_m2=0).any()


def test_holes_below_the_area_are_filled() -> None:
    mask = empty()
    mask[2:30, 2:38] = True
    mask[5:8, 5:8] = False  # 900 m2
    mask[15:20, 15:20] = False  # 2,500 m2
    cleaned = clean_mask(mask, GRID, min_part_m2=0, min_hole_m2=1000)
    expected = mask.copy()
    expected[5:8, 5:8] = True
    np.testing.assert_array_equal(cleaned, expected)


def test_a_speck_in_a_hole_does_not_keep_the_hole() -> None:
    mask = empty()
    mask[2:30, 2:38] = True
    mask[5:8, 5:8] = False
    mask[6, 6] = True
    assert clean_mask(mask, GRID, min_part_m2=200, min_hole_m2=1000)[2:30, 2:38].all()


def test_pixels_that_touch_at_a_corner_are_two_parts() -> None:
    mask = empty()
    mask[3, 3] = mask[4, 4] = True
    assert not clean_mask(mask, GRID, min_part_m2=150, min_hole_m2=0).any()


def test_what_is_not_valid_is_never_filled_nor_left_behind_as_a_speck() -> None:
    mask = empty()
    mask[2:30, 2:38] = True
    mask[10:13, 10:13] = False
    valid = ~empty()
    valid[10:13, 10:13] = False
    valid[11, 11] = True  # an islet in nodata: filling the hole must not make it cropland
    cleaned = clean_mask(mask, GRID, min_part_m2=1000, min_hole_m2=2000, valid=valid)
    assert not cleaned[10:13, 10:13].any()
    assert cleaned[2:10, 2:38].all()


@pytest.mark.parametrize("value", [True, False])
def test_a_uniform_mask_stays_itself(value: bool) -> None:
    mask = np.full(GRID.shape, value)
    cleaned = clean_mask(mask, GRID, min_part_m2=1000, min_hole_m2=1000)
    np.testing.assert_array_equal(cleaned, mask)


def test_the_input_is_left_alone() -> None:
    mask = empty()
    mask[3, 3] = True
    before = mask.copy()
    clean_mask(mask, GRID, min_part_m2=1000, min_hole_m2=1000)
    np.testing.assert_array_equal(mask, before)


@settings(max_examples=150, deadline=None)
@given(MASKS, st.integers(1, 12), st.integers(1, 80))
def test_bands_of_rows_give_what_the_whole_gives(
    mask: npt.NDArray[np.bool_], least: int, at_once: int
) -> None:
    labels, count = ndimage.label(mask)
    sizes = ndimage.sum_labels(mask, labels, range(1, count + 1))
    expected = np.isin(labels, 1 + np.flatnonzero(sizes >= least)) if least > 1 else mask
    np.testing.assert_array_equal(without_small_parts(mask, least, at_once), expected)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.bool_, GRID.shape), st.floats(0, 3000), st.floats(0, 3000))
def test_cleaning_twice_changes_nothing(
    mask: npt.NDArray[np.bool_], part: float, hole: float
) -> None:
    once = clean_mask(mask, GRID, min_part_m2=part, min_hole_m2=hole)
    twice = clean_mask(once, GRID, min_part_m2=part, min_hole_m2=hole)
    np.testing.assert_array_equal(once, twice)
