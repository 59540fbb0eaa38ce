"""ESA WorldCover by window from its public bucket, kept on disk.

Source: WorldCover data access, https://esa-worldcover.org/en/data-access.  The maps are COGs of
3 x 3 degrees, named by their lower left corner; only the blocks under the window are transferred.
Tiles of open ocean do not exist.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from core.errors import LandCoverError, NetworkError, Remedy, storage_error
from core.files import read_checked, sha256_of, write_checked, write_whole
from core.grid import Bounds, Grid, Window
from core.imagery.open import rasterio_window
from core.settings import get_settings

BUCKET = "https://esa-worldcover.s3.eu-central-1.amazonaws.com"
DOWNLOAD_PAGE = "https://esa-worldcover.org/en/data-access"
CELLS_PER_DEGREE = 12_000
TILE_DEGREES = 3
_YEARS = {"v100": 2020, "v200": 2021}
_MOST_CELLS = (TILE_DEGREES * CELLS_PER_DEGREE) ** 2
"""As many cells as one map holds; more are not fetched at once."""

_NETWORK = {
    # Otherwise GDAL first lists the whole folder of maps to look for sidecars.
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    # Otherwise a map that failed once fails until the process ends, network or not.
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/",
    # Seconds before the first repeat; GDAL's own 30 leave the person waiting for minutes.
    "GDAL_HTTP_RETRY_DELAY": "1",
}


@dataclass(frozen=True, slots=True)
class WorldCoverTile:
    """One 3 x 3 degree map, by the longitude and latitude of its lower left corner."""

    longitude: int
    latitude: int
    version: str

    @property
    def name(self) -> str:
        """File name in the bucket."""
        latitude = f"{'N' if self.latitude >= 0 else 'S'}{abs(self.latitude):02d}"
        longitude = f"{'E' if self.longitude >= 0 else 'W'}{abs(self.longitude):03d}"
        year = _YEARS[self.version]
        return f"ESA_WorldCover_10m_{year}_{self.version}_{latitude}{longitude}_Map.tif"

    def url(self, bucket: str) -> str:
        """Address of the file."""
        return f"{bucket}/{self.version}/{_YEARS[self.version]}/map/{self.name}"


def fetch_worldcover(grid: Grid, version: str = "v200", *, bucket: str = BUCKET) -> Path:
    """The WorldCover cells that cover ``grid``, as a GeoTIFF on this machine.

    Fetched once; the same window is served from disk afterwards.

    Raises
    ------
    NetworkError
        No network, or ``CROPMAP_OFFLINE`` is set; says which files to get from where.
    LandCoverError
        The scene lies off the Earth, or is too large.
    OutputError
        The folder for fetched land cover cannot be written.
    """
    window = _world_window(grid.bounds_in(CRS.from_epsg(4326)))
    key = hashlib.sha256(f"{version} {window}".encode()).hexdigest()[:16]
    path = get_settings().landcover_folder / f"worldcover_{version}_{key}.tif"
    if _is_kept(path):
        return path
    tiles = tiles_over(window, version)
    if get_settings().offline:
        raise _unavailable(tiles, "This machine is set to work offline")
    codes = np.zeros((window.height, window.width), dtype=np.uint8)
    for tile in tiles:
        _copy_tile(tile, window, codes, bucket)
    _write(path, codes, window, version)
    return path


def tiles_over(window: Window, version: str) -> tuple[WorldCoverTile, ...]:
    """The maps under a window that counts cells east and north from 180 W, 90 S.

    A window that goes on beyond 180 degrees meets the maps on the other side.
    """
    side = TILE_DEGREES * CELLS_PER_DEGREE
    return tuple(
        WorldCoverTile(column * TILE_DEGREES % 360 - 180, row * TILE_DEGREES - 90, version)
        for row in range(window.row // side, (window.row_stop - 1) // side + 1)
        for column in range(window.column // side, (window.column_stop - 1) // side + 1)
    )


def _world_window(bounds: Bounds) -> Window:
    """Cells under ``bounds`` with a margin of two, counted from 180 W and 90 S.

    Raises
    ------
    LandCoverError
        Not on the Earth, or more cells than are fetched at once.
    """
    sides = (bounds.left, bounds.bottom, bounds.right, bounds.top)
    # Longitudes may go from 0 to 360, and beyond where the scene crosses that meridian.
    limits = (540.0, 90.0, 540.0, 90.0)
    if any(not abs(side) <= limit + 1e-6 for side, limit in zip(sides, limits, strict=True)):
        raise LandCoverError(
            "The scene does not lie on the Earth by its coordinates: "
            f"longitude {bounds.left:g} to {bounds.right:g}, "
            f"latitude {bounds.bottom:g} to {bounds.top:g}.",
            remedy=Remedy.CHECK_CRS,
        )
    turns = math.floor((bounds.left + 180.0) / 360.0)
    bounds = replace(bounds, left=bounds.left - 360.0 * turns, right=bounds.right - 360.0 * turns)
    column = math.floor((bounds.left + 180) * CELLS_PER_DEGREE) - 2
    row = math.floor((bounds.bottom + 90) * CELLS_PER_DEGREE) - 2
    width = math.ceil((bounds.right + 180) * CELLS_PER_DEGREE) + 2 - column
    height = math.ceil((bounds.top + 90) * CELLS_PER_DEGREE) + 2 - row
    if width * height > _MOST_CELLS:
        raise LandCoverError(
            f"The scene spans {width:,} x {height:,} WorldCover cells, too many to fetch at once.",
            "Map a part of it, or take a land cover file of your own.",
            Remedy.GIVE_LANDCOVER,
        )
    return Window(column, row, width, height)


def _copy_tile(
    tile: WorldCoverTile, window: Window, codes: npt.NDArray[np.uint8], bucket: str
) -> None:
    side = TILE_DEGREES * CELLS_PER_DEGREE
    around = 360 * CELLS_PER_DEGREE
    south = (tile.latitude + 90) * CELLS_PER_DEGREE
    for turn in (-around, 0, around):
        west = (tile.longitude + 180) * CELLS_PER_DEGREE + turn
        shared = window.intersection(Window(west, south, side, side))
        if shared is not None:
            _copy_part(tile, shared, Window(west, south, side, side), window, codes, bucket)


def _copy_part(
    tile: WorldCoverTile,
    shared: Window,
    place: Window,
    window: Window,
    codes: npt.NDArray[np.uint8],
    bucket: str,
) -> None:
    """Copy what a map, at its place among the world's cells, shares with the window."""
    west, south, side = place.column, place.row, place.height
    # The file counts rows from the north, the world window from the south.
    inside = Window(
        shared.column - west, side - (shared.row_stop - south), shared.width, shared.height
    )
    try:
        with (
            rasterio.Env(**_NETWORK),
            rasterio.open(tile.url(bucket), driver="GTiff") as dataset,  # noqa: TID251
        ):
            values = dataset.read(1, window=rasterio_window(inside))
    except RasterioError as error:
        if "response code: 404" in str(error):
            return  # open ocean: the map does not exist
        raise _unavailable((tile,), "ESA WorldCover could not be fetched") from error
    first = window.row_stop - shared.row_stop
    column = shared.column - window.column
    codes[first : first + shared.height, column : column + shared.width] = values


