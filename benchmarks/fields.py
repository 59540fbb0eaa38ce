"""Fields told apart, against fields that people drew: ``python -m benchmarks.fields``.

Parcels as ``cropmap map`` and the app make them, held against drawn fields: found (recall) and
right (precision) at IoU 0.5, mean best IoU of a drawn field, parcels for each field, vertices,
boundary F1 at 1, 2 and 5 m.  Validation tiles with land cover SIMULATED from their fields, the same
without any land cover, and tiles of other places that are drawn in part: judged inside what is
drawn, a parcel where it lies mostly in it.

``--without-fields`` leaves the field map out, which is how fields were told apart before it.
``--levels`` shows what the one number for larger and smaller fields does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.features import rasterize

from benchmarks.clicks import from_checkpoint, shipped
from benchmarks.labelled import data_folder, load_tiles
from core.grid import Grid
from core.imagery.frame import Frame
from core.imagery.scene import SceneImage
from core.label.choices import DEFAULT_FIELD_SIZE, Choices
from core.label.make import make_label
from core.label.work import Work
from core.landcover.source import LandCoverTile
from core.predict.names import WITH_MODEL
from core.predict.predict_options import PredictOptions
from core.predict.tile import TileInputs, predict_tile
from core.sam.protocol import Segmenter
from core.study.experiments import Degradation, simulate_landcover
from core.study.metrics.boundaries import compare_boundaries
from training.more_scenes import read_dutch_native, read_spanish

_LEAST_M2 = 1000.0
_MOSTLY = 0.5
_TOLERANCES_M = (1.0, 2.0, 5.0)

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """An image and the fields that somebody drew in it.

    Parameters
    ----------
    numbers : int32 (rows, columns)
    complete : bool
        Whether there is no field but those.
    known : bool (rows, columns), optional
        Where it is known what is cropland; without, wherever the image is valid.
    """

    name: str
    image: SceneImage
    numbers: Numbers
    complete: bool
    known: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one image."""

    fields: int
    found: int
    parcels: int
    right: int
    best_iou: float
    vertices: float
    cropland_iou: tuple[float, float]
    near: npt.NDArray[np.float64]
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--train", action="store_true", help="the tiles that trained, for contrast")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--levels", default=str(DEFAULT_FIELD_SIZE))
    parser.add_argument("--without-fields", action="store_true")
    parser.add_argument("--kinds", default="with,without,dutch,spanish")
    options = parser.parse_args()
    segmenter = from_checkpoint(options.checkpoint) if options.checkpoint else shipped()
    if options.without_fields:
        segmenter = _WithoutFields(segmenter)
    levels = [float(level) for level in options.levels.split(",")]
    print(
        "| tiles | level | fields | recall | precision | F1 | mean best IoU | parcels a field "
        "| vertices | boundary F1 at 1, 2, 5 m | cropland mean IoU | seconds |"
    )
    print("|" + "---|" * 12)
    for kind in options.kinds.split(","):
        drawn = list(_drawn(kind, validation=not options.train))[:: options.every]
        scores: dict[float, list[Score]] = {level: [] for level in levels}
        for number, one in enumerate(drawn):
            cover = None
            if kind == "with":
                cover = simulated_landcover(one, number)
            for level, found in zip(levels, score(one, cover, segmenter, levels), strict=True):
                scores[level].append(found)
        for level in levels:
            print(_row(kind, level, scores[level]), flush=True)


def simulated_landcover(drawn: Drawn, seed: int) -> LandCoverTile:
    """Land cover with WorldCover codes made from the drawn fields, with a product's mistakes."""
    return simulate_landcover(drawn.numbers > 0, drawn.image.grid, Degradation(), seed)


class _WithoutFields:
    """A model that tells no fields apart."""

    def __init__(self, inner: Segmenter) -> None:
        self.inner = inner
        self.name, self.weights_hash = inner.name, inner.weights_hash
        self.embed, self.decode = inner.embed, inner.decode

    def field_map(self, rgb: npt.NDArray[np.uint8], gsd_m: float) -> None:
        """Nobody's."""


