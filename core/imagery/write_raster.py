"""Probability and mask as Cloud Optimized GeoTIFFs on the scene's grid, window by window.

Blocks in which nothing is known are not stored: a large scene of which little holds data stays
small, on the disk and in the time that it takes.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.io import MemoryFile
from rasterio.shutil import copy as copy_raster
from rasterio.warp import reproject

from core.crs import WGS84, same_place, through_wgs84, understood_crs, ways_to_say
from core.errors import DiskFullError, OutputError
from core.files import replacing
from core.grid import Grid, Window, transform_coordinates
from core.imagery.blocks import is_written
from core.imagery.open import rasterio_window

MASK_NODATA = 255
MASK_COLOURS = {0: (0, 0, 0, 0), 1: (230, 159, 0, 255), MASK_NODATA: (0, 0, 0, 0)}
"""Cropland in the orange of Okabe and Ito's colour-blind-safe set; the rest is transparent."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What the values of a raster of codes mean, in words and in colours with opacity."""

    description: str
    colours: Mapping[int, tuple[int, int, int, int]]


_MASK = Codes("1 cropland, 0 not cropland, 255 nodata", MASK_COLOURS)

Bands = Iterable[tuple[Window, npt.NDArray[Any]]]
"""Parts of a raster in any order; where none is, nothing is known."""

PART_WIDTH, PART_HEIGHT = 4096, 512
"""A good size of parts: whole blocks of the files, and little memory however wide a scene is."""

_BLOCK = 512


def write_probability(
    path: Path, bands: Bands, grid: Grid, target: Grid, tags: Mapping[str, str]
) -> str:
    """Write ``probability.tif``: float32 0 to 1, NaN where unknown, a COG.

    Parameters
    ----------
    bands : iterable of (Window, float32 array)
        Windows of ``grid`` with their values; nothing is known where there is none.
    grid : Grid
        The working grid.
    target : Grid
        The grid of the file, the scene's own; bilinear where it differs from ``grid``.

    Returns
    -------
    str
        A sentence where a GeoTIFF cannot hold the target's CRS and another had to be taken; empty
        where not.
    """
    profile = {"dtype": "float32", "nodata": float("nan"), "predictor": 3}
    return _write(path, bands, grid, target, tags, profile, Resampling.bilinear)


def write_mask(path: Path, bands: Bands, grid: Grid, target: Grid, tags: Mapping[str, str]) -> str:
    """Write ``mask.tif``: uint8, 1 cropland, 0 not, 255 nodata, with a colour table, a COG.

    Parameters and sentence as for :func:`write_probability`; nearest where the grids differ.
    """
    return _write(path, bands, grid, target, tags, _code_profile(), Resampling.nearest, _MASK)


def write_codes(
    path: Path, bands: Bands, grid: Grid, tags: Mapping[str, str], codes: Codes
) -> None:
    """Write uint8 codes with a colour table and nodata 255 as a COG on ``grid``."""
    _write(path, bands, grid, grid, tags, _code_profile(), Resampling.nearest, codes)


def _code_profile() -> dict[str, Any]:
    return {"dtype": "uint8", "nodata": MASK_NODATA, "predictor": 1}


def geotiff_bytes(
    values: npt.NDArray[np.uint8],
    grid: Grid,
    tags: Mapping[str, str],
    *,
    nodata: int | None = None,
    colours: Mapping[int, tuple[int, int, int, int]] | None = None,
) -> bytes:
    """A small GeoTIFF as bytes, to be written by a plain file, which tells of a full disk.

    Parameters
    ----------
    values : uint8 (bands, rows, columns)
    grid : Grid
        Where the pixels lie.
    nodata : int, optional
    colours : mapping of code to (red, green, blue, opacity), optional
        A colour table for one band.

    Raises
    ------
    OutputError
        GeoTIFF cannot hold the CRS.
    """
    bands, height, width = values.shape
    _, note = _told_target(grid, "A GeoTIFF")
    if note:
        raise OutputError(
            f"The CRS of the scene, {grid.crs.name}, cannot be kept in a GeoTIFF.",
            "Warp the scene to an EPSG CRS first, for example with gdalwarp -t_srs.",
        )
    profile = {
        "driver": "GTiff",
        "width": width,
        "height": height,
        "count": bands,
        "dtype": "uint8",
        "crs": grid.crs.to_wkt(),
        "transform": grid.transform,
        "compress": "deflate",
        "predictor": 2 if bands > 1 else 1,
        "nodata": nodata,
        "interleave": "pixel",
    }
    if bands == 3:
        profile["photometric"] = "RGB"
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(values)
            dataset.update_tags(**tags)
            if colours is not None:
                dataset.write_colormap(1, dict(colours))
        return bytes(memory.read())


