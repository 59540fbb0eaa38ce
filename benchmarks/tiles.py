"""Maps of the ten georeferenced NAIP tiles against their hand-drawn fields.

``python -m benchmarks.tiles`` runs the whole of ``map_scene`` with its defaults on each and prints
a Markdown table; ``python -m benchmarks.tiles none`` does it without a model.  Six of the ten
trained the small model (``training.split``), so only the other four say anything about it.
The land cover there is SIMULATED from the same polygons (shifted, coarse, 12 % of clumps flipped).
These tiles were looked at during development; they are no held-out test.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import geopandas
import numpy as np
import rasterio
from rasterio.features import rasterize

from core.evaluation.pixels import Confusion, compare, mean_of_known, shown
from core.imagery.scene import open_scene
from core.landcover.align import align
from core.landcover.source import open_landcover
from core.pipeline import MapOptions, SceneRequest, map_scene

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


def main() -> None:
    folder = Path(os.environ.get("CROPMAP_TEST_DATA", _BESIDE_CHECKOUT)) / "naip_fields"
    scenes = sorted((folder / "images").glob("*.tif"))
    if not scenes:
        sys.exit(f"There are no tiles in {folder}; set CROPMAP_TEST_DATA.")
    options = MapOptions(model=None) if "none" in sys.argv[1:] else MapOptions()
    rows = [_one(folder, scene, options) for scene in scenes]
    print("| tile | land cover alone (simulated) mIoU | map OA | map mIoU | map F1 | seconds |")
    print("|---|---|---|---|---|---|")
    for name, coarse, mapped, seconds in rows:
        print(_row(name, coarse, mapped, seconds))
    coarse, mapped = (sum((row[i] for row in rows), Confusion()) for i in (1, 2))
    print(_row("all pixels pooled", coarse, mapped, float(np.mean([row[3] for row in rows]))))
    means = [shown(mean_of_known([row[i].mean_iou for row in rows])) for i in (1, 2)]
    print(f"\nMean of the tiles' mIoU: land cover {means[0]}, map {means[1]}.")


def _one(folder: Path, scene: Path, options: MapOptions) -> tuple[str, Confusion, Confusion, float]:
    landcover = folder / "landcover_simulated" / scene.name
    fields = geopandas.read_file(folder / "fields" / f"{scene.stem}.geojson")  # noqa: TID251
    grid = open_scene(scene).grid
    shapes = [(geometry, 1) for geometry in fields.geometry]
    truth = rasterize(shapes, out_shape=grid.shape, transform=grid.transform).astype(bool)
    tile = align(open_landcover(landcover), grid)
    with tempfile.TemporaryDirectory() as out:
        result = map_scene(SceneRequest(str(scene), str(landcover)), options, Path(out))
        with rasterio.open(Path(out) / "mask.tif") as dataset:  # noqa: TID251
            mask = dataset.read(1)
    return (
        scene.stem,
        compare(tile.cropland, truth, tile.valid),
        compare(mask == 1, truth, mask != 255),
        result.seconds,
    )


def _row(name: str, coarse: Confusion, mapped: Confusion, seconds: float) -> str:
    return (
        f"| {name} | {shown(coarse.mean_iou)} | {shown(mapped.overall_accuracy)} | "
        f"{shown(mapped.mean_iou)} | {shown(mapped.f1)} | {seconds:.1f} |"
    )


if __name__ == "__main__":
    main()
