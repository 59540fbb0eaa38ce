"""The prompt check in files: every point, a table by distance, one page, and overlay pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core.csv_file import Cell, to_csv
from core.files import prepare_folder, replacing
from core.imagery.scene import open_scene, read_preview
from core.study.metrics.bootstrap import Interval, Weights, intervals
from core.study.metrics.evaluation_report import escaped, many, with_interval
from core.study.metrics.pictures import titled
from core.study.metrics.prompt_check import (
    PUBLISHED,
    SPREAD,
    CheckedImage,
    PlacedPoint,
    PromptCheckOptions,
)
from core.versions import software

EDGES_M = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0)
"""Borders between the distances at which points are counted together, in metres."""

_LABELS = {1: "cropland", 0: "not cropland"}
_CLEANING = ("before", "after")
_RIGHT, _WRONG, _WHITE = (0, 158, 115), (213, 94, 0), (255, 255, 255)
_MEANINGS = (
    (_RIGHT, "right (disc: cropland, square: not cropland)"),
    (_WRONG, "wrong"),
    (_WHITE, "struck through: dropped by cleaning"),
)
_POINT_COLUMNS = ("image", "product", *PlacedPoint.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Row:
    """Points of one product, placing, cleaning, label and distance; ``all`` stands for any.

    Parameters
    ----------
    points, right : int
    share : Interval
        Of right points; the interval is over images.
    """

    product: str
    method: str
    cleaning: str
    label: str
    distance: str
    points: int
    right: int
    share: Interval


def tabulate(images: list[CheckedImage], *, seed: int) -> list[Row]:
    """Shares of right points in every group that has a point."""
    rows = []
    products = list(dict.fromkeys(image.product for image in images))
    labels: list[int | None] = [None, 1, 0]
    distances = [None, *range(len(EDGES_M) + 1)]
    for name, method, cleaning, label, distance in product(
        products, (PUBLISHED, SPREAD), _CLEANING, labels, distances
    ):
        own = [image for image in images if image.product == name]

        def wanted(
            point: PlacedPoint,
            method: str = method,
            cleaning: str = cleaning,
            label: int | None = label,
            distance: int | None = distance,
        ) -> bool:
            return (
                point.method == method
                and (cleaning == "before" or point.kept)
                and label in (None, point.label)
                and distance in (None, _bin(point.border_m))
            )

        counts = np.array([_counted(image, wanted) for image in own], dtype=np.int64)
        points, right = (int(total) for total in counts.sum(axis=0))
        if points:
            share = intervals(len(own), _share(counts), seed=seed)["share"]
            said = "all" if label is None else _LABELS[label]
            rows.append(
                Row(name, method, cleaning, said, _distance(distance), points, right, share)
            )
    return rows


def write_prompt_check(
    images: list[CheckedImage], options: PromptCheckOptions, out: Path
) -> tuple[Path, ...]:
    """Write ``summary.md``, ``summary.json``, ``table.csv``, ``points.csv`` and ``overlays/``.

    Raises
    ------
    OutputError
        They cannot be written.
    """
    rows = tabulate(images, seed=options.seed)
    page, record, table, points = (
        out / name for name in ("summary.md", "summary.json", "table.csv", "points.csv")
    )
    cells = [_cells(row) for row in rows]
    _write(table, to_csv(cells, list(cells[0]) if cells else ["points"]))
    every = [
        {"image": image.name, "product": image.product, **asdict(point)}
        for image in images
        for point in image.points
    ]
    _write(points, to_csv(every, _POINT_COLUMNS))
    facts = {"options": asdict(options), "rows": [asdict(r) for r in rows], "versions": software()}
    _write(record, (json.dumps(facts, indent=1) + "\n").encode())
    _write(page, _page(images, rows, options).encode())
    overlays = prepare_folder(out / "overlays")
    pictures = [_overlay(image, number, overlays) for number, image in enumerate(images, start=1)]
    return (page, record, table, points, *pictures)


def _page(images: list[CheckedImage], rows: list[Row], options: PromptCheckOptions) -> str:
    lines = [
        "# Do automatic points say what is true?",
        "",
        f"{many(len(images), 'image')}; {options.points_per_class} points per class, as published "
        f"once and in {many(options.draws, 'draw')} at least {options.min_border_distance_m:g} m "
        f"from class borders (spread); seed {options.seed}.",
        "",
        "Share of points whose label is that of the truth, in brackets the 95% interval over "
        "images where there are at least five; where every point is right, that interval cannot "
        "show a doubt.",
    ]
    for name in dict.fromkeys(row.product for row in rows):
        lines += ["", f"## {escaped(name)}", ""]
        if "SIMULATED" in name:
            lines += ["**This land cover is simulated**, which its file says of itself.", ""]
        lines += [
            "| placing | label | metres to a border | points | right | kept | right of those |",
            "|---|---|---|---|---|---|---|",
        ]
        own = [row for row in rows if row.product == name]
        after = {_group(row): row for row in own if row.cleaning == "after"}
        for row in own:
            if row.cleaning == "after":
                continue
            kept = after.get(_group(row))
            right = "" if kept is None else with_interval(kept.share)
            lines.append(
                f"| {row.method} | {row.label} | {row.distance} | {row.points:,} | "
                f"{with_interval(row.share)} | {0 if kept is None else kept.points:,} | {right} |"
            )
    return "\n".join([*lines, ""])


def _group(row: Row) -> tuple[str, str, str]:
    return row.method, row.label, row.distance


def _counted(image: CheckedImage, wanted: Callable[[PlacedPoint], bool]) -> tuple[int, int]:
    points = [point for point in image.points if wanted(point)]
    return len(points), sum(point.right for point in points)


def _share(counts: Any) -> Callable[[Weights], dict[str, float | None]]:
    def share(weights: Weights) -> dict[str, float | None]:
        points, right = weights @ counts
        return {"share": float(right / points) if points else None}

    return share


def _bin(border_m: float | None) -> int:
    """Which distance; a tile of one class is the last of its own."""
    if border_m is None:
        return len(EDGES_M)
    return int(np.searchsorted(EDGES_M, border_m, side="right")) - 1


def _distance(index: int | None) -> str:
    if index is None:
        return "all"
    if index == len(EDGES_M):
        return "no border"
    low = f"{EDGES_M[index]:g}"
    return f"{low} to {EDGES_M[index + 1]:g}" if index + 1 < len(EDGES_M) else f"{low} and more"


def _cells(row: Row) -> dict[str, Cell]:
    cells = asdict(row)
    share = cells.pop("share")
    return {**cells, "share": share["value"], "low": share["low"], "high": share["high"]}


def _overlay(image: CheckedImage, number: int, folder: Path) -> Path:
    """The published points and the first draw: right green, wrong vermilion, dropped crossed."""
    scene = open_scene(image.scene)
    preview = read_preview(scene)
    picture = Image.fromarray(preview.rgb)
    draw = ImageDraw.Draw(picture)
    # The working grid may be a few pixels short of the scene; the preview shows all of it.
    scale = preview.grid.gsd_m / scene.working_grid.gsd_m
    first = min((p.draw for p in image.points if p.method == SPREAD), default=0)
    for point in image.points:
        if point.method == SPREAD and point.draw != first:
            continue
        x, y = point.column / scale, point.row / scale
        colour = _RIGHT if point.right else _WRONG
        box, around = (x - 4, y - 4, x + 4, y + 4), (x - 5, y - 5, x + 5, y + 5)
        if point.label:
            draw.ellipse(around, fill=colour, outline=_WHITE)
        else:
            draw.rectangle(around, outline=_WHITE)
            draw.rectangle(box, outline=colour, width=3)
        if not point.kept:
            draw.line((x - 7, y - 7, x + 7, y + 7), fill=_WHITE, width=2)
    name = re.sub(r"[^\w.\-]+", "_", image.name)
    path = folder / f"{number:02d}_{name}.png"
    with replacing(path) as aside:
        titled(np.asarray(picture), f"{image.name}: {image.product}", _MEANINGS).save(aside)
    return path


def _write(path: Path, body: bytes) -> None:
    with replacing(path) as aside:
        aside.write_bytes(body)
