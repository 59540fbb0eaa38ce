"""The demo: make farmland, map it, and compare with the truth that only a made scene has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.export import MapResult, map_scene
from core.farmland import write_scene
from core.imagery import open_raster, open_scene, read_bands
from core.landcover import align, open_landcover
from core.mapping import MapOptions, SceneRequest
from core.study.metrics import Confusion, compare_pixels
from core.task import Cancelled, Progress


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo made and how well it went."""

    result: MapResult
    landcover: Confusion
    mapped: Confusion
    folder: Path

    def text(self) -> str:
        """The report for the terminal."""
        return "\n".join(
            [
                self.result.sentence(),
                "",
                "Compared with the exact fields of this simulated scene (not real fields):",
                f"  land cover alone  {self.landcover.sentence()}",
                f"  this map          {self.mapped.sentence()}",
                "",
                f"Open {self.folder / 'parcels.shp.zip'} over {self.folder / 'scene.tif'} in QGIS.",
            ]
        )

    def summary(self) -> dict[str, Any]:
        """The report as plain values for ``--json``."""
        return {
            **self.result.summary(),
            "simulated": True,
            "landcover_alone": self.landcover.as_dict(),
            "map": self.mapped.as_dict(),
        }


def run_demo(
    out: Path, *, seed: int, size: int, progress: Progress, cancelled: Cancelled
) -> DemoReport:
    """Write a made scene into ``out``, map it there, and compare both maps with its truth."""
    files = write_scene(out, seed, size=size)
    request = SceneRequest(scene=str(files.scene), landcover=str(files.landcover))
    result = map_scene(request, MapOptions(), out, progress=progress, cancelled=cancelled)
    truth = _read(files.truth) != 0
    coarse = align(open_landcover(files.landcover), open_scene(files.scene).grid)
    mask = _read(out / "mask.tif")
    return DemoReport(
        result,
        compare_pixels(coarse.cropland, truth, coarse.valid),
        compare_pixels(mask == 1, truth, mask != 255),
        out,
    )


def _read(path: Path) -> npt.NDArray[np.generic]:
    with open_raster(path) as dataset:
        bands = read_bands(dataset, [1])
    band: npt.NDArray[np.generic] = bands[0]
    return band