def _write(
    path: Path,
    bands: Bands,
    grid: Grid,
    target: Grid,
    tags: Mapping[str, str],
    profile: dict[str, Any],
    resampling: Resampling,
    codes: Codes | None = None,
) -> str:
    target, note = _told_target(target, path.name)
    predictor = profile.pop("predictor")
    with replacing(path) as aside, tempfile.TemporaryDirectory(dir=aside.parent) as scratch:
        plain = Path(scratch) / "working.tif"
        last = _write_plain(plain, bands, grid, profile, tags, codes)
        _verify(plain, path, last)
        if target != grid:
            native = Path(scratch) / "native.tif"
            _resample(plain, native, (grid, target), profile, resampling, tags, codes)
            plain = native
            last = _last_known(plain)
        try:
            copy_raster(
                plain,
                aside,
                driver="COG",
                compress="deflate",
                predictor=predictor,
                overview_resampling="nearest" if profile["dtype"] == "uint8" else "average",
                blocksize=_BLOCK,
                bigtiff="if_safer",
                sparse_ok=True,
            )
        except CPLE_BaseError as error:
            # copy_raster lets GDAL's own errors through, which are no RasterioErrors.
            raise RasterioError(str(error)) from error
        _verify(aside, path, last)
    return note


def _told_target(target: Grid, name: str) -> tuple[Grid, str]:
    """The grid of a file whose CRS GeoTIFF holds: the wanted one, or one of the same pixels' size.

    With the sentence that says so; empty where it is the wanted one.
    """
    for said in ways_to_say(target.crs):
        back = understood_crs(_from_geotiff(said.crs.to_wkt()))
        there = through_wgs84(target.corners, target.crs, said.crs)
        if not same_place(said.crs, back, there, target.gsd_m / 10):
            continue
        if said.note:
            return _grid_in(said.crs, target), said.note.format(file=name)
        return target, ""
    return target, ""


@lru_cache(maxsize=64)
def _from_geotiff(wkt: str) -> str | None:
    """What a GeoTIFF that was told a CRS says; None where it says none."""
    try:
        with MemoryFile() as memory:
            profile = {"driver": "GTiff", "width": 1, "height": 1, "count": 1, "dtype": "uint8"}
            transform = Affine(1.0, 0.0, 1.0, 0.0, -1.0, 1.0)
            with memory.open(**profile, crs=wkt, transform=transform):
                pass
            with memory.open() as dataset:
                return str(dataset.crs.to_wkt()) if dataset.crs else None
    except (RasterioError, CRSError):
        return None


def _grid_in(crs: CRS, grid: Grid) -> Grid:
    """A grid over the same area in another CRS, with square pixels of the same mean size."""
    outline = grid.outline(WGS84)
    there = transform_coordinates(outline, WGS84, crs)
    left, right = float(there.x.min()), float(there.x.max())
    bottom, top = float(there.y.min()), float(there.y.max())
    across, down = (right - left) / grid.width, (bottom - top) / grid.height
    rough = Grid(crs, Affine(across, 0.0, left, 0.0, down, top), grid.width, grid.height)
    metres = np.hypot(*rough.ground_steps.T)
    width, height = (
        max(1, math.ceil(side * metre / grid.gsd_m))
        for side, metre in zip((grid.width, grid.height), metres, strict=True)
    )
    return rough.scaled(width, height)


