"""How long an export takes, and how much memory chips of a large scene need.

``python -m benchmarks.exports`` writes 10,000 made parcels in every format and prints a Markdown
table; with ``--chips 20000`` it also cuts a scene of that many pixels a side into chips and prints
the seconds and the peak of the process's memory.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import CRS

from core.export.chip_plan import ChipOptions
from core.export.write_export import FORMATS, ExportOptions, write_export
from core.farmland import generate
from core.grid import Grid
from core.imagery.scene import open_scene
from core.label.labelled import LabelledParcel, LabelledScene, LabelSource

PARCELS = 10_000
SOURCE = LabelSource("Benchmark", "scene.tif", "apt_plus", "small", "ESA WorldCover 2021")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chips", type=int, metavar="PIXELS", help="side of a scene to cut")
    side = parser.parse_args().chips
    with tempfile.TemporaryDirectory() as folder:
        _formats(Path(folder))
        if side:
            _chips(Path(folder), side)


def _formats(folder: Path) -> None:
    labelled = _many_parcels(PARCELS)
    print(f"{PARCELS:,} parcels of {_vertices(labelled):.0f} vertices on average\n")
    print("| format | seconds | of them CPU | MB |\n|---|---|---|---|")
    plain = [one for one in FORMATS if not one.training]
    for one in plain:
        _one(one.title, (one.key,), labelled, folder / one.key)
    vectors = tuple(one.key for one in plain if one.key != "mask")
    _one("all but the mask in one export", vectors, labelled, folder / "together")


def _one(title: str, keys: tuple[str, ...], labelled: LabelledScene, folder: Path) -> None:
    wall, busy = time.perf_counter(), time.process_time()
    out = write_export(labelled, folder, ExportOptions(keys))
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    size = sum(file["bytes"] for file in out.card["files"]) / 1e6
    print(f"| {title} | {wall:.1f} | {busy:.1f} | {size:.1f} |")


def _many_parcels(count: int) -> LabelledScene:
    """Rows of round fields with ragged edges and a hole in every tenth, on 10 m pixels."""
    across = int(np.ceil(count**0.5))
    grid = Grid(CRS.from_epsg(32633), Affine(2, 0, 5e5, 0, -2, 5_100_000), across * 60, across * 60)
    generator = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    parcels = []
    for number in range(count):
        x = 5e5 + (number % across) * 120 + 60
        y = 5_100_000 - (number // across) * 120 - 60
        reach = generator.uniform(30, 58, angles.size)
        ring = np.column_stack([x + reach * np.cos(angles), y + reach * np.sin(angles)])
        hole = shapely.Point(x, y).buffer(15, quad_segs=2).exterior.coords
        shape = shapely.Polygon(ring, [hole] if number % 10 == 0 else [])
        parcels.append(
            LabelledParcel(f"F{number:05d}", shape, 0.8, "accepted", "Zoë", None, "x1_y2")
        )
    return LabelledScene(parcels, grid, np.ones(grid.shape, dtype=np.bool_), SOURCE)


def _vertices(labelled: LabelledScene) -> float:
    shapes = np.array([parcel.geometry for parcel in labelled.parcels])
    return float(shapely.get_num_coordinates(shapes).mean())


def _chips(folder: Path, side: int) -> None:
    path = folder / "large.tif"
    _large_scene(path, side)
    scene = open_scene(path)
    reviewed = np.ones(scene.working_grid.shape, dtype=np.bool_)
    many = _many_parcels(PARCELS)
    labelled = LabelledScene(many.parcels, scene.working_grid, reviewed, SOURCE, scene)
    start = time.perf_counter()
    options = ExportOptions(("coco", "yolo"), chips=ChipOptions(size=512, overlap=64))
    out = write_export(labelled, folder / "chips", options)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    chips = out.card["chips"]
    written = sum(split["chips"] for split in chips["splits"].values())
    guards = chips["left_out_at_borders_of_splits"]
    print(
        f"\nA scene of {side:,} x {side:,} pixels: {written:,} chips, {guards:,} guards, "
        f"in {seconds:.0f} s ({seconds / written * 1000:.0f} ms a chip); "
        f"the process's memory peaked at {peak:.0f} MB, {reviewed.nbytes / 1e6:.0f} MB of them the "
        "reviewed area."
    )


def _large_scene(path: Path, side: int) -> None:
    """Made farmland laid side by side, compressed, in blocks."""
    piece = np.moveaxis(generate(3, size=1024).rgb, -1, 0)
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        driver="GTiff",
        width=side,
        height=side,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=Affine(0.5, 0, 5e5, 0, -0.5, 5_100_000),
        tiled=True,
        compress="jpeg",
        photometric="ycbcr",
    ) as dataset:
        for row in range(0, side, 1024):
            for column in range(0, side, 1024):
                height, width = min(1024, side - row), min(1024, side - column)
                window = rasterio.windows.Window(column, row, width, height)
                dataset.write(piece[:, :height, :width], window=window)


if __name__ == "__main__":
    main()
