"""Stretches and band orders of 16-bit scenes, measured on the Dutch Sentinel-2 tiles.

``python -m benchmarks.sixteen_bit`` reads ``nl_s2_parcels`` (``CROPMAP_TEST_DATA``, else beside the
checkout), takes its parcels for cropland, and land cover SIMULATED from them; ``--every 2`` takes
every second tile, ``--side 400`` the middle of each.  What is no parcel there is not always no
cropland (parcels that touch a tile's edge were left out), so figures compare stretches with each
other and nothing else.
"""

from __future__ import annotations

import argparse
import sys

import geopandas
import numpy as np
import numpy.typing as npt
import rasterio
from pyproj import CRS
from rasterio.features import rasterize
from scipy import ndimage

from benchmarks.clicks import shipped
from benchmarks.labelled import LabelledTile, data_folder, predicted, simulated
from core.grid import Grid, Window
from core.imagery.scene import SceneImage
from core.imagery.stretch import Stretch, estimate_one_range, estimate_stretch
from core.predict.tile import TileMemory
from core.study.experiments import Degradation
from core.study.metrics import Confusion, compare_pixels, shown


def stretches(
    values: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_]
) -> dict[str, tuple[Stretch, bool]]:
    """Each stretch of red, green and blue, and whether the bands are taken as they come."""
    each = estimate_stretch(values, valid)
    one = estimate_one_range(values, valid)
    low, high = min(each.low), max(each.high)
    reach = max(b - a for a, b in zip(each.low, each.high, strict=True))
    red, green, blue = each.low
    return {
        "each band its own range": (each, False),
        "one range, percentiles of all bands": (one, False),
        "one range, lowest to highest": (Stretch((low,) * 3, (high,) * 3), False),
        "one width from each band's dark end": (
            Stretch(each.low, (red + reach, green + reach, blue + reach)),
            False,
        ),
        "each band, bands 1, 2, 3 taken for colours": (
            Stretch(each.low[::-1], each.high[::-1]),
            True,
        ),
        "one range, bands 1, 2, 3 taken for colours": (one, True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every so many of the tiles")
    parser.add_argument("--strategies", default="joint")
    parser.add_argument("--side", type=int, help="pixels along the middle part of a tile")
    options = parser.parse_args()
    folder = data_folder().with_name("nl_s2_parcels")
    segmenter = shipped()
    names = sorted((folder / "images").glob("*.tif"))[:: options.every]
    strategies = options.strategies.split(",")
    found: dict[tuple[str, str], Confusion] = {}
    for number, path in enumerate(names):
        with rasterio.open(path) as dataset:  # noqa: TID251
            values = dataset.read([3, 2, 1])
            grid = Grid(
                CRS.from_wkt(dataset.crs.to_wkt()),
                dataset.transform,
                dataset.width,
                dataset.height,
            )
        file = folder / "parcels" / f"{path.stem}.gpkg"
        shapes = geopandas.read_file(file).geometry  # noqa: TID251  (our own)
        drawn = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, dtype="uint8")
        # Outlines lie up to a pixel inside the true edge.
        fields = ndimage.binary_dilation(drawn > 0).astype(np.int16)
        if options.side is not None:
            row, column = ((length - options.side) // 2 for length in grid.shape)
            part = Window(column, row, options.side, options.side)
            grid = grid.window_grid(part)
            values, fields = values[:, *part.slices], fields[part.slices]
        valid = (values > 0).all(axis=0)
        for name, (stretch, swapped) in stretches(values, valid).items():
            rgb = stretch.apply(values[::-1] if swapped else values)
            tile = LabelledTile(path.stem, SceneImage(rgb, valid, grid), fields)
            landcover = simulated(tile, Degradation(), seed=number)
            for strategy in strategies:
                mask = predicted(tile, landcover, strategy, segmenter, TileMemory())
                key = name, strategy
                pixels = compare_pixels(mask, tile.truth)
                found[key] = found.get(key, Confusion()) + pixels
                print(path.stem, name, strategy, shown(pixels.mean_iou), file=sys.stderr)
    print(
        f"{len(names)} tiles, land cover SIMULATED from their parcels; mean IoU over all pixels\n"
    )
    print(f"| stretch | {' | '.join(strategies)} |\n|---|{'---|' * len(strategies)}")
    for name in dict.fromkeys(name for name, _ in found):
        cells = [shown(found[name, strategy].mean_iou) for strategy in strategies]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
