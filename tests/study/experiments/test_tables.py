from __future__ import annotations

import numpy as np
import pytest

from core.study.experiments.cells import Cell, CellResult
from core.study.experiments.tables import SHOWN, Row, tabulate
from core.study.metrics.bootstrap import Interval, drawn_weights, intervals
from core.study.metrics.figures import TileFigures, figures_of
from tests.study.experiments.works import PLACES, cell, experiment, score


def result(numbers: list, places=PLACES, seconds: float = 2.0) -> CellResult:
    tiles = (TileFigures(*place, score(row)) for place, row in zip(places, numbers, strict=True))
    return CellResult(tuple(tiles), seconds=seconds)


def draws(seed: int, size: int = 6) -> list:
    return list(np.random.default_rng(seed).integers(0, 90, (size, 16)))


def slow(by_seed: list[list], less: list[list] | None, seed: int) -> dict[str, Interval]:
    """Figures draw by draw: mean over seeds of the tiles pooled; None where any is not defined."""

    def figures(rows: list[list], weights: np.ndarray) -> np.ndarray:
        each = [sum(w * score(t) for w, t in zip(weights, tiles, strict=True)) for tiles in rows]
        values = [list(figures_of(one, SHOWN).values()) for one in each]
        return np.array(values, dtype=float).mean(axis=0)

    def compared(weights: np.ndarray) -> np.ndarray:
        ours = figures(by_seed, weights)
        return ours if less is None else ours - figures(less, weights)

    tiles = len(by_seed[0])
    drawn = np.array([compared(weights) for weights in drawn_weights(tiles, seed=seed)])
    return intervals(SHOWN, compared(np.ones(tiles)), drawn)


def same(found: dict[str, Interval], wanted: dict[str, Interval]) -> None:
    for key in SHOWN:
        for name in ("value", "low", "high"):
            one, two = getattr(found[key], name), getattr(wanted[key], name)
            assert (one is None) == (two is None), (key, name)
            assert one is None or one == pytest.approx(two, abs=1e-9), (key, name)


def test_rows_are_what_a_slow_bootstrap_finds() -> None:
    numbers = np.random.default_rng(4).choice([0, 0, 1, 2, 7, 90, 5000], (3, 6, 16))
    # Every tile has a pixel to judge.
    tiles = [[np.maximum(one, [1, *[0] * 15]) for one in row] for row in numbers]
    cells = [cell("ours", 0), cell("ours", 1), cell("theirs", 0)]
    found = list(zip(cells, (result(one) for one in tiles), strict=True))
    ours, theirs = tabulate(experiment(cells, reference={"method": "theirs"}), found, seed=3)
    same(ours.figures, slow(tiles[:2], None, 3))
    same(theirs.figures, slow(tiles[2:], None, 3))
    same(ours.difference, slow(tiles[:2], tiles[2:], 3))
    assert theirs.difference is None


def row(cells: list[Cell], found: list[CellResult], **options: object) -> Row:
    return tabulate(experiment(cells, **options), list(zip(cells, found, strict=True)), seed=0)[0]


def test_means_and_spread_are_over_seeds() -> None:
    cells = [cell("a", seed) for seed in range(3)]
    found = [result(draws(seed)) for seed in range(3)]
    made = row(cells, found)
    each = [row([cells[0]], [one]).figures["f1"].value for one in found]
    assert (made.seeds, made.tiles, made.seconds) == (3, 6, 6.0)
    assert made.figures["f1"].value == pytest.approx(np.mean(each))
    assert made.spread["f1"] == pytest.approx(np.std(each, ddof=1))
    assert row(cells[:1], found[:1]).spread["f1"] is None


def test_cells_of_several_images_are_one_row_and_seeds_share_their_tiles() -> None:
    numbers = draws(1)
    cells = [cell("a", where="x"), cell("a", where="y")]
    halves = [result(numbers[:4], PLACES[:4]), result(numbers[4:], PLACES[4:])]
    same(row(cells, halves).figures, row(cells[:1], [result(numbers)]).figures)
    fewer = row([cell("a", 0), cell("a", 1)], [result(numbers), result(numbers[:5], PLACES[:5])])
    assert fewer.tiles == 5


def test_the_difference_is_over_tiles_of_both_and_pairs_equal_seeds() -> None:
    cells = [cell("a", 1), cell("base", 0), cell("base", 1)]
    one = draws(1)
    found = [result(one[:5], PLACES[:5]), result(draws(2)), result(one)]
    made = row(cells, found, reference={"method": "base"})
    assert made.difference["mean_iou"] == Interval(0.0, 0.0, 0.0)


def test_few_tiles_have_no_interval_and_nothing_known_no_figure() -> None:
    few = row([cell("a")], [result(draws(1)[:4], PLACES[:4])])
    assert few.figures["f1"].value is not None
    assert few.figures["f1"].low is None
    none = row([cell("a")], [result([[0] * 16] * 6)])
    assert (none.tiles, none.figures["f1"]) == (0, Interval(None, None, None))


def test_a_tile_without_a_known_pixel_counts_for_nothing() -> None:
    numbers = draws(1)
    with_empty = row([cell("a")], [result([*numbers[:5], [0] * 16])])
    assert with_empty.tiles == 5
    assert with_empty.figures == row([cell("a")], [result(numbers[:5], PLACES[:5])]).figures


def test_a_tile_that_is_judged_twice_is_a_mistake_and_no_figure() -> None:
    with pytest.raises(ValueError, match="judged twice"):
        row([cell("a"), cell("a")], [result(draws(1)), result(draws(2))])


def test_rows_stand_as_the_experiment_says() -> None:
    cells = [cell("b"), cell("a")]
    found = [result(draws(1)), result(draws(2))]
    rows = tabulate(
        experiment(cells, rows=({"method": "a"}, {"method": "b"})),
        list(zip(cells, found, strict=True)),
        seed=0,
    )
    assert [one.labels["method"] for one in rows] == ["a", "b"]
