"""Where training chips lie, and which of them train, validate and test: split by place.

Chips are laid out in square blocks; a block goes to one split as a whole.  With an overlap, a chip
at a block's edge reaches into the next block: where that one is of another split the chip is a
guard and left out, so no pixel of one split is in another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.errors import InputError
from core.grid import Grid, Window
from core.imagery.tiled_mask import SlicedMask

SPLITS = ("train", "val", "test")

_LARGEST_BLOCK = 4
_ENOUGH_BLOCKS = 12
"""With fewer blocks, shares of 15 % cannot be met, so blocks are made smaller."""


@dataclass(frozen=True, slots=True)
class ChipOptions:
    """How a scene is cut into chips.

    Parameters
    ----------
    size : int
        Side of a chip in pixels, 32 to 4096.
    overlap : int
        Pixels that neighbouring chips share; at most half of ``size``.
    val_share, test_share : float
        Shares of the reviewed area for validation and test; the rest trains.
    block : int or None
        Chips along a side of a block; None chooses the largest of 4, 3, 2, 1 that leaves enough
        blocks (at least 2 with an overlap).
    seed : int
        Of the order in which blocks are given to splits.
    boundary_px : float
        Width of the boundary class along the outlines of fields, in pixels; 0 leaves it out.
    geotiff, png : bool
        In which formats images and masks are written; at least one.
    """

    size: int = 512
    overlap: int = 0
    val_share: float = 0.15
    test_share: float = 0.15
    block: int | None = None
    seed: int = 0
    boundary_px: float = 2.0
    geotiff: bool = True
    png: bool = True

    def __post_init__(self) -> None:
        """Refuse what makes no sense, in words for the person who chose it."""
        if not 32 <= self.size <= 4096:
            raise InputError(
                f"A chip of {self.size} pixels is not possible.", "Choose 32 to 4096 pixels."
            )
        if not 0 <= self.overlap <= self.size // 2:
            raise InputError(
                f"An overlap of {self.overlap} pixels is not possible with chips of {self.size}.",
                f"Choose 0 to {self.size // 2} pixels.",
            )
        if min(self.val_share, self.test_share) < 0 or self.val_share + self.test_share >= 1:
            raise InputError(
                "The shares for validation and test leave nothing to train on.",
                "Choose shares of 0 or more that add up to less than 100 %.",
            )
        if self.block is not None and self.block < self.smallest_block:
            raise InputError(
                f"Blocks of {self.block} chips are too small.",
                f"Choose at least {self.smallest_block} chips along a side.",
            )
        if not 0 <= self.boundary_px <= self.size / 4:
            raise InputError(
                f"A boundary of {self.boundary_px:g} pixels is not possible.",
                f"Choose 0 to {self.size // 4} pixels.",
            )
        if not (self.geotiff or self.png):
            raise InputError(
                "Chips need a file format.", "Choose GeoTIFF, PNG or both for the chips."
            )

    @property
    def stride(self) -> int:
        """Pixels from one chip to the next."""
        return self.size - self.overlap

    @property
    def smallest_block(self) -> int:
        """Chips along a block's side without which no chip would lie wholly inside one."""
        return 2 if self.overlap else 1

    @property
    def shares(self) -> dict[str, float]:
        """Share of each split."""
        return {
            "train": 1 - self.val_share - self.test_share,
            "val": self.val_share,
            "test": self.test_share,
        }


@dataclass(frozen=True, slots=True)
class Chip:
    """A place for a chip.

    Parameters
    ----------
    name : str
        Row and column of its first pixel, such as ``r00512_c01024``.
    window : Window
        On the scene's grid; the last of a row or column may reach beyond it.
    split : str or None
        train, val or test; None for a guard, which is left out.
    """

    name: str
    window: Window
    split: str | None


