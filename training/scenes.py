"""The images that train: real tiles with hand-drawn fields, and farmland that cropmap makes."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
from PIL import Image
from rasterio.features import rasterize
from rasterio.transform import Affine

from core.farmland import generate
from core.farmland.layout import Style
from core.imagery.scene import open_scene
from training.split import VALIDATION


@dataclass(frozen=True, slots=True, eq=False)
class TrainingScene:
    """An image and its fields.

    Parameters
    ----------
    rgb : uint8 (rows, columns, 3)
    parcels : int16 (rows, columns)
        Number of the field, 0 where there is none.
    gsd_m : float
        Metres of a pixel.
    simulated : bool
        Made by the generator.
    known : bool (rows, columns) or None
        Where it is known whether there is a field; None where that is everywhere.
    """

    name: str
    rgb: npt.NDArray[np.uint8]
    parcels: npt.NDArray[np.int16]
    gsd_m: float
    simulated: bool
    known: npt.NDArray[np.bool_] | None = None


def tile_names(folder: Path, *, validation: bool) -> list[str]:
    """Names of the labelled tiles of one side of the split."""
    with (folder / "index.csv").open() as handle:
        names = [row["tile"] for row in csv.DictReader(handle)]
    return [name for name in names if (name in VALIDATION) == validation]


def read_tile(folder: Path, name: str) -> TrainingScene:
    """A real tile; polygons are burnt in at pixel centres, smaller over larger."""
    with (folder / "index.csv").open() as handle:
        facts = next(row for row in csv.DictReader(handle) if row["tile"] == name)
    collection = json.loads((folder / "fields" / f"{name}.geojson").read_text())
    transform = Affine.identity()
    if facts["georeferenced"] == "1":
        path = folder / "images" / f"{name}.tif"
        transform = open_scene(path).grid.transform
        rgb = np.asarray(Image.open(path).convert("RGB"))
    else:
        rgb = np.asarray(Image.open(folder / "images" / f"{name}.png").convert("RGB"))
    shapes = [
        (feature["geometry"], number)
        for number, feature in enumerate(collection["features"], start=1)
    ]
    parcels = rasterize(shapes, out_shape=rgb.shape[:2], transform=transform, dtype="int16")
    return TrainingScene(name, rgb, parcels, float(facts["gsd_m"]), simulated=False)


def make_farmland(count: int, seed: int) -> list[TrainingScene]:
    """Simulated scenes of both styles at 0.6, 1 and 2 m."""
    scenes = []
    for index in range(count):
        style: Style = get_args(Style)[index % 2]
        gsd_m = (0.6, 1.0, 2.0)[index // 2 % 3]
        made = generate(seed + index, size=640, gsd_m=gsd_m, style=style)
        scenes.append(
            TrainingScene(
                f"simulated-{seed + index}",
                made.rgb,
                made.parcels.astype(np.int16),
                gsd_m,
                simulated=True,
            )
        )
    return scenes
