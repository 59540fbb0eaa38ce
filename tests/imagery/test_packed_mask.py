"""A mask as a small value is the mask."""

from __future__ import annotations

import numpy as np
import pytest

from core.imagery.packed_mask import PackedMask


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (7, 13), (64, 48)])
def test_a_packed_mask_is_read_as_it_was(share: float, shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(1).random(shape) < share
    packed = PackedMask.of(mask)
    assert np.array_equal(packed.read(), mask)
    assert packed.read().dtype == np.bool_
    assert packed.pixels == mask.sum()


def test_a_mask_of_whole_areas_takes_next_to_no_room() -> None:
    mask = np.zeros((1024, 1024), dtype=np.bool_)
    assert PackedMask.of(mask).body == b""
    mask[100:900, 300:] = True
    assert 0 < len(PackedMask.of(mask).body) < 5_000
