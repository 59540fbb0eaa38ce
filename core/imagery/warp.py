"""Values of one grid on the pixels of another."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rasterio.enums import Resampling
from rasterio.warp import reproject

from core.grid import Grid, Window, WorldCoordinates

_Number = TypeVar("_Number", np.float32, np.uint16, np.uint8)


def covering_window(source: Grid, target: Grid) -> Window | None:
    """Pixels of ``source`` that cover ``target``, with a margin of two; None where none do."""
    outline = target.outline(source.crs)
    on_earth = np.isfinite(outline.x) & np.isfinite(outline.y)
    if not on_earth.any():
        return None
    cells = source.worlds_to_pixel(WorldCoordinates(outline.x[on_earth], outline.y[on_earth]))
    columns, rows = cells.column, cells.row
    first_column, first_row = math.floor(columns.min()), math.floor(rows.min())
    exact = Window(
        first_column,
        first_row,
        max(1, math.ceil(columns.max()) - first_column),
        max(1, math.ceil(rows.max()) - first_row),
    )
    if exact.intersection(source.extent) is None:
        return None
    return exact.expanded(2).intersection(source.extent)


def read_shape(window: Window, target: Grid, finest: int) -> tuple[int, int]:
    """Rows and columns to read of a window that covers ``target``, through overviews if need be.

    No more than ``finest`` pixels along one of the target's, on each axis by itself: pixels may be
    a thousand times longer than wide.
    """
    most = finest * (target.width + target.height)
    return min(window.height, most), min(window.width, most)


def warp(
    values: npt.NDArray[_Number],
    source: Grid,
    target: Grid,
    resampling: Resampling,
    missing: int | None = None,
) -> npt.NDArray[_Number]:
    """Values (rows, columns) on the target's pixels; ``missing``, or 0 without it, beyond."""
    out = np.full(target.shape, missing or 0, dtype=values.dtype)
    reproject(
        values,
        out,
        src_transform=source.transform,
        src_crs=source.crs.to_wkt(),
        dst_transform=target.transform,
        dst_crs=target.crs.to_wkt(),
        src_nodata=missing,
        dst_nodata=missing,
        resampling=resampling,
        # Exact transformation of each pixel: the usual approximation may be off by 0.125 cells.
        tolerance=0.0,
    )
    return out
