"""The regions of the experiments as folders: ``python -m benchmarks.regions FOLDER``.

``midwest_1m`` and ``midwest_2m5`` are the labelled tiles with land cover SIMULATED from their
fields; those of ``training.split``, which never trained the small model, only measure.
``large_fields`` and ``smallholder`` are made by the farmland generator: images, truth and land
cover are all SIMULATED.  The 2.5 m tiles have no georeference; they are put on a made-up UTM grid.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import rasterio

from benchmarks.labelled import LabelledTile, load_tiles, simulated
from core.farmland import coarse_landcover, generate
from core.farmland.layout import Style
from core.grid import Grid
from core.study.experiments import ABOUT, IMAGES, TRUTH, Degradation
from core.study.experiments.region import LANDCOVER

MADE_TRAIN, MADE_TEST = 14, 6
_MADE_SIDE, _MADE_GSD_M = 768, 1.5
_FIRST_SEED = 20_000
"""The small model was taught on other seeds."""

_CODES = "SIMULATED. ESA WorldCover codes"
_NOTES = {
    "midwest": "Aerial RGB (USDA NAIP) with hand-drawn fields; land cover SIMULATED from the "
    "fields: majority per 10 m cell, shifted one cell east, 12 % of 4 x 4-cell clumps flipped.",
    "made": "Images, truth and land cover are SIMULATED by the farmland generator.",
}


def write_regions(folder: Path) -> list[Path]:
    """Write all four regions; files that are there already are left alone."""
    tiles = {validation: load_tiles(validation=validation) for validation in (True, False)}
    real: dict[str, Callable[[LabelledTile], bool]] = {
        "midwest_1m": lambda tile: tile.image.grid.gsd_m < 2,
        "midwest_2m5": lambda tile: tile.image.grid.gsd_m >= 2,
    }
    written = []
    for name, belongs in real.items():
        test = [tile.name for tile in tiles[True] if belongs(tile)]
        chosen = [tile for side in tiles.values() for tile in side if belongs(tile)]
        out = _prepare(folder / name, f"US Midwest, {name.split('_')[1]}", "midwest", test)
        for number, tile in enumerate(sorted(chosen, key=lambda one: one.name)):
            _write_tile(out, tile, number)
        written.append(out)
    for style in get_args(Style):
        written.append(_write_made(folder / style, style))
    return written


def _prepare(out: Path, title: str, note: str, test: list[str]) -> Path:
    for name in (IMAGES, TRUTH, LANDCOVER):
        (out / name).mkdir(parents=True, exist_ok=True)
    about = {"title": title, "note": _NOTES[note], "test": test}
    (out / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return out


def _write_tile(out: Path, tile: LabelledTile, number: int) -> None:
    grid = tile.image.grid
    _write(out / IMAGES / f"{tile.name}.tif", np.moveaxis(tile.image.rgb, -1, 0), grid, "")
    _write(out / TRUTH / f"{tile.name}.tif", tile.truth[None].astype(np.uint8), grid, "")
    codes = simulated(tile, Degradation(), seed=number).classes.astype(np.uint8)
    _write(out / LANDCOVER / f"{tile.name}.tif", codes[None], grid, _CODES)


def _write_made(out: Path, style: Style) -> Path:
    count = MADE_TRAIN + MADE_TEST
    names = [f"{style}_{number:02d}" for number in range(count)]
    _prepare(out, f"made, {style.replace('_', ' ')}", "made", names[MADE_TRAIN:])
    for number, name in enumerate(names):
        seed = _FIRST_SEED + 1000 * get_args(Style).index(style) + number
        if (out / LANDCOVER / f"{name}.tif").exists():
            continue
        made = generate(seed, size=_MADE_SIDE, gsd_m=_MADE_GSD_M, style=style)
        codes, grid = coarse_landcover(made, seed)
        _write(out / IMAGES / f"{name}.tif", np.moveaxis(made.rgb, -1, 0), made.grid, "SIMULATED")
        truth = made.cropland[None].astype(np.uint8)
        _write(out / TRUTH / f"{name}.tif", truth, made.grid, "SIMULATED")
        _write(out / LANDCOVER / f"{name}.tif", codes[None], grid, _CODES)
    return out


def _write(path: Path, bands: npt.NDArray[np.generic], grid: Grid, note: str) -> None:
    if path.exists():
        return
    facts = {"driver": "GTiff", "width": grid.width, "height": grid.height, "count": len(bands)}
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        **facts,
        dtype=bands.dtype.name,
        crs=grid.crs.to_wkt(),
        transform=grid.transform,
        compress="deflate",
        photometric="RGB" if len(bands) == 3 else "MINISBLACK",
    ) as dataset:
        dataset.write(bands)
        dataset.update_tags(NOTE=note)


def main() -> None:
    for path in write_regions(Path(sys.argv[1])):
        print(path)


if __name__ == "__main__":
    main()
