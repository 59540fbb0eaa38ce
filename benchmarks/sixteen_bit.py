"""Stretches of images that are no 8-bit colours, held against drawn fields.

``python -m benchmarks.sixteen_bit`` shows the same pixels in several stretches to the strategies
and counts what comes out: cropland (mean IoU of both classes) and fields found (recall) and right
(precision) at IoU 0.5.  Three kinds of images (``--kinds``):

- ``times257``: validation tiles at 1 and 2.5 m, 8-bit colours stored as 16 bits.
- ``levels``: the same tiles as a sensor of 16 bits would store them: each band has a gain and an
  offset of its own, as haze and the sun make them (SIMULATED).
- ``dutch``: Sentinel-2 at 10 m, reflectances as they are, of tiles that never trained the model.
  What is drawn there is not all, so cropland counts within two pixels of a drawn parcel only, and
  figures compare stretches with each other and nothing else.

Land cover is SIMULATED from the fields.  Of each tile the part with most fields is taken
(``--side`` pixels along each side).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace

import geopandas
import numpy as np
import numpy.typing as npt
import rasterio
from pyproj import CRS
from rasterio.features import rasterize
from scipy import ndimage

from benchmarks.clicks import shipped
from benchmarks.fields import Drawn, Score, score, simulated_landcover
from benchmarks.labelled import data_folder, load_tiles
from core.grid import Grid, Window
from core.imagery.scene import SceneImage
from core.imagery.stretch import Stretch, estimate_one_width, estimate_stretch
from core.label.choices import DEFAULT_FIELD_SIZE
from training.split import DUTCH_KEPT_APART, FRIESLAND, FRIESLAND_KEPT_FROM_ROW

_KNOWN_AROUND = 2
_GAINS, _OFFSETS = (5.0, 6.5, 4.0), (180.0, 320.0, 560.0)
"""Of red, green and blue: haze is brightest in blue."""


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An image as it is stored, and its fields.

    Parameters
    ----------
    values : uint16 (3, rows, columns)
        Red, green, blue.
    """

    values: npt.NDArray[np.uint16]
    drawn: Drawn

    def seen(self, stretch: Stretch) -> Drawn:
        """The image in a stretch."""
        image = replace(self.drawn.image, rgb=stretch.apply(self.values))
        return replace(self.drawn, image=image)


def stretches(values: npt.NDArray[np.uint16]) -> dict[str, Stretch]:
    """Each stretch of red, green and blue by its name."""
    valid = np.ones(values.shape[1:], dtype=np.bool_)
    low, high = (float(end) for end in np.percentile(values, (2, 98)))
    return {
        "each band its own range": estimate_stretch(values, valid),
        "one range, percentiles of all bands": Stretch((low,) * 3, (high,) * 3),
        "one width from each band's dark end": estimate_one_width(values, valid),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default="times257,levels,dutch")
    parser.add_argument("--strategies", default="classifier,apt_plus")
    parser.add_argument("--every", type=int, default=1, help="take every so many of the tiles")
    parser.add_argument("--side", type=int, default=400)
    options = parser.parse_args()
    segmenter = shipped()
    print(
        "| images | strategy | stretch | cropland mean IoU | recall | precision | mean best IoU |"
    )
    print("|" + "---|" * 7)
    for kind in options.kinds.split(","):
        stored = list(_stored(kind, options.side))[:: options.every]
        for strategy in options.strategies.split(","):
            found: dict[str, list[Score]] = {}
            for number, one in enumerate(stored):
                for name, stretch in _compared(kind, one.values).items():
                    drawn = one.seen(stretch)
                    cover = simulated_landcover(drawn, number)
                    judged = score(drawn, cover, segmenter, [DEFAULT_FIELD_SIZE], strategy)
                    found.setdefault(name, []).extend(judged)
            for name, scores in found.items():
                print(_row(f"{kind}, {len(stored)} tiles", strategy, name, scores), flush=True)


def _compared(kind: str, values: npt.NDArray[np.uint16]) -> dict[str, Stretch]:
    found = stretches(values)
    if kind == "times257":
        found["as they are"] = Stretch((0.0,) * 3, (65535.0,) * 3)
    return found


def _row(images: str, strategy: str, name: str, scores: list[Score]) -> str:
    fields, parcels = sum(s.fields for s in scores), sum(s.parcels for s in scores)
    cells = (
        np.mean([np.mean(s.cropland_iou) for s in scores]),
        sum(s.found for s in scores) / max(1, fields),
        sum(s.right for s in scores) / max(1, parcels),
        sum(s.best_iou for s in scores) / max(1, fields),
    )
    return f"| {images} | {strategy} | {name} | {' | '.join(f'{c:.3f}' for c in cells)} |"


def _stored(kind: str, side: int) -> Iterator[Stored]:
    if kind == "dutch":
        yield from _dutch(side)
        return
    for tile in load_tiles():
        colours = np.moveaxis(tile.image.rgb, -1, 0).astype(np.float64)
        if kind == "times257":
            values = colours * 257
        else:
            gain, offset = (np.array(three)[:, None, None] for three in (_GAINS, _OFFSETS))
            values = colours * gain + offset
        fields = tile.fields.astype(np.int32)
        yield _densest(tile.name, values, tile.image.grid, fields, side, complete=True)


def _dutch(side: int) -> Iterator[Stored]:
    folder = data_folder().with_name("nl_s2_parcels")
    for name in (*DUTCH_KEPT_APART, FRIESLAND):
        with rasterio.open(folder / "images" / f"{name}.tif") as dataset:  # noqa: TID251
            values = dataset.read([3, 2, 1])
            crs = CRS.from_wkt(dataset.crs.to_wkt())
            grid = Grid(crs, dataset.transform, dataset.width, dataset.height)
        shapes = geopandas.read_file(folder / "parcels" / f"{name}.gpkg").geometry  # noqa: TID251
        fields = rasterize(
            [(shape, number) for number, shape in enumerate(shapes, start=1)],
            out_shape=grid.shape,
            transform=grid.transform,
            dtype="int32",
        )
        if name == FRIESLAND:
            apart = Window(
                0, FRIESLAND_KEPT_FROM_ROW, grid.width, grid.height - FRIESLAND_KEPT_FROM_ROW
            )
            values, fields = values[:, *apart.slices], fields[apart.slices]
            grid = grid.window_grid(apart)
        yield _densest(name, values, grid, fields, side, complete=False)


def _densest(
    name: str,
    values: npt.NDArray[np.generic],
    grid: Grid,
    fields: npt.NDArray[np.int32],
    side: int,
    *,
    complete: bool,
) -> Stored:
    """The part with most fields."""
    height, width = min(side, grid.height), min(side, grid.width)
    total = np.pad((fields > 0).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums = (
        total[height:, width:]
        - total[:-height, width:]
        - total[height:, :-width]
        + total[:-height, :-width]
    )
    row, column = (int(place) for place in np.unravel_index(int(sums.argmax()), sums.shape))
    part = Window(column, row, width, height)
    numbers = fields[part.slices]
    known = None
    if not complete:
        known = ndimage.distance_transform_edt(numbers == 0) <= _KNOWN_AROUND
    black = np.zeros((*numbers.shape, 3), dtype=np.uint8)
    image = SceneImage(black, np.ones(numbers.shape, dtype=np.bool_), grid.window_grid(part))
    there = np.rint(values[:, *part.slices].astype(np.float64)).astype(np.uint16)
    return Stored(there, Drawn(name, image, numbers, complete, known))


if __name__ == "__main__":
    main()
