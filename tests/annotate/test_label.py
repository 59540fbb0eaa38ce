import math

import numpy as np
import pytest
import shapely
from pyproj import CRS

from core.annotate.clicks import Field
from core.annotate.frame import Frame
from core.annotate.label import Label, build_label, parcels_json, rasterize_label
from core.grid import Grid, Window
from core.masks.correction import AreaRemove, Parcel, ParcelDelete
from tests.rasters import PLACES

CORE = Window(4, 4, 40, 32)


def frame(place: str = "utm") -> Frame:
    crs, transform = PLACES[place]
    grid = Grid(CRS.from_user_input(crs), transform, 48, 40)
    return Frame(grid, grid, CORE)


def parcel(name: str, *bounds: float) -> Parcel:
    return Parcel(name, shapely.box(*bounds), 0.9, "auto")


def field(name: str, *bounds: float, adds: bool = True) -> Field:
    return Field(shapely.box(*bounds), adds, name)


def label(automatic=(), fields=(), corrections=(), least: float = 0.0) -> Label:
    return build_label("v", automatic, fields, corrections, frame(), least)


def areas(made: Label) -> dict[str, float]:
    return {p.id: p.polygon.area for p in made.parcels}


def test_a_field_is_a_parcel_of_its_own_and_its_neighbour_gives_way() -> None:
    made = label([parcel("F1", 10, 10, 30, 20)], [field("c1", 20, 10, 36, 20)])
    assert areas(made) == {"F1": 100, "c1": 160}
    assert {p.id: p.state for p in made.parcels} == {"F1": "corrected", "c1": "corrected"}
    assert math.isnan(made.parcels[-1].score)


def test_a_field_that_is_taken_away_leaves_the_rest() -> None:
    made = label([parcel("F1", 10, 10, 30, 20)], [field("c1", 15, 5, 20, 30, adds=False)])
    assert sorted(areas(made).values()) == [50, 100]
    assert len({p.id for p in made.parcels}) == 2


def test_later_prompts_go_on_top() -> None:
    first, second = field("c1", 10, 10, 20, 20), field("c2", 10, 10, 20, 20, adds=False)
    assert label(fields=[first, second]).parcels == ()
    assert areas(label(fields=[second, first])) == {"c1": 100}


def test_what_is_left_of_a_neighbour_must_be_worth_it() -> None:
    # Pixels are 10 m: a strip of 1 x 3 pixels is 300 m2.
    made = label([parcel("F1", 10, 10, 20, 13)], [field("c1", 11, 10, 20, 13)], least=1000.0)
    assert set(areas(made)) == {"c1"}


def test_corrections_come_last() -> None:
    made = label(
        [parcel("F1", 10, 10, 20, 20)],
        [field("c1", 24, 10, 34, 20)],
        [AreaRemove(shapely.box(24, 10, 34, 15)), ParcelDelete(shapely.Point(12, 12))],
    )
    assert areas(made) == {"c1": 50}


def test_nothing_reaches_beyond_the_core() -> None:
    made = label([parcel("F1", 0, 0, 48, 40)])
    assert areas(made) == {"F1": CORE.width * CORE.height}


def test_the_mask_is_the_parcels() -> None:
    made = label([parcel("F1", 10, 10, 30, 20), parcel("F2", 30, 20, 40, 30)])
    mask = rasterize_label(made, frame())
    expected = np.zeros((32, 40), dtype=bool)
    expected[6:16, 6:26] = True
    expected[16:26, 26:36] = True
    assert np.array_equal(mask, expected)
    assert not rasterize_label(Label("v", ()), frame()).any()


@pytest.mark.parametrize("place", PLACES)
def test_a_label_is_kept_as_it_is(place) -> None:
    made = label([parcel("F1", 10, 10, 30, 20)], [field("c1", 12, 12, 14, 14)])
    back = Label.from_json(made.to_json())
    assert areas(back) == areas(made)
    (first, second) = parcels_json(back, frame(place))
    assert len(first["rings"]) == 2
    assert second["score"] is None
    ratio = frame(place).native_pixel_area_m2 / 10_000
    assert first["area_ha"] == pytest.approx(196 * ratio, rel=1e-3, abs=1e-4)


def test_a_parcel_in_parts_tells_all_of_them() -> None:
    parts = shapely.MultiPolygon([shapely.box(10, 10, 12, 12), shapely.box(20, 20, 23, 22)])
    made = Label("v", (Parcel("F1", parts, 0.5, "corrected"),))
    (row,) = parcels_json(made, frame())
    assert len(row["rings"]) == 1
    assert len(row["more"]) == 1
