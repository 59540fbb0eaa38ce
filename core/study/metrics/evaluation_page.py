"""One page about predictions and their truth: all figures with intervals, and the worst tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from core.study.metrics.bootstrap import LEAST_TILES, LEVEL
from core.study.metrics.figures import FIGURES, HEADLINE, TileFigures
from core.study.metrics.markdown import escaped, many, markdown_table, shown, with_interval

if TYPE_CHECKING:
    from core.study.metrics.evaluation import MethodDifference, Summary

_PAGE_ROWS = 12
_MANY_TILES = 20


def evaluation_page(
    summary: Summary, worst: Sequence[TileFigures], pictures: Mapping[tuple[str, str], str]
) -> str:
    """``summary.md``.

    Parameters
    ----------
    worst : sequence of TileFigures
        Of the prediction, the worst first.
    pictures : mapping
        Paths of pictures of mistakes by image and tile.
    """
    says = [pair["cropland"] for pair in summary.pairs]
    draws, seed = round(summary.interval["draws"]), round(summary.interval["seed"])
    lines = [
        "# Evaluation",
        "",
        f"{many(len(says), 'image')} in {many(summary.methods[0].tiles, 'tile')}. Figures are over "
        f"all pixels and parcels together; in brackets, where there is one, the {LEVEL:.0%} "
        f"interval of a bootstrap over tiles ({draws:,} draws, seed {seed}).",
        "",
        f"In the truth, {_few([one['truth'] for one in says])}; in the prediction, "
        f"{_few([one['prediction'] for one in says])}.",
        *_cautions(summary),
        "",
        *_figures(summary),
        "",
        *(line for difference in summary.differences for line in _compared(difference)),
        "## Worst tiles",
        "",
        *_worst(worst[:_PAGE_ROWS], pictures),
        "",
    ]
    return "\n".join(lines)


def _cautions(summary: Summary) -> list[str]:
    lines = []
    if any("SIMULATED" in method.method for method in summary.methods):
        lines += ["", "**The land cover is simulated**, which its file says of itself."]
    tiles = summary.methods[0].tiles
    if tiles < LEAST_TILES:
        lines += ["", f"Fewer than {LEAST_TILES} tiles say nothing about an interval."]
    elif tiles < _MANY_TILES:
        lines += ["", f"Fewer than {_MANY_TILES} tiles: the intervals are rather too narrow."]
    if len(summary.pairs) == 1 and tiles >= LEAST_TILES:
        lines += ["", "All tiles are of one image: the intervals do not hold for other places."]
    return lines


def _figures(summary: Summary) -> list[str]:
    rows = []
    for key, figure in FIGURES.items():
        rows.append([figure.title, *(with_interval(m.pooled[key]) for m in summary.methods)])
        if key in HEADLINE:
            # The mean of the tiles is what the paper's figures for each image amount to.
            means = [with_interval(method.mean_of_tiles[key]) for method in summary.methods]
            rows.append([f"{figure.title}, mean of tiles", *means])
    return markdown_table(["figure", *(escaped(method.method) for method in summary.methods)], rows)


def _compared(difference: MethodDifference) -> list[str]:
    parts = [
        f"{FIGURES[key].title} {with_interval(value, sign='+')}"
        for key, value in difference.pooled.items()
    ]
    return [
        f"Prediction less {escaped(difference.other)}, over the {difference.tiles} tiles of "
        f"both: {'; '.join(parts)}.",
        "",
    ]


def _worst(tiles: Sequence[TileFigures], pictures: Mapping[tuple[str, str], str]) -> list[str]:
    rows = []
    for tile in tiles:
        name = pictures.get((tile.image, tile.tile))
        counts = [f"{tile.count(kind):,}" for kind in ("false_negative", "false_positive")]
        link = f"[errors]({quote(name)})" if name else ""
        rows.append([escaped(tile.image), tile.tile, shown(tile.figure("mean_iou")), *counts, link])
    return markdown_table(["image", "tile", "mean IoU", "missed, px", "false, px", "picture"], rows)


def _few(statements: Sequence[str]) -> str:
    """The different ones of some statements, at most three of them."""
    different = list(dict.fromkeys(statements))
    more = f" and {len(different) - 3} more" if len(different) > 3 else ""
    return escaped("; ".join(different[:3])) + more
