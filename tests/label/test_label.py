import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from pyproj import CRS

from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label.answers import Field
from core.label.choices import Choices
from core.label.corrections import AreaRemove, Judge, ParcelDelete, Reclassify, Signature, Signed
from core.label.label_maker import LabelMaker
from core.label.tile_label import Label, rasterize_label
from core.label.work import Work
from core.parcels.parcel import Parcel
from core.session.parcel_rows import ParcelRows
from tests.rasters import PLACES

CORE = Window(4, 4, 40, 32)
ANA = Signature("Ana", datetime(2026, 5, 1, 10, tzinfo=UTC))
BEN = Signature("Ben", datetime(2026, 5, 2, 11, tzinfo=UTC))


def frame(place: str = "utm") -> Frame:
    crs, transform = PLACES[place]
    grid = Grid(CRS.from_user_input(crs), transform, 48, 40)
    return Frame(grid, grid, CORE)


def parcel(name: str, *bounds: float) -> Parcel:
    return Parcel(name, shapely.box(*bounds), 0.9, "auto")


def field(name: str, *bounds: float, adds: bool = True) -> Field:
    return Field(shapely.box(*bounds), adds, name)


def label(automatic=(), fields=(), corrections=(), least: float = 0.0) -> Label:
    signed = tuple(Signed(one, ANA) for one in corrections)
    choices = Choices(min_area_m2=least)
    work = Work(choices, corrections=signed, signatures={"c1": BEN})
    return LabelMaker().make("v", automatic, fields, work, frame())


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
    (first, second) = ParcelRows().of(back, frame(place))
    assert len(first["rings"]) == 2
    assert second["score"] is None
    ratio = frame(place).native_pixel_area_m2 / 10_000
    assert first["area_ha"] == pytest.approx(196 * ratio, rel=1e-3, abs=1e-4)


def test_a_parcel_in_parts_tells_all_of_them() -> None:
    parts = shapely.MultiPolygon([shapely.box(10, 10, 12, 12), shapely.box(20, 20, 23, 22)])
    made = Label("v", (Parcel("F1", parts, 0.5, "corrected"),))
    (row,) = ParcelRows().of(made, frame())
    assert len(row["rings"]) == 1
    assert len(row["more"]) == 1


def test_who_did_it_reaches_the_parcel() -> None:
    made = label(
        [parcel("F1", 10, 10, 20, 20), parcel("F2", 30, 10, 40, 20)],
        [field("c1", 24, 10, 28, 20)],
        [Judge(shapely.Point(12, 12), "accepted")],
    )
    who = {p.id: (p.reviewer, p.reviewed_at) for p in made.parcels}
    assert who == {"F1": ("Ana", ANA.at), "F2": ("", None), "c1": ("Ben", BEN.at)}


def test_only_cropland_counts() -> None:
    made = label(
        [parcel("F1", 10, 10, 20, 20), parcel("F2", 20, 10, 30, 20), parcel("F3", 30, 10, 40, 20)],
        corrections=[
            Reclassify(shapely.Point(12, 12), "other", "a meadow"),
            Judge(shapely.Point(22, 12), "rejected", "a road"),
            Judge(shapely.Point(32, 12), "unsure"),
        ],
    )
    assert made.cropland_pixels == 100
    assert rasterize_label(made, frame()).sum() == 100
    back = Label.from_json(json.loads(json.dumps(made.to_json())))
    assert back.parcels == made.parcels
    rows = {row["id"]: row for row in ParcelRows().of(back, frame())}
    assert (rows["F1"]["land_class"], rows["F1"]["reason"]) == ("other", "a meadow")
    assert (rows["F2"]["state"], rows["F2"]["reason"]) == ("rejected", "a road")
    assert (rows["F3"]["state"], rows["F3"]["reviewer"]) == ("unsure", "Ana")
    assert rows["F3"]["reviewed_at"] == "2026-05-01T10:00:00+00:00"


def test_a_label_kept_by_an_earlier_version_is_read() -> None:
    shape = shapely.box(10, 10, 20, 20)
    kept = {"version": "v", "parcels": [["F1", shape.wkb_hex, None, "corrected"]]}
    (found,) = Label.from_json(kept).parcels
    assert (found.state, found.land_class, found.reviewed_at) == ("corrected", "cropland", None)
