"""Training scenes beside the aerial tiles: Dutch Sentinel-2 parcels and Spanish tiles of 25 cm.

Both are drawn in part only.  What is not drawn is unknown there, not background, so these scenes
say where anything is known: inside what is drawn, and a few pixels around it.
"""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import numpy.typing as npt
import rasterio
from PIL import Image
from rasterio.features import rasterize
from scipy import ndimage

from training.scenes import TrainingScene
from training.split import (
    DUTCH_KEPT_APART,
    FRIESLAND,
    FRIESLAND_KEPT_FROM_ROW,
    SPANISH_KEPT_APART,
)

ENLARGED = 3
"""Sentinel-2 is shown three times as large: a field of 12 pixels has hardly an inside."""

_KNOWN_AROUND = 5
"""Pixels of the enlarged image around a drawn parcel in which it is known that none is."""

_LEAST_COMPACT = 0.12
"""Of a Dutch parcel: 4 pi times its area over its squared outline."""

_SHRUNK = 2
_STRETCHES = ("joint", "each band", "near infrared")


def read_dutch(
    folder: Path, *, kept_apart: bool = False, stretches: tuple[str, ...] = _STRETCHES
) -> list[TrainingScene]:
    """Sentinel-2 tiles at 10 m, enlarged, each in every stretch.

    Parameters
    ----------
    kept_apart : bool
        Those that never train instead of those that do.
    """
    scenes = []
    for path in sorted((folder / "images").glob("*.tif")):
        name = path.stem
        partly = name == FRIESLAND
        if not partly and (name in DUTCH_KEPT_APART) != kept_apart:
            continue
        with rasterio.open(path) as source:  # noqa: TID251  (training data, no person's file)
            bands, transform = source.read().astype(np.float32), source.transform
        drawn = geopandas.read_file(folder / "parcels" / f"{name}.gpkg")  # noqa: TID251
        # Negative numbers: a verge or a lane between parcels, which nobody calls a field.
        numbered = [
            (shape, n if compact >= _LEAST_COMPACT else -n)
            for n, (shape, compact) in enumerate(
                zip(drawn.geometry, drawn["compact"], strict=True), start=1
            )
        ]
        size = (bands.shape[1] * ENLARGED, bands.shape[2] * ENLARGED)
        fine = transform * transform.scale(1 / ENLARGED)
        parcels = rasterize(numbered, out_shape=size, transform=fine, dtype="int16")
        rows = slice(None)
        if partly:
            cut = FRIESLAND_KEPT_FROM_ROW * ENLARGED
            rows = slice(cut, None) if kept_apart else slice(0, cut - 20 * ENLARGED)
        for stretch in stretches:
            rgb = enlarge(stretched(bands, stretch))[rows]
            numbers = parcels[rows]
            known = _near(numbers, _KNOWN_AROUND) & (numbers >= 0)
            numbers = np.maximum(numbers, 0)
            scenes.append(TrainingScene(name, rgb, numbers, 10.0 / ENLARGED, False, known))
    return scenes


def read_dutch_native(folder: Path, *, kept_apart: bool = True) -> list[TrainingScene]:
    """The same tiles at their own 10 m, in the joint stretch: to measure, not to train."""
    scenes = []
    for scene in read_dutch(folder, kept_apart=kept_apart, stretches=_STRETCHES[:1]):
        rows, columns = (length // ENLARGED for length in scene.parcels.shape)
        size = (columns, rows)
        small = np.asarray(Image.fromarray(scene.rgb).resize(size, Image.Resampling.BOX))
        middle = slice(ENLARGED // 2, None, ENLARGED)
        numbers = scene.parcels[middle, middle][:rows, :columns]
        scenes.append(TrainingScene(scene.name, small, numbers, 10.0, simulated=False))
    return scenes


def read_spanish(folder: Path, *, kept_apart: bool = False) -> list[TrainingScene]:
    """Aerial tiles at 25 cm, shown at 50 cm."""
    scenes = []
    for path in sorted((folder / "parcels_hand").glob("*.gpkg")):
        if (path.stem in SPANISH_KEPT_APART) != kept_apart:
            continue
        with rasterio.open(folder / "images" / f"{path.stem}.tif") as source:  # noqa: TID251
            rgb = np.moveaxis(source.read()[:3], 0, -1)
            transform = source.transform
        rows, columns = rgb.shape[0] // _SHRUNK, rgb.shape[1] // _SHRUNK
        small = np.asarray(Image.fromarray(rgb).resize((columns, rows), Image.Resampling.BOX))
        shapes = geopandas.read_file(path).geometry  # noqa: TID251
        numbered = [(shape, n) for n, shape in enumerate(shapes, start=1)]
        coarse = transform * transform.scale(_SHRUNK)
        parcels = rasterize(numbered, out_shape=(rows, columns), transform=coarse, dtype="int16")
        known = _near(parcels, _KNOWN_AROUND)
        scenes.append(TrainingScene(path.stem, small, parcels, 0.25 * _SHRUNK, False, known))
    return scenes


def stretched(bands: npt.NDArray[np.float32], how: str) -> npt.NDArray[np.uint8]:
    """Blue, green, red and near infrared (4, rows, columns) as colours (rows, columns, 3).

    ``joint`` stretches all bands from percentile 1 to 99 of all, ``each band`` by its own, and
    ``near infrared`` shows near infrared, red and green as most GIS show false colours.
    """
    chosen = bands[[3, 2, 1]] if how == "near infrared" else bands[[2, 1, 0]]
    axis = None if how == "joint" else (1, 2)
    low, high = np.percentile(chosen, (1, 99), axis=axis, keepdims=True)
    scaled = np.clip((chosen - low) / np.maximum(high - low, 1e-6) * 255, 0, 255)
    return np.ascontiguousarray(np.moveaxis(scaled, 0, -1).astype(np.uint8))


def enlarge(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Colours three times as large, bicubic."""
    size = (rgb.shape[1] * ENLARGED, rgb.shape[0] * ENLARGED)
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))


def _near(parcels: npt.NDArray[np.int16], reach: int) -> npt.NDArray[np.bool_]:
    away = ndimage.distance_transform_edt(parcels <= 0)
    return np.asarray(away <= reach, dtype=np.bool_)
