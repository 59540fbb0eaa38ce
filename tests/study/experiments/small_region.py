"""A region of images of 48 x 48 pixels, whose land cover is the truth one pixel too far east."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.study.experiments.region import ABOUT, IMAGES, LANDCOVER, TRUTH
from tests.rasters import write_raster
from tests.study.metrics.scenes import fields, write_mask

CROPLAND, TREES = 40, 10
"""Codes of ESA WorldCover."""

PRODUCT = "worldcover_v200"
NAMES = [f"image{number}" for number in range(6)]


def write_small_region(folder: Path, names: list[str] = NAMES, **about: object) -> Path:
    """Write a region; image N has the first N rows of its truth unknown."""
    for part in (IMAGES, TRUTH, LANDCOVER):
        (folder / part).mkdir(parents=True)
    for number, name in enumerate(names):
        write_image(folder, name, number)
    if about:
        (folder / ABOUT).write_text(json.dumps(about))
    return folder


def write_image(folder: Path, name: str, unknown_rows: int = 0) -> None:
    numbers = fields()
    generator = np.random.default_rng(len(name) + unknown_rows)
    colours = generator.integers(0, 60, (3, *numbers.shape)) + 90 * (numbers > 0)
    write_raster(folder / IMAGES / f"{name}.tif", colours.astype(np.uint8))
    truth = np.where(numbers > 0, 1, 0)
    truth[:unknown_rows] = 255
    write_mask(folder / TRUTH / f"{name}.tif", truth)
    codes = np.where(np.roll(numbers > 0, 1, axis=1), CROPLAND, TREES)
    write_mask(folder / LANDCOVER / f"{name}.tif", codes, nodata=0)
