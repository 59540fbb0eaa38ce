"""From the cells' tiles to tidy tables: means over seeds, intervals over tiles, CSV files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.csv_file import Cell as Value
from core.csv_file import to_csv
from core.study.experiments.cells import Cell, CellResult
from core.study.experiments.experiment_plan import SEED, Column, Experiment
from core.study.metrics.bootstrap import Interval, pooled
from core.study.metrics.figures import (
    HEADLINE,
    PIXELS,
    SUMS,
    TOLERANCES_M,
    Label,
    Sums,
    defined,
    figure_table,
)

SHOWN = (
    *HEADLINE,
    *("precision", "recall", "kappa"),
    *(f"boundary_f1_{tolerance:g}m" for tolerance in TOLERANCES_M),
)
"""Figures that a table of an experiment has."""

Results = Sequence[tuple[Cell, CellResult]]

_DIGITS = 6
_PLACE = ["image", "tile"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Parameters
    ----------
    labels : dict
        Its values by column.
    seeds, tiles : int
        How many were averaged and pooled.
    figures : dict
        Of all tiles pooled, mean over seeds; the interval is a bootstrap over tiles.
    spread : dict
        Standard deviation over seeds; None where there are fewer than two.
    difference : dict or None
        To the reference row, over the tiles of both, and with this row's seeds where the reference
        has them: positive where this row is higher.
    seconds : float
        Of its cells together, when they were done; a cell that yields several rows counts in each.
    """

    labels: dict[str, Label]
    seeds: int
    tiles: int
    figures: dict[str, Interval]
    spread: dict[str, float | None]
    difference: dict[str, Interval] | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Group:
    """Tiles of one row: the sums of each seed by image and tile, where anything is known."""

    labels: dict[str, Label]
    by_seed: dict[Label, pd.DataFrame]
    seconds: float

    @property
    def places(self) -> pd.Index:
        """Tiles that every seed has seen, in order."""
        first, *others = (sums.index for sums in self.by_seed.values())
        for other in others:
            first = first.intersection(other)
        return first.sort_values()

    def stack(self, places: pd.Index, like: _Group | None = None) -> Sums:
        """Sums, float64 (seeds, tiles, sums); of the seeds of another group where it has them."""
        seeds = self.by_seed.keys()
        if like is not None and like.by_seed.keys() <= seeds:
            # The same draws on both sides: chance then takes no part.
            seeds = like.by_seed.keys()
        return np.stack([self.by_seed[one].loc[places].to_numpy(np.float64) for one in seeds])


def tabulate(experiment: Experiment, results: Results, *, seed: int) -> list[Row]:
    """Rows in the order in which the cells come, or in the experiment's own.

    Parameters
    ----------
    results : sequence of (Cell, CellResult)
        Several cells may belong to one row: one for each image, or for each seed.
    seed : int
        Of the intervals.
    """
    groups = _groups(experiment, results)
    rows = []
    for group in groups.values():
        places = group.places
        stack = group.stack(places)
        each = figure_table(stack.sum(axis=1), SHOWN)
        deviation = each.std(axis=0, ddof=1) if len(each) > 1 else np.full(len(SHOWN), np.nan)
        spread = {key: defined(value) for key, value in zip(SHOWN, deviation, strict=True)}
        other = groups.get(tuple({**group.labels, **experiment.reference}.values()))
        difference = None
        if experiment.reference and other is not None and other is not group:
            both = places.intersection(other.places).sort_values()
            less = other.stack(both, like=group)
            difference = pooled(group.stack(both), SHOWN, seed=seed, less=less)
        figures = pooled(stack, SHOWN, seed=seed)
        counts = (len(stack), len(places))
        row = Row(group.labels, *counts, figures, spread, difference, group.seconds)
        rows.append(row)
    return rows


