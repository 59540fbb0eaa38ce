"""Fields inside fields: what joins first, what stays apart, and what one number changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.predict.field_hierarchy import NO_JOINS, build_hierarchy, cut_fields, part_at_strongest


def _three_fields() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A strong border at column 40, a weak one at column 70, cropland from row 5 to 55."""
    boundary = np.zeros((60, 100), dtype=np.float32)
    boundary[:, 39:41], boundary[:, 69:71] = 0.8, 0.3
    depth = np.zeros_like(boundary)
    for start, stop in ((0, 39), (41, 69), (71, 100)):
        away = np.minimum(np.arange(start, stop) - start, stop - 1 - np.arange(start, stop))
        depth[:, start:stop] = away / away.max()
    cropland = np.zeros(boundary.shape, dtype=np.bool_)
    cropland[5:55] = True
    return boundary, depth, cropland


@pytest.mark.parametrize(("level", "fields"), [(0.1, 3), (0.5, 2), (0.95, 1)])
def test_one_number_tells_how_fields_come_apart(level: float, fields: int) -> None:
    boundary, depth, cropland = _three_fields()
    found = cut_fields(*build_hierarchy(boundary, depth, cropland), level)
    np.testing.assert_array_equal(found > 0, cropland)
    assert len(np.unique(found[cropland])) == fields
    assert len(np.unique(found[cropland & (np.arange(100) < 38)])) == 1
    if fields == 2:
        assert found[30, 20] != found[30, 55] == found[30, 90]


def test_a_small_field_joins_its_weakest_neighbour_unless_the_border_is_sure() -> None:
    boundary, depth, cropland = _three_fields()
    basins, joins = build_hierarchy(boundary, depth, cropland)
    joined = cut_fields(basins, joins, 0.1, least_pixels=1600)
    # The middle one, 28 columns of 50 rows, is smaller and goes to the right, not to the left.
    assert joined[30, 55] == joined[30, 90] != joined[30, 20]
    boundary[:, 39:41] = boundary[:, 69:71] = 1.0
    sure = cut_fields(*build_hierarchy(boundary, depth, cropland), 0.1, least_pixels=1600)
    assert len(np.unique(sure[cropland])) == 3


def test_what_does_not_touch_never_joins() -> None:
    boundary, depth, cropland = _three_fields()
    cropland[:, 38:42] = False  # a road
    found = cut_fields(*build_hierarchy(boundary, depth, cropland), 1.1, least_pixels=1e9)
    assert found[30, 20] != found[30, 55]


def test_a_parcel_comes_apart_at_its_strongest_border_between_large_parts() -> None:
    boundary, depth, cropland = _three_fields()
    basins, joins = build_hierarchy(boundary, depth, cropland)
    columns = np.arange(100)
    side = part_at_strongest(basins, joins, 200, 0.1)
    assert side is not None
    left = side if side[30, 10] else cropland & ~side
    assert left[30, :38].all()
    assert not left[30, 42:].any()
    # Within the two fields on the right the weak border is the strongest.
    right = np.where(columns > 41, basins, 0)
    inner = part_at_strongest(right, joins, 200, 0.1)
    assert inner is not None
    assert inner[30, 50] != inner[30, 90]
    assert not inner[:, :42].any()
    assert part_at_strongest(right, joins, 200, 0.5) is None
    assert part_at_strongest(right, joins, 1600, 0.1) is None


def test_no_cropland_has_no_fields() -> None:
    boundary, depth, cropland = _three_fields()
    basins, joins = build_hierarchy(boundary, depth, cropland & False)
    assert not basins.any()
    assert joins.shape == NO_JOINS.shape
    assert not cut_fields(basins, joins, 0.5).any()


def test_basins_that_a_mask_took_away_do_not_matter() -> None:
    boundary, depth, cropland = _three_fields()
    basins, joins = build_hierarchy(boundary, depth, cropland)
    left = np.where(np.arange(100) < 38, basins, 0)
    found = cut_fields(left, joins, 0.5)
    assert len(np.unique(found)) == 2
    np.testing.assert_array_equal(found > 0, left > 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 1))
def test_more_never_gives_more_fields_and_a_larger_field_holds_whole_smaller_ones(
    seed: int, one: float, other: float
) -> None:
    generator = np.random.default_rng(seed)
    boundary = generator.random((24, 24), dtype=np.float32)
    cropland = generator.random((24, 24)) < 0.8
    basins, joins = build_hierarchy(boundary, 1 - boundary, cropland)
    assert (np.diff(joins[:, 2]) >= 0).all()
    small, large = (cut_fields(basins, joins, level) for level in sorted((one, other)))
    pairs = np.unique(np.stack([small[cropland], large[cropland]]), axis=1)
    assert len(pairs[0]) == len(np.unique(small[cropland]))
    assert len(np.unique(large)) <= len(np.unique(small))
