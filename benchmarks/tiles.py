"""Maps of the ten georeferenced NAIP tiles against their hand-drawn fields.

``python -m benchmarks.tiles`` runs the whole of ``map_scene`` with its defaults on each and prints
a Markdown table; ``python -m benchmarks.tiles none`` does it without a model.  Six of the ten
trained the small model (``training.split``), so only the other four say anything about it.
The land cover there is SIMULATED from the same polygons (shifted, coarse, 12 % of clumps flipped).
These tiles were looked at during development; they are no held-out test.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.labelled import data_folder
from core.export.scene_map import map_scene
from core.imagery.scene import open_scene
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from core.mapping import MapOptions, SceneRequest
from core.study.metrics import (
    Confusion,
    LabelView,
    MaskLabels,
    PolygonLabels,
    compare_pixels,
    mean_of_known,
    shown,
)


def main() -> None:
    folder = data_folder()
    scenes = sorted((folder / "images").glob("*.tif"))
    options = MapOptions(model=None) if "none" in sys.argv[1:] else MapOptions()
    rows = [_one(folder, scene, options) for scene in scenes]
    print("| tile | land cover alone (simulated) mIoU | map OA | map mIoU | map F1 | seconds |")
    print("|---|---|---|---|---|---|")
    for name, coarse, mapped, seconds in rows:
        print(_row(name, coarse, mapped, seconds))
    both = [[row[1] for row in rows], [row[2] for row in rows]]
    coarse, mapped = (sum(own, Confusion()) for own in both)
    print(_row("all pixels pooled", coarse, mapped, float(np.mean([row[3] for row in rows]))))
    means = [shown(mean_of_known(one.mean_iou for one in own)) for own in both]
    print(f"\nMean of the tiles' mIoU: land cover {means[0]}, map {means[1]}.")


def _one(folder: Path, scene: Path, options: MapOptions) -> tuple[str, Confusion, Confusion, float]:
    landcover = folder / "landcover_simulated" / scene.name
    grid = open_scene(scene).grid
    everything = LabelView(grid, grid.extent, grid.extent)
    fields = PolygonLabels(folder / "fields" / f"{scene.stem}.geojson", "truth", grid)
    truth = fields.tile(everything).cropland
    tile = align(open_landcover(landcover), grid)
    with tempfile.TemporaryDirectory() as out:
        result = map_scene(SceneRequest(str(scene), str(landcover)), options, Path(out))
        mask = MaskLabels(Path(out) / "mask.tif", "prediction").tile(everything)
    return (
        scene.stem,
        compare_pixels(tile.cropland, truth, tile.valid),
        compare_pixels(mask.cropland, truth, mask.known),
        result.seconds,
    )


def _row(name: str, coarse: Confusion, mapped: Confusion, seconds: float) -> str:
    return (
        f"| {name} | {shown(coarse.mean_iou)} | {shown(mapped.overall_accuracy)} | "
        f"{shown(mapped.mean_iou)} | {shown(mapped.f1)} | {seconds:.1f} |"
    )


if __name__ == "__main__":
    main()
