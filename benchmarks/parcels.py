"""10,000 parcels on one tile: ``python -m benchmarks.parcels``.

What one step costs the server, from the edit to the bytes for the browser: the label made from the
one before, the topology check, the rows.  Beside it the same step made from nothing, which is what
a restart costs.  Times are of the processor, since other work on the machine is none of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS

from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label.answers import Field
from core.label.choices import Choices
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Correction,
    FillHoles,
    Judge,
    Merge,
    ParcelDelete,
    Reclassify,
    Repair,
    Reshape,
    Signature,
    Signed,
    Smooth,
    SnapToNeighbours,
    Split,
)
from core.label.label_maker import LabelMaker
from core.label.work import Work
from core.parcels.parcel import Parcel
from core.parcels.polygons import mask_to_parcels
from core.session.label_json import problems_json
from core.session.parcel_rows import ParcelRows

COUNT = 10_000
ROUNDS = 8
CELL = 40
_SOMEONE = Signature("Ana", datetime(2026, 5, 1, tzinfo=UTC))

Make = Callable[[float, float], Correction]

STEPS: dict[str, Make] = {
    "add area": lambda x, y: AreaAdd(shapely.box(x, y, x + 60, y + 14)),
    "brush away": lambda x, y: AreaRemove(shapely.Point(x, y).buffer(25)),
    "split": lambda x, y: Split(shapely.LineString([(x - 60, y), (x + 60, y + 9)])),
    "merge": lambda x, y: Merge((shapely.Point(x, y), shapely.Point(x + CELL, y))),
    "reshape": lambda x, y: Reshape(shapely.Point(x, y), shapely.box(x - 9, y - 9, x + 25, y + 9)),
    "delete": lambda x, y: ParcelDelete(shapely.Point(x, y)),
    "reclassify": lambda x, y: Reclassify(shapely.Point(x, y), "other"),
    "verdict": lambda x, y: Judge(shapely.Point(x, y), "accepted"),
    "smooth one": lambda x, y: Smooth(shapely.Point(x, y), 3.0),
    "snap": lambda x, y: SnapToNeighbours(shapely.Point(x, y), 3.0),
    "fill holes of one": lambda x, y: FillHoles(shapely.Point(x, y), None),
}
WHOLE: dict[str, Make] = {
    "fill holes of all": lambda *_: FillHoles(None, None),
    "repair all": lambda *_: Repair(None, 1.0),
    "smooth all": lambda *_: Smooth(None, 3.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=COUNT)
    frame, parcels = mosaic(parser.parse_args().parcels)
    points = shapely.get_num_coordinates([p.polygon for p in parcels])
    print(f"{len(parcels):,} parcels with {points.mean():.0f} points each\n")
    bench = Bench(frame, parcels)
    print(f"first label, with the whole check: {bench.first():.0f} ms")
    print(f"the same parcels again, nothing changed: {bench.step([]):.0f} ms\n")
    print(f"{'one step on top':<22}{'median ms':>10}{'worst ms':>10}{'undone ms':>11}")
    spots = np.random.default_rng(0).uniform(400, frame.core.width - 400, (ROUNDS, 2))
    for name, make in STEPS.items():
        told = [bench.there_and_back(make(x, y)) for x, y in spots]
        print(row(name, told))
    for name, make in WHOLE.items():
        print(row(name, [bench.there_and_back(make(0, 0))]))
    replayed(bench, spots)


def row(name: str, told: Sequence[tuple[float, float]]) -> str:
    done, undone = zip(*told, strict=True)
    median = statistics.median(done)
    return f"{name:<22}{median:>10.0f}{max(done):>10.0f}{statistics.median(undone):>11.0f}"


def replayed(bench: Bench, spots: np.ndarray) -> None:
    """A click below a hundred corrections: all of them are applied again."""
    names = list(STEPS)
    edits = [
        STEPS[names[n % len(names)]](*(spots[n % len(spots)] + 90 * (n // 8))) for n in range(100)
    ]
    bench.step(edits)
    print(f"\na click below 100 corrections: {bench.click(edits):.0f} ms")


class Bench:
    """A tile's labels, as the workspace makes them for the browser."""

    def __init__(self, frame: Frame, parcels: tuple[Parcel, ...]) -> None:
        self.frame, self.parcels = frame, parcels
        self.maker, self.rows = LabelMaker(), ParcelRows()

    def first(self) -> float:
        """Milliseconds for the first label."""
        return self.step([])

    def step(self, edits: Sequence[Correction], fields: Sequence[Field] = ()) -> float:
        """Milliseconds for the label of these edits, its problems and its rows."""
        work = Work(Choices(), corrections=tuple(Signed(edit, _SOMEONE) for edit in edits))
        start = time.process_time()
        label = self.maker.make("v", self.parcels, fields, work, self.frame)
        self.rows.of(label, self.frame)
        problems_json(label, self.frame)
        return (time.process_time() - start) * 1000

    def there_and_back(self, edit: Correction) -> tuple[float, float]:
        """Milliseconds for one edit, and for its undo."""
        return self.step([edit]), self.step([])

    def click(self, edits: Sequence[Correction]) -> float:
        """Milliseconds for a click whose field lies below some corrections."""
        field = Field(shapely.Point(900, 900).buffer(50), True, "click")
        return self.step(edits, [field])


def mosaic(count: int) -> tuple[Frame, tuple[Parcel, ...]]:
    """Touching parcels with crooked borders, a few of them missing, as a strategy gives them."""
    side = int(np.ceil(count**0.5 * 1.03))
    pixels = side * CELL
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:pixels, 0:pixels]
    bend = 6 * np.sin(columns / 17) + 6 * np.sin(rows / 23)
    numbers = ((rows + bend) // CELL).clip(0, side - 1) * side
    numbers = (numbers + ((columns + bend) // CELL).clip(0, side - 1) + 1).astype(np.int32)
    numbers[np.isin(numbers, rng.choice(side**2, side**2 // 20) + 1)] = 0
    grid = Grid(CRS.from_epsg(32633), Affine(1, 0, 4e5, 0, -1, 5e6), pixels, pixels)
    table = mask_to_parcels(numbers, grid, simplify_m=1.5, min_area_m2=CELL**2 / 4)
    frame = Frame(grid, grid, Window(0, 0, pixels, pixels))
    native = frame.worlds_to_native(table.geometry.to_numpy())
    names = table["field_id"]
    parcels = (Parcel(n, shape, 0.9, "auto") for n, shape in zip(names, native, strict=True))
    return frame, tuple(parcels)[:count]


if __name__ == "__main__":
    main()
