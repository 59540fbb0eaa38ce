"""A click on a tile with many corrections: ``python -m benchmarks.long_logs [--corrections N]``.

Prompts come before all corrections, so a new click is put under every line that was drawn before.
The tile is **made** (60 fields, short strokes at random places, round answers to clicks), and the
label is computed without the app: from nothing, then by what is kept of the label before, and the
ratio.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS
from shapely import LineString

from core.grid import Grid, PixelPoint, Window
from core.imagery.frame import Frame
from core.label.answers import Field
from core.label.brush import brush
from core.label.choices import Choices
from core.label.correction_types import Signature, Signed
from core.label.drawn_corrections import AreaAdd, AreaRemove
from core.label.label_maker import LabelMaker
from core.label.work import Work
from core.parcels.overlay import polygons_of, shape_of
from core.parcels.parcel import Parcel

_SIDE = 1024
_HALO = 16
_FIELDS = 60
_CLICKS = 20


def made_parcels(generator: np.random.Generator) -> tuple[Parcel, ...]:
    """Fields with narrow tracks between them."""
    whole = shapely.box(0, 0, _SIDE, _SIDE)
    seeds = shapely.multipoints(generator.uniform(0, _SIDE, (_FIELDS, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=whole))
    shapes = shapely.buffer(shapely.intersection(cells, whole), -1.5)
    return tuple(Parcel(f"F{n}", shape, 0.9, "auto") for n, shape in enumerate(shapes))


def made_corrections(count: int, generator: np.random.Generator) -> tuple[Signed, ...]:
    """Strokes and small areas, half of them taken away."""
    made = []
    for number in range(count):
        x, y = generator.uniform(40, _SIDE - 40, 2)
        reach = generator.uniform(-40, 40, 2)
        drawn = brush(LineString([(x, y), (x + reach[0], y + reach[1])]), 3.0)
        kind = AreaAdd if number % 2 else AreaRemove
        made.append(Signed(kind(drawn, tidy=True), Signature("Ana")))
    return tuple(made)


def made_fields(count: int, generator: np.random.Generator) -> list[Field]:
    """Answers to clicks."""
    inside = shapely.box(_HALO, _HALO, _SIDE - _HALO, _SIDE - _HALO)
    found = []
    for number in range(count):
        x, y = generator.uniform(40, _SIDE - 40, 2)
        round_ = shapely.Point(x, y).buffer(generator.uniform(20, 60))
        area = shape_of(polygons_of(shapely.intersection(round_, inside)))
        found.append(Field(area, True, f"p{number}", (PixelPoint(x, y),), tidy=True))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_logs", description=__doc__)
    parser.add_argument("--corrections", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    grid = Grid(CRS.from_epsg(32633), Affine(1, 0, 5e5, 0, -1, 5e6), _SIDE, _SIDE)
    core = _SIDE - 2 * _HALO
    frame = Frame(grid, grid, Window(_HALO, _HALO, core, core))
    print("| corrections | a click, from nothing | a click | ratio |\n|---|---|---|---|")
    for count in options.corrections:
        generator = np.random.default_rng(options.seed)
        parcels = made_parcels(generator)
        work = Work(Choices(min_area_m2=0), corrections=made_corrections(count, generator))
        fields, maker = made_fields(_CLICKS, generator), LabelMaker()
        seconds = np.zeros((2, _CLICKS))
        maker.make("", parcels, [], work, frame)
        for number in range(_CLICKS):
            for row, one in enumerate((LabelMaker(), maker)):
                began = time.perf_counter()
                one.make("", parcels, fields[: number + 1], work, frame)
                seconds[row, number] = time.perf_counter() - began
        anew, after = np.median(seconds, axis=1)
        print(f"| {count} | {anew * 1000:.0f} ms | {after * 1000:.0f} ms | {after / anew:.2f} |")


if __name__ == "__main__":
    main()
