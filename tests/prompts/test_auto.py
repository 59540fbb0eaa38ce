"""Auto-prompting: the published grid exactly, and points spread by distance in metres."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import InputError
from core.grid import PixelPoint
from core.prompts.auto import (
    PromptOptions,
    place_prompts,
    published_order,
    published_points,
    round_ends,
    spread_draws,
    uniform_grid,
)
from core.prompts.prompt import Prompt, PromptSet
from tests.fakes import farmland_tile, landcover_of

SIDE = 512


def left_half() -> npt.NDArray[np.bool_]:
    flags = np.zeros((SIDE, SIDE), dtype=np.bool_)
    flags[:, : SIDE // 2] = True
    return flags


def places(prompts: tuple[Prompt, ...]) -> npt.NDArray[np.float64]:
    return np.array([(p.point.column, p.point.row) for p in prompts]).reshape(-1, 2)


def test_half_and_half_gets_the_published_66_points_on_a_6_by_11_grid() -> None:
    # 33 * total / half = 66 = 6 x 11; cells of 85 rows and 46 columns, middle pixels.
    rows = [85 * i + 42 for i in range(6)]
    columns = [46 * i + 23 for i in range(11)]
    prompts = place_prompts(landcover_of(left_half()), PromptOptions())
    positive = {(c + 0.5, r + 0.5) for r in rows for c in columns if c < 256}
    negative = {(c + 0.5, r + 0.5) for r in rows for c in columns if c >= 256}
    assert {tuple(p) for p in places(prompts.positives)} == positive
    assert {tuple(p) for p in places(prompts.negatives)} == negative
    assert (len(prompts.positives), len(prompts.negatives)) == (36, 30)


@pytest.mark.parametrize("share", [0.3, 0.45, 0.6, 0.8])
def test_about_33_points_whatever_the_share(share: float) -> None:
    flags = np.zeros((SIDE, SIDE), dtype=np.bool_)
    flags[: round(SIDE * share)] = True
    prompts = place_prompts(landcover_of(flags), PromptOptions())
    for points in (prompts.positives, prompts.negatives):
        assert 22 <= len(points) <= 44


@given(flags=hnp.arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_points_lie_on_their_class_and_are_at_most_256(flags: npt.NDArray[np.bool_]) -> None:
    found = published_points(flags)
    assert len(found) <= 256
    assert bool(found) == bool(flags.any())
    rows, columns = flags.shape
    assert all(0 <= p.row < rows and 0 <= p.column < columns for p in found)
    grid = uniform_grid(rows, columns, min(256, 33 * flags.size // max(1, int(flags.sum()))))
    on_class = [p for p in grid if flags[int(p.row), int(p.column)]]
    assert not on_class or found == on_class


def test_a_rare_class_is_sought_on_a_grid_of_256_points() -> None:
    flags = np.zeros((SIDE, SIDE), dtype=np.bool_)
    flags[0:64, 0:64] = True  # 33 * 64 = 2,112 points wanted; 16 x 16 points, 32 px apart
    found = published_points(flags)
    assert found == [PixelPoint(c + 0.5, r + 0.5) for r in (16, 48) for c in (16, 48)]


@pytest.mark.parametrize(
    ("count", "sides"),
    [(66, (6, 11)), (256, (16, 16)), (36, (6, 6)), (33, (5, 5)), (67, (8, 8)), (1, (1, 1))],
)
def test_the_grid_has_near_factors_or_the_whole_root(count: int, sides: tuple[int, int]) -> None:
    grid = uniform_grid(SIDE, SIDE, count)
    assert (len({p.row for p in grid}), len({p.column for p in grid})) == sides
    assert len(grid) == sides[0] * sides[1]


def test_a_class_between_the_grid_points_gets_the_centres_of_its_parts_boxes() -> None:
    flags = np.zeros((SIDE, SIDE), dtype=np.bool_)
    flags[1:6, 1:4] = True
    flags[100:104, 65:72] = True
    flags[104, 72] = True  # touches at a corner: the same part, as OpenCV's contours have it
    assert published_points(flags) == [PixelPoint(69.5, 102.5), PixelPoint(2.5, 3.5)]


def test_three_rounds_positives_before_negatives_leftovers_last() -> None:
    positives = [PixelPoint(i, 0) for i in range(8)]
    negatives = [PixelPoint(i, 1) for i in range(3)]
    fed = [(p.label, int(p.point.column)) for p in published_order(positives, negatives)]
    assert fed == [
        *[(1, 0), (1, 3), (0, 0)],
        *[(1, 1), (1, 4), (0, 1)],
        *[(1, 2), (1, 5), (1, 6), (1, 7), (0, 2)],
    ]


@given(st.integers(0, 60), st.integers(0, 60))
def test_ordering_loses_and_repeats_no_point(positives: int, negatives: int) -> None:
    fed = published_order(
        [PixelPoint(i, 0) for i in range(positives)], [PixelPoint(i, 1) for i in range(negatives)]
    )
    for label, count in ((1, positives), (0, negatives)):
        assert sorted(p.point.column for p in fed if p.label == label) == list(range(count))


@pytest.mark.parametrize("method", ["published", "spread"])
@pytest.mark.parametrize("cropland", [True, False])
def test_a_single_class_gets_points_of_that_class_alone(method: str, cropland: bool) -> None:
    tile = landcover_of(np.full((64, 64), cropland))
    prompts = place_prompts(tile, PromptOptions(method, min_border_distance_m=50))  # type: ignore[arg-type]
    assert len(prompts.points) >= 25
    assert {p.label for p in prompts.points} == {int(cropland)}


@pytest.mark.parametrize("method", ["published", "spread"])
def test_no_point_falls_where_the_land_cover_is_unknown(method: str) -> None:
    valid = np.ones((64, 64), dtype=np.bool_)
    valid[:, 40:] = False
    flags = np.zeros((64, 64), dtype=np.bool_)
    flags[:, :20] = True
    prompts = place_prompts(landcover_of(flags, valid), PromptOptions(method))  # type: ignore[arg-type]
    assert prompts.negatives
    assert places(prompts.points)[:, 0].max() < 40


def spread(seed: int, border_m: float = 0.0, spacing_m: float = 0.0) -> PromptSet:
    options = PromptOptions("spread", 12, border_m, spacing_m)
    return place_prompts(farmland_tile().landcover, options, seed)


def test_the_same_seed_places_the_same_points_and_another_others() -> None:
    assert spread(3).points == spread(3).points
    assert spread(3).points != spread(4).points


def test_draws_made_together_are_those_made_one_by_one() -> None:
    tile, options = farmland_tile().landcover, PromptOptions("spread", 10, 30.0, 20.0)
    together = spread_draws(tile, options, [4, 0])
    assert [one.points for one in together] == [
        place_prompts(tile, options, seed).points for seed in (4, 0)
    ]


@given(positives=st.integers(0, 40), negatives=st.integers(0, 40))
def test_a_round_ends_where_the_order_turns_back_to_positives(
    positives: int, negatives: int
) -> None:
    order = published_order(
        [PixelPoint(n + 0.5, 0.5) for n in range(positives)],
        [PixelPoint(n + 0.5, 1.5) for n in range(negatives)],
    )
    *ends, last = round_ends(positives, negatives)
    assert last == len(order)
    for number, end in enumerate(ends, start=1):
        fed = order[:end]
        assert sum(p.label for p in fed) == number * (positives // 3)
        assert sum(1 - p.label for p in fed) == number * (negatives // 3)


def test_spread_points_keep_off_class_borders_by_metres_on_the_ground() -> None:
    landcover = farmland_tile().landcover
    nearest = []
    for prompt in spread(0, border_m=40.0).points:
        own = landcover.cropland if prompt.label else ~landcover.cropland
        rows, columns = np.nonzero(~own)
        away = np.hypot(rows + 0.5 - prompt.point.row, columns + 0.5 - prompt.point.column)
        nearest.append(away.min() * 10.0)
    assert min(nearest) >= 40.0 * 0.999
    assert min(nearest) < 50.0


def test_a_class_thinner_than_the_distance_keeps_its_deepest_points() -> None:
    flags = np.ones((64, 64), dtype=np.bool_)
    flags[:, 30:33] = False
    options = PromptOptions("spread", 12, min_border_distance_m=200)
    prompts = place_prompts(landcover_of(flags), options)
    assert set(places(prompts.negatives)[:, 0]) == {31.5}


def test_spread_points_of_a_class_keep_their_spacing_in_metres() -> None:
    prompts = spread(1, spacing_m=80.0)
    for points in (prompts.positives, prompts.negatives):
        assert len(points) > 4
        for one, other in itertools.combinations(places(points), 2):
            assert np.hypot(*(one - other)) * 10.0 >= 80.0 * 0.999


def test_spread_places_as_many_points_as_asked() -> None:
    assert (len(spread(0).positives), len(spread(0).negatives)) == (12, 12)


def test_an_all_cropland_tile_is_covered_into_its_corners() -> None:
    tile = landcover_of(np.ones((64, 64), dtype=np.bool_))
    options = PromptOptions("spread", 256, min_border_distance_m=150)
    where = places(place_prompts(tile, options).points)
    for quarter in itertools.product((0, 32), (0, 32)):
        inside = ((where >= quarter) & (where < np.add(quarter, 32))).all(axis=1)
        assert 40 <= inside.sum() <= 90
    assert (where < 12).all(axis=1).any()


@pytest.mark.parametrize("count", [0, 257])
def test_an_impossible_number_of_points_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"{count} points per class") as caught:
        PromptOptions(points_per_class=count)
    assert "1 to 256" in caught.value.hint
