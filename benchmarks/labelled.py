"""Labelled tiles with land cover simulated from their fields, for every benchmark that needs truth.

The tiles are those of ``training.split``: validation tiles never trained the small model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS

from core.grid import Grid
from core.imagery.frame import Frame
from core.imagery.scene import SceneImage
from core.label.tile_label import cropland_mask
from core.landcover.source import LandCoverTile
from core.mapping import MapOptions
from core.predict.predict_options import PredictOptions
from core.predict.tile import TileInputs, TileMemory, predict_tile
from core.sam.protocol import Segmenter
from core.study.experiments import Degradation, simulate_landcover
from training.scenes import read_tile, tile_names

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


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


def simulated(tile: LabelledTile, wrong: Degradation, seed: int = 0) -> LandCoverTile:
    """Land cover with WorldCover codes made from the tile's fields, with a product's mistakes."""
    return simulate_landcover(tile.truth, tile.image.grid, wrong, seed)


def predicted(
    tile: LabelledTile,
    landcover: LandCoverTile,
    strategy: str,
    segmenter: Segmenter,
    memory: TileMemory | None = None,
) -> npt.NDArray[np.bool_]:
    """Cropland of a tile as a map shows it, bool (rows, columns)."""
    grid = tile.image.grid
    inputs = TileInputs(tile.image, landcover, Frame(grid, grid, grid.extent))
    prediction = predict_tile(inputs, PredictOptions(strategy), segmenter, memory)
    return cropland_mask(prediction, MapOptions().choices, grid)