def _write(path: Path, codes: npt.NDArray[np.uint8], window: Window, version: str) -> None:
    body = _encode(codes, window, version)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    write_whole(path, body)
    write_checked(_sum_path(path), sha256_of(path).encode(), path.name)


def _is_kept(path: Path) -> bool:
    """Whether the window is on this machine, as it was written there under this name."""
    try:
        known = read_checked(_sum_path(path), path.name)
        return known is not None and path.is_file() and known == sha256_of(path).encode()
    except OSError as error:
        raise storage_error(error, path) from error


def _sum_path(path: Path) -> Path:
    return path.with_suffix(".sum")


def _encode(codes: npt.NDArray[np.uint8], window: Window, version: str) -> bytes:
    """The GeoTIFF as bytes: Python's own write says why it fails, GDAL's does not."""
    cell = 1.0 / CELLS_PER_DEGREE
    west = window.column / CELLS_PER_DEGREE - 180
    north = window.row_stop / CELLS_PER_DEGREE - 90
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=window.width,
            height=window.height,
            count=1,
            dtype="uint8",
            crs="EPSG:4326",
            transform=Affine(cell, 0, west, 0, -cell, north),
            nodata=0,
            compress="deflate",
        ) as dataset:
            dataset.write(codes, 1)
            dataset.update_tags(source=BUCKET, product=f"ESA WorldCover {version}")
        return bytes(memory.getbuffer())


def _unavailable(tiles: tuple[WorldCoverTile, ...], why: str) -> NetworkError:
    names = ", ".join(tile.name for tile in tiles)
    return NetworkError(f"{why}.", f"Get {names} from {DOWNLOAD_PAGE}.", Remedy.GIVE_LANDCOVER)
