"""The grid on which models look: a raster's own, or one with pixels several times as long."""

from __future__ import annotations

import math

from core.errors import InputError
from core.grid import Grid, Window
from core.imagery.tile_plan import whole_pixels, world_offset
from core.settings import get_settings


def coarser_grid(grid: Grid, factor: int) -> Grid:
    """The grid of pixels ``factor`` times as long that lie wholly inside ``grid``.

    Their edges lie on world-fixed multiples of ``factor`` native pixels, so every crop of one
    raster gets the same working pixels.
    """
    if factor == 1:
        return grid
    start = coarser_start(grid, factor)
    width = (grid.width - start.column) // factor
    height = (grid.height - start.row) // factor
    native = grid.window_grid(Window(start.column, start.row, width * factor, height * factor))
    return native.scaled(width, height)


def coarser_start(grid: Grid, factor: int) -> Window:
    """First native pixel (as a 1 x 1 window) on a world-fixed multiple of ``factor``."""
    if factor == 1:
        return Window(0, 0, 1, 1)
    offset = world_offset(grid)
    column, row = -whole_pixels(offset.column) % factor, -whole_pixels(offset.row) % factor
    return Window(column, row, 1, 1)


def working_factor(grid: Grid, requested_m: float | None) -> int:
    """Native pixels along one side of a working pixel.

    Parameters
    ----------
    requested_m : float, optional
        Metres per working pixel as the person wants them; by default the native ones, but not
        finer than ``Settings.finest_working_gsd_m``.

    Raises
    ------
    InputError
        Finer than the raster, or so coarse that no pixel is left.
    """
    native = grid.gsd_m
    if requested_m is not None:
        if not math.isfinite(requested_m) or requested_m < native * 0.99:
            raise InputError(
                f"A working GSD of {requested_m:g} m is finer than the scene's {native:.3g} m.",
                "Take the scene's own GSD or a coarser one.",
            )
        ratio = requested_m / native
    else:
        ratio = get_settings().finest_working_gsd_m / native
    # A whole number, so that crops agree to the pixel; 0.7 as much is close enough to stay native.
    factor = max(1, math.ceil(ratio - 0.3))
    fits = min(grid.width, grid.height) // (2 * factor) > 0
    if not fits and requested_m is not None:
        raise InputError(
            f"A working GSD of {requested_m:g} m leaves nothing of a scene of "
            f"{grid.width} x {grid.height} pixels of {native:.3g} m.",
            "Take a finer one.",
        )
    return factor if fits else 1
