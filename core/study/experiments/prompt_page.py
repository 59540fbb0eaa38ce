"""The prompt check in files: every point, a table by distance, one page, and overlay pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from core.csv_file import to_csv
from core.files import prepare_folder, replacing, safe_name
from core.imagery.scene import open_scene, read_preview
from core.study.experiments.prompt_check import (
    PUBLISHED,
    SPREAD,
    CheckedImage,
    PlacedPoint,
    PromptCheckOptions,
)
from core.study.metrics.bootstrap import Interval, drawn_weights, intervals
from core.study.metrics.error_map import titled
from core.study.metrics.figures import ratio
from core.study.metrics.markdown import escaped, many, markdown_table, with_interval
from core.versions import software

EDGES_M = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0)
"""Borders between the distances at which points are counted together, in metres."""

_DISTANCES = (
    *(f"{low:g} to {high:g}" for low, high in pairwise(EDGES_M)),
    *(f"{EDGES_M[-1]:g} and more", "no border"),
)
_ALL = "all"
_ORDER = {
    "method": (PUBLISHED, SPREAD),
    "cleaning": ("before", "after"),
    "label": (_ALL, "cropland", "not cropland"),
    "distance": (_ALL, *_DISTANCES),
}
"""Columns of the table after the product, and their values in order."""

_RIGHT, _WRONG, _WHITE = (0, 158, 115), (213, 94, 0), (255, 255, 255)
_MEANINGS = (
    (_RIGHT, "right (disc: cropland, square: not cropland)"),
    (_WRONG, "wrong"),
    (_WHITE, "struck through: dropped by cleaning"),
)
_POINT_COLUMNS = ("image", "product", *PlacedPoint.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class PointRow:
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


def tabulate_points(images: Sequence[CheckedImage], *, seed: int) -> list[PointRow]:
    """Shares of right points in every group that has a point."""
    points = _every_point(images)
    if points.empty:
        return []
    points["label"] = np.where(points["label"] == 1, "cropland", "not cropland")
    bins = np.searchsorted(EDGES_M, points["border_m"].astype(float), side="right") - 1
    bins = np.where(points["border_m"].isna(), len(EDGES_M), bins)
    points["distance"] = np.array(_DISTANCES)[bins]
    kept = points[points["kept"].astype(bool)]
    points = pd.concat([points.assign(cleaning="before"), kept.assign(cleaning="after")])
    for name in ("label", "distance"):
        points = pd.concat([points.assign(**{name: _ALL}), points])
    products = list(dict.fromkeys(image.product for image in images))
    for name, values in {"product": products, **_ORDER}.items():
        points[name] = pd.Categorical(points[name], list(values), ordered=True)
    by = ["product", *_ORDER]
    counts = points.groupby([*by, "image"], observed=True)["right"].agg(["size", "sum"])
    rows = []
    for place, own in counts.groupby(by, observed=True):
        names = [image.name for image in images if image.product == place[0]]
        # Images without such a point are drawn, too.
        whole = own.droplevel(by).reindex(names, fill_value=0).to_numpy(dtype=np.float64)
        size, right = whole.sum(axis=0)
        drawn = drawn_weights(len(names), seed=seed) @ whole
        shares = ratio(drawn[:, 1], drawn[:, 0])[:, None]
        share = intervals(["share"], ratio(whole[:, 1].sum(keepdims=True), size), shares)["share"]
        product, method, cleaning, label, distance = map(str, place)
        counts_of = (int(size), int(right))
        rows.append(PointRow(product, method, cleaning, label, distance, *counts_of, share))
    return rows


def write_prompt_check(
    images: Sequence[CheckedImage], options: PromptCheckOptions, out: Path
) -> tuple[Path, ...]:
    """Write ``summary.md``, ``summary.json``, ``table.csv``, ``points.csv`` and ``overlays/``.

    Raises
    ------
    OutputError
        They cannot be written.
    """
    rows = tabulate_points(images, seed=options.seed)
    cells = []
    for row in rows:
        own = asdict(row)
        share = own.pop("share")
        cells.append({**own, "share": share["value"], "low": share["low"], "high": share["high"]})
    every = [
        {"image": image.name, "product": image.product, **asdict(point)}
        for image in images
        for point in image.points
    ]
    facts = {"options": asdict(options), "rows": [asdict(r) for r in rows], "versions": software()}
    files = {
        "summary.md": _page(images, rows, options).encode(),
        "summary.json": (json.dumps(facts, indent=1) + "\n").encode(),
        "table.csv": to_csv(cells, list(cells[0]) if cells else ["points"]),
        "points.csv": to_csv(every, _POINT_COLUMNS),
    }
    for name, body in files.items():
        with replacing(out / name) as aside:
            aside.write_bytes(body)
    overlays = prepare_folder(out / "overlays")
    pictures = [_overlay(image, number, overlays) for number, image in enumerate(images, start=1)]
    return (*(out / name for name in files), *pictures)


def _every_point(images: Sequence[CheckedImage]) -> pd.DataFrame:
    rows = [(i.name, i.product, *asdict(p).values()) for i in images for p in i.points]
    return pd.DataFrame(rows, columns=list(_POINT_COLUMNS))


def _page(
    images: Sequence[CheckedImage], rows: Sequence[PointRow], options: PromptCheckOptions
) -> str:
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
    heads = ["placing", "label", "metres to a border", "points", "right", "kept", "right of those"]
    for name in dict.fromkeys(row.product for row in rows):
        lines += ["", f"## {escaped(name)}", ""]
        if "SIMULATED" in name:
            lines += ["**This land cover is simulated**, which its file says of itself.", ""]
        own = {(r.method, r.label, r.distance, r.cleaning): r for r in rows if r.product == name}
        cells = []
        for (method, label, distance, cleaning), row in own.items():
            if cleaning == "before":
                kept = own.get((method, label, distance, "after"))
                right = "" if kept is None else with_interval(kept.share)
                counts = [f"{row.points:,}", with_interval(row.share)]
                cells.append(
                    [
                        method,
                        label,
                        distance,
                        *counts,
                        f"{0 if kept is None else kept.points:,}",
                        right,
                    ]
                )
        lines += markdown_table(heads, cells)
    return "\n".join([*lines, ""])


def _overlay(image: CheckedImage, number: int, folder: Path) -> Path:
    """The published points and the first draw: right green, wrong vermilion, dropped crossed."""
    scene = open_scene(image.scene, nodata=image.nodata)
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
    path = folder / f"{number:02d}_{safe_name(image.name, 'image')}.png"
    with replacing(path) as aside:
        titled(picture, f"{image.name}: {image.product}", _MEANINGS).save(aside)
    return path
