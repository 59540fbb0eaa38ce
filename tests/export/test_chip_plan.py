"""Splits by place: no pixel of one split is in another, whatever the sizes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.errors import InputError
from core.export.chip_plan import SPLITS, ChipOptions, ChipPlan, plan_chips
from core.grid import Grid


def grid(height: int, width: int) -> Grid:
    return Grid(CRS.from_epsg(32633), Affine(1, 0, 5e5, 0, -1, 5e6), width, height)


def owners(plan: ChipPlan) -> np.ndarray:
    """Which splits each pixel is in, as bits: uint8 (rows, columns)."""
    bits = np.zeros(plan.grid.shape, dtype=np.uint8)
    for chip in plan:
        if chip.split is not None:
            bits[chip.window.slices] |= 1 << SPLITS.index(chip.split)
    return bits


@st.composite
def plans(draw: st.DrawFn) -> ChipPlan:
    size = draw(st.integers(32, 70))
    options = ChipOptions(
        size=size,
        overlap=draw(st.integers(0, size // 2)),
        val_share=draw(st.sampled_from([0.0, 0.15, 0.4])),
        test_share=draw(st.sampled_from([0.0, 0.15, 0.4])),
        block=draw(st.sampled_from([None, 2, 3])),
        seed=draw(st.integers(0, 99)),
        boundary_px=0,
    )
    shape = draw(st.tuples(st.integers(1, 700), st.integers(1, 700)))
    reviewed = np.zeros(shape, dtype=np.bool_)
    for _ in range(draw(st.integers(0, 5))):
        row, column = draw(st.integers(0, 699)), draw(st.integers(0, 699))
        reviewed[row : row + 150, column : column + 150] = True
    return plan_chips(grid(*shape), reviewed, options)


@settings(deadline=None, max_examples=80)
@given(plans())
def test_no_pixel_is_in_two_splits(plan: ChipPlan) -> None:
    assert set(np.unique(owners(plan)).tolist()) <= {0, 1, 2, 4}


@settings(deadline=None, max_examples=40)
@given(plans())
def test_chips_and_guards_cover_the_scene_and_each_adds_pixels(plan: ChipPlan) -> None:
    seen = np.zeros(plan.grid.shape, dtype=np.bool_)
    chips = list(plan)
    assert len(chips) == len(plan)
    assert len({chip.name for chip in chips}) == len(chips)
    for chip in chips:
        part = seen[chip.window.slices]
        assert part.size
        if plan.options.overlap == 0:
            assert not part.any()
        assert not part.all()
        part[...] = True
    assert seen.all()


def test_without_overlap_there_are_no_guards() -> None:
    reviewed = np.ones((2000, 2000), dtype=np.bool_)
    plan = plan_chips(grid(2000, 2000), reviewed, ChipOptions(size=100))
    assert None not in {chip.split for chip in plan}
    assert (owners(plan) > 0).all()


def test_with_overlap_guards_lie_between_splits() -> None:
    reviewed = np.ones((2000, 2000), dtype=np.bool_)
    plan = plan_chips(grid(2000, 2000), reviewed, ChipOptions(size=100, overlap=20))
    counts = Counter(chip.split for chip in plan)
    assert counts[None] > 0
    assert set(counts) == {None, *SPLITS}
    assert counts[None] < len(plan) / 2


def test_shares_are_met_by_reviewed_area() -> None:
    reviewed = np.zeros((4000, 4000), dtype=np.bool_)
    reviewed[:2500, :3500] = True
    plan = plan_chips(grid(4000, 4000), reviewed, ChipOptions(size=100))
    bits = owners(plan)[reviewed]
    for split, share in (("train", 0.7), ("val", 0.15), ("test", 0.15)):
        assert np.mean(bits == 1 << SPLITS.index(split)) == pytest.approx(share, abs=0.05)


def test_a_seed_gives_the_same_split_and_another_seed_another() -> None:
    reviewed = np.ones((2000, 2000), dtype=np.bool_)
    one, same, other = (
        plan_chips(grid(2000, 2000), reviewed, ChipOptions(size=100, seed=seed))
        for seed in (1, 1, 2)
    )
    assert list(one) == list(same)
    assert list(one) != list(other)


def test_every_split_gets_a_block_where_there_are_three() -> None:
    reviewed = np.ones((100, 300), dtype=np.bool_)
    plan = plan_chips(grid(100, 300), reviewed, ChipOptions(size=100))
    assert plan.block == 1
    assert sorted(str(chip.split) for chip in plan) == ["test", "train", "val"]


def test_blocks_are_large_where_the_scene_is() -> None:
    large = plan_chips(
        grid(4000, 4000), np.ones((4000, 4000), dtype=np.bool_), ChipOptions(size=100)
    )
    small = plan_chips(grid(600, 600), np.ones((600, 600), dtype=np.bool_), ChipOptions(size=100))
    assert (large.block, small.block) == (4, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 16},
        {"overlap": 300},
        {"overlap": -1},
        {"val_share": 0.6, "test_share": 0.4},
        {"test_share": -0.1},
        {"overlap": 10, "block": 1},
        {"boundary_px": -1},
        {"geotiff": False, "png": False},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong: dict) -> None:
    with pytest.raises(InputError) as caught:
        ChipOptions(**wrong)
    assert caught.value.message.endswith(".")
    assert caught.value.hint or caught.value.remedy
