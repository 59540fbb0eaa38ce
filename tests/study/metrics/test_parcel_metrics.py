import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS
from scipy import ndimage

from core.grid import Grid, Window
from core.study.metrics.figures import PARCELS, figures_of, to_sums
from core.study.metrics.parcel_metrics import Overlaps
from core.study.metrics.parts import PartNumbers
from tests.rasters import UTM
from tests.study.metrics.same import compare_parcels, quick, same

FIGURES = (
    *("parcel_recall", "parcel_precision", "panoptic_quality", "parcel_iou"),
    *("over_segmentation", "under_segmentation", "location_error_m"),
)


def figures(*case) -> dict[str, float | None]:
    """Figures of the parcels of one image."""
    return figures_of(to_sums(parcels=compare_parcels(*case)), FIGURES)


HERE = CRS.from_epsg(32633)


def grid_of(shape) -> Grid:
    return Grid(HERE, UTM, shape[1], shape[0])


@st.composite
def layers(draw):
    """Numbers of predicted and true parcels, and where both are known."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    numbers = [draw(arrays(np.int64, shape, elements=st.integers(0, 4))) for _ in range(2)]
    return (*numbers, draw(arrays(np.bool_, shape, elements=st.integers(0, 3).map(bool))))


def brute_force(predicted, truth, known) -> dict[str, float | None]:
    """Sets of pixels, one parcel against every other, as the papers say it."""

    def sets(numbers):
        every = {}
        for row, column in np.ndindex(*numbers.shape):
            if numbers[row, column]:
                every.setdefault(int(numbers[row, column]), set()).add((row, column))
        return every

    visible = {place for place in np.ndindex(*known.shape) if known[place]}
    whole = [sets(numbers) for numbers in (predicted, truth)]
    seen = [
        {n: pixels & visible for n, pixels in layer.items() if pixels & visible} for layer in whole
    ]
    mostly = [
        {n for n in part if 2 * len(part[n]) >= len(layer[n])}
        for layer, part in zip(whole, seen, strict=True)
    ]
    matches = [
        (p, t, len(seen[0][p] & seen[1][t]) / len(seen[0][p] | seen[1][t]))
        for p in seen[0]
        for t in seen[1]
        if len(seen[0][p] & seen[1][t]) / len(seen[0][p] | seen[1][t]) > 0.5
    ]
    extra = mostly[0] - {p for p, _, _ in matches}
    missed = mostly[1] - {t for _, t, _ in matches}
    over, under = [], []
    for t in mostly[1] | {t for _, t, _ in matches}:
        shared = {p: len(seen[0][p] & seen[1][t]) for p in seen[0]}
        most = max(shared.values(), default=0)
        if most:
            size = min(len(seen[0][p]) for p in shared if shared[p] == most)
            over.append(1 - most / len(seen[1][t]))
            under.append(1 - most / size)

    def centre(pixels):
        return np.mean(list(pixels), axis=0)

    distances = [math.dist(centre(seen[0][p]), centre(seen[1][t])) * 10.004 for p, t, _ in matches]

    def mean(values):
        return sum(values) / len(values) if values else None

    def share(part, rest):
        return part / (part + rest) if part + rest else None

    ious = [iou for _, _, iou in matches]
    half = (len(extra) + len(missed)) / 2
    return {
        "parcel_recall": share(len(matches), len(missed)),
        "parcel_precision": share(len(matches), len(extra)),
        "panoptic_quality": sum(ious) / (len(matches) + half) if matches or half else None,
        "parcel_iou": mean(ious),
        "over_segmentation": mean(over),
        "under_segmentation": mean(under),
        "location_error_m": mean(distances),
    }


@quick
@given(layers())
def test_figures_are_those_of_brute_force(case) -> None:
    found = figures(*case, grid_of(case[0].shape))
    for name, expected in brute_force(*case).items():
        assert same(found[name], expected, rel=1e-3), name


@quick
@given(layers(), st.permutations(range(1, 5)), st.sampled_from([np.flipud, np.fliplr]))
def test_flips_and_other_numbers_change_nothing(case, names, turn) -> None:
    grid = grid_of(case[0].shape)
    found = figures(*case, grid)
    renamed = np.array([0, *names])[case[0]]
    other = figures(turn(renamed), turn(case[1]), turn(case[2]), grid)
    for name in FIGURES:
        assert same(other[name], found[name], rel=1e-3), name


@quick
@given(layers())
def test_a_swap_swaps_recall_and_precision(case) -> None:
    predicted, truth, known = case
    grid = grid_of(truth.shape)
    there, back = figures(predicted, truth, known, grid), figures(truth, predicted, known, grid)
    assert there["parcel_recall"] == back["parcel_precision"]
    assert there["parcel_precision"] == back["parcel_recall"]
    assert same(there["panoptic_quality"], back["panoptic_quality"])


@quick
@given(layers())
def test_the_truth_itself_is_perfect(case) -> None:
    _, truth, known = case
    found = figures(truth, truth, known, grid_of(truth.shape))
    for name in FIGURES:
        best = 0.0 if name.startswith(("over", "under", "location")) else 1.0
        assert found[name] in (None, pytest.approx(best, abs=1e-9))
    sums = dict(
        zip(PARCELS, compare_parcels(truth, truth, known, grid_of(truth.shape)), strict=True)
    )
    assert (sums["extra"], sums["missed"]) == (0, 0)


@quick
@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.integers(1, 4))
def test_parts_are_one_over_the_borders_of_windows(mask, size) -> None:
    parts = PartNumbers(mask.shape[1], mask.shape[0])
    numbers = np.zeros(mask.shape, dtype=np.int64)
    for window in squares(mask.shape, size):
        numbers[window.slices] = parts.number(mask[window.slices], window)
    joined = parts.joined()[numbers]
    expected, count = ndimage.label(mask)
    assert ((joined > 0) == mask).all()
    pairs = {(int(a), int(b)) for a, b in zip(joined[mask], expected[mask], strict=True)}
    assert len(pairs) == count
    assert len({a for a, _ in pairs}) == count


@quick
@given(layers(), st.integers(1, 4))
def test_tiles_together_are_the_whole(case, size) -> None:
    predicted, truth, known = case
    grid = grid_of(truth.shape)
    overlaps, tiles = Overlaps(), squares(truth.shape, size)
    for window in tiles:
        overlaps.add(*(part[window.slices] for part in case), window)
    total = overlaps.sums(grid, tiles).sum(axis=0)
    whole = compare_parcels(predicted, truth, known, grid)
    np.testing.assert_allclose(total, whole, rtol=1e-6, atol=1e-6)


def test_nothing_known_or_nothing_drawn_is_no_figure() -> None:
    shape = (4, 4)
    nothing = np.zeros(shape, dtype=np.int64)
    field, grid = np.ones(shape, dtype=np.int64), grid_of(shape)
    unknown = compare_parcels(field, field, np.zeros(shape, dtype=bool), grid)
    assert not unknown.any()
    empty = figures(nothing, nothing, np.ones(shape, dtype=bool), grid)
    assert set(empty.values()) == {None}
    missed = figures(nothing, field, np.ones(shape, dtype=bool), grid)
    assert [missed[name] for name in FIGURES[:3]] == [0.0, None, 0.0]
    assert missed["over_segmentation"] is None


def test_a_field_in_two_halves_is_over_segmented_and_two_in_one_under_segmented() -> None:
    halves = np.repeat([[1, 1, 2, 2]], 4, axis=0).astype(np.int64)
    whole = np.ones_like(halves)
    known, grid = np.ones(halves.shape, dtype=bool), grid_of(halves.shape)
    names = ("over_segmentation", "under_segmentation", "parcel_recall")
    cut, fused = figures(halves, whole, known, grid), figures(whole, halves, known, grid)
    assert [cut[name] for name in names] == [0.5, 0.0, 0.0]
    assert [fused[name] for name in names] == [0.0, 0.5, 0.0]


def squares(shape, size) -> list[Window]:
    extent = Window(0, 0, shape[1], shape[0])
    return [
        square
        for row in range(0, shape[0], size)
        for column in range(0, shape[1], size)
        if (square := Window(column, row, size, size).intersection(extent))
    ]
