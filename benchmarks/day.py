"""The fields of one tile corrected and signed, gesture by gesture: ``python -m benchmarks.day``.

A made person works through the largest hand-drawn fields of a tile that the model has never seen
(one of ``training.split``'s validation tiles, land cover SIMULATED).  Where the label's best parcel
overlaps a field by less than ``--good`` (IoU), the person tries in mind all that the map offers
(clicks, the split along the strongest inner border, merges, lines, areas drawn corner by corner),
makes the one that brings most for each press of button or key, and looks again.  At the end each
field is signed with one key, and the tile with another.

The person sees the true outline, which nobody does, and never hesitates: the count is what the
tools need, not what a beginner needs.  A field that takes more than ``MOST`` gestures is given up.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from rasterio.features import shapes
from shapely.geometry import shape

from benchmarks.clicks import from_checkpoint, shipped
from benchmarks.labelled import LabelledTile, load_tiles, simulated
from core.edit_record import EditRecord
from core.errors import CropMapError
from core.imagery.frame import Frame
from core.label.answers import Answers, ask_directly
from core.label.browser_edits import to_new_edits
from core.label.choices import Choices
from core.label.click import TileViews
from core.label.inner_border import strongest_inner_border
from core.label.label_maker import LabelMaker
from core.label.tile_label import Label, automatic_parcels
from core.label.work import Work, replay
from core.parcels.parcel import Parcel
from core.predict.tile import TileInputs, TileMemory, embed_tile, predict_tile, segment_tile
from core.sam.protocol import Segmenter
from core.study.experiments import Degradation

TILE, FIELDS, GOOD, MOST = "41.4814N_88.8422W", 15, 0.85, 40
_CORNERS_M = 4.0
"""A person who draws leaves out corners that stick out less than this."""
_MEANT = 0.7
"""A parcel of which so much lies in a field is meant as a part of it."""

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gesture:
    """Edits as the map sends them, and how many presses of button or key they take."""

    name: str
    presses: int
    edits: tuple[Raw, ...]


class Desk:
    """One tile as the app has it: its log, its label, and what the model answered so far."""

    def __init__(self, tile: LabelledTile, segmenter: Segmenter, strategy: str) -> None:
        grid = tile.image.grid
        self.frame = Frame(grid, grid, grid.extent)
        self.choices = Choices(strategy)
        inputs = TileInputs(tile.image, simulated(tile, Degradation(), seed=0), self.frame)
        memory = TileMemory()
        self.prediction = predict_tile(inputs, self.choices.prediction, segmenter, memory)
        self._automatic = automatic_parcels(self.prediction, self.choices, tile.image, self.frame)
        whole = embed_tile(tile.image, segmenter, memory)
        if whole is None:
            raise SystemExit("The tile shows nothing.")
        views = TileViews(tile.image.rgb, whole, segment_tile(tile.image, segmenter, memory))
        self._ask = ask_directly(views, segmenter)
        self._answers = Answers(self.frame)
        self._maker = LabelMaker()
        self.log: tuple[EditRecord, ...] = ()

    def after(self, edits: Sequence[Raw]) -> tuple[tuple[EditRecord, ...], Label]:
        """The log with further edits, and its label; nothing is kept.

        Raises
        ------
        CropMapError
            They are refused.
        """
        log = self.log
        for new in to_new_edits(list(edits), self.frame) if edits else ():
            at = datetime.now(UTC)
            log = (*log, EditRecord(len(log) + 1, new.kind, new.data, "A made person", at))
        return log, self._label(replay(log, self.frame, self.choices))

    def _label(self, work: Work) -> Label:
        fields, _ = self._answers.fields(work, self._ask)
        return self._maker.make("", self._automatic, fields, work, self.frame, checked=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tile", default=TILE)
    parser.add_argument("--fields", type=int, default=FIELDS)
    parser.add_argument("--good", type=float, default=GOOD)
    parser.add_argument("--strategy", default=Choices().strategy)
    parser.add_argument("--checkpoint")
    options = parser.parse_args()
    tile = next(tile for tile in load_tiles() if tile.name == options.tile)
    segmenter = from_checkpoint(options.checkpoint) if options.checkpoint else shipped()
    began = time.monotonic()
    desk = Desk(tile, segmenter, options.strategy)
    rows = [correct(desk, field, options.good) for field in largest_fields(tile, options.fields)]
    total = sum(presses for presses, *_ in rows)
    for number, (presses, before, after, names) in enumerate(rows, start=1):
        print(f"field {number}: IoU {before:.3f} -> {after:.3f}, {presses} gestures {names}")
    good = sum(after >= options.good for _, _, after, _ in rows)
    print(f"{total} gestures to correct {len(rows)} fields ({good} reach {options.good});")
    print(f"{signing_gestures(desk, tile, len(rows))} to sign them and the tile.")
    print(f"Tile {tile.name}, simulated land cover, {time.monotonic() - began:.0f} s of computing.")


def largest_fields(tile: LabelledTile, count: int) -> list[shapely.Polygon]:
    """The largest hand-drawn fields, in pixels of the tile."""
    numbers, pixels = np.unique(tile.fields[tile.truth], return_counts=True)
    largest = numbers[np.argsort(-pixels, kind="stable")][:count]
    found: list[shapely.Polygon] = []
    for number in largest:
        parts = shapes(tile.fields, mask=tile.fields == number)
        outlines = [shape(part) for part, _ in parts]
        found.append(max(_parts(shapely.union_all(outlines)), key=lambda part: part.area))
    return found


def correct(desk: Desk, field: shapely.Polygon, good: float) -> tuple[int, float, float, str]:
    """Correct one field: presses, IoU before and after, and what was done."""
    _, label = desk.after(())
    before = now = best_overlap(label, field)[0]
    presses, done = 0, []
    while now < good and presses < MOST:
        tried = []
        for gesture in gestures(desk, label, field):
            try:
                log, then = desk.after(gesture.edits)
            except CropMapError:
                continue
            gain = min(best_overlap(then, field)[0], good) - now
            tried.append((gain / gesture.presses, gesture, log, then))
        if not tried:
            break
        rate, gesture, desk.log, label = max(tried, key=lambda one: one[0])
        if rate <= 0:
            break
        now = best_overlap(label, field)[0]
        presses += gesture.presses
        done.append(gesture.name)
    return presses, before, now, ", ".join(done)


def best_overlap(label: Label, field: shapely.Polygon) -> tuple[float, Parcel | None]:
    """IoU of the parcel that is most like a field, and that parcel."""
    best: tuple[float, Parcel | None] = (0.0, None)
    for parcel in label.parcels:
        if not parcel.is_cropland or not parcel.polygon.intersects(field):
            continue
        both = parcel.polygon.intersection(field).area
        share = both / (parcel.polygon.area + field.area - both)
        if share > best[0]:
            best = (share, parcel)
    return best


def gestures(desk: Desk, label: Label, field: shapely.Polygon) -> Iterator[Gesture]:
    """What the map offers for a field, each thing as a person would do it."""
    serial = len(desk.log)
    name = f"p{serial}"
    drawn = _as_drawn(field, desk.frame)
    yield Gesture("click", 1, (_point(name, _inner(field), 1),))
    yield Gesture("area drawn", len(drawn), ({"kind": "area_add", "ring": drawn},))
    _, parcel = best_overlap(label, field)
    if parcel is None:
        return
    missed, excess = field - parcel.polygon, parcel.polygon - field
    if missed.area > 0:
        yield Gesture("click on what is missed", 1, (_point(name, _inner(missed), 1),))
    if excess.area > 0:
        yield Gesture("Shift-click", 1, (_point(name, _inner(excess), 0),))
        part = max(_parts(excess), key=lambda one: one.area)
        ring = _as_drawn(part, desk.frame)
        yield Gesture("area removed", len(ring), ({"kind": "area_remove", "ring": ring},))
    if (
        line := strongest_inner_border(
            desk.prediction, desk.frame, parcel, desk.choices.min_area_m2
        )
    ) is not None:
        # The parcel is chosen by a click, and I pressed.
        yield Gesture("split inside", 2, ({"kind": "split", "line": _corners(line)},))
    if (border := _border_inside(field, parcel, desk.frame)) is not None:
        yield Gesture("line", len(border), ({"kind": "split", "line": border},))
    meant = [
        one
        for one in label.parcels
        if one.polygon.intersection(field).area > _MEANT * one.polygon.area
    ]
    if len(meant) > 1:
        points = [_inner(one.polygon) for one in meant]
        # A click on each, and Enter.
        yield Gesture("merge", len(points) + 1, ({"kind": "merge", "points": points},))


def signing_gestures(desk: Desk, tile: LabelledTile, count: int) -> int:
    """A key on each field under the pointer that is not signed yet, and one for the tile."""
    fields = largest_fields(tile, count)
    pressed = 0
    _, label = desk.after(())
    signed: set[str] = set()
    for field in fields:
        parcel = best_overlap(label, field)[1]
        if parcel is None or parcel.id in signed:
            continue
        verdict = {"kind": "parcel_verdict", "point": _inner(parcel.polygon), "verdict": "accepted"}
        desk.log, label = desk.after((verdict,))
        signed.add(parcel.id)
        pressed += 1
    accepted = sum(parcel.state == "accepted" for parcel in label.parcels)
    if accepted != pressed:
        raise SystemExit(f"{accepted} of {pressed} parcels are signed.")
    return pressed + 1


def _point(name: str, place: list[float], label: int) -> Raw:
    column, row = place
    return {"kind": "prompt_set", "id": name, "column": column, "row": row, "label": label}


def _inner(area: shapely.Geometry) -> list[float]:
    """Where a person would point: the middle of the widest place."""
    largest = max(_parts(area), key=lambda part: part.area)
    middle = shapely.maximum_inscribed_circle(largest, tolerance=1.0).coords[0]
    return [round(middle[0], 2), round(middle[1], 2)]


def _parts(area: shapely.Geometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(area) if isinstance(part, shapely.Polygon)]


def _as_drawn(area: shapely.Polygon, frame: Frame) -> list[list[float]]:
    """The corners that a person would set around an area."""
    coarse = area.exterior.simplify(_CORNERS_M / frame.scene_grid.gsd_m)
    return _corners(coarse)[:-1]


def _border_inside(
    field: shapely.Polygon, parcel: Parcel, frame: Frame
) -> list[list[float]] | None:
    """The field's border where it runs through a parcel, as a line with few corners."""
    inside = shapely.line_merge(field.exterior & parcel.polygon.buffer(-2 * _CORNERS_M))
    lines = [one for one in shapely.get_parts(inside) if one.length > 0]
    if not lines:
        return None
    longest = max(lines, key=lambda one: one.length).simplify(_CORNERS_M / frame.scene_grid.gsd_m)
    return _lengthened(np.array(longest.coords), 4 * _CORNERS_M / frame.scene_grid.gsd_m)


def _lengthened(corners: np.ndarray, more: float) -> list[list[float]]:
    """A line drawn on beyond both ends, so that it leaves the parcel."""
    line = corners.copy()
    for end, before in ((0, 1), (-1, -2)):
        way = corners[end] - corners[before]
        line[end] += way / max(float(np.hypot(*way)), 1e-9) * more
    return [[round(float(x), 2), round(float(y), 2)] for x, y in line]


def _corners(line: shapely.Geometry) -> list[list[float]]:
    return [[round(x, 2), round(y, 2)] for x, y in shapely.get_coordinates(line).tolist()]


if __name__ == "__main__":
    main()
