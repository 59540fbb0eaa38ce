import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS

from core.grid import WGS84_GEOD, Grid, PixelPoint, Window
from core.study.metrics.boundaries import compare_boundaries, halo
from core.study.metrics.figures import TOLERANCES_M, figures_of, to_sums
from tests.rasters import PLACES
from tests.study.metrics.same import quick


def grid_of(shape, place: str = "utm", pixel: float = 1.0) -> Grid:
    crs, transform = PLACES[place]
    scale = pixel if place != "utm" else pixel / 10
    return Grid(
        CRS.from_user_input(crs), transform @ transform.scale(scale, scale), shape[1], shape[0]
    )


@st.composite
def cases(draw):
    """Two masks, where they are known, and a grid in one of several CRSs with pixels of metres."""
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    place = draw(st.sampled_from(["utm", "geographic", "rotated", "sheared_south_up"]))
    parts = tuple(draw(arrays(np.bool_, shape)) for _ in range(3))
    return (*parts, grid_of(shape, place, 0.15 if place != "utm" else 1.0))


def at(lengths, tolerance=1.0):
    """Precision, recall and F1 within a tolerance."""
    figures = figures_of(to_sums(boundaries=lengths))
    names = ("precision", "recall", "f1")
    return tuple(figures[f"boundary_{name}_{tolerance:g}m"] for name in names)


def brute_force(mask, truth, known, grid, tolerance) -> list[float]:
    """Every side of every pixel against every other, distances on the ellipsoid."""

    def place(column, row):
        world = grid.pixel_to_world(PixelPoint(column, row))
        return world.x, world.y

    def metres(one, two):
        from core.grid import WorldCoordinates, transform_coordinates

        both = WorldCoordinates(np.array([one[0], two[0]]), np.array([one[1], two[1]]))
        lonlat = transform_coordinates(both, grid.crs, CRS.from_epsg(4326))
        return WGS84_GEOD.inv(lonlat.x[0], lonlat.y[0], lonlat.x[1], lonlat.y[1])[2]

    def sides(values):
        rows, columns = values.shape
        for row in range(rows):
            for column in range(columns):
                for down, right in ((0, 1), (1, 0)):
                    other = row + down, column + right
                    if other[0] == rows or other[1] == columns:
                        continue
                    if values[row, column] == values[other]:
                        continue
                    if known[row, column] and known[other]:
                        # The corners that both pixels share.
                        start, stop = (column + right, row + down), (column + 1, row + 1)
                        length = metres(place(*start), place(*stop))
                        yield place((start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2), length

    predicted, actual = list(sides(mask)), list(sides(truth))
    reach = tolerance * 1.002

    def near(some, others):
        return sum(m for at, m in some if any(metres(at, other) <= reach for other, _ in others))

    return [
        sum(m for _, m in predicted),
        near(predicted, actual),
        sum(m for _, m in actual),
        near(actual, predicted),
    ]


@settings(max_examples=25, deadline=None)
@given(cases(), st.sampled_from([0.7, 1.3, 2.6]))
def test_matches_are_those_of_brute_force(case, tolerance) -> None:
    (found,) = compare_boundaries(*case, tolerances_m=(tolerance,))
    expected = brute_force(*case, tolerance)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-9)


@quick
@given(cases())
def test_flips_swaps_and_the_complement_change_nothing(case) -> None:
    mask, truth, known, grid = case
    found = compare_boundaries(mask, truth, known, grid)
    complement = compare_boundaries(~mask, ~truth, known, grid)
    np.testing.assert_array_equal(complement, found)
    swapped = compare_boundaries(truth, mask, known, grid)
    for tolerance in TOLERANCES_M:
        (precision, recall, f1), other = at(found, tolerance), at(swapped, tolerance)
        assert other[:2] == (recall, precision)
        assert other[2] == pytest.approx(f1)
    # On a grid that is neither rotated nor sheared a flip is the same picture.
    upright = grid_of(mask.shape)
    one = compare_boundaries(mask, truth, known, upright)
    two = compare_boundaries(mask[::-1], truth[::-1], known[::-1], upright)
    for tolerance in TOLERANCES_M:
        assert at(two, tolerance)[2] == pytest.approx(at(one, tolerance)[2])


@quick
@given(cases(), st.integers(1, 5))
def test_tiles_with_a_halo_add_up_to_the_whole(case, size) -> None:
    mask, truth, known, grid = case
    whole = compare_boundaries(mask, truth, known, grid)
    margin = halo(grid)
    total = np.zeros_like(whole)
    for row in range(0, grid.height, size):
        for column in range(0, grid.width, size):
            own = Window(column, row, size, size).intersection(grid.extent)
            wide = own.expanded(margin).intersection(grid.extent)
            parts = (part[wide.slices] for part in (mask, truth, known))
            total += compare_boundaries(*parts, grid.window_grid(wide), inner=own.relative_to(wide))
    np.testing.assert_allclose(total, whole, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("place", ["utm", "rotated"])
def test_a_shift_by_one_metre_is_within_one_metre_and_two_are_not(place) -> None:
    grid = grid_of((20, 20), place, 1.0 if place == "utm" else 0.1)
    field = np.zeros(grid.shape, dtype=bool)
    field[:, 5:12] = True
    known = np.ones_like(field)
    for shift, expected in ((1, 1.0), (2, 0.0)):
        moved = compare_boundaries(np.roll(field, shift, axis=1), field, known, grid)
        assert at(moved, 1.0)[2] == pytest.approx(expected)
        assert at(moved, 2.0)[2] == pytest.approx(1.0)


def test_no_boundary_is_no_figure_and_one_alone_is_nought() -> None:
    grid = grid_of((6, 6))
    empty, field = np.zeros(grid.shape, dtype=bool), np.zeros(grid.shape, dtype=bool)
    field[2:4, 2:4] = True
    everywhere = ~empty
    assert at(compare_boundaries(empty, empty, everywhere, grid)) == (None, None, None)
    assert at(compare_boundaries(empty, field, everywhere, grid)) == (None, 0.0, 0.0)
    assert not compare_boundaries(field, field, empty, grid).any()
