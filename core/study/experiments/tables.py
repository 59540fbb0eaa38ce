"""From the cells' tiles to a tidy table: means over seeds, intervals over tiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.study.experiments.cells import Cell, CellResult, Label, labels_of
from core.study.experiments.experiment import SEED, Experiment
from core.study.experiments.figures import SHOWN, shown_of
from core.study.metrics.bootstrap import Interval, drawn_weights, interval_of
from core.study.metrics.scores import Score, metric

_METRICS = tuple(metric(key) for key in SHOWN)
_SUMS = len(Score().sums())

Place = tuple[str, str]
"""Image and tile."""

Sums = npt.NDArray[np.float64]


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


@dataclass(slots=True)
class _Group:
    labels: dict[str, Label]
    by_seed: dict[Label, dict[Place, Sums]]
    seconds: float = 0.0

    def places(self) -> set[Place]:
        """Tiles that every seed has seen."""
        return set.intersection(*(set(tiles) for tiles in self.by_seed.values()))

    def stack(self, places: Sequence[Place], seeds: Iterable[Label] | None = None) -> Sums:
        """Sums, float64 (seeds, tiles, sums), of all seeds or of those named."""
        chosen = self.by_seed if seeds is None else seeds
        sums = [[self.by_seed[one][place] for place in places] for one in chosen]
        return np.array(sums, dtype=np.float64).reshape(len(sums), len(places), _SUMS)


def tabulate(
    experiment: Experiment, results: Iterable[tuple[Cell, CellResult]], *, seed: int
) -> list[Row]:
    """Rows in the order in which the cells come, or in the experiment's own.

    Parameters
    ----------
    results : iterable of (Cell, CellResult)
        Several cells may belong to one row: one for each image, or for each seed.
    seed : int
        Of the intervals.
    """
    groups = _grouped(experiment, results)
    rows = []
    for group in groups.values():
        places = sorted(group.places())
        stack = group.stack(places)
        spread = _spread(stack)
        found = _intervals(stack, seed)
        other = _reference(experiment, group, groups)
        difference = None if other is None else _difference(group, other, seed)
        rows.append(
            Row(group.labels, len(stack), len(places), found, spread, difference, group.seconds)
        )
    return rows


def _grouped(
    experiment: Experiment, results: Iterable[tuple[Cell, CellResult]]
) -> dict[tuple[Label, ...], _Group]:
    groups: dict[tuple[Label, ...], _Group] = {}
    for cell, result in results:
        met = set()
        for tile in result.tiles:
            said = labels_of(cell, tile)
            labels = {column.key: said[column.key] for column in experiment.columns}
            row = tuple(labels.values())
            group = groups.setdefault(row, _Group(labels, {}))
            tiles = group.by_seed.setdefault(said.get(SEED, 0), {})
            if (tile.image, tile.tile) in tiles:
                raise ValueError(f"{tile.image} {tile.tile} was judged twice for {labels}")
            # Where nothing is known there is nothing to judge, by any method.
            if tile.score.pixels.pixels:
                tiles[tile.image, tile.tile] = np.array(tile.score.sums())
            group.seconds += 0.0 if row in met else result.seconds
            met.add(row)
    return _in_order(experiment, groups)


def _in_order(
    experiment: Experiment, groups: dict[tuple[Label, ...], _Group]
) -> dict[tuple[Label, ...], _Group]:
    places = {tuple(row.values()): place for place, row in enumerate(experiment.rows)}
    return dict(sorted(groups.items(), key=lambda item: places.get(item[0], len(places))))


def _reference(
    experiment: Experiment, group: _Group, groups: Mapping[tuple[Label, ...], _Group]
) -> _Group | None:
    if not experiment.reference:
        return None
    wanted = tuple({**group.labels, **experiment.reference}.values())
    other = groups.get(wanted)
    return None if other is group else other


def _difference(group: _Group, other: _Group, seed: int) -> dict[str, Interval]:
    places = sorted(group.places() & other.places())
    # The same draws on both sides where the reference has them all: chance then takes no part.
    seeds = group.by_seed.keys() if group.by_seed.keys() <= other.by_seed.keys() else None
    return _intervals(group.stack(places), seed, less=other.stack(places, seeds))


def _intervals(stack: Sums, seed: int, *, less: Sums | None = None) -> dict[str, Interval]:
    """Figures of all tiles pooled, mean over seeds; with ``less`` how much higher than its own."""
    found, drawn = _averaged(stack, seed)
    if less is not None:
        others, drawn_others = _averaged(less, seed)
        found = {key: _less(found[key], others[key]) for key in SHOWN}
        drawn = drawn - drawn_others
    known = [column[np.isfinite(column)] for column in drawn.T]
    return {key: interval_of(found[key], one) for key, one in zip(SHOWN, known, strict=True)}


def _averaged(stack: Sums, seed: int) -> tuple[dict[str, float | None], npt.NDArray[np.float64]]:
    """Figures of all tiles, and those of each draw of tiles, float64 (draws, figures)."""
    each = [_shown(sums) for sums in stack.sum(axis=1)]
    whole = {key: _mean([one[key] for one in each]) for key in SHOWN}
    weights = drawn_weights(stack.shape[1], seed=seed).astype(np.float64)
    pooled = np.einsum("dt,stk->sdk", weights, stack)
    return whole, shown_of(pooled).mean(axis=0)


def _spread(stack: Sums) -> dict[str, float | None]:
    each = [_shown(sums) for sums in stack.sum(axis=1)]
    return {key: _deviation([one[key] for one in each]) for key in SHOWN}


def _shown(sums: Sums) -> dict[str, float | None]:
    score = Score.of_sums(sums.tolist())
    return {one.key: one.of(score) for one in _METRICS}


def _mean(values: list[float | None]) -> float | None:
    """None where any is not defined: a mean over fewer seeds would not say so."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None


def _deviation(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) == len(values) > 1 else None


def _less(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second
