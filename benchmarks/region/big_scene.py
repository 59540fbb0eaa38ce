"""Made scenes of any size: one piece of farmland, repeated over all of it or over a small part.

What holds nothing is not stored, so that a scene of 20 gigapixels is a file of a few megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window

from core.farmland import generate
from core.farmland.made_scene import Farmland

PIECE = 1024
_OVERVIEW = 1024
"""About how many pixels a side overviews have."""

_CELL = 8
"""Pixels along a cell of the land cover."""


@dataclass(frozen=True, slots=True)
class BigScene:
    """Files of a made scene, and how many of its pixels hold data."""

    scene: Path
    landcover: Path
    pixels: int


def write_big_scene(folder: Path, side: int, filled: int) -> BigScene:
    """Write a scene of ``side`` x ``side`` pixels and its land cover into ``folder``.

    Parameters
    ----------
    side : int
        Pixels, a multiple of ``PIECE``.
    filled : int
        Pieces along the side of the part that holds data, in the middle of the scene.
    """
    farmland = generate(7, size=PIECE, style="smallholder")
    folder.mkdir(parents=True, exist_ok=True)
    scene, landcover = folder / "scene.tif", folder / "landcover.tif"
    rgb = np.moveaxis(np.maximum(farmland.rgb, 1), -1, 0)
    _write(scene, farmland, rgb, side, filled, 1)
    codes = farmland.classes[::_CELL, ::_CELL][None]
    _write(landcover, farmland, codes, side // _CELL, filled, _CELL)
    return BigScene(scene, landcover, (filled * PIECE) ** 2)


def _write(
    path: Path, farmland: Farmland, piece: np.ndarray, side: int, filled: int, scale: int
) -> None:
    """Write a raster, and beside it the overview that a raster of such a size has."""
    _repeat(path, farmland, piece, side, filled, scale)
    shrink = max(1, side // _OVERVIEW)
    shrink = 2 ** (shrink.bit_length() - 1)
    if shrink > 1:
        small = piece[:, ::shrink, ::shrink]
        overview = path.with_name(f"{path.name}.ovr")
        _repeat(overview, farmland, small, side // shrink, filled, scale * shrink)


def _repeat(
    path: Path, farmland: Farmland, piece: np.ndarray, side: int, filled: int, scale: int
) -> None:
    bands, size, _ = piece.shape
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": bands, "dtype": "uint8",
        "crs": farmland.grid.crs.to_wkt(),
        "transform": farmland.grid.transform @ Affine.scale(scale),
        "nodata": 0, "tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate",
        "interleave": "pixel", "sparse_ok": True, "bigtiff": "yes",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:  # noqa: TID251
        for row, column in _places(side // size, filled):
            window = Window(column * size, row * size, size, size)
            # Turned about, so that neighbouring pieces differ.
            dataset.write(np.rot90(piece, (row + 3 * column) % 4, axes=(1, 2)), window=window)


def _places(pieces: int, filled: int) -> Iterator[tuple[int, int]]:
    first = (pieces - filled) // 2
    for row in range(first, first + filled):
        for column in range(first, first + filled):
            yield row, column
