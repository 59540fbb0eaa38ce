"""Fields told apart: ``python -m benchmarks.parcels [--train] [--checkpoint FILE]``.

The cropland of ``apt_plus`` on each tile, split into fields at image edges and by asking the
model, against the hand-drawn fields.  A field counts as found where a parcel has an IoU of at least
0.5 with it; parcels and fields under 0.1 ha are left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.clicks import from_checkpoint, shipped
from benchmarks.labelled import Degradation, LabelledTile, load_tiles, simulate_landcover
from core.landcover.source import LandCoverTile
from core.masks.cleanup import clean_mask
from core.masks.encode import encode_tile
from core.masks.fields import split_fields
from core.masks.fields_by_model import ask_for_fields
from core.masks.prediction import StrategyOptions
from core.masks.strategies import STRATEGIES
from core.sam.protocol import Segmenter

_LEAST_M2 = 1000.0
Labels = npt.NDArray[np.int32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--checkpoint", type=Path)
    options = parser.parse_args()
    segmenter = from_checkpoint(options.checkpoint) if options.checkpoint else shipped()
    tiles = load_tiles(validation=not options.train)
    ways: dict[str, Callable[[LabelledTile, LandCoverTile, npt.NDArray[np.bool_]], Labels]] = {
        "image edges": lambda tile, _, mask: split_fields(tile.image, mask),
        "the model": lambda tile, cover, mask: ask_for_fields(
            encode_tile(tile.image, cover, segmenter, StrategyOptions()), mask
        ),
    }
    totals = {name: np.zeros(5) for name in ways}
    for number, tile in enumerate(tiles):
        landcover = simulate_landcover(tile, Degradation(), seed=number)
        mask = cropland(segmenter, tile, landcover)
        for name, split in ways.items():
            start = time.perf_counter()
            labels = split(tile, landcover, mask)
            seconds = time.perf_counter() - start
            totals[name] += (*score(labels, tile), seconds)
    print(
        "| split by | fields found | of | recall | precision | mean IoU of found | seconds a tile |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, (found, fields, parcels, overlap, seconds) in totals.items():
        print(
            f"| {name} | {found:.0f} | {fields:.0f} | {found / fields:.2f} | "
            f"{found / parcels:.2f} | {overlap / found:.2f} | {seconds / len(tiles):.1f} |"
        )


def cropland(
    segmenter: Segmenter, tile: LabelledTile, landcover: LandCoverTile
) -> npt.NDArray[np.bool_]:
    """The mask that a map of this tile has."""
    predict = STRATEGIES["apt_plus"]
    mask = predict(tile.image, landcover, segmenter, StrategyOptions()).probability >= 0.5
    return clean_mask(mask, tile.image.grid, min_part_m2=_LEAST_M2, min_hole_m2=_LEAST_M2)


def score(labels: Labels, tile: LabelledTile) -> tuple[int, int, int, float]:
    """Fields found, fields, parcels, and the sum of the found ones' IoU."""
    least = _LEAST_M2 / tile.image.grid.gsd_m**2
    fields = tile.fields.astype(np.int64)
    sizes = np.bincount(fields.ravel())
    parcels = np.bincount(labels.ravel())
    pairs, counts = np.unique(
        np.stack([fields.ravel(), labels.ravel()]), axis=1, return_counts=True
    )
    found, overlap = 0, 0.0
    for (field, parcel), both in zip(pairs.T, counts, strict=True):
        if field == 0 or parcel == 0 or sizes[field] < least:
            continue
        reached = both / (sizes[field] + parcels[parcel] - both)
        if reached >= 0.5:
            found, overlap = found + 1, overlap + reached
    return found, int((sizes[1:] >= least).sum()), int((parcels[1:] >= least).sum()), overlap


if __name__ == "__main__":
    main()
