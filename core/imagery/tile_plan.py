"""The tile plan: windows that are fixed to the world, not to the screen or the scene's corner.

Why: ``docs/decisions/001-tiles-fixed-to-the-world.md``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.grid import Grid, PixelPoint, Window


@dataclass(frozen=True, slots=True)
class Tile:
    """One window that a model sees.

    Parameters
    ----------
    window : Window
        On the scene's working grid; never reaches beyond it.
    cores : tuple of Window
        The world-fixed cells that this tile answers for; may reach beyond the grid.
    name : str
        Stable in the world: the indices of the first core, such as ``x12_y-7``.
    """

    window: Window
    cores: tuple[Window, ...]
    name: str


def world_offset(grid: Grid) -> PixelPoint:
    """The grid's upper left corner in pixels counted from the CRS's origin.

    The linear part of the transform alone is inverted, so the count also holds for rotated grids.
    """
    linear = ~type(grid.transform)(
        grid.transform.a, grid.transform.b, 0.0, grid.transform.d, grid.transform.e, 0.0
    )
    column, row = linear @ (grid.transform.c, grid.transform.f)
    return PixelPoint(float(column), float(row))


def whole_pixels(offset: float) -> int:
    """A world offset as whole pixels, the same for every crop of one raster.

    Pixel grids commonly start on a whole pixel, or on a simple fraction of one (a half, a third, a
    tenth); none of these may lie on the edge of rounding, where the last digit of a float would
    decide.  Hence 0.275, which keeps clear of them, and not 0.5.
    """
    return math.floor(offset + 0.275)


def plan_tiles(grid: Grid, *, size: int, halo: int) -> tuple[Tile, ...]:
    """Tiles that cover ``grid``, in reading order.

    Parameters
    ----------
    size : int
        Side of a tile's window in pixels, halo included.
    halo : int
        Margin around a core, in pixels; neighbouring windows overlap by twice as much.

    Notes
    -----
    A window that would reach beyond the grid slides inward and keeps its size; windows that
    coincide become one tile, so a scene of ``size`` x ``size`` pixels is exactly one.
    """
    core = size - 2 * halo
    if core <= 0:
        raise ValueError("the halo leaves no core")
    offset = world_offset(grid)
    columns = _cells(whole_pixels(offset.column), grid.width, core)
    rows = _cells(whole_pixels(offset.row), grid.height, core)
    cores: dict[Window, list[Window]] = defaultdict(list)
    names: dict[Window, str] = {}
    for row_index, row in rows:
        for column_index, column in columns:
            cell = Window(column, row, core, core)
            window = _slide(cell.expanded(halo), grid)
            cores[window].append(cell)
            names.setdefault(window, f"x{column_index}_y{row_index}")
    return tuple(Tile(window, tuple(cells), names[window]) for window, cells in cores.items())


def _cells(first: int, length: int, core: int) -> list[tuple[int, int]]:
    """World index and start (counted from the grid's edge) of each cell along one axis."""
    start, stop = first // core, (first + length - 1) // core
    return [(index, index * core - first) for index in range(start, stop + 1)]


def _slide(window: Window, grid: Grid) -> Window:
    width, height = min(window.width, grid.width), min(window.height, grid.height)
    column = min(max(window.column, 0), grid.width - width)
    row = min(max(window.row, 0), grid.height - height)
    return Window(column, row, width, height)


def blend_weight(tile: Tile, halo: int) -> npt.NDArray[np.float32]:
    """Weight of a tile's pixels where tiles overlap: float32 (rows, columns) of its window.

    Each core weighs 1 inside and falls linearly to 0 across ``core edge - halo`` to ``core edge +
    halo``; the weights of neighbouring cores sum to one, so the blend has no seam.
    """
    total = np.zeros((tile.window.height, tile.window.width), dtype=np.float32)
    for core in tile.cores:
        across = _ramp(tile.window.column, tile.window.width, core.column, core.width, halo)
        down = _ramp(tile.window.row, tile.window.height, core.row, core.height, halo)
        total += down[:, None] * across[None, :]
    return total


def _ramp(
    start: int, length: int, core: int, core_length: int, halo: int
) -> npt.NDArray[np.float32]:
    centres = np.arange(start, start + length, dtype=np.float64) + 0.5
    if halo == 0:
        inside = (centres > core) & (centres < core + core_length)
        return inside.astype(np.float32)
    rising = (centres - (core - halo)) / (2 * halo)
    falling = ((core + core_length + halo) - centres) / (2 * halo)
    return np.clip(np.minimum(rising, falling), 0.0, 1.0).astype(np.float32)
