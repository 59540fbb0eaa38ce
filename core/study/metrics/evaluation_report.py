"""The result in files: a table of tiles, a record for programs, and one page for people."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.csv_file import Cell, to_csv
from core.files import replacing, sha256_of
from core.study.metrics.bootstrap import LEAST_TILES, LEVEL, Interval
from core.study.metrics.compare import PREDICTION, TileScore
from core.study.metrics.pairs import Pair
from core.study.metrics.pixels import shown
from core.study.metrics.scores import HEADLINE, METRICS, figures
from core.study.metrics.summary import Difference, MethodSummary, Summary, worst_first
from core.versions import software

FORMAT = 1
_PLACE = ("image", "tile", "method", "column", "row", "width", "height")
_PIXELS = ("true_positive", "false_positive", "false_negative", "true_negative")
_PARCELS = ("matched", "extra", "missed")
_COUNTS = (*_PIXELS, "unpredicted", *(f"parcels_{name}" for name in _PARCELS))
_PAGE_ROWS = 12
_MANY_TILES = 20


def write_table(path: Path, tiles: list[TileScore]) -> None:
    """Write ``tiles.csv``: a row for each tile and method, the worst tiles first.

    Figures that are not defined are empty.  The counts add up over tiles.
    """
    order = {
        (tile.image, tile.tile): rank
        for rank, tile in enumerate(worst_first([t for t in tiles if t.method == PREDICTION]))
    }
    ranked = sorted(tiles, key=lambda tile: order.get((tile.image, tile.tile), len(order)))
    rows = [_row(tile) for tile in ranked]
    with replacing(path) as aside:
        aside.write_bytes(to_csv(rows, [*_PLACE, *(m.key for m in METRICS), *_COUNTS]))


def write_summary(
    path: Path,
    summary: Summary,
    pairs: list[Pair],
    says: list[dict[str, str]],
    options: dict[str, Any],
) -> None:
    """Write ``summary.json``: figures with intervals, and all that they came from.

    ``says`` tells for each pair what was taken for cropland in its files.
    """
    record = {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": options,
        "interval": {"level": LEVEL, "draws": summary.draws, "seed": summary.seed},
        "methods": [_method(method) for method in summary.methods],
        "differences": [asdict(difference) for difference in summary.differences],
        "pairs": [
            {**_inputs(pair), "cropland": one} for pair, one in zip(pairs, says, strict=True)
        ],
        "versions": software(),
    }
    with replacing(path) as aside:
        aside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def write_markdown(
    path: Path,
    summary: Summary,
    tiles: list[TileScore],
    pairs: list[Pair],
    says: list[dict[str, str]],
    pictures: list[tuple[TileScore, Path]],
) -> None:
    """Write ``summary.md``: one page with all figures and the worst tiles."""
    count = summary.methods[0].tiles
    lines = [
        "# Evaluation",
        "",
        f"{many(len(pairs), 'image')} in {many(count, 'tile')}. Figures are over all pixels and "
        f"parcels together; in brackets, where there is one, the {LEVEL:.0%} interval of a "
        f"bootstrap over tiles ({summary.draws:,} draws, seed {summary.seed}).",
        "",
        f"In the truth, {_few([one['truth'] for one in says])}; in the prediction, "
        f"{_few([one['prediction'] for one in says])}.",
        *_cautions(summary, pairs),
        "",
        *_figures(summary),
        "",
        *(line for difference in summary.differences for line in _compared(difference)),
        "## Worst tiles",
        "",
        *_worst(tiles, pictures, path.parent),
        "",
    ]
    with replacing(path) as aside:
        aside.write_text("\n".join(lines), encoding="utf-8")


def with_interval(interval: Interval) -> str:
    """A figure and its interval in brackets, for a table."""
    if interval.low is None or interval.high is None:
        return shown(interval.value)
    return f"{shown(interval.value)} ({shown(interval.low)} to {shown(interval.high)})"


def _row(tile: TileScore) -> dict[str, Cell]:
    window, score = tile.window, tile.score
    place = (tile.image, tile.tile, tile.method, window.column, window.row)
    pixels = {name: getattr(score.pixels, name) for name in _PIXELS}
    parcels = {f"parcels_{name}": getattr(score.parcels, name) for name in _PARCELS}
    return {
        **dict(zip(_PLACE, (*place, window.width, window.height), strict=True)),
        **{key: _rounded(value) for key, value in figures(score).items()},
        **pixels,
        "unpredicted": score.unpredicted,
        **parcels,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _method(method: MethodSummary) -> dict[str, Any]:
    return {
        "method": method.method,
        "tiles": method.tiles,
        "counts": {
            **asdict(method.total.pixels),
            "unpredicted": method.total.unpredicted,
            **{f"parcels_{name}": getattr(method.total.parcels, name) for name in _PARCELS},
        },
        "pooled": {key: asdict(value) for key, value in method.pooled.items()},
        "mean_of_tiles": {key: asdict(value) for key, value in method.mean_of_tiles.items()},
    }


def _inputs(pair: Pair) -> dict[str, Any]:
    files = {
        name: path
        for name in ("prediction", "truth", "parcels", "scene", "landcover")
        if (path := getattr(pair, name)) is not None
    }
    return {
        "name": pair.name,
        "product": pair.product,
        **{name: {"path": str(path), "sha256": sha256_of(path)} for name, path in files.items()},
    }


def _cautions(summary: Summary, pairs: list[Pair]) -> list[str]:
    lines = []
    if any("SIMULATED" in method.method for method in summary.methods):
        lines += ["", "**The land cover is simulated**, which its file says of itself."]
    tiles = summary.methods[0].tiles
    if tiles < LEAST_TILES:
        lines += ["", f"Fewer than {LEAST_TILES} tiles say nothing about an interval."]
    elif tiles < _MANY_TILES:
        lines += ["", f"Fewer than {_MANY_TILES} tiles: the intervals are rather too narrow."]
    if len(pairs) == 1 and tiles >= LEAST_TILES:
        lines += ["", "All tiles are of one image: the intervals do not hold for other places."]
    return lines


def _figures(summary: Summary) -> list[str]:
    lines = [
        "| figure | " + " | ".join(escaped(m.method) for m in summary.methods) + " |",
        "|---|" + "---|" * len(summary.methods),
    ]
    for metric in METRICS:
        cells = [with_interval(method.pooled[metric.key]) for method in summary.methods]
        # The mean of the tiles is what the paper's figures for each image amount to.
        lines.append(f"| {metric.title} | {' | '.join(cells)} |")
        if metric.key in HEADLINE:
            means = [with_interval(m.mean_of_tiles[metric.key]) for m in summary.methods]
            lines.append(f"| {metric.title}, mean of tiles | {' | '.join(means)} |")
    return lines


def _compared(difference: Difference) -> list[str]:
    titles = {m.key: m.title for m in METRICS}
    parts = [f"{titles[key]} {with_sign(value)}" for key, value in difference.pooled.items()]
    return [
        f"Prediction less {escaped(difference.other)}, over the {difference.tiles} tiles of "
        f"both: {'; '.join(parts)}.",
        "",
    ]


def with_sign(interval: Interval) -> str:
    """A difference and its interval, for a table."""
    if interval.value is None:
        return shown(None)
    if interval.low is None or interval.high is None:
        return f"{interval.value:+.3f}"
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def _worst(
    tiles: list[TileScore], pictures: list[tuple[TileScore, Path]], folder: Path
) -> list[str]:
    beside = {(tile.image, tile.tile): path for tile, path in pictures}
    lines = [
        "| image | tile | mean IoU | missed, px | false, px | picture |",
        "|---|---|---|---|---|---|",
    ]
    predictions = [tile for tile in tiles if tile.method == PREDICTION]
    for tile in worst_first(predictions)[:_PAGE_ROWS]:
        path = beside.get((tile.image, tile.tile))
        link = "" if path is None else f"[errors]({quote(path.relative_to(folder).as_posix())})"
        pixels = tile.score.pixels
        lines.append(
            f"| {escaped(tile.image)} | {tile.tile} | {shown(pixels.mean_iou)} | "
            f"{pixels.false_negative:,} | {pixels.false_positive:,} | {link} |"
        )
    return lines


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table: nothing in it is markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in flat)


def _few(statements: list[str]) -> str:
    """The different ones of some statements, at most three of them."""
    different = list(dict.fromkeys(statements))
    more = f" and {len(different) - 3} more" if len(different) > 3 else ""
    return escaped("; ".join(different[:3])) + more


def many(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