def _groups(experiment: Experiment, results: Results) -> dict[tuple[Label, ...], _Group]:
    keys = [column.key for column in experiment.columns]
    tiles = pd.DataFrame(
        [
            [*map(labels.__getitem__, keys), labels.get(SEED, 0), number, tile.image, tile.tile]
            for number, (cell, result) in enumerate(results)
            for tile in result.tiles
            if (labels := cell.labels_of(tile))
        ],
        columns=[*keys, SEED, "cell", *_PLACE],
        dtype=object,
    )
    twice = tiles[tiles.duplicated([*keys, SEED, *_PLACE])]
    if len(twice):
        raise ValueError(f"a tile was judged twice: {twice.iloc[0].to_dict()}")
    sums = np.array([tile.sums for _, result in results for tile in result.tiles])
    table = pd.DataFrame(sums.reshape(len(tiles), len(SUMS)), columns=list(SUMS))
    # Where nothing is known there is nothing to judge, by any method.
    known = table[list(PIXELS)].sum(axis=1) > 0
    table.index = pd.MultiIndex.from_frame(tiles[_PLACE])
    groups: dict[tuple[Label, ...], _Group] = {}
    for _, own in tiles.groupby(keys, sort=False):
        labels = {key: own[key].iloc[0] for key in keys}
        by_seed = {
            seed: table.iloc[[i for i in one.index if known[i]]]
            for seed, one in own.groupby(SEED, sort=False)
        }
        seconds = sum(results[number][1].seconds for number in dict.fromkeys(own["cell"]))
        groups[tuple(labels.values())] = _Group(labels, by_seed, seconds)
    order = {tuple(row.values()): place for place, row in enumerate(experiment.rows)}
    return dict(sorted(groups.items(), key=lambda item: order.get(item[0], len(order))))


def rows_csv(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    """``table.csv``: a row for each row of the table.

    Of each figure: its value, its interval, its spread over seeds, and the difference from the
    reference row with its interval.  What is not defined is empty.
    """
    nothing = Interval(None, None, None)
    parts = ("", "_low", "_high", "_spread", "_difference", "_difference_low", "_difference_high")
    table = []
    for row in rows:
        values: dict[str, Value] = {**row.labels, "seeds": row.seeds, "tiles": row.tiles}
        for key in SHOWN:
            own, less = row.figures[key], (row.difference or {}).get(key, nothing)
            told = (own.value, own.low, own.high, row.spread[key], less.value, less.low, less.high)
            values.update({f"{key}{p}": _rounded(v) for p, v in zip(parts, told, strict=True)})
        table.append({**values, "seconds": round(row.seconds, 3)})
    figures = [f"{key}{part}" for key in SHOWN for part in parts]
    return to_csv(table, [*_keys(columns)[:-1], "seeds", "tiles", *figures, "seconds"])


def tiles_csv(columns: Sequence[Column], results: Results) -> bytes:
    """``tiles.csv``: a row for each tile of each row and seed, the lowest mean IoU first.

    The counts are pixels, and add up over tiles.  Sorting keeps the cells' order where tiles are
    equally bad; those without a figure come last.
    """
    table: list[tuple[float, dict[str, Value]]] = []
    for cell, result in results:
        for tile in result.tiles:
            figures = {key: _rounded(tile.figure(key)) for key in SHOWN}
            row = {"image": tile.image, "tile": tile.tile, **figures}
            counts = {name: tile.count(name) for name in PIXELS}
            worst = figures["mean_iou"]
            table.append(
                (2.0 if worst is None else worst, {**cell.labels_of(tile), **row, **counts})
            )
    rows = [row for _, row in sorted(table, key=lambda one: one[0])]
    return to_csv(rows, [*_keys(columns), *_PLACE, *SHOWN, *PIXELS])


def cells_csv(columns: Sequence[Column], results: Results) -> bytes:
    """``cells.csv``: a row for each cell with its seconds and its plain facts.

    Curves and other long facts are in the record alone.
    """
    table: list[Mapping[str, Value]] = []
    names: dict[str, None] = {}
    for cell, result in results:
        facts = {
            f"fact_{name}": _rounded(value) if isinstance(value, float) else value
            for name, value in result.facts.items()
            if isinstance(value, str | int | float)
        }
        names.update(dict.fromkeys(facts))
        images = ", ".join(dict.fromkeys(tile.image for tile in result.tiles))
        about: dict[str, Value] = {"images": images, "tiles": len(result.tiles)}
        table.append({**cell.labels, **about, **facts, "seconds": round(result.seconds, 3)})
    return to_csv(table, [*_keys(columns), "images", "tiles", *names, "seconds"])


def _keys(columns: Sequence[Column]) -> list[str]:
    return [*(column.key for column in columns), SEED]


def _rounded(value: float | None) -> float | None:
    """As tables have figures: six digits are more than any of them means."""
    return None if value is None else round(value, _DIGITS)
