"""The first look at a raster that is to be a scene: an overview, and what of it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader

from core.errors import EmptySceneError
from core.grid import Window
from core.imagery.blocks import may_hold_blocks
from core.imagery.pixel_values import read_values
from core.imagery.suspicion import suspect
from core.imagery.validity import (
    BY_HEADER,
    UnknownPixels,
    unknown_by_file,
    unknown_by_person,
)

Bands = tuple[int, int, int]
Overview = tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]

PREVIEW_SIDE = 1024
_SEARCH_SIDE = 2048
_MOST_SEARCHED = 300_000_000
"""Pixels that are looked at for a valid one where the overview shows none: some seconds."""


def find_unknown(
    dataset: DatasetReader,
    path: str,
    bands: Bands,
    nodata: Sequence[float] | None,
    preview: Overview,
) -> UnknownPixels:
    """What of a scene counts as unknown: by its file, and by the person or else by suspicion.

    Parameters
    ----------
    nodata : sequence of float, optional
        As the person states it.
    preview : Overview
        By the header alone.
    """
    found = unknown_by_file(dataset, path)
    if nodata is not None:
        return unknown_by_person(found, nodata)
    if found != BY_HEADER:
        preview = overview_values(dataset, bands, found)
    return suspect(dataset, bands, found, *preview)


def overview_values(
    dataset: DatasetReader,
    bands: Bands,
    unknown: UnknownPixels,
    max_side: int = PREVIEW_SIDE,
) -> Overview:
    """Values (3, rows, columns) and validity of the whole, no side longer than ``max_side``."""
    factor = max(1.0, max(dataset.width, dataset.height) / max_side)
    shape = (max(1, round(dataset.height / factor)), max(1, round(dataset.width / factor)))
    return read_values(dataset, bands, None, shape, unknown)


def first_valid(
    dataset: DatasetReader, bands: Bands, path: str, unknown: UnknownPixels
) -> Overview:
    """The first part of a full read with a valid pixel that the overview missed.

    Raises
    ------
    EmptySceneError
        There is none, or none was found in a reasonable time.
    """
    # Whole blocks, and many of them at a time: a scene can be stored in strips of one row.
    block_height, block_width = dataset.block_shapes[0]
    width = block_width * max(1, _SEARCH_SIDE // block_width)
    height = block_height * max(1, _SEARCH_SIDE**2 // (width * block_height))
    extent = Window(0, 0, dataset.width, dataset.height)
    searched = 0
    for row in range(0, dataset.height, height):
        for column in range(0, dataset.width, width):
            window = Window(column, row, width, height).intersection(extent) or extent
            if not may_hold_blocks(dataset, window):
                continue
            searched += window.width * window.height
            if searched > _MOST_SEARCHED:
                raise EmptySceneError(
                    f"The scene {Path(path).name} shows no valid pixel in its overview, nor in "
                    f"the first {_MOST_SEARCHED:,} pixels.",
                    "Cut out the part that holds the image, or build its overviews again.",
                )
            shape = (window.height, window.width)
            values, valid = read_values(dataset, bands, window, shape, unknown)
            if valid.any():
                return values, valid
    raise empty_scene(path, unknown)


def empty_scene(path: str, unknown: UnknownPixels = BY_HEADER) -> EmptySceneError:
    """The error for a scene without a valid pixel."""
    if unknown.is_suspicion:
        looks = unknown.collars[0].colour if unknown.collars else f"{unknown.suspected[0][0]:g}"
        return EmptySceneError(
            f"The scene {Path(path).name} is plain {looks} all over, so it shows nothing.",
            "Open it in a GIS to see what it holds, and choose another file.",
        )
    return EmptySceneError(
        f"The scene {Path(path).name} holds no valid pixel: all of it is nodata or transparent.",
        "Check the nodata value in the file's properties, or choose another file.",
    )
