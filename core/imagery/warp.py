"""Values of one grid on the pixels of another."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rasterio.enums import Resampling
from rasterio.warp import reproject

from core.grid import Grid

_Number = TypeVar("_Number", np.float32, np.uint16, np.uint8)


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
