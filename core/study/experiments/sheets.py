"""The tables of an experiment as CSV: of its rows, of its tiles, of its cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.csv_file import Cell as Value
from core.csv_file import to_csv
from core.study.experiments.cells import Cell, CellResult, Label, labels_of
from core.study.experiments.experiment import SEED, Column
from core.study.experiments.figures import SHOWN
from core.study.experiments.tables import Row
from core.study.metrics.bootstrap import Interval
from core.study.metrics.scores import Score, metric

Results = Sequence[tuple[Cell, CellResult]]

PIXELS = ("true_positive", "false_positive", "false_negative", "true_negative")
_DIGITS = 6


def rows_csv(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    """``table.csv``: a row for each row of the table.

    Of each figure: its value, its interval, its spread over seeds, and the difference from the
    reference row with its interval.  What is not defined is empty.
    """
    keys = [column.key for column in columns]
    figures = [name for key in SHOWN for name in _names(key)]
    table = [{**row.labels, **_counts(row), **_figures(row)} for row in rows]
    return to_csv(table, [*keys, "seeds", "tiles", *figures, "seconds"])


def tiles_csv(columns: Sequence[Column], results: Results) -> bytes:
    """``tiles.csv``: a row for each tile of each row and seed, the lowest mean IoU first.

    The counts are pixels, and add up over tiles.
    """
    keys = [*(column.key for column in columns), SEED]
    table = [
        {
            **_labels(labels_of(cell, tile), keys),
            "image": tile.image,
            "tile": tile.tile,
            **_tile(tile.score),
        }
        for cell, result in results
        for tile in result.tiles
    ]
    table.sort(key=_worst_first)
    return to_csv(table, [*keys, "image", "tile", *SHOWN, *PIXELS])


def cells_csv(columns: Sequence[Column], results: Results) -> bytes:
    """``cells.csv``: a row for each cell with its seconds and its plain facts.

    Curves and other long facts are in the record alone.
    """
    keys = [*(column.key for column in columns), SEED]
    facts = [_plain(result.facts) for _, result in results]
    names = list(dict.fromkeys(name for one in facts for name in one))
    table = [
        {
            **_labels(cell.labels, keys),
            "images": ", ".join(dict.fromkeys(tile.image for tile in result.tiles)),
            "tiles": len(result.tiles),
            **{f"fact_{name}": value for name, value in one.items()},
            "seconds": round(result.seconds, 3),
        }
        for (cell, result), one in zip(results, facts, strict=True)
    ]
    return to_csv(table, [*keys, "images", "tiles", *(f"fact_{name}" for name in names), "seconds"])


def _names(key: str) -> tuple[str, ...]:
    low_high = (f"{key}_low", f"{key}_high")
    less = (f"{key}_difference", f"{key}_difference_low", f"{key}_difference_high")
    return (key, *low_high, f"{key}_spread", *less)


def _counts(row: Row) -> dict[str, Value]:
    return {"seeds": row.seeds, "tiles": row.tiles, "seconds": round(row.seconds, 3)}


def _figures(row: Row) -> dict[str, Value]:
    found: dict[str, Value] = {}
    nothing = Interval(None, None, None)
    for key in SHOWN:
        own, less = row.figures[key], (row.difference or {}).get(key, nothing)
        values = (own.value, own.low, own.high, row.spread[key], less.value, less.low, less.high)
        found.update(zip(_names(key), (rounded(value) for value in values), strict=True))
    return found


def _tile(score: Score) -> dict[str, Value]:
    figures: dict[str, Value] = {key: rounded(metric(key).of(score)) for key in SHOWN}
    return {**figures, **{name: getattr(score.pixels, name) for name in PIXELS}}


def _worst_first(row: Mapping[str, Value]) -> float:
    """Sorting keeps the cells' order where tiles are equally bad; those without a figure last."""
    value = row["mean_iou"]
    return value if isinstance(value, float) else 2.0


def _labels(said: Mapping[str, Label], keys: Iterable[str]) -> dict[str, Label | None]:
    return {key: said.get(key) for key in keys}


def _plain(facts: Mapping[str, object]) -> dict[str, Value]:
    return {
        name: rounded(value) if isinstance(value, float) else value
        for name, value in facts.items()
        if isinstance(value, str | int | float)
    }


def rounded(value: float | None) -> float | None:
    """As tables have figures: six digits are more than any of them means."""
    return None if value is None else round(value, _DIGITS)
