"""A mask that is kept tile by tile answers as the whole array would."""

from __future__ import annotations

import numpy as np

from core.grid import Window
from core.imagery.packed_mask import PackedMask
from core.imagery.tiled_mask import TiledMask


def test_every_window_is_that_of_the_array() -> None:
    generator = np.random.default_rng(5)
    shape = (2500, 1800)
    whole, mask = np.zeros(shape, dtype=np.bool_), TiledMask(shape)
    assert not mask.any()
    for _ in range(30):
        row, column = (int(generator.integers(0, length - 400)) for length in shape)
        window = Window(column, row, *(int(n) for n in generator.integers(1, 400, 2)))
        part = generator.random((window.height, window.width)) < generator.choice([0, 0.5, 1])
        whole[window.slices] = part
        mask.put(window, PackedMask.of(part))
    for _ in range(30):
        row, column = (int(generator.integers(0, length)) for length in shape)
        height, width = (int(n) for n in generator.integers(0, 1500, 2))
        asked = slice(row, row + height), slice(column, column + width)
        assert np.array_equal(mask[asked], whole[asked])
    assert mask.any()
    assert mask.shape == shape


def test_a_mask_of_twenty_gigapixels_takes_no_memory() -> None:
    mask = TiledMask((141_421, 141_421))
    full = PackedMask((896, 896), 896 * 896)
    for tile in range(0, 141_421 - 896, 896):
        mask.put(Window(tile, tile, 896, 896), full)
    assert mask[70_000:70_010, 70_000:70_010].all()
    assert not mask[0:10, 140_000:141_000].any()
