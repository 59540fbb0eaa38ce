"""Small rasters of every kind, written for one test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

UTM = Affine(10, 0, 500_000, 0, -10, 5_000_000)

# Name: CRS, transform.  Sizes are chosen so that 48 x 40 pixels stay where the CRS is valid.
PLACES: dict[str, tuple[str, Affine]] = {
    "utm": ("EPSG:32633", UTM),
    "utm_south": ("EPSG:32721", Affine(2, 0, 410_003.25, 0, -2, 7_300_001.75)),
    "geographic": ("EPSG:4326", Affine(1e-4, 0, 15.2, 0, -8e-5, 45.1)),
    "web_mercator": ("EPSG:3857", Affine(4.77, 0, 1_700_000, 0, -4.77, 5_600_000)),
    "polar": ("EPSG:3413", Affine(30, 0, 300_000, 0, -30, -1_900_000)),
    "albers": ("EPSG:5070", Affine(30, 0, -200_015, 0, -30, 1_800_015)),
    "rotated": ("EPSG:32633", UTM @ Affine.rotation(33)),
    "sheared_south_up": ("EPSG:32633", Affine(10, 2.5, 500_000, 1.5, 9, 5_000_000)),
}


def write_raster(path: Path, values: np.ndarray, place: str = "utm", **profile: object) -> Path:
    """Write (bands, rows, columns) as a GeoTIFF; ``alpha``, ``mask``, ``colormap`` are special."""
    crs, transform = PLACES[place]
    mask = profile.pop("mask", None)
    colormap = profile.pop("colormap", None)
    options = {"crs": crs, "transform": transform, **profile}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(  # noqa: TID251
            path,
            "w",
            driver="GTiff",
            count=len(values),
            height=values.shape[1],
            width=values.shape[2],
            dtype=values.dtype.name,
            **{k: v for k, v in options.items() if v is not None},
        ) as dataset,
    ):
        dataset.write(values)
        if mask is not None:
            dataset.write_mask(mask)
        if colormap is not None:
            dataset.write_colormap(1, colormap)
    return path


def kind(name: str, valid: np.ndarray, seed: int = 0) -> tuple[np.ndarray, dict[str, object]]:
    """Values and profile of one of eight kinds of dtype and nodata, with ``valid`` pixels."""
    generator = np.random.default_rng(seed)
    shape = (3, *valid.shape)
    grey = generator.integers(20, 200, shape)
    if name == "uint8":
        return grey.astype(np.uint8), {"nodata": 0} if not valid.all() else {}
    if name == "uint8_alpha":
        values = np.concatenate([grey, np.where(valid, 255, 0)[None]]).astype(np.uint8)
        return values, {"photometric": "RGB", "alpha": "YES"}
    if name == "uint8_mask":
        return grey.astype(np.uint8), {"mask": valid}
    if name == "palette":
        table = {i: (i, 255 - i, i // 2, 255) for i in range(256)}
        codes = np.where(valid, generator.integers(1, 9, valid.shape), 0).astype(np.uint8)
        return codes[None], {"colormap": table, "nodata": 0, "photometric": "palette"}
    if name == "uint16":
        return np.where(valid, grey * 50, 0).astype(np.uint16), {"nodata": 0}
    if name == "int16":
        return np.where(valid, grey - 100, -9999).astype(np.int16), {"nodata": -9999}
    if name == "float32_nan":
        return np.where(valid, grey / 7, np.nan).astype(np.float32), {}
    return np.where(valid, grey / 7, -1e6).astype(np.float32), {"nodata": -1e6}


KINDS = (
    "uint8",
    "uint8_alpha",
    "uint8_mask",
    "palette",
    "uint16",
    "int16",
    "float32_nan",
    "float32_nodata",
)
