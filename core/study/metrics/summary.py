"""All tiles together: each method's figures with intervals, and how far apart methods are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.study.metrics.bootstrap import DRAWS, Interval, Weights, intervals, weighted_means
from core.study.metrics.compare import PREDICTION, TileScore
from core.study.metrics.scores import HEADLINE, METRICS, Score, figures, pooled

Figures = Callable[[Weights], dict[str, float | None]]


@dataclass(frozen=True, slots=True)
class MethodSummary:
    """One method over its tiles.

    Parameters
    ----------
    tiles : int
    total : Score
        Sums over all tiles.
    pooled : dict
        Each figure of those sums: large tiles and tiles with many parcels weigh more.
    mean_of_tiles : dict
        Mean of each figure over the tiles in which it is defined.
    """

    method: str
    tiles: int
    total: Score
    pooled: dict[str, Interval]
    mean_of_tiles: dict[str, Interval]


@dataclass(frozen=True, slots=True)
class Difference:
    """The prediction's pooled figures less those of another method, over the tiles of both.

    Each draw of the interval takes the same tiles for both, so what makes a tile hard for both
    does not widen it.
    """

    other: str
    tiles: int
    pooled: dict[str, Interval]


@dataclass(frozen=True, slots=True)
class Summary:
    """Every method, the prediction first, and its differences from the others."""

    methods: tuple[MethodSummary, ...]
    differences: tuple[Difference, ...]
    seed: int
    draws: int


def summarise(tiles: list[TileScore], *, seed: int, draws: int = DRAWS) -> Summary:
    """Figures of all methods; the same tiles and the same seed give the same summary."""
    names = list(dict.fromkeys(tile.method for tile in tiles))
    by_method = {name: [tile for tile in tiles if tile.method == name] for name in names}
    methods = []
    for name, rows in by_method.items():
        scores = [tile.score for tile in rows]
        total = pooled(scores)
        means = weighted_means([figures(score) for score in scores])
        methods.append(
            MethodSummary(
                name,
                len(rows),
                total,
                intervals(len(rows), _pooled(scores), seed=seed, draws=draws),
                intervals(len(rows), means, seed=seed, draws=draws),
            )
        )
    differences = [
        _difference(by_method[PREDICTION], by_method[name], seed, draws)
        for name in names
        if name != PREDICTION
    ]
    return Summary(tuple(methods), tuple(differences), seed, draws)


def worst_first(tiles: list[TileScore]) -> list[TileScore]:
    """Tiles from the lowest mean IoU to the highest; those without one last."""

    def key(tile: TileScore) -> tuple[float, str, str]:
        value = tile.score.pixels.mean_iou
        return (2.0 if value is None else value, tile.image, tile.tile)

    return sorted(tiles, key=key)


def _pooled(scores: list[Score]) -> Figures:
    table = np.array([score.sums() for score in scores], dtype=np.float64)
    return lambda weights: figures(Score.of_sums((weights @ table).tolist()))


def _difference(
    ours: list[TileScore], theirs: list[TileScore], seed: int, draws: int
) -> Difference:
    other = {(tile.image, tile.tile): tile.score for tile in theirs}
    both = [(tile.score, other[at]) for tile in ours if (at := (tile.image, tile.tile)) in other]
    one, two = (_pooled([pair[i] for pair in both]) for i in range(2))
    headline = [m.key for m in METRICS if m.key in HEADLINE]

    def less(weights: Weights) -> dict[str, float | None]:
        first, second = one(weights), two(weights)
        return {key: _less(first[key], second[key]) for key in headline}

    found = intervals(len(both), less, seed=seed, draws=draws)
    return Difference(theirs[0].method, len(both), found)


def _less(one: float | None, two: float | None) -> float | None:
    return None if one is None or two is None else one - two
