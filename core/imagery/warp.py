"""Values of one grid on the pixels of another."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject

from core.grid import Grid, Window, WorldCoordinates, around_earth

_Number = TypeVar("_Number", np.float32, np.uint16, np.uint8)


_Value = TypeVar("_Value", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Cover:
    """Pixels of a raster that cover a grid.

    Parameters
    ----------
    window : Window
        On the raster's own pixels, which go on beyond its last column where they go around the
        Earth.
    grid : Grid
        Where the window lies, its longitudes beside those of the grid that it covers.
    around : int
        Columns once around the Earth; 0 where the window lies inside the raster.
    extent : Window
        The raster's own pixels.
    """

    window: Window
    grid: Grid
    around: int
    extent: Window

    def read(
        self,
        read: Callable[[Window, tuple[int, int]], npt.NDArray[_Value]],
        shape: tuple[int, int],
        missing: float = 0,
    ) -> npt.NDArray[_Value]:
        """Values of the window, (..., rows, columns) of ``shape``.

        Parameters
        ----------
        read : callable
            Values (..., rows, columns) of a window that lies inside the raster, in a shape.
        missing : number
            Stands where the raster has a gap on its way around the Earth.
        """
        if self.around == 0:
            return read(self.window, shape)
        rows, columns = shape
        first, out = self.window.column, None
        scale = columns / self.window.width
        for turn in (0, 1):
            part = self.window.intersection(
                replace(self.extent, column=turn * self.around, width=self.extent.width)
            )
            if part is None:
                continue
            start = round((part.column - first) * scale)
            stop = max(start + 1, round((part.column_stop - first) * scale))
            inside = replace(part, column=part.column - turn * self.around)
            values = read(inside, (rows, stop - start))
            if out is None:
                out = np.full((*values.shape[:-1], columns), missing, dtype=values.dtype)
            out[..., start:stop] = values[..., : columns - start]
        if out is None:
            raise ValueError("the window lies beside the raster")
        return out


def covering(source: Grid, target: Grid) -> Cover | None:
    """Pixels of ``source`` that cover ``target``, with a margin of two; None where none do.

    Longitudes are compared modulo a whole turn: a raster of 0 to 360 degrees covers a scene at
    -92, one past 180 degrees both sides of that meridian, one around the Earth what lies over its
    edges.
    """
    outline = target.outline(source.crs)
    on_earth = np.isfinite(outline.x) & np.isfinite(outline.y)
    if not on_earth.any():
        return None
    x, turn = outline.x[on_earth], around_earth(source.crs)
    # Without jumps, of cylindrical projections as well: else a scene over 180 degrees seems to
    # reach around the Earth.
    world = WorldCoordinates(x if turn is None else np.unwrap(x, period=turn), outline.y[on_earth])
    found = []
    for turns in _turns(source, world):
        placed = source.turned(turns)
        window = _window_under(placed, world)
        if window is not None:
            found.append((turns, placed, window))
    if not found:
        return None
    _, placed, window = found[0]
    around = _columns_around(source)
    if len(found) == 1 or around == 0:
        _, placed, window = max(found, key=lambda one: one[2].width)
        return Cover(window, placed.window_grid(window), 0, source.extent)
    # The raster further east comes first, so the leftmost is the one turned least to the east.
    found.sort(key=lambda one: one[0])
    _, placed, window = found[0]
    last = found[-1][2]
    row, stop = min(w.row for *_, w in found), max(w.row_stop for *_, w in found)
    width = around + last.column_stop - window.column
    joined = Window(window.column, row, min(width, around), stop - row)
    return Cover(joined, placed.window_grid(joined), around, source.extent)


def _turns(source: Grid, world: WorldCoordinates) -> range:
    """Whole turns after which the raster may lie under positions in its CRS."""
    turn = around_earth(source.crs)
    if turn is None:
        return range(1)
    bounds = source.bounds
    first = math.ceil((float(world.x.min()) - bounds.right) / turn)
    last = math.floor((float(world.x.max()) - bounds.left) / turn)
    # A scene spans no more than a turn; coordinates far off the Earth are not followed.
    return range(first, min(last, first + 1) + 1)


def _columns_around(source: Grid) -> int:
    """Columns once around the Earth; 0 where rows do not run along parallels."""
    turn = around_earth(source.crs)
    step = source.transform.a
    if turn is None or source.transform.b != 0 or source.transform.d != 0 or step <= 0:
        return 0
    return max(source.width, round(turn / step))


def _window_under(source: Grid, world: WorldCoordinates) -> Window | None:
    cells = source.worlds_to_pixel(world)
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
    if not _jumps(source.crs, target):
        return _warped(values, source, target, resampling, missing)
    # GDAL samples where a grid lies, and would miss what is between its last sample and the edge.
    more = max(values.shape)
    out = _warped(values, source, target, resampling, missing, more)
    for turns in (-1, 1):
        beyond = _warped(values, source.turned(turns), target, resampling, missing, more)
        out = np.where(out == (missing or 0), beyond, out)
    return out


def _jumps(crs: CRS, target: Grid) -> bool:
    """Whether a grid lies over the edge of a cylindrical projection.

    GDAL looks for longitudes on both sides of 180 degrees, but not for the x of projections.
    """
    turn = None if crs.is_geographic else around_earth(crs)
    if turn is None:
        return False
    x = target.outline(crs).x
    x = x[np.isfinite(x)]
    return x.size > 0 and bool(np.ptp(x) > turn / 2)


def _warped(
    values: npt.NDArray[_Number],
    source: Grid,
    target: Grid,
    resampling: Resampling,
    missing: int | None,
    source_extra: int = 0,
) -> npt.NDArray[_Number]:
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
        **({"SOURCE_EXTRA": source_extra} if source_extra else {}),
    )
    return out
