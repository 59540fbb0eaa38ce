import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.grid import Window
from core.study.metrics.bootstrap import LEAST_TILES, Interval, intervals, weighted_means
from core.study.metrics.boundaries import TOLERANCES_M, Boundaries, Matched
from core.study.metrics.compare import PREDICTION, TileScore
from core.study.metrics.parcel_metrics import ParcelScore
from core.study.metrics.pixels import Confusion
from core.study.metrics.scores import METRICS, Score, figures, pooled
from core.study.metrics.summary import summarise, worst_first
from tests.study.metrics.figures import quick, same

counts = st.integers(0, 1000)


@st.composite
def scores(draw):
    metres = st.floats(0, 1000).map(lambda value: round(value, 3))
    return Score(
        Confusion(*(draw(counts) for _ in range(4))),
        Boundaries({t: Matched(*(draw(metres) for _ in range(4))) for t in TOLERANCES_M}),
        ParcelScore(
            *(draw(counts) for _ in range(3)),
            draw(metres),
            draw(counts),
            *(draw(metres) for _ in range(3)),
        ),
        draw(counts),
    )


@quick
@given(st.lists(scores(), min_size=1, max_size=4))
def test_sums_hold_all_of_a_score_and_add_up(some) -> None:
    assert all(Score.of_sums(one.sums()) == one for one in some)
    total = Score.of_sums(np.array([one.sums() for one in some]).sum(axis=0).tolist())
    expected = figures(pooled(some))
    for key, value in figures(total).items():
        assert same(value, expected[key]), key


def test_an_empty_score_has_no_figure_at_all() -> None:
    assert {m.key: m.of(Score()) for m in METRICS} == {m.key: None for m in METRICS}


def test_intervals_are_seeded_and_hold_what_they_say() -> None:
    # The mean of many normal values: the interval is known.
    values = np.random.default_rng(5).normal(3.0, 1.0, 200)
    rows = [{"x": float(value)} for value in values]
    one = intervals(200, weighted_means(rows), seed=1)["x"]
    assert one == intervals(200, weighted_means(rows), seed=1)["x"]
    assert one != intervals(200, weighted_means(rows), seed=2)["x"]
    assert one.value == pytest.approx(values.mean())
    low, high = stats.norm.interval(0.95, values.mean(), values.std() / np.sqrt(200))
    assert (one.low, one.high) == pytest.approx((low, high), abs=0.03)


def test_too_few_tiles_or_figures_give_no_interval() -> None:
    few = [{"x": float(i)} for i in range(LEAST_TILES - 1)]
    assert intervals(len(few), weighted_means(few), seed=0)["x"] == Interval(1.5, None, None)
    rare = [{"x": None} for _ in range(30)] + [{"x": 1.0}]
    assert intervals(31, weighted_means(rare), seed=0, draws=200)["x"].value == 1.0
    nowhere = [{"x": None} for _ in range(9)]
    assert intervals(9, weighted_means(nowhere), seed=0)["x"] == Interval(None, None, None)


def tile(name: str, method: str, right: int, wrong: int) -> TileScore:
    pixels = Confusion(right, wrong, wrong, right)
    return TileScore("image", name, Window(0, 0, 8, 8), method, Score(pixels))


def test_a_difference_takes_the_same_tiles_of_both_methods() -> None:
    tiles = [tile(f"t{i}", PREDICTION, 50 + 5 * i, 10) for i in range(8)]
    tiles += [tile(f"t{i}", "land cover", 50 + 5 * i, 20) for i in range(7)]
    summary = summarise(tiles, seed=0, draws=200)
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
    assert json.dumps([figures(method.total) for method in summary.methods])


def test_the_worst_tiles_come_first_and_those_without_a_figure_last() -> None:
    tiles = [tile("a", PREDICTION, 9, 1), tile("b", PREDICTION, 0, 0), tile("c", PREDICTION, 1, 9)]
    assert [one.tile for one in worst_first(tiles)] == ["c", "a", "b"]
