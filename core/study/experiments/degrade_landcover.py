"""Land cover made wrong on purpose, by a known amount: from the truth, or a product made worse.

Everything random comes from a seed, and the same seed draws the same clumps and parcels whatever
their share: of two shares the larger one flips what the smaller one does, and more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.grid import Grid
from core.landcover.product import Product
from core.landcover.product_registry import PRODUCTS
from core.landcover.source import LandCoverTile

_SIMULATED_AS = "worldcover_v200"
_CROPLAND, _GRASS = 40, 30

Value = TypeVar("Value", bound=np.generic)
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Degradation:
    """How land cover is wrong; by default as in the README of the labelled tiles.

    Parameters
    ----------
    resolution_m : float
        Side of a cell; a cell is cropland where most of it is.  What is coarser already stays.
    shift_cells : float
        Cells by which everything lies too far to the right (east).
    clump_share : float
        Share of clumps of cells that are flipped.
    clump_cells : int
        Cells along the side of a clump: products are wrong by fields, not by cells.
    shift_down_cells : float
        Cells by which everything lies too far down (south).
    missing_share : float
        Share of the true cropland's area that is called something else, by whole parcels.
    grassland_is_cropland : bool
        Whether grassland and pasture are called cropland; only a product knows which they are.
    """

    resolution_m: float = 10.0
    shift_cells: float = 1.0
    clump_share: float = 0.12
    clump_cells: int = 4
    shift_down_cells: float = 0.0
    missing_share: float = 0.0
    grassland_is_cropland: bool = False


AS_IT_IS = Degradation(resolution_m=0.0, shift_cells=0.0, clump_share=0.0)
"""Nothing is made worse."""


def simulate_landcover(
    truth: Flags, grid: Grid, wrong: Degradation, seed: int = 0, parcels: Numbers | None = None
) -> LandCoverTile:
    """Land cover with WorldCover codes made from the truth, with a product's mistakes.

    Parameters
    ----------
    truth : bool (rows, columns)
        Cropland.
    grid : Grid
        Of the truth.
    parcels : int64 (rows, columns), optional
        Numbers of the true parcels from 1; by default the parts of the truth that hang together.

    Raises
    ------
    ValueError
        Grassland is to be called cropland: the truth does not know it.
    """
    if wrong.grassland_is_cropland:
        raise ValueError("the truth does not tell grassland from other land")
    cell = wrong.resolution_m / grid.gsd_m
    own = truth
    if wrong.missing_share:
        own = truth & ~choose_parcels(_numbered(truth, parcels), wrong.missing_share, seed)
    cells = _majority(own, cell, wrong.shift_cells, wrong.shift_down_cells)
    cropland = _on_pixels(cells ^ _clumps(cells.shape, wrong, seed), cell, truth.shape)
    product = replace(PRODUCTS[_SIMULATED_AS], resolution_m=wrong.resolution_m)
    return LandCoverTile(
        np.where(cropland, _CROPLAND, _GRASS).astype(np.uint16),
        cropland.astype(np.float32),
        np.ones_like(cropland),
        grid,
        product,
    )


def degrade_landcover(
    landcover: LandCoverTile, wrong: Degradation, seed: int = 0, parcels: Numbers | None = None
) -> LandCoverTile:
    """A product made worse than it is; the very same tile where there is nothing to do.

    Cells count from the tile's upper left corner, at the product's own size unless coarser ones
    are asked for.  What the product does not know stays unknown, and moves with a shift.

    Parameters
    ----------
    parcels : int64 (rows, columns), optional
        Numbers of the true parcels from 1, of which ``missing_share`` is called something else; by
        default the parts of the product's cropland that hang together.
    """
    gsd_m, before = landcover.grid.gsd_m, landcover.cropland
    own_m = max(landcover.product.resolution_m, gsd_m)
    side_m = max(own_m, wrong.resolution_m)
    cell, shape = side_m / gsd_m, before.shape
    cropland, classes, valid = before, landcover.classes, landcover.valid
    if wrong.grassland_is_cropland:
        cropland = cropland | (valid & np.isin(classes, grassland_codes(landcover.product)))
    if wrong.missing_share:
        lost = choose_parcels(_numbered(before, parcels), wrong.missing_share, seed)
        # By the product's cells: their true outlines are not for a land cover to know.
        cropland = cropland & ~_on_pixels(_majority(lost, own_m / gsd_m), own_m / gsd_m, shape)
    if side_m > own_m:
        cropland = _on_pixels(_majority(cropland, cell), cell, shape)
    if wrong.shift_cells or wrong.shift_down_cells:
        right, down = (round(n * cell) for n in (wrong.shift_cells, wrong.shift_down_cells))
        cropland, valid = _moved(cropland, right, down), _moved(valid, right, down)
        classes = _moved(classes, right, down)
    if wrong.clump_share:
        count = _cell_count(shape, cell)
        cropland = cropland ^ _on_pixels(_clumps(count, wrong, seed), cell, shape)
    if side_m == own_m and valid is landcover.valid and np.array_equal(cropland, before):
        return landcover
    product = replace(landcover.product, resolution_m=side_m)
    return LandCoverTile(
        _recoded(classes, cropland, product),
        np.where(valid, cropland, np.nan).astype(np.float32),
        valid,
        landcover.grid,
        product,
    )


def choose_parcels(parcels: Numbers, share: float, seed: int) -> Flags:
    """Whole parcels drawn at random, together as near to ``share`` of all area as drawing gets.

    Parameters
    ----------
    parcels : int64 (rows, columns)
        Numbers from 1, 0 where there is none.

    Returns
    -------
    bool (rows, columns)
        Pixels of the chosen ones; off by at most half of the largest parcel.
    """
    numbers, areas = np.unique(parcels[parcels > 0], return_counts=True)
    wanted, taken, chosen = share * areas.sum(), 0, []
    for index in _generator(seed, "parcels").permutation(numbers.size):
        if abs(taken + areas[index] - wanted) < abs(taken - wanted):
            taken += areas[index]
            chosen.append(numbers[index])
    found: Flags = np.isin(parcels, chosen)
    return found


def grassland_codes(product: Product) -> tuple[int, ...]:
    """Codes of a legend's grassland and pasture that do not count as cropland."""
    words = ("grass", "pasture", "rangeland", "herbaceous vegetation")
    return tuple(
        one.code
        for one in product.classes
        if not one.cropland and any(word in one.name.lower() for word in words)
    )