def _profile(grid: Grid, profile: dict[str, Any]) -> dict[str, Any]:
    return {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": 1,
        "crs": grid.crs.to_wkt(),
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": _BLOCK,
        "blockysize": _BLOCK,
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "if_safer",
        "sparse_ok": True,
        **profile,
    }


def _write_plain(
    path: Path,
    bands: Bands,
    grid: Grid,
    profile: dict[str, Any],
    tags: Mapping[str, str],
    codes: Codes | None,
) -> Window | None:
    """Write a working file; returns the last window in which anything is known."""
    last = None
    with rasterio.open(path, "w", **_profile(grid, profile)) as dataset:  # noqa: TID251
        for window, values in bands:
            if _known(values, profile["nodata"]).any():
                last = window
                dataset.write(values.astype(profile["dtype"]), 1, window=rasterio_window(window))
        _describe(dataset, tags, codes)
    return last


def _known(values: npt.NDArray[Any], nodata: float) -> npt.NDArray[np.bool_]:
    return ~np.isnan(values) if math.isnan(nodata) else np.asarray(values != nodata)


def _last_known(path: Path) -> Window | None:
    """The last block of a file in which anything is known."""
    with rasterio.open(path) as dataset:  # noqa: TID251
        for row, column in product(*(reversed(range(0, n, _BLOCK)) for n in dataset.shape)):
            block = Window(column, row, _BLOCK, _BLOCK)
            inside = block.intersection(Window(0, 0, dataset.width, dataset.height))
            if inside is None or not is_written(dataset, row // _BLOCK, column // _BLOCK):
                continue
            if _known(_read(dataset, inside), dataset.nodata).any():
                return inside
    return None


def _read(dataset: Any, window: Window) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = dataset.read(1, window=rasterio_window(window))
    return values


def _resample(
    source: Path,
    path: Path,
    grids: tuple[Grid, Grid],
    profile: dict[str, Any],
    resampling: Resampling,
    tags: Mapping[str, str],
    codes: Codes | None,
) -> None:
    """Move pixels from the first of two grids to the second.

    The working file says the first one only if GeoTIFF holds its CRS, which it does where both
    grids have the same.
    """
    grid, target = grids
    with (
        rasterio.open(source) as dataset,  # noqa: TID251
        rasterio.open(path, "w", **_profile(target, profile)) as out,  # noqa: TID251
    ):
        reproject(
            rasterio.band(dataset, 1) if grid.crs == target.crs else dataset.read(1),
            rasterio.band(out, 1),
            src_crs=grid.crs.to_wkt(),
            src_transform=grid.transform,
            src_nodata=profile["nodata"],
            dst_nodata=profile["nodata"],
            resampling=resampling,
            tolerance=0.0,
        )
        _describe(out, tags, codes)


def _describe(dataset: Any, tags: Mapping[str, str], codes: Codes | None) -> None:
    dataset.update_tags(**tags)
    if codes is not None:
        dataset.set_band_description(1, codes.description)
        dataset.write_colormap(1, dict(codes.colours))
    else:
        dataset.set_band_description(1, "probability of cropland, 0 to 1")


def _verify(path: Path, wanted: Path, last: Window | None) -> None:
    """Read the last window in which anything is known: GDAL may log a full disk and say nothing.

    ``wanted`` is the file that the person knows of.
    """
    full = DiskFullError(
        f"The disk is full: {wanted.name} could not be written to {wanted.parent}.",
        "Free some space or choose another folder; an earlier file there is unchanged.",
    )
    try:
        with rasterio.open(path) as dataset:  # noqa: TID251
            values = _read(dataset, Window(0, 0, 1, 1) if last is None else last)
            # A block that could not be written looks like one in which nothing is known.
            if last is not None and not _known(values, dataset.nodata).any():
                raise full
    except RasterioError as error:
        raise full from error
