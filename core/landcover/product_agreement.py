"""Several land cover products over one tile: where they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import LandCoverError
from core.grid import Grid
from core.landcover.source import LandCoverTile


@dataclass(frozen=True, slots=True)
class Agreement:
    """Votes of several products for cropland.

    Parameters
    ----------
    votes : uint8 (rows, columns)
        How many products call the pixel cropland.
    products : uint8 (rows, columns)
        How many products say anything there.
    grid : Grid
    tiles : tuple of LandCoverTile
        The products, in the order given.
    """

    votes: npt.NDArray[np.uint8]
    products: npt.NDArray[np.uint8]
    grid: Grid
    tiles: tuple[LandCoverTile, ...]

    @property
    def share(self) -> npt.NDArray[np.float32]:
        """Votes by products, float32 0 to 1; NaN where no product says anything."""
        share = np.full(self.votes.shape, np.nan, dtype=np.float32)
        known = self.products > 0
        share[known] = self.votes[known] / self.products[known]
        return share

    def to_tile(self, least: float = 1.0) -> LandCoverTile:
        """Land cover that is valid only where at least ``least`` of the products agree.

        ``least`` is a share above 0.5; 1 asks for all.  The classes are the first product's.
        """
        if not 0.5 < least <= 1.0:
            raise LandCoverError(
                f"An agreement of {least:g} is not a majority.", "Take more than 0.5, at most 1."
            )
        agreeing = np.maximum(self.votes, self.products - self.votes)
        # Counts, not float32 shares: two of three must weigh the same for and against.
        valid = (self.products > 0) & (agreeing >= least * self.products.astype(np.float64) - 1e-6)
        fraction = np.where(valid, self.share, np.nan).astype(np.float32)
        first = self.tiles[0]
        return LandCoverTile(first.classes, fraction, valid, self.grid, first.product)


def agreement(tiles: Sequence[LandCoverTile]) -> Agreement:
    """Count the votes of products that were aligned to one grid.

    Raises
    ------
    LandCoverError
        No product, or grids that differ.
    """
    if not tiles:
        raise LandCoverError("There is no land cover to compare.", "Add at least one product.")
    grid = tiles[0].grid
    if any(tile.grid != grid for tile in tiles):
        raise LandCoverError(
            "The land cover products are not on one grid.", "Align each to the same tile first."
        )
    votes = np.zeros(grid.shape, dtype=np.uint8)
    products = np.zeros(grid.shape, dtype=np.uint8)
    for tile in tiles:
        votes += tile.cropland
        products += tile.valid
    return Agreement(votes, products, grid, tuple(tiles))