def _numbered(cropland: Flags, parcels: Numbers | None) -> Numbers:
    if parcels is not None:
        return parcels
    numbers: Numbers = ndimage.label(cropland)[0].astype(np.int64)
    return numbers


def _cell_count(shape: tuple[int, ...], cell: float) -> tuple[int, int]:
    return int(np.ceil(shape[0] / cell)), int(np.ceil(shape[1] / cell))


def _majority(cropland: Flags, cell: float, right: float = 0.0, down: float = 0.0) -> Flags:
    """Whether most of each cell of ``cell`` pixels is cropland, bool (cells down, cells across).

    All of it moved by so many cells; what comes in at an edge is the edge's.
    """
    rows, columns = cropland.shape
    count_down, count_across = _cell_count(cropland.shape, cell)
    # Share of cropland in each cell: a running mean read at the cells' centres.
    share = ndimage.uniform_filter(cropland.astype(np.float32), max(1, round(cell)), mode="nearest")
    row = ((np.arange(count_down) + 0.5 - down) * cell).astype(int)
    column = ((np.arange(count_across) + 0.5 - right) * cell).astype(int)
    row, column = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
    found: Flags = share[row[:, None], column[None]] >= 0.5
    return found


def _clumps(count: tuple[int, ...], wrong: Degradation, seed: int) -> Flags:
    """Cells that are flipped, bool (cells down, cells across)."""
    (down, across), side = count, wrong.clump_cells
    drawn = np.random.default_rng(seed).random((-(-down // side), -(-across // side)))
    whole = np.ones((side, side), dtype=np.bool_)
    return np.kron(drawn < wrong.clump_share, whole)[:down, :across]


def _on_pixels(cells: Flags, cell: float, shape: tuple[int, ...]) -> Flags:
    """Each pixel has the value of the cell that its centre lies in."""
    (down, across), (rows, columns) = cells.shape, shape
    row = np.minimum((np.arange(rows) + 0.5) / cell, down - 1).astype(int)
    column = np.minimum((np.arange(columns) + 0.5) / cell, across - 1).astype(int)
    found: Flags = cells[row[:, None], column[None]]
    return found


def _moved(values: npt.NDArray[Value], right: int, down: int) -> npt.NDArray[Value]:
    """Values moved by whole pixels; what comes in at an edge is the edge's."""
    rows, columns = values.shape
    row = np.clip(np.arange(rows) - down, 0, rows - 1)
    column = np.clip(np.arange(columns) - right, 0, columns - 1)
    return values[row[:, None], column[None]]


def _recoded(
    classes: npt.NDArray[np.uint16], cropland: Flags, product: Product
) -> npt.NDArray[np.uint16]:
    """Classes that say of each pixel whether it is cropland as ``cropland`` does."""
    other = (*grassland_codes(product), *(c.code for c in product.classes if not c.cropland))[0]
    before = np.isin(classes, product.cropland_codes)
    codes = np.where(cropland & ~before, np.uint16(product.cropland_codes[0]), classes)
    recoded: npt.NDArray[np.uint16] = np.where(before & ~cropland, np.uint16(other), codes)
    return recoded


def _generator(seed: int, what: str) -> np.random.Generator:
    """Draws of one kind that have nothing to do with those of another of the same seed."""
    return np.random.default_rng([seed, *what.encode()])
