"""Land cover as pictures to lay over a map, on any grid."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.errors import NoOverlapError
from core.grid import Grid
from core.landcover.alignment import align
from core.landcover.product import Product
from core.landcover.source import LandCover

CROPLAND_COLOUR = (230, 159, 0)
"""The orange of Okabe and Ito's colour-blind-safe set, as in the exported mask."""


def landcover_rgba(landcover: LandCover, grid: Grid) -> npt.NDArray[np.uint8]:
    """The product's classes in its official colours: uint8 (rows, columns, 4).

    Transparent where the product says nothing, and wholly where it lies elsewhere.

    Raises
    ------
    InputError
        The product's file cannot be read.
    """
    try:
        tile = align(landcover, grid)
    except NoOverlapError:
        return _nothing(grid)
    picture: npt.NDArray[np.uint8] = _colours(landcover.product)[tile.classes]
    picture[~tile.valid] = 0
    return picture


def cropland_rgba(landcover: LandCover, grid: Grid) -> npt.NDArray[np.uint8]:
    """The product's share of cropland as opacity of one colour: uint8 (rows, columns, 4).

    Errors and transparency as for :func:`landcover_rgba`.
    """
    picture = _nothing(grid)
    try:
        tile = align(landcover, grid)
    except NoOverlapError:
        return picture
    share = np.nan_to_num(tile.cropland_fraction, nan=0.0)
    picture[..., :3] = CROPLAND_COLOUR
    picture[..., 3] = np.rint(np.where(tile.valid, share, 0.0) * 255.0)
    return picture


def _nothing(grid: Grid) -> npt.NDArray[np.uint8]:
    return np.zeros((*grid.shape, 4), dtype=np.uint8)


@lru_cache(maxsize=16)
def _colours(product: Product) -> npt.NDArray[np.uint8]:
    """Colour of each code: uint8 (65536, 4); transparent for codes that the legend lacks."""
    table = np.zeros((65536, 4), dtype=np.uint8)
    for entry in product.classes:
        if entry.code not in product.nodata:
            table[entry.code] = (*bytes.fromhex(entry.colour.removeprefix("#")), 255)
    return table
