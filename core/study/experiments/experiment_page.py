"""One page of an experiment: its question, its data, its tables, plots and worst tiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from core.study.experiments.cells import Label
from core.study.experiments.experiment import Column
from core.study.experiments.experiment_record import PictureRecord, Record
from core.study.experiments.tables import Row
from core.study.metrics.bootstrap import DRAWS, LEAST_TILES, LEVEL
from core.study.metrics.evaluation_report import escaped, many, with_interval, with_sign
from core.study.metrics.pixels import shown
from core.study.metrics.scores import HEADLINE, metric

_COMPARED = "mean_iou"
"""Of which figure the difference from the reference is shown."""

_PAGE_ROWS = 12
_MANY_ROWS = 60
_ACROSS = "method"
"""Column whose values stand side by side where there are many rows."""


def page(record: Record) -> str:
    """``summary.md``."""
    lines = [
        f"# {record.title}",
        "",
        record.question,
        "",
        *(f"- {escaped(note)}" for note in record.notes),
        *(f"- {caution}" for caution in _cautions(record.rows)),
        "",
        *_table(record),
        "",
        _legend(record),
        "",
    ]
    for plot in record.plots:
        lines += [f"![{escaped(plot.title)}]({quote(plot.png)})", ""]
    if record.pictures:
        lines += ["## Worst tiles", "", *_worst(record), ""]
    lines += ["## Files", "", *_files(record), ""]
    return "\n".join(lines)


def table(columns: Sequence[Column], rows: Sequence[Row], reference: dict[str, Label]) -> list[str]:
    """Headline figures of all rows as lines of Markdown, with the difference where there is one."""
    compared = any(row.difference is not None for row in rows)
    seeds = any(row.seeds > 1 for row in rows)
    titles = [
        *(column.title for column in columns),
        *(["seeds"] if seeds else []),
        "tiles",
        *(metric(key).title for key in HEADLINE),
        *(["spread of mean IoU"] if seeds else []),
        *([f"mean IoU less {_label(next(iter(reference.values())))}"] if compared else []),
    ]
    lines = [_line(titles), "|" + "---|" * len(titles)]
    for row in rows:
        cells = [
            *(_label(row.labels[column.key]) for column in columns),
            *([str(row.seeds)] if seeds else []),
            f"{row.tiles:,}",
            *(with_interval(row.figures[key]) for key in HEADLINE),
            *([shown(row.spread[_COMPARED])] if seeds else []),
            *([_signed(row)] if compared else []),
        ]
        lines.append(_line(cells))
    return lines


def matrix(columns: Sequence[Column], rows: Sequence[Row], across: str) -> list[str]:
    """Mean IoU of all rows as lines of Markdown, side by side for the values of one column."""
    beside = list(dict.fromkeys(row.labels[across] for row in rows))
    down = [column for column in columns if column.key != across]
    found: dict[tuple[Label, ...], dict[Label, str]] = {}
    for row in rows:
        place = tuple(row.labels[column.key] for column in down)
        shown_there = with_interval(row.figures[_COMPARED])
        found.setdefault(place, {})[row.labels[across]] = shown_there
    heads = [*(column.title for column in down), *(_label(value) for value in beside)]
    lines = [_line(heads), "|" + "---|" * len(heads)]
    for place, cells in found.items():
        lines.append(
            _line([*(_label(one) for one in place), *(cells.get(one, "") for one in beside)])
        )
    return lines


def _table(record: Record) -> list[str]:
    """All headline figures; of many rows mean IoU alone, so that a page stays one."""
    keys = [column.key for column in record.columns]
    if len(record.rows) <= _MANY_ROWS or _ACROSS not in keys:
        return table(record.columns, record.rows, record.reference)
    lines = matrix(record.columns, record.rows, _ACROSS)
    return ["Mean IoU; all other figures are in table.csv.", "", *lines]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _label(value: Label) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:g}"


def _named(reference: dict[str, Label]) -> str:
    return ", ".join(_label(value) for value in dict.fromkeys(reference.values()))


def _signed(row: Row) -> str:
    if row.difference is None:
        return ""
    return with_sign(row.difference[_COMPARED])


def _cautions(rows: Sequence[Row]) -> list[str]:
    few = [row.tiles for row in rows if row.tiles < LEAST_TILES]
    if not few:
        return []
    return [f"Rows of fewer than {LEAST_TILES} tiles have no interval: too few to say anything."]


def _legend(record: Record) -> str:
    said = (
        f"In brackets the {LEVEL:.0%} interval of a bootstrap over tiles ({DRAWS:,} draws, seed "
        f"{record.seed}); all tiles pooled, mean over seeds. A dash: not defined."
    )
    if any(row.difference is not None for row in record.rows):
        said += (
            f" The difference is to the row with {_named(record.reference)} that is otherwise the "
            "same, over the tiles of both: where its interval is above 0, the row is better."
        )
    return said


def _worst(record: Record) -> list[str]:
    titles = [column.title for column in record.columns]
    heads = [*titles, "image", "tile", "mean IoU", "missed, px", "false, px", "picture", "for QGIS"]
    lines = [_line(heads), "|" + "---|" * len(heads)]
    for one in record.pictures[:_PAGE_ROWS]:
        lines.append(_line([*_place(record, one), *_links(one)]))
    if len(record.pictures) > _PAGE_ROWS:
        lines += ["", f"All {len(record.pictures)} are in worst/."]
    return lines


def _place(record: Record, one: PictureRecord) -> list[str]:
    labels = [_label(one.labels[column.key]) for column in record.columns]
    counts = [f"{one.missed:,}", f"{one.false:,}"]
    return [*labels, escaped(one.image), one.tile, shown(one.mean_iou), *counts]


def _links(one: PictureRecord) -> list[str]:
    return [f"[errors]({quote(one.picture)})", f"[GeoTIFF]({quote(one.errors)})"]


def _files(record: Record) -> list[str]:
    lines = [
        "`table.csv`: this table with all figures; `tiles.csv`: every tile, the worst first; "
        "`cells.csv`: every step; `record.json`: all of it for programs, with versions and "
        "SHA-256.",
        "",
        f"{many(len(record.cells), 'step')} took {duration(record.seconds)} of one process's time.",
    ]
    if record.command:
        lines += ["", "To run it again:", "", "```", record.command, "```"]
    return lines


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
