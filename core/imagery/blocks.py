"""How pixels are stored: blocks of a GeoTIFF that were never written, and lossy compression.

Both are told without reading a pixel.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader

from core.grid import Window

_MOST_BLOCKS = 300_000
"""Asking for a block takes some microseconds."""

_SMALL_PIXELS = 50_000_000


def is_written(dataset: DatasetReader, row: int, column: int, band: int = 1) -> bool:
    """Whether a block of a GeoTIFF is stored, counted in blocks: GDAL then says where."""
    place = dataset.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=band)
    return place is not None


def holds_any_block(dataset: DatasetReader) -> bool:
    """Whether any block of a large raster was ever written; True where that is not told quickly."""
    if dataset.width * dataset.height <= _SMALL_PIXELS:
        return True
    return may_hold_blocks(dataset, Window(0, 0, dataset.width, dataset.height))


def may_hold_blocks(dataset: DatasetReader, window: Window) -> bool:
    """Whether any block under a window was ever written; True where that is not told quickly."""
    rows, columns = dataset.block_shapes[0]
    across = range(window.column // columns, (window.column_stop - 1) // columns + 1)
    down = range(window.row // rows, (window.row_stop - 1) // rows + 1)
    if dataset.driver != "GTiff" or len(across) * len(down) > _MOST_BLOCKS:
        return True
    for band in range(1, dataset.count + 1):
        for row, column in product(down, across):
            if is_written(dataset, row, column, band):
                return True
        if dataset.profile.get("interleave") == "pixel":
            return False
    return False


def written_blocks(dataset: DatasetReader) -> npt.NDArray[np.bool_] | None:
    """Which blocks of a pixel-interleaved raster were ever written, bool (block rows, columns).

    None where that is not told quickly.  Whoever asks of many windows asks this once.
    """
    rows, columns = dataset.block_shapes[0]
    across, down = -(-dataset.width // columns), -(-dataset.height // rows)
    told = dataset.driver == "GTiff" and across * down <= _MOST_BLOCKS
    if not told or dataset.profile.get("interleave") != "pixel":
        return None
    blocks = product(range(down), range(across))
    told_of = (is_written(dataset, row, column) for row, column in blocks)
    return np.fromiter(told_of, np.bool_, across * down).reshape(down, across)


def lacks_blocks(dataset: DatasetReader) -> bool:
    """Whether a GeoTIFF lacks blocks that were never written; False where it is not told quickly.

    GDAL reads them as nodata, or as 0 where the file has no nodata value.
    """
    rows, columns = dataset.block_shapes[0]
    across, down = -(-dataset.width // columns), -(-dataset.height // rows)
    if dataset.driver != "GTiff" or across * down > _MOST_BLOCKS:
        return False
    return any(
        not is_written(dataset, row, column) for row, column in product(range(down), range(across))
    )


def is_lossy(dataset: DatasetReader) -> bool:
    """Whether the pixels are compressed in a way that changes them, as JPEG does."""
    said = {k.upper(): str(v).upper() for k, v in dataset.tags(ns="IMAGE_STRUCTURE").items()}
    if said.get("COMPRESSION_REVERSIBILITY", "").startswith("LOSSLESS"):
        return False
    lossy = said.get("COMPRESSION_REVERSIBILITY") == "LOSSY"
    # "YCbCr JPEG" is how JPEG in a GeoTIFF is named where its colours are kept so.
    return lossy or dataset.driver == "JPEG" or said.get("COMPRESSION", "").endswith("JPEG")
