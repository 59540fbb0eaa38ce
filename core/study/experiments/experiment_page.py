"""One page of an experiment: its question, its data, its tables, plots and worst tiles."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from core.study.experiments.experiment_plan import Column
from core.study.experiments.experiment_record import ExperimentRecord, PictureRecord
from core.study.experiments.tables import Row
from core.study.metrics.bootstrap import DRAWS, LEAST_TILES, LEVEL
from core.study.metrics.figures import FIGURES, HEADLINE, Label
from core.study.metrics.markdown import escaped, many, markdown_table, shown, with_interval

_COMPARED = "mean_iou"
"""Of which figure the difference from the reference is shown."""

_PAGE_ROWS = 12
_MANY_ROWS = 60
_ACROSS = "method"
"""Column whose values stand side by side where there are many rows."""


def experiment_page(record: ExperimentRecord) -> str:
    """``summary.md``."""
    few = any(row.tiles < LEAST_TILES for row in record.rows)
    caution = f"- Rows of fewer than {LEAST_TILES} tiles have no interval: too few to say anything."
    lines = [
        *(f"# {record.title}", "", record.question, ""),
        *(f"- {escaped(note)}" for note in record.notes),
        *([caution] if few else []),
        "",
        *_table(record),
        *("", _legend(record), ""),
    ]
    for plot in record.plots:
        lines += [f"![{escaped(plot.title)}]({quote(plot.png)})", ""]
    if record.pictures:
        lines += ["## Worst tiles", "", *_worst(record), ""]
    return "\n".join([*lines, "## Files", "", *_files(record), ""])


def headline_table(
    columns: Sequence[Column], rows: Sequence[Row], reference: dict[str, Label]
) -> list[str]:
    """Headline figures of all rows as lines of Markdown, with the difference where there is one."""
    compared = any(row.difference is not None for row in rows)
    seeds = any(row.seeds > 1 for row in rows)
    heads = [
        *(column.title for column in columns),
        *(["seeds"] if seeds else []),
        "tiles",
        *(FIGURES[key].title for key in HEADLINE),
        *(["spread of mean IoU"] if seeds else []),
        *([f"mean IoU less {_label(next(iter(reference.values())))}"] if compared else []),
    ]
    return markdown_table(
        heads,
        (
            [
                *(_label(row.labels[column.key]) for column in columns),
                *([str(row.seeds)] if seeds else []),
                f"{row.tiles:,}",
                *(with_interval(row.figures[key]) for key in HEADLINE),
                *([shown(row.spread[_COMPARED])] if seeds else []),
                *([_difference(row)] if compared else []),
            ]
            for row in rows
        ),
    )


def figure_matrix(columns: Sequence[Column], rows: Sequence[Row], across: str) -> list[str]:
    """Mean IoU of all rows as lines of Markdown, side by side for the values of one column."""
    beside = list(dict.fromkeys(row.labels[across] for row in rows))
    down = [column for column in columns if column.key != across]
    found: dict[tuple[Label, ...], dict[Label, str]] = {}
    for row in rows:
        place = tuple(row.labels[column.key] for column in down)
        figure = with_interval(row.figures[_COMPARED])
        found.setdefault(place, {})[row.labels[across]] = figure
    return markdown_table(
        [*(column.title for column in down), *map(_label, beside)],
        (
            [*map(_label, place), *(cells.get(value, "") for value in beside)]
            for place, cells in found.items()
        ),
    )


def _table(record: ExperimentRecord) -> list[str]:
    """All headline figures; of many rows mean IoU alone, so that a page stays one."""
    keys = [column.key for column in record.columns]
    if len(record.rows) <= _MANY_ROWS or _ACROSS not in keys:
        return headline_table(record.columns, record.rows, record.reference)
    lines = figure_matrix(record.columns, record.rows, _ACROSS)
    return ["Mean IoU; all other figures are in table.csv.", "", *lines]


def _label(value: Label) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:g}"


def _difference(row: Row) -> str:
    return "" if row.difference is None else with_interval(row.difference[_COMPARED], sign="+")


def _legend(record: ExperimentRecord) -> str:
    legend = (
        f"In brackets the {LEVEL:.0%} interval of a bootstrap over tiles ({DRAWS:,} draws, seed "
        f"{record.seed}); all tiles pooled, mean over seeds. A dash: not defined."
    )
    if any(row.difference is not None for row in record.rows):
        reference = ", ".join(_label(value) for value in dict.fromkeys(record.reference.values()))
        legend += (
            f" The difference is to the row with {reference} that is otherwise the same, over the "
            "tiles of both: where its interval is above 0, the row is better."
        )
    return legend


def _worst(record: ExperimentRecord) -> list[str]:
    def cells(one: PictureRecord) -> list[str]:
        return [
            *(_label(one.labels[column.key]) for column in record.columns),
            *(escaped(one.image), one.tile, shown(one.mean_iou)),
            *(f"{one.missed:,}", f"{one.false:,}"),
            *(f"[errors]({quote(one.picture)})", f"[GeoTIFF]({quote(one.errors)})"),
        ]

    heads = [*(column.title for column in record.columns), "image", "tile", "mean IoU"]
    heads += ["missed, px", "false, px", "picture", "for QGIS"]
    lines = markdown_table(heads, map(cells, record.pictures[:_PAGE_ROWS]))
    if len(record.pictures) > _PAGE_ROWS:
        lines += ["", f"All {len(record.pictures)} are in worst/."]
    return lines


def _files(record: ExperimentRecord) -> list[str]:
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
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