def score(
    drawn: Drawn,
    landcover: LandCoverTile | None,
    segmenter: Segmenter | None,
    levels: list[float],
    strategy: str = WITH_MODEL,
) -> list[Score]:
    """The parcels of an image held against its fields, for each level."""
    grid = drawn.image.grid
    inputs = TileInputs(drawn.image, landcover, Frame(grid, grid, grid.extent))
    start = time.perf_counter()
    prediction = predict_tile(inputs, PredictOptions(strategy), segmenter)
    seconds = time.perf_counter() - start
    scores = []
    for level in levels:
        start = time.perf_counter()
        choices = replace(Choices(), field_size=level)
        label = make_label(inputs, prediction, Work(choices))
        took = seconds + time.perf_counter() - start
        shapes = [(parcel.polygon, n) for n, parcel in enumerate(label.parcels, start=1)]
        burnt: Numbers = np.zeros(grid.shape, dtype=np.int32)
        if shapes:
            burnt = np.asarray(rasterize(shapes, out_shape=grid.shape, dtype=np.int32))
        vertices = [int(shapely.get_num_coordinates(parcel.polygon)) for parcel in label.parcels]
        scores.append(_held(drawn, burnt, float(np.mean(vertices)) if vertices else 0.0, took))
    return scores


def _held(drawn: Drawn, parcels: Numbers, vertices: float, seconds: float) -> Score:
    truth, known = drawn.numbers, drawn.image.valid
    highest = int(parcels.max(initial=0)) + 1
    pairs = np.bincount(
        (truth * highest + parcels)[known], minlength=(int(truth.max()) + 1) * highest
    ).reshape(-1, highest)
    ours, theirs = pairs.sum(axis=0), pairs.sum(axis=1)
    both = pairs[1:, 1:]
    iou = both / np.maximum(theirs[1:, None] + ours[None, 1:] - both, 1)
    least = _LEAST_M2 / drawn.image.grid.pixel_area_m2
    judged = ours[1:] >= least
    if not drawn.complete:
        judged &= both.sum(axis=0) >= _MOSTLY * ours[1:]
    large = theirs[1:] >= least
    hits = iou > 0.5
    mask, crop = parcels > 0, truth > 0
    judged_at = known if drawn.known is None else known & drawn.known
    ious = []
    for side in (True, False):
        one, other = (mask == side) & judged_at, (crop == side) & judged_at
        ious.append(float((one & other).sum() / max(1, (one | other).sum())))
    near = compare_boundaries(parcels, truth, known, drawn.image.grid, tolerances_m=_TOLERANCES_M)
    return Score(
        int(large.sum()),
        int(hits.any(axis=1)[large].sum()),
        int(judged.sum()),
        int(hits.any(axis=0)[judged].sum()),
        float(iou.max(axis=1, initial=0.0)[large].sum()),
        vertices,
        (ious[0], ious[1]),
        np.asarray(near),
        seconds,
    )


def _row(kind: str, level: float, scores: list[Score]) -> str:
    fields, found = sum(s.fields for s in scores), sum(s.found for s in scores)
    parcels, right = sum(s.parcels for s in scores), sum(s.right for s in scores)
    recall, precision = found / max(1, fields), right / max(1, parcels)
    near = sum(s.near for s in scores)
    edges = []
    if kind in ("with", "without"):
        for predicted, ours, true, theirs in np.asarray(near):
            p, r = ours / max(predicted, 1), theirs / max(true, 1)
            edges.append(f"{2 * p * r / max(p + r, 1e-9):.2f}")
    cells = [
        kind,
        f"{level:g}",
        str(fields),
        f"{recall:.3f}",
        f"{precision:.3f}",
        f"{2 * recall * precision / max(recall + precision, 1e-9):.3f}",
        f"{sum(s.best_iou for s in scores) / max(1, fields):.3f}",
        f"{parcels / max(1, fields):.2f}",
        f"{np.mean([s.vertices for s in scores]):.0f}",
        ", ".join(edges) or "-",
        f"{np.mean([np.mean(s.cropland_iou) for s in scores]):.3f}" if edges else "-",
        f"{np.mean([s.seconds for s in scores]):.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _drawn(kind: str, *, validation: bool) -> Iterator[Drawn]:
    if kind in ("with", "without"):
        for tile in load_tiles(validation=validation):
            yield Drawn(tile.name, tile.image, tile.fields.astype(np.int32), complete=True)
        return
    root = data_folder().parent
    if kind == "dutch":
        scenes = read_dutch_native(root / "nl_s2_parcels", kept_apart=validation)
    else:
        scenes = read_spanish(root / "es_pnoa_25cm", kept_apart=validation)
    for scene in scenes:
        rows, columns = scene.parcels.shape
        transform = Affine(scene.gsd_m, 0, 500_000, 0, -scene.gsd_m, 5_700_000)
        grid = Grid(CRS.from_epsg(32631), transform, columns, rows)
        image = SceneImage(scene.rgb, np.ones((rows, columns), dtype=np.bool_), grid)
        yield Drawn(scene.name, image, scene.parcels.astype(np.int32), complete=False)


if __name__ == "__main__":
    main()
