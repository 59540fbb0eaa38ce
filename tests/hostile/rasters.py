"""Small rasters that claim much, or lie about themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window

from tests.rasters import UTM


def write_sparse(
    path: Path, width: int, height: int, bands: int = 1, block: tuple[int, int] = (512, 512)
) -> Path:
    """A GeoTIFF of some hundred bytes that claims ``width`` x ``height`` pixels of 480 x 400 m."""
    transform = UTM @ Affine.scale(48 / width, 40 / height)
    profile = {"driver": "GTiff", "dtype": "uint8", "crs": "EPSG:32633", "nodata": 0}
    shape = {"width": width, "height": height, "count": bands, "transform": transform}
    tiles = {"tiled": True, "blockxsize": block[0], "blockysize": block[1]}
    with rasterio.open(path, "w", **profile, **shape, **tiles, interleave="pixel", sparse_ok=True):  # noqa: TID251
        pass
    return path


def write_one_block(path: Path, side: int) -> Path:
    """A sparse raster of which only the last block holds anything."""
    write_sparse(path, side, side, bands=3, block=(16, 16))
    with rasterio.open(path, "r+") as dataset:  # noqa: TID251
        last = Window(side - 16, side - 16, 16, 16)
        dataset.write(np.full((3, 16, 16), 90, np.uint8), window=last)
    return path


def without_colour_table(path: Path) -> Path:
    """Take the colour table out of a palette's file: its tag becomes one that nobody knows."""
    body = path.read_bytes()
    tag = b"\x40\x01\x03\x00\x00\x03\x00\x00"
    assert tag in body
    path.write_bytes(body.replace(tag, b"\xe8\xfd" + tag[2:], 1))
    return path