@dataclass(frozen=True, slots=True)
class ChipPlan:
    """The chips of a scene in reading order, and the blocks behind their splits.

    Parameters
    ----------
    block : int
        Chips along a side of a block.
    splits : int8 (block rows, block columns)
        Index in ``SPLITS`` of each block.
    """

    grid: Grid
    options: ChipOptions
    block: int
    splits: npt.NDArray[np.int8]

    def __len__(self) -> int:
        rows, columns = (self._count(length) for length in self.grid.shape)
        return rows * columns

    def __iter__(self) -> Iterator[Chip]:
        size, stride = self.options.size, self.options.stride
        rows, columns = (self._count(length) for length in self.grid.shape)
        for row in range(rows):
            for column in range(columns):
                window = Window(column * stride, row * stride, size, size)
                name = f"r{window.row:05d}_c{window.column:05d}"
                yield Chip(name, window, self._split(window))

    def _count(self, length: int) -> int:
        """Chips along a side: the last one still adds pixels to those before it."""
        return max(1, -(-(length - self.options.overlap) // self.options.stride))

    def _split(self, window: Window) -> str | None:
        """The one split of all the blocks that a window touches."""
        inside = window.intersection(self.grid.extent)
        assert inside is not None  # noqa: S101  (every chip starts inside the grid)
        side = self.block * self.options.stride
        rows = slice(inside.row // side, (inside.row_stop - 1) // side + 1)
        columns = slice(inside.column // side, (inside.column_stop - 1) // side + 1)
        found = np.unique(self.splits[rows, columns])
        return SPLITS[found[0]] if len(found) == 1 else None


def plan_chips(grid: Grid, reviewed: SlicedMask, options: ChipOptions) -> ChipPlan:
    """Lay out the chips of a scene and split its blocks.

    Parameters
    ----------
    reviewed : SlicedMask, bool (rows, columns)
        On ``grid``.

    Notes
    -----
    Blocks with reviewed pixels are shuffled by the seed.  The first of them give every split one;
    each of the others goes to the split that has the least of its share, by reviewed pixels.  All
    other blocks are of the split of the nearest of these.
    """
    sides = range(_LARGEST_BLOCK, options.smallest_block - 1, -1)
    candidates = [options.block] if options.block is not None else list(sides)
    for block in candidates:
        pixels = _reviewed_pixels(reviewed, block * options.stride)
        if np.count_nonzero(pixels) >= _ENOUGH_BLOCKS:
            break
    return ChipPlan(grid, options, block, _split_blocks(pixels, options))


def _reviewed_pixels(reviewed: SlicedMask, side: int) -> npt.NDArray[np.int64]:
    """Reviewed pixels of each square block: (block rows, block columns)."""
    rows, columns = (-(-length // side) for length in reviewed.shape)
    pixels = np.zeros((rows, columns), dtype=np.int64)
    for row in range(rows):
        for column in range(columns):
            block = Window(column * side, row * side, side, side)
            pixels[row, column] = np.count_nonzero(reviewed[block.slices])
    return pixels


def _split_blocks(pixels: npt.NDArray[np.int64], options: ChipOptions) -> npt.NDArray[np.int8]:
    known = np.argwhere(pixels > 0)
    wanted = [index for index, split in enumerate(SPLITS) if options.shares[split] > 0]
    has = dict.fromkeys(wanted, 0)
    splits = np.zeros(pixels.shape, dtype=np.int8)
    for row, column in np.random.default_rng(options.seed).permutation(known):
        waiting = [index for index in wanted if has[index] == 0]
        least = min(wanted, key=lambda index: has[index] / options.shares[SPLITS[index]])
        chosen = waiting[0] if waiting else least
        splits[row, column] = chosen
        has[chosen] += int(pixels[row, column])
    if not len(known):
        return splits
    nearest = ndimage.distance_transform_edt(
        pixels == 0, return_distances=False, return_indices=True
    )
    filled: npt.NDArray[np.int8] = splits[tuple(nearest)]
    return filled
