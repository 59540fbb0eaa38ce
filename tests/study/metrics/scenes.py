"""Small masks and polygons of one place, written for one test."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pyogrio
from pyproj import CRS
from shapely.geometry import Polygon, box

from core.grid import Grid, Window
from tests.rasters import PLACES, write_raster

SIDE = 48


def grid_of(place: str = "utm", side: int = SIDE) -> Grid:
    crs, transform = PLACES[place]
    return Grid(CRS.from_user_input(crs), transform, side, side)


def fields(side: int = SIDE) -> np.ndarray:
    """Two fields that touch, and one apart: int64 numbers."""
    numbers = np.zeros((side, side), dtype=np.int64)
    numbers[4:20, 4:16], numbers[4:20, 16:30], numbers[28:44, 10:40] = 1, 2, 3
    return numbers


def write_mask(path: Path, mask: np.ndarray, place: str = "utm", **profile: object) -> Path:
    options = {"nodata": 255, **profile}
    return write_raster(path, mask.astype(np.uint8)[None], place, **options)


def outlines(grid: Grid) -> list[Polygon]:
    """The fields of :func:`fields` as polygons in the grid's CRS."""
    windows = [Window(4, 4, 12, 16), Window(16, 4, 14, 16), Window(10, 28, 30, 16)]
    return [grid.window_grid(window).footprint for window in windows]


def write_polygons(path: Path, shapes: list, crs: object, **columns: list) -> Path:
    frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs=crs)
    pyogrio.write_dataframe(frame, path)
    return path


def far_away() -> Polygon:
    return box(900_000, 6_000_000, 900_100, 6_000_100)
