"""Rasters whose one band holds codes of a colour table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader


def is_palette(dataset: DatasetReader) -> bool:
    """Whether the raster's one band holds codes of a colour table, which must not be averaged."""
    one = dataset.count == 1 and dataset.colorinterp[0] == ColorInterp.palette
    return bool(one and colour_table(dataset))


def colour_table(dataset: DatasetReader) -> dict[int, tuple[int, int, int, int]]:
    """Red, green, blue and opacity by code; empty where the file has no colour table."""
    try:
        table: dict[int, tuple[int, int, int, int]] = dataset.colormap(1)
    except ValueError:  # rasterio's word for none
        return {}
    return table


def palette_colours(
    dataset: DatasetReader, codes: npt.NDArray[np.generic]
) -> npt.NDArray[np.generic]:
    """Red, green, blue and opacity of palette codes: (4, rows, columns)."""
    table = np.zeros((4, 65536 if codes.dtype.itemsize > 1 else 256), dtype=np.uint8)
    table[3] = 255
    for code, colour in colour_table(dataset).items():
        if code < table.shape[1]:
            table[:, code] = colour
    return table[:, codes.astype(np.int64)]
