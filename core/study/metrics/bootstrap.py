"""How sure a figure is: percentile bootstrap over tiles (Efron and Tibshirani 1993, chapter 13).

A tile is drawn as a whole, because the pixels of one tile are alike; the tiles of one scene are
alike, too, so an interval over the tiles of a single scene is too narrow for other scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
DRAWS = 1000
LEAST_TILES = 5
_LEAST_KNOWN = 0.5
"""An interval is given where the figure is defined in at least this share of the draws."""

Weights = npt.NDArray[np.int64]
"""How often each tile counts: int64 (tiles,)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its interval; ``low`` and ``high`` are None where there are fewer than two
    tiles, or where the figure is not defined in most draws.
    """

    value: float | None
    low: float | None
    high: float | None


def read_intervals(found: Mapping[str, Mapping[str, float | None]]) -> dict[str, Interval]:
    """Intervals by key from what ``dataclasses.asdict`` made of them."""
    return {key: Interval(**one) for key, one in found.items()}


def intervals(
    tiles: int,
    figures: Callable[[Weights], dict[str, float | None]],
    *,
    seed: int,
    draws: int = DRAWS,
) -> dict[str, Interval]:
    """Figures over all tiles, each with its 95 % interval; the same for one seed.

    Parameters
    ----------
    tiles : int
    figures : callable
        The figures of the tiles where each counts as often as its weight says.
    """
    values = figures(np.ones(tiles, dtype=np.int64))
    found: dict[str, list[float]] = {key: [] for key in values}
    for drawn in drawn_weights(tiles, seed=seed, draws=draws):
        for key, value in figures(drawn).items():
            if value is not None:
                found[key].append(value)
    return {key: interval_of(value, found[key], draws) for key, value in values.items()}


def drawn_weights(tiles: int, *, seed: int, draws: int = DRAWS) -> Weights:
    """How often each tile counts in each draw, int64 (draws, tiles).

    There are no draws where there are fewer than ``LEAST_TILES`` tiles.
    """
    if tiles < LEAST_TILES:
        return np.zeros((0, tiles), dtype=np.int64)
    drawn = np.random.default_rng(seed).integers(0, tiles, (draws, tiles))
    return np.array([np.bincount(one, minlength=tiles) for one in drawn], dtype=np.int64)


def weighted_means(
    rows: list[dict[str, float | None]],
) -> Callable[[Weights], dict[str, float | None]]:
    """The mean of each figure over the tiles in which it is defined, to be given to intervals."""
    keys = list(rows[0]) if rows else []
    table = np.array([[row[key] for key in keys] for row in rows], dtype=np.float64)
    known = np.isfinite(table)
    filled = np.where(known, table, 0.0)

    def means(weights: Weights) -> dict[str, float | None]:
        counts, sums = weights @ known, weights @ filled
        return {
            key: float(total / count) if count else None
            for key, total, count in zip(keys, sums, counts, strict=True)
        }

    return means


def interval_of(
    value: float | None, drawn: Sequence[float] | npt.NDArray[np.float64], draws: int = DRAWS
) -> Interval:
    """A figure with the interval of its values in those of the draws that define it."""
    if value is None or len(drawn) == 0 or len(drawn) < _LEAST_KNOWN * draws:
        return Interval(value, None, None)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high))
