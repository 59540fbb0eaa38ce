"""Land cover onto the grid of a tile: as class, and as share of cropland."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pyproj import CRS
from rasterio.enums import Resampling

from core.errors import NoOverlapError
from core.grid import Bounds, Grid, Window
from core.imagery.open import open_raster
from core.imagery.warp import Cover, covering, read_shape, warp
from core.landcover.source import LandCover, LandCoverTile, check_landcover_file, read_codes

_MISSING = 65535
"""Stands for nodata while classes are warped, so that it is never counted as a class."""

_FINEST_READ = 8
"""Cells of the product read along one pixel of the grid, at most; beyond, overviews serve."""


def check_overlap(landcover: LandCover, grid: Grid) -> None:
    """Raise unless land cover and grid share an area.

    Raises
    ------
    NoOverlapError
        They lie apart; the message says where each lies.
    """
    if covering(landcover.grid, grid) is None:
        raise NoOverlapError(
            f"The land cover {Path(landcover.path).name} does not cover the scene: it is at "
            f"{_place(landcover.grid)}, the scene at {_place(grid)}.",
            "Choose the land cover of the scene's own area, and check the CRS of both.",
        )


def align(landcover: LandCover, grid: Grid) -> LandCoverTile:
    """Land cover on ``grid``, whatever the CRS, rotation and resolution of the two.

    Where the product's cells are no finer than the grid's pixels, each pixel gets the class of the
    cell in which its centre lies and a fraction of 0 or 1.  Where they are finer, it gets the most
    frequent class and the share of cropland among the known cells: the exact share up to eight
    cells along a pixel, beyond that the share in a regular sample of them.

    Raises
    ------
    NoOverlapError
        Land cover and grid lie apart, or all that they share is nodata.
    ReplacedFileError
        The file is another one than when the land cover was opened.
    """
    check_overlap(landcover, grid)
    cover = covering(landcover.grid, grid)
    if cover is None:
        raise AssertionError("unreachable: the overlap was checked")
    codes, source = _read_codes(landcover, cover, grid)
    # Two grids of one nominal cell size differ in the last digits of their geodesic one.
    coarser = source.gsd_m >= 0.99 * grid.gsd_m
    known = np.isin(codes, _known_codes(landcover))
    crop = np.isin(codes, landcover.product.cropland_codes) & known

    share, most = (
        (Resampling.nearest, Resampling.nearest)
        if coarser
        else (Resampling.average, Resampling.mode)
    )
    share_known = warp(known.astype(np.float32), source, grid, share)
    share_crop = warp(crop.astype(np.float32), source, grid, share)
    named = np.where(known, codes, _MISSING).astype(np.uint16)
    classes = warp(named, source, grid, most, missing=_MISSING)
    valid = share_known >= 0.5
    classes[~valid] = 0
    if not valid.any():
        raise NoOverlapError(
            f"The land cover {Path(landcover.path).name} is nodata all over this area.",
            "Choose a product that covers it.",
        )
    fraction = np.full(grid.shape, np.nan, dtype=np.float32)
    fraction[valid] = np.clip(share_crop[valid] / share_known[valid], 0.0, 1.0)
    return LandCoverTile(classes, fraction, valid, grid, landcover.product)


def class_areas(tile: LandCoverTile) -> dict[int, float]:
    """Hectares of each class of the tile, largest first (geodesic pixel area at its centre)."""
    codes, counts = np.unique(tile.classes[tile.valid], return_counts=True)
    hectares = counts * tile.grid.pixel_area_m2 / 10_000.0
    order = np.argsort(-hectares, kind="stable")
    return {int(codes[i]): float(hectares[i]) for i in order}


def _known_codes(landcover: LandCover) -> list[int]:
    return [c.code for c in landcover.product.classes if c.code not in landcover.product.nodata]


def _read_codes(
    landcover: LandCover, cover: Cover, grid: Grid
) -> tuple[npt.NDArray[np.uint16], Grid]:
    source, window = cover.grid, cover.window
    # Much finer than the grid: read through overviews, no finer than the share needs.
    shrink = max(1.0, grid.gsd_m / source.gsd_m / _FINEST_READ)
    rows, columns = read_shape(window, grid, _FINEST_READ)
    shape = (
        min(rows, max(1, round(window.height / shrink))),
        min(columns, max(1, round(window.width / shrink))),
    )
    check_landcover_file(landcover)
    with open_raster(landcover.path, what="land cover") as dataset:

        def read(part: Window, size: tuple[int, int]) -> npt.NDArray[np.uint16]:
            return read_codes(dataset, landcover.path, landcover.unknown, window=part, shape=size)

        codes = cover.read(read, shape, _MISSING)
    check_landcover_file(landcover)
    return codes, source.scaled(shape[1], shape[0])


def _place(grid: Grid) -> str:
    bounds: Bounds = grid.bounds_in(CRS.from_epsg(4326))
    x, y = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    if not (math.isfinite(x) and math.isfinite(y)):
        return "coordinates outside the Earth"
    x = (x + 180.0) % 360.0 - 180.0
    return f"{abs(y):.2f}\u00b0{'N' if y >= 0 else 'S'} {abs(x):.2f}\u00b0{'E' if x >= 0 else 'W'}"
