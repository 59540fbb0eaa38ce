"""Probability and mask as Cloud Optimized GeoTIFFs on the scene's grid, band of rows by band."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.shutil import copy as copy_raster
from rasterio.warp import reproject

from core.errors import DiskFullError
from core.files import replacing
from core.grid import Grid, Window
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


def write_probability(
    path: Path, bands: Bands, grid: Grid, target: Grid, tags: Mapping[str, str]
) -> None:
    """Write ``probability.tif``: float32 0 to 1, NaN where unknown, a COG.

    Parameters
    ----------
    bands : iterable of (Window, float32 array)
        Bands of rows on ``grid``, from top to bottom.
    grid : Grid
        The working grid.
    target : Grid
        The grid of the file, the scene's own; bilinear where it differs from ``grid``.
    """
    profile = {"dtype": "float32", "nodata": float("nan"), "predictor": 3}
    _write(path, bands, grid, target, tags, profile, Resampling.bilinear)


def write_mask(path: Path, bands: Bands, grid: Grid, target: Grid, tags: Mapping[str, str]) -> None:
    """Write ``mask.tif``: uint8, 1 cropland, 0 not, 255 nodata, with a colour table, a COG.

    Parameters as for :func:`write_probability`; nearest where the grids differ.
    """
    _write(path, bands, grid, target, tags, _code_profile(), Resampling.nearest, _MASK)


def write_codes(
    path: Path, bands: Bands, grid: Grid, tags: Mapping[str, str], codes: Codes
) -> None:
    """Write uint8 codes with a colour table and nodata 255 as a COG on ``grid``.

    ``bands`` may be windows of any kind that cover the grid.
    """
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
    """
    bands, height, width = values.shape
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
) -> None:
    predictor = profile.pop("predictor")
    with replacing(path) as aside, tempfile.TemporaryDirectory(dir=aside.parent) as scratch:
        plain = Path(scratch) / "working.tif"
        _write_plain(plain, bands, grid, profile, tags, codes)
        _verify(plain, path)
        if target != grid:
            native = Path(scratch) / "native.tif"
            _resample(plain, native, target, profile, resampling, tags, codes)
            plain = native
            _verify(plain, path)
        try:
            copy_raster(
                plain,
                aside,
                driver="COG",
                compress="deflate",
                predictor=predictor,
                overview_resampling="nearest" if profile["dtype"] == "uint8" else "average",
                blocksize=512,
                bigtiff="if_safer",
            )
        except CPLE_BaseError as error:
            # copy_raster lets GDAL's own errors through, which are no RasterioErrors.
            raise RasterioError(str(error)) from error
        _verify(aside, path)


def _profile(grid: Grid, profile: dict[str, Any]) -> dict[str, Any]:
    return {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": 1,
        "crs": grid.crs.to_wkt(),
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "if_safer",
        **profile,
    }


def _write_plain(
    path: Path,
    bands: Bands,
    grid: Grid,
    profile: dict[str, Any],
    tags: Mapping[str, str],
    codes: Codes | None,
) -> None:
    with rasterio.open(path, "w", **_profile(grid, profile)) as dataset:  # noqa: TID251
        for window, values in bands:
            dataset.write(values.astype(profile["dtype"]), 1, window=rasterio_window(window))
        _describe(dataset, tags, codes)


def _resample(
    source: Path,
    path: Path,
    target: Grid,
    profile: dict[str, Any],
    resampling: Resampling,
    tags: Mapping[str, str],
    codes: Codes | None,
) -> None:
    with (
        rasterio.open(source) as dataset,  # noqa: TID251
        rasterio.open(path, "w", **_profile(target, profile)) as out,  # noqa: TID251
    ):
        reproject(
            rasterio.band(dataset, 1),
            rasterio.band(out, 1),
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


def _verify(path: Path, wanted: Path) -> None:
    """Read a file's last block: GDAL may report a full disk only in its log.

    ``wanted`` is the file that the person knows of.
    """
    try:
        with rasterio.open(path) as dataset:  # noqa: TID251
            last = [window for _, window in dataset.block_windows(1)][-1]
            dataset.read(1, window=last)
    except RasterioError as error:
        raise DiskFullError(
            f"The disk is full: {wanted.name} could not be written to {wanted.parent}.",
            "Free some space or choose another folder; an earlier file there is unchanged.",
        ) from error
