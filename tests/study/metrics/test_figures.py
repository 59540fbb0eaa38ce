import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from core.study.metrics.bootstrap import LEAST_TILES, Interval, mean_of_tiles, pooled
from core.study.metrics.compare import METHOD, PREDICTION
from core.study.metrics.evaluation import EvaluateOptions, summarise, worst_first
from core.study.metrics.figures import (
    FIGURES,
    SUMS,
    TileFigures,
    figure_table,
    figures_of,
    to_sums,
)
from tests.study.metrics.same import quick

many_sums = arrays(np.float64, (4, len(SUMS)), elements=st.integers(0, 1000).map(float))


@quick
@given(many_sums)
def test_figures_of_many_rows_are_those_of_each(sums) -> None:
    table = figure_table(sums)
    for row, values in zip(sums, table, strict=True):
        for (key, alone), value in zip(figures_of(row).items(), values, strict=True):
            assert (alone is None) == np.isnan(value), key
            assert alone is None or alone == value, key


def test_of_nothing_there_is_no_figure_at_all() -> None:
    assert figures_of(to_sums()) == dict.fromkeys(FIGURES)


def overall(rights: list[float]) -> np.ndarray:
    """Tiles of 100 pixels, of which so many are right, none where it is NaN."""
    rows = [[r, 100 - r, 0, 0] if np.isfinite(r) else [0] * 4 for r in rights]
    return np.array([to_sums(row) for row in rows])


def test_intervals_are_seeded_and_hold_what_they_say() -> None:
    # The mean of many normal values: the interval is known.
    values = np.random.default_rng(5).normal(60.0, 10.0, 200)
    sums, keys = overall(values.tolist()), ("overall_accuracy",)
    one = mean_of_tiles(sums, keys, seed=1)
    assert one == mean_of_tiles(sums, keys, seed=1)
    assert one != mean_of_tiles(sums, keys, seed=2)
    found = one["overall_accuracy"]
    assert found.value == pytest.approx(values.mean() / 100)
    low, high = stats.norm.interval(0.95, values.mean(), values.std() / np.sqrt(200))
    assert (found.low, found.high) == pytest.approx((low / 100, high / 100), abs=0.003)
    # Of tiles of one size, pooled figures are means.
    (both,) = pooled(sums[None], keys, seed=1).values()
    assert (both.low, both.high) == pytest.approx((found.low, found.high))


def test_too_few_tiles_or_figures_give_no_interval() -> None:
    def interval(rights: list[float]) -> Interval:
        return mean_of_tiles(overall(rights), ["overall_accuracy"], seed=0)["overall_accuracy"]

    few = interval([10.0 * n for n in range(LEAST_TILES - 1)])
    assert (few.value, few.low, few.high) == (pytest.approx(0.15), None, None)
    assert interval([np.nan] * 30 + [100.0]).value == 1.0
    assert interval([np.nan] * 9) == Interval(None, None, None)


def tile(name: str, method: str, right: int, wrong: int) -> TileFigures:
    sums = to_sums((right, wrong, wrong, right))
    return TileFigures("image", name, sums, labels={METHOD: method})


def test_a_difference_takes_the_same_tiles_of_both_methods() -> None:
    tiles = [tile(f"t{i}", PREDICTION, 50 + 5 * i, 10) for i in range(8)]
    tiles += [tile(f"t{i}", "land cover", 50 + 5 * i, 20) for i in range(7)]
    summary = summarise(tiles, EvaluateOptions(), [])
    assert [method.method for method in summary.methods] == [PREDICTION, "land cover"]
    assert [method.tiles for method in summary.methods] == [8, 7]
    (difference,) = summary.differences
    assert difference.tiles == 7
    expected = sum(50 + 5 * i for i in range(7))
    ours, theirs = expected / (expected + 70), expected / (expected + 140)
    assert difference.pooled["overall_accuracy"].value == pytest.approx(ours - theirs)
    own, drawn = summary.methods[0].pooled["f1"], difference.pooled["f1"]
    # Hard tiles are hard for both, so the difference is surer than either.
    assert drawn.high - drawn.low < own.high - own.low
    assert json.dumps([method.counts for method in summary.methods])


def test_the_worst_tiles_come_first_and_those_without_a_figure_last() -> None:
    tiles = [tile("a", PREDICTION, 9, 1), tile("b", PREDICTION, 0, 0), tile("c", PREDICTION, 1, 9)]
    assert [one.tile for one in worst_first(tiles)] == ["c", "a", "b"]
