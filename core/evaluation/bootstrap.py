"""How sure a figure is: percentile bootstrap over tiles (Efron and Tibshirani 1993, chapter 13).

A tile is drawn as a whole, because the pixels of one tile are alike; the tiles of one scene are
alike, too, so an interval over the tiles of a single scene is too narrow for other scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from core.evaluation.pixels import mean_of_known

_Item = TypeVar("_Item")

LEVEL = 0.95
DRAWS = 1000
_LEAST_ITEMS = 2
_LEAST_KNOWN = 0.5
"""An interval is given where the figure is defined in at least this share of the draws."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its confidence interval; ``low`` and ``high`` are None where too little is
    known for one (fewer than two tiles, or draws in which the figure is mostly undefined).
    """

    value: float | None
    low: float | None
    high: float | None


def draws(count: int, *, seed: int, times: int = DRAWS) -> Iterator[list[int]]:
    """How often each of ``count`` tiles is drawn, ``times`` times; the same for one seed."""
    generator = np.random.default_rng(seed)
    for _ in range(times):
        chosen = generator.integers(0, count, count)
        yield np.bincount(chosen, minlength=count).tolist()


def intervals(
    items: Sequence[_Item],
    total: Callable[[Sequence[_Item], Sequence[int]], dict[str, float | None]],
    *,
    seed: int,
    times: int = DRAWS,
) -> dict[str, Interval]:
    """Figures over all items, each with its interval.

    Parameters
    ----------
    total : callable
        The figures of items of which each counts as often as the second argument says.
    """
    values = total(items, [1] * len(items))
    if len(items) < _LEAST_ITEMS:
        return {key: Interval(value, None, None) for key, value in values.items()}
    found: dict[str, list[float]] = {key: [] for key in values}
    for weights in draws(len(items), seed=seed, times=times):
        for key, value in total(items, weights).items():
            if value is not None:
                found[key].append(value)
    return {key: _interval(value, found[key], times) for key, value in values.items()}


def _interval(value: float | None, drawn: list[float], times: int) -> Interval:
    if value is None or len(drawn) < _LEAST_KNOWN * times:
        return Interval(value, None, None)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def weighted_mean(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    """Mean of the values that are defined, each as often as its weight says."""
    return mean_of_known([v for v, w in zip(values, weights, strict=True) for _ in range(w)])
