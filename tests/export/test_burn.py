"""What each pixel becomes."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import MultiPolygon, box

from core.export.burn import BACKGROUND, BOUNDARY, FIELD, IGNORE, BurntParcels, parcel_code
from core.grid import Window
from core.label.labelled import LabelledParcel
from tests.export.labelled import grid_of, in_pixels

GRID = grid_of("rotated", 60, 40)
EVERYWHERE = np.ones(GRID.shape, dtype=np.bool_)


def parcel(shape, state: str = "accepted", land: str = "cropland") -> LabelledParcel:
    return LabelledParcel("F", in_pixels(shape, GRID), 0.5, state, "", None, "", land)


@pytest.mark.parametrize(
    ("state", "land", "code", "accepted_only_code"),
    [
        ("accepted", "cropland", FIELD, FIELD),
        ("corrected", "cropland", FIELD, FIELD),
        ("auto", "cropland", FIELD, IGNORE),
        ("accepted", "other", BACKGROUND, BACKGROUND),
        ("auto", "other", BACKGROUND, IGNORE),
        ("accepted", "unsure", IGNORE, IGNORE),
        ("unsure", "cropland", IGNORE, IGNORE),
        ("rejected", "cropland", IGNORE, IGNORE),
        ("rejected", "other", IGNORE, IGNORE),
    ],
)
def test_states_and_classes(state: str, land: str, code: int, accepted_only_code: int) -> None:
    one = parcel(box(0, 0, 1, 1), state, land)
    assert parcel_code(one, accepted_only=False) == code
    assert parcel_code(one, accepted_only=True) == accepted_only_code


def test_ignore_stands_above_field_and_field_above_other() -> None:
    parcels = [
        parcel(box(20, 5, 40, 15), "unsure"),
        parcel(box(0, 5, 30, 15)),
        parcel(box(0, 10, 10, 20), land="other"),
    ]
    reviewed = EVERYWHERE.copy()
    reviewed[:7] = False
    codes = BurntParcels(parcels, GRID, reviewed).codes(GRID.extent)
    expected = np.zeros(GRID.shape, dtype=np.uint8)
    expected[5:15, 0:30] = FIELD
    expected[5:15, 20:40] = IGNORE
    expected[:7] = IGNORE
    np.testing.assert_array_equal(codes, expected)


def test_a_window_is_a_cut_of_the_whole_and_beyond_the_grid_nothing_is_known() -> None:
    shapes = [
        box(3, 3, 25, 20) - box(8, 8, 12, 12),
        MultiPolygon([box(30, 2, 40, 9), box(44, 2, 50, 9)]),
    ]
    burnt = BurntParcels([parcel(s) for s in shapes], GRID, EVERYWHERE, boundary_px=2)
    whole = burnt.codes(GRID.extent)
    for window in (Window(0, 0, 17, 11), Window(17, 5, 20, 20), Window(8, 8, 4, 4)):
        np.testing.assert_array_equal(burnt.codes(window), whole[window.slices])
    over = burnt.codes(Window(50, 30, 20, 20))
    np.testing.assert_array_equal(over[:10, :10], whole[30:, 50:])
    assert (over[10:] == IGNORE).all()
    assert (over[:, 10:] == IGNORE).all()
    assert (burnt.codes(Window(100, 100, 5, 5)) == IGNORE).all()


def test_the_boundary_lies_half_on_either_side() -> None:
    parcels = [parcel(box(10, 10, 20, 20)), parcel(box(20, 10, 30, 20))]
    codes = BurntParcels(parcels, GRID, EVERYWHERE, boundary_px=2).codes(GRID.extent)
    expected = np.zeros(GRID.shape, dtype=np.uint8)
    expected[9:21, 9:31] = BOUNDARY
    expected[11:19, 11:19] = FIELD
    expected[11:19, 21:29] = FIELD
    # Corners are rounded: their outermost pixel's centre is farther than one pixel.
    differs = codes != expected
    assert differs.sum() <= 4
    assert (codes[15, 8:13] == [BACKGROUND, BOUNDARY, BOUNDARY, FIELD, FIELD]).all()


def test_where_a_field_is_only_cut_no_boundary_is_taught() -> None:
    reviewed = EVERYWHERE.copy()
    reviewed[:, 30:] = False
    burnt = BurntParcels([parcel(box(0, 0, 30, 20))], GRID, reviewed, boundary_px=2)
    codes = burnt.codes(GRID.extent)
    assert (codes[:19, :30] == FIELD).all()
    assert (codes[19:21, 1:29] == BOUNDARY).all()
    assert (codes[:, 30:] == IGNORE).all()
    assert (codes == BOUNDARY).sum() == 2 * 28


def test_parcels_that_are_not_vouched_for_have_no_boundary() -> None:
    codes = BurntParcels([parcel(box(10, 10, 20, 20), "unsure")], GRID, None, boundary_px=4).codes(
        GRID.extent
    )
    assert set(np.unique(codes)) == {BACKGROUND, IGNORE}
    assert (codes == IGNORE).sum() == 100


def test_fields_are_cut_to_the_window() -> None:
    shape = MultiPolygon([box(2, 2, 10, 10), box(2, 20, 10, 30)])
    burnt = BurntParcels([parcel(shape), parcel(box(50, 2, 55, 8), "unsure")], GRID, EVERYWHERE)
    ((_, cut),) = burnt.fields(Window(4, 0, 20, 25))
    expected = MultiPolygon([box(0, 2, 6, 10), box(0, 20, 6, 25)])
    assert cut.geom_type == "MultiPolygon"
    assert cut.symmetric_difference(expected).area < 1e-6
    assert burnt.fields(Window(10, 0, 5, 5)) == []
    assert burnt.fields(Window(48, 0, 12, 12)) == []


def test_a_class_that_does_not_exist_is_a_bug() -> None:
    with pytest.raises(KeyError):
        BurntParcels([parcel(box(0, 0, 1, 1), land="forest")], GRID, None)
