"""Small made regions in folders, and small networks, for tests of training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio

from core.farmland import write_scene
from core.farmland.layout import Style
from core.study.experiments.cells import Context
from core.study.experiments.fitting import Recipe
from core.study.experiments.region import ABOUT, IMAGES, LANDCOVER, TRUTH, Region, read_region

SMALL = "unet"
QUICK = Recipe(steps=4, batch=2, side=64, checks=2)


def write_region(
    folder: Path,
    *,
    train: Sequence[int] = (1, 2),
    test: Sequence[int] = (3,),
    size: int = 128,
    style: Style = "large_fields",
) -> Path:
    """A region of images named by their seeds, at 2.5 m."""
    for name in (IMAGES, TRUTH, LANDCOVER):
        (folder / name).mkdir(parents=True)
    for seed in (*train, *test):
        files = write_scene(folder / "made", seed, size=size, gsd_m=2.5, style=style)
        files.scene.rename(folder / IMAGES / f"s{seed}.tif")
        with rasterio.open(files.truth) as file:  # noqa: TID251
            cropland, profile = file.read() > 0, file.profile
        with rasterio.open(  # noqa: TID251
            folder / TRUTH / f"s{seed}.tif", "w", **{**profile, "dtype": "uint8"}
        ) as file:
            file.write(cropland.astype(np.uint8))
        files.landcover.rename(folder / LANDCOVER / f"s{seed}.tif")
    shutil.rmtree(folder / "made")
    (folder / ABOUT).write_text(json.dumps({"test": [f"s{seed}" for seed in test]}))
    return folder


def made_region(folder: Path, **options: object) -> Region:
    return read_region(write_region(folder, **options), "worldcover_v200")  # type: ignore[arg-type]


def quiet(folder: Path) -> Context:
    """A context that nobody stops."""
    folder.mkdir(parents=True, exist_ok=True)
    return Context(folder, lambda share: None)
