"""Pieces that a seam cut, put together again whatever the last digits say."""

import pytest
import shapely

from core.parcels.seams import share_border, united

LEAST = 3.0


@pytest.mark.parametrize("gap", [0.0, 1e-9, -1e-9, 1e-4])
def test_two_cuts_of_one_field(gap) -> None:
    left, right = shapely.box(0, 0, 50, 40), shapely.box(50 + gap, 10, 90, 60)
    assert share_border(left, right, LEAST)
    whole = united([left, right], LEAST)
    assert isinstance(whole, shapely.Polygon)
    assert not whole.interiors
    assert whole.area == pytest.approx(left.area + right.area, rel=1e-5)


def test_fields_that_meet_at_a_corner_or_lie_apart_are_two() -> None:
    field = shapely.box(0, 0, 50, 40)
    assert not share_border(field, shapely.box(50, 40, 90, 80), LEAST)
    assert not share_border(field, shapely.box(50, 38, 90, 80), LEAST)
    assert not share_border(field, shapely.box(50.1, 0, 90, 40), LEAST)


def test_what_makes_no_area() -> None:
    assert united([shapely.Polygon()], LEAST) is None
