"""Labelled tiles with land cover simulated from their fields, for every benchmark that needs truth.

The tiles are those of ``training.split``: validation tiles never trained the small model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from scipy import ndimage

from core.grid import Grid
from core.imagery.scene import SceneImage
from core.landcover.registry import PRODUCTS
from core.landcover.source import LandCoverTile
from training.scenes import read_tile, tile_names

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
_CROPLAND, _GRASS = 40, 30
_CLUMP = 4


@dataclass(frozen=True, slots=True, eq=False)
class LabelledTile:
    """A tile and its truth; every tile stands on a made-up UTM grid of its own pixel size.

    Parameters
    ----------
    image : SceneImage
    fields : int16 (rows, columns)
        Number of the hand-drawn field, 0 where there is none.
    """

    name: str
    image: SceneImage
    fields: npt.NDArray[np.int16]

    @property
    def truth(self) -> npt.NDArray[np.bool_]:
        """Pixels of cropland."""
        return self.fields > 0


@dataclass(frozen=True, slots=True)
class Degradation:
    """How a simulated land cover is wrong: as that of the data's README unless changed.

    Parameters
    ----------
    resolution_m : float
        Side of a cell; a cell is cropland where most of it is.
    shift_cells : float
        Cells by which everything lies too far east.
    clump_share : float
        Share of 4 x 4-cell clumps that are flipped.
    """

    resolution_m: float = 10.0
    shift_cells: float = 1.0
    clump_share: float = 0.12


def data_folder() -> Path:
    """The labelled tiles; ``CROPMAP_TEST_DATA`` says where, else they lie beside the checkout.

    Raises
    ------
    SystemExit
        They are not there.
    """
    folder = Path(os.environ.get("CROPMAP_TEST_DATA", _BESIDE_CHECKOUT)) / "naip_fields"
    if not folder.is_dir():
        raise SystemExit(f"There are no tiles in {folder}; set CROPMAP_TEST_DATA.")
    return folder


def load_tiles(*, validation: bool = True) -> list[LabelledTile]:
    """Tiles of one side of the split."""
    folder = data_folder()
    tiles = []
    for name in tile_names(folder, validation=validation):
        scene = read_tile(folder, name)
        rows, columns = scene.parcels.shape
        transform = Affine(scene.gsd_m, 0, 500_000, 0, -scene.gsd_m, 4_600_000)
        grid = Grid(CRS.from_epsg(32615), transform, columns, rows)
        image = SceneImage(scene.rgb, np.ones((rows, columns), dtype=np.bool_), grid)
        tiles.append(LabelledTile(name, image, scene.parcels))
    return tiles


def simulate_landcover(tile: LabelledTile, wrong: Degradation, seed: int = 0) -> LandCoverTile:
    """Land cover with WorldCover codes made from the tile's fields, with a product's mistakes."""
    generator = np.random.default_rng(seed)
    truth, gsd_m = tile.truth, tile.image.grid.gsd_m
    rows, columns = truth.shape
    cell = wrong.resolution_m / gsd_m
    down, across = int(np.ceil(rows / cell)), int(np.ceil(columns / cell))
    # Share of cropland in each cell: a running mean read at the cells' centres.
    share = ndimage.uniform_filter(truth.astype(np.float32), max(1, round(cell)), mode="nearest")
    row = np.clip(((np.arange(down) + 0.5) * cell).astype(int), 0, rows - 1)
    column = ((np.arange(across) + 0.5 - wrong.shift_cells) * cell).astype(int)
    column = np.clip(column, 0, columns - 1)
    cells = share[row[:, None], column[None]] >= 0.5
    clumps = generator.random((-(-down // _CLUMP), -(-across // _CLUMP))) < wrong.clump_share
    cells = cells ^ np.kron(clumps, np.ones((_CLUMP, _CLUMP), dtype=np.bool_))[:down, :across]
    cell_row = np.minimum((np.arange(rows) + 0.5) / cell, down - 1).astype(int)
    cell_column = np.minimum((np.arange(columns) + 0.5) / cell, across - 1).astype(int)
    cropland = cells[cell_row[:, None], cell_column[None]]
    product = replace(PRODUCTS["worldcover_v200"], resolution_m=wrong.resolution_m)
    return LandCoverTile(
        np.where(cropland, _CROPLAND, _GRASS).astype(np.uint16),
        cropland.astype(np.float32),
        np.ones_like(cropland),
        tile.image.grid,
        product,
    )
