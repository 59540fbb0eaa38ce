"""All strategies on the validation tiles, with their seconds.

``python -m benchmarks.strategies`` compares them; how they bear worse land cover and imagery is
``cropmap experiment robustness``.  ``--checkpoint FILE`` takes a training's averaged weights
instead of the shipped ones.  Masks are thresholded and cleaned as a map is; the tiles' place on
Earth and everything after the mask are left out (``benchmarks.tiles`` has them).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.clicks import from_checkpoint, shipped
from benchmarks.labelled import load_tiles, predicted, simulated
from core.predict.names import STRATEGY_NAMES
from core.predict.tile import TileMemory
from core.study.experiments import Degradation
from core.study.metrics import Confusion, compare_pixels, mean_of_known, shown

LANDCOVER_ALONE = "land cover alone"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true", help="the tiles that trained, for contrast")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every so many of the tiles")
    parser.add_argument("--strategies", default=",".join(STRATEGY_NAMES))
    options = parser.parse_args()
    segmenter = from_checkpoint(options.checkpoint) if options.checkpoint else shipped()
    tiles = load_tiles(validation=not options.train)[:: options.every]
    methods = (LANDCOVER_ALONE, *options.strategies.split(","))
    found: dict[str, list[tuple[Confusion, float]]] = {name: [] for name in methods}
    for number, tile in enumerate(tiles):
        landcover = simulated(tile, Degradation(), seed=number)
        memory = TileMemory()
        for name, rows in found.items():
            start = time.perf_counter()
            mask = landcover.cropland
            if name != LANDCOVER_ALONE:
                mask = predicted(tile, landcover, name, segmenter, memory)
            rows.append((compare_pixels(mask, tile.truth), time.perf_counter() - start))
    print(f"{len(tiles)} tiles, land cover SIMULATED from their fields\n")
    print("| method | OA | mIoU | F1 | mean of tiles' mIoU | seconds a tile |")
    print("|---|---|---|---|---|---|")
    for name, rows in found.items():
        pooled = sum((pixels for pixels, _ in rows), Confusion())
        figures = (pooled.overall_accuracy, pooled.mean_iou, pooled.f1)
        mean = mean_of_known(pixels.mean_iou for pixels, _ in rows)
        cells = [*map(shown, figures), shown(mean), f"{np.mean([s for _, s in rows]):.1f}"]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
