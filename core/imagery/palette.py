"""Rasters whose one band holds codes of a colour table, or greys that count from white to black."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255."""

_NEGATIVE_TYPES = ("uint8", "uint16")


def is_palette(dataset: DatasetReader) -> bool:
    """Whether the raster's one band holds codes of a colour table, which must not be averaged."""
    if dataset.count != 1:
        return False
    coloured = dataset.colorinterp[0] == ColorInterp.palette and bool(colour_table(dataset))
    return coloured or _is_negative(dataset)


def colour_table(dataset: DatasetReader) -> dict[int, Colour]:
    """Red, green, blue and opacity by code; empty where the file has no colour table.

    A file whose photometric interpretation is "white is zero", as scanners write it, has the table
    that this says: GDAL hands its values out as they are, and would show a negative.
    """
    if _is_negative(dataset):
        largest = int(np.iinfo(dataset.dtypes[0]).max)
        greys = (255 - code * 255 // largest for code in range(largest + 1))
        return {code: (grey, grey, grey, 255) for code, grey in enumerate(greys)}
    try:
        table: dict[int, Colour] = dataset.colormap(1)
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


def _is_negative(dataset: DatasetReader) -> bool:
    """Whether the one band of a file counts from white (0) to black."""
    said = dataset.count == 1 and dataset.dtypes[0] in _NEGATIVE_TYPES
    return bool(said and dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES")
