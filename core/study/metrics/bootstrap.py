"""How sure a figure is: percentile bootstrap over tiles (Efron and Tibshirani 1993, chapter 13).

A tile is drawn as a whole, because the pixels of one tile are alike; the tiles of one scene are
alike, too, so an interval over the tiles of a single scene is too narrow for other scenes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.study.metrics.figures import Sums, defined, figure_table, ratio

LEVEL = 0.95
DRAWS = 1000
LEAST_TILES = 5
_LEAST_KNOWN = 0.5
"""An interval is given where the figure is defined in at least this share of the draws."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its interval; ``low`` and ``high`` are None where there are fewer than
    ``LEAST_TILES`` tiles, or where the figure is not defined in most draws.
    """

    value: float | None
    low: float | None
    high: float | None


def drawn_weights(tiles: int, *, seed: int, draws: int = DRAWS) -> npt.NDArray[np.float64]:
    """How often each tile counts in each draw, float64 (draws, tiles).

    There are no draws where there are fewer than ``LEAST_TILES`` tiles.
    """
    if tiles < LEAST_TILES:
        return np.zeros((0, tiles))
    drawn = np.random.default_rng(seed).integers(0, tiles, (draws, tiles))
    return np.array([np.bincount(one, minlength=tiles) for one in drawn], dtype=np.float64)


def pooled(
    stack: Sums, keys: Sequence[str], *, seed: int, less: Sums | None = None, draws: int = DRAWS
) -> dict[str, Interval]:
    """Figures of all tiles together, mean over seeds, with their intervals.

    Parameters
    ----------
    stack : float64 (seeds, tiles, sums)
    keys : sequence of str
        Of ``FIGURES``.
    seed : int
        Of the intervals; the same one gives the same intervals.
    less : float64 (seeds, tiles, sums), optional
        Of the same tiles: how much higher the figures are than these.  Each draw takes the same
        tiles for both, so what makes a tile hard for both does not widen the interval.
    """
    weights = drawn_weights(stack.shape[1], seed=seed, draws=draws)

    def averaged(sums: Sums) -> tuple[Sums, Sums]:
        drawn = np.einsum("dt,stk->sdk", weights, sums)
        return figure_table(sums.sum(axis=1), keys).mean(axis=0), figure_table(drawn, keys).mean(0)

    whole, drawn = averaged(stack)
    if less is not None:
        others = averaged(less)
        whole, drawn = whole - others[0], drawn - others[1]
    return intervals(keys, whole, drawn, draws)


def mean_of_tiles(
    sums: Sums, keys: Sequence[str], *, seed: int, draws: int = DRAWS
) -> dict[str, Interval]:
    """Mean of each figure over the tiles in which it is defined; sums are (tiles, sums)."""
    table = figure_table(sums, keys)
    known = np.isfinite(table).astype(np.float64)
    filled = np.nan_to_num(table)
    weights = drawn_weights(len(sums), seed=seed, draws=draws)
    drawn = ratio(weights @ filled, weights @ known)
    return intervals(keys, ratio(filled.sum(axis=0), known.sum(axis=0)), drawn, draws)


def intervals(
    keys: Sequence[str], values: Sums, drawn: Sums, draws: int = DRAWS
) -> dict[str, Interval]:
    """Figures (keys,) with the intervals of their values in the draws, float64 (draws, keys)."""
    found = {}
    for key, value, column in zip(keys, values, drawn.T, strict=True):
        known = column[np.isfinite(column)]
        low = high = None
        if not np.isnan(value) and len(known) >= max(1.0, _LEAST_KNOWN * draws):
            tail = (1 - LEVEL) / 2
            low, high = (float(end) for end in np.quantile(known, [tail, 1 - tail]))
        found[key] = Interval(defined(value), low, high)
    return found
