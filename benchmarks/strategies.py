"""All strategies on the validation tiles, with their seconds.

``python -m benchmarks.strategies`` compares them; how they bear worse land cover and imagery is
``cropmap experiment robustness``.  ``--checkpoint FILE`` takes a training's averaged weights
instead of the shipped ones.  Masks are thresholded and cleaned as a map is; the tiles' place on
Earth and everything after the mask are left out (``benchmarks.tiles`` has them).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clicks import from_checkpoint, shipped
from benchmarks.labelled import LabelledTile, load_tiles, simulate_landcover
from core.mapping import MapOptions
from core.parcels.cleanup import clean_mask
from core.predict.prediction import StrategyOptions
from core.predict.strategies import STRATEGIES
from core.sam.protocol import Segmenter
from core.study.experiments.degrade_landcover import Degradation
from core.study.metrics.pixels import Confusion, compare, mean_of_known, shown

LANDCOVER_ALONE = "land cover alone"


@dataclass(slots=True)
class Tally:
    """Confusions of one method, tile by tile."""

    tiles: list[Confusion]
    seconds: list[float]

    @property
    def pooled(self) -> Confusion:
        """All pixels of all tiles."""
        return sum(self.tiles, Confusion())

    @property
    def mean_of_tiles(self) -> float | None:
        """Mean of the tiles' mean IoU."""
        return mean_of_known([tile.mean_iou for tile in self.tiles])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true", help="the tiles that trained, for contrast")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every so many of the tiles")
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    options = parser.parse_args()
    segmenter = from_checkpoint(options.checkpoint) if options.checkpoint else shipped()
    tiles = load_tiles(validation=not options.train)[:: options.every]
    names = options.strategies.split(",")
    print(f"{len(tiles)} tiles, land cover SIMULATED from their fields\n")
    print("| method | OA | mIoU | F1 | mean of tiles' mIoU | seconds a tile |")
    print("|---|---|---|---|---|---|")
    for name, tally in run(segmenter, tiles, Degradation(), names).items():
        pooled = tally.pooled
        print(
            f"| {name} | {shown(pooled.overall_accuracy)} | {shown(pooled.mean_iou)} | "
            f"{shown(pooled.f1)} | {shown(tally.mean_of_tiles)} | {np.mean(tally.seconds):.1f} |",
            flush=True,
        )


def run(
    segmenter: Segmenter,
    tiles: list[LabelledTile],
    wrong: Degradation,
    names: Iterable[str],
) -> dict[str, Tally]:
    """Every method on every tile; embeddings are computed once a tile."""
    tallies = {name: Tally([], []) for name in (LANDCOVER_ALONE, *names)}
    remembered = _Remembering(segmenter)
    for number, tile in enumerate(tiles):
        landcover = simulate_landcover(tile, wrong, seed=number)
        alone = tallies[LANDCOVER_ALONE]
        alone.tiles.append(compare(landcover.cropland, tile.truth))
        alone.seconds.append(0.0)
        options = StrategyOptions()
        for name in names:
            start = time.perf_counter()
            prediction = STRATEGIES[name](tile.image, landcover, remembered, options)
            mask = prediction.probability >= MapOptions().threshold
            mask = clean_mask(
                mask,
                tile.image.grid,
                min_part_m2=MapOptions().min_area_m2,
                min_hole_m2=MapOptions().min_area_m2,
            )
            tallies[name].seconds.append(time.perf_counter() - start)
            tallies[name].tiles.append(compare(mask, tile.truth))
    return tallies


class _Remembering:
    """A segmenter that keeps the embedding of the last image, as the cache on disk would."""

    def __init__(self, inner: Segmenter) -> None:
        self._inner = inner
        self._last: tuple[int, object] | None = None
        self.name, self.weights_hash = inner.name, inner.weights_hash
        self.decode = inner.decode

    def embed(self, rgb):
        if self._last is None or self._last[0] != id(rgb):
            self._last = (id(rgb), self._inner.embed(rgb))
        return self._last[1]


if __name__ == "__main__":
    main()
