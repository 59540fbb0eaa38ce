"""Boxes around cropland and the dense mask prompt."""

from __future__ import annotations

import numpy as np

from core.prompts.boxes import MASK_INPUT_SIDE, cropland_boxes, dense_prompt
from core.prompts.prompt import BoxPrompt
from tests.fakes import landcover_of


def test_each_part_gets_the_box_of_its_pixel_edges_largest_first() -> None:
    flags = np.zeros((48, 64), dtype=np.bool_)
    flags[2:6, 3:9] = True  # 2,400 m2
    flags[20:40, 10:30] = True
    flags[45, 60] = True  # 100 m2
    assert cropland_boxes(landcover_of(flags)) == (
        BoxPrompt(10, 20, 30, 40),
        BoxPrompt(3, 2, 9, 6),
    )


def test_no_cropland_has_no_box() -> None:
    assert cropland_boxes(landcover_of(np.zeros((32, 32), dtype=np.bool_))) == ()


def test_the_dense_prompt_is_positive_on_cropland_and_undecided_in_the_padding() -> None:
    flags = np.zeros((32, 64), dtype=np.bool_)
    flags[:, :16] = True
    dense = dense_prompt(landcover_of(flags))
    assert dense.shape == (MASK_INPUT_SIDE, MASK_INPUT_SIDE)
    assert dense.dtype == np.float32
    # 64 px become 256, 32 rows become 128; the rest is padding below.
    assert (dense[:128, :64] == 4.0).all()
    assert (dense[:128, 64:] == -4.0).all()
    assert (dense[128:] == 0.0).all()


def test_unknown_land_cover_is_undecided() -> None:
    valid = np.ones((64, 64), dtype=np.bool_)
    valid[:, 32:] = False
    dense = dense_prompt(landcover_of(np.ones((64, 64), dtype=np.bool_), valid))
    assert (dense[:, :128] > 0).all()
    assert (dense[:, 128:] == 0.0).all()


def test_a_tile_larger_than_the_frame_is_sampled_at_its_cells_middles() -> None:
    flags = np.zeros((512, 512), dtype=np.bool_)
    flags[100:300, 40:200] = True
    dense = dense_prompt(landcover_of(flags))
    rows, columns = np.nonzero(dense > 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (50, 149, 20, 99)
