"""A click leaves alone what it was not meant for, and no rims; what it shows is what it does."""

from __future__ import annotations

import pytest
import shapely
from shapely import box

from core.grid import PixelPoint
from core.label.answers import Field
from core.label.correction_layer import Layer
from core.label.field_cut import FieldCuts, field_cut, put_field
from core.parcels.parcel import Parcel

RIM, LEAST = 3.0, 4.0
WEST = Parcel("W", box(0, 0, 40, 40), 0.9, "auto")
EAST = Parcel("E", box(40, 0, 80, 40), 0.9, "auto")


def asked(area: shapely.Geometry, at: tuple[float, float], adds: bool = True) -> Field:
    return Field(area, adds, "click", (PixelPoint(*at),), tidy=True)


def put(field: Field, *parcels: Parcel) -> dict[str, Parcel]:
    layer = Layer(list(parcels))
    after = layer.after(put_field(layer, field, field_cut(layer, field, LEAST, RIM))).parcels
    shown = field_cut(layer, field, LEAST, RIM).land
    made = shapely.union_all([one.polygon for one in after])
    before = shapely.union_all([one.polygon for one in parcels])
    # The preview is what is stored.
    changed = shown.difference(made) if field.adds else shown.intersection(made)
    assert changed.area < 1e-6
    gone = before.difference(made)
    assert gone.area < 1e-6 if field.adds else gone.symmetric_difference(shown).area < 1e-6
    return {one.id: one for one in after}


class TestPutIn:
    def test_a_neighbour_that_is_met_by_a_rim_keeps_its_exact_shape(self) -> None:
        after = put(asked(box(50, 0, 82, 30).union(box(38, 5, 60, 25)), (60, 15)), WEST, EAST)
        assert after["W"] is WEST
        assert after["click"].polygon.intersection(WEST.polygon).area < 1e-9
        assert after["E"].state == "corrected"

    def test_a_neighbour_of_which_more_is_taken_is_cut(self) -> None:
        after = put(asked(box(30, 5, 60, 25), (50, 15)), WEST, EAST)
        assert after["W"].state == "corrected"
        assert after["W"].polygon.area == pytest.approx(1600 - 200)
        assert after["click"].polygon.area == pytest.approx(600)

    def test_the_rim_of_the_parcel_under_the_click_goes_with_the_field(self) -> None:
        after = put(asked(box(2, 2, 39, 38), (20, 20)), WEST, EAST)
        assert set(after) == {"click", "E"}
        assert after["click"].polygon.equals(WEST.polygon)
        assert after["E"] is EAST

    def test_a_strip_that_is_far_from_the_field_stays(self) -> None:
        tongue = Parcel("T", box(0, 0, 20, 20).union(box(20, 9, 60, 11)), 0.9, "auto")
        after = put(asked(box(0, 0, 8, 20), (4, 10)), tongue)
        assert after["T"].polygon.covers(box(21, 9, 60, 11))

    def test_a_parcel_thinner_than_a_rim_is_covered_all_the_same(self) -> None:
        ditch = Parcel("D", box(10, 5, 12, 15), 0.9, "auto")
        assert set(put(asked(box(0, 0, 40, 40), (30, 30)), ditch)) == {"click"}

    def test_a_field_of_earlier_versions_cuts_everything(self) -> None:
        layer = Layer([WEST, EAST])
        old = Field(box(38, 5, 60, 25), True, "click")
        change = put_field(layer, old, field_cut(layer, old, LEAST, RIM))
        after = {one.id: one for one in layer.after(change).parcels}
        assert after["W"].polygon.area == pytest.approx(1600 - 40)
        assert after["W"].state == "corrected"


class TestTakenOut:
    def test_only_the_parcel_under_the_click_loses_land(self) -> None:
        """The answer to a click on a tongue of 10 m was the field beside it."""
        tongue = Parcel("T", WEST.polygon.union(box(40, 10, 44, 20)), 0.9, "auto")
        beside = Parcel("E", EAST.polygon.difference(box(40, 10, 44, 20)), 0.9, "auto")
        after = put(asked(box(39.5, 9, 80, 40), (42, 15), adds=False), tongue, beside)
        assert after["E"] is beside
        lost = tongue.polygon.difference(after["T"].polygon)
        assert lost.symmetric_difference(box(39.5, 10, 44, 20)).area < 0.1

    def test_no_rim_is_left(self) -> None:
        after = put(asked(box(1, 1, 38, 39), (20, 20), adds=False), WEST, EAST)
        assert set(after) == {"E"}
        half = put(asked(box(2, 1, 20, 39), (10, 20), adds=False), WEST, EAST)
        assert half["W"].polygon.symmetric_difference(box(20, 0, 40, 40)).area < 0.1

    def test_only_what_hangs_together_with_the_click_goes(self) -> None:
        two = box(0, 0, 10, 40).union(box(25, 0, 40, 40))
        after = put(asked(two, (5, 5), adds=False), WEST)
        assert after["W"].polygon.equals(box(10, 0, 40, 40))

    def test_other_parts_of_the_parcel_stay_however_small(self) -> None:
        parts = Parcel(
            "P", shapely.MultiPolygon([box(0, 0, 10, 10), box(20, 0, 21, 1)]), 0.9, "auto"
        )
        after = put(asked(box(0, 0, 5, 10), (2, 5), adds=False), parts)
        assert after["P"].polygon.equals(
            shapely.MultiPolygon([box(5, 0, 10, 10), box(20, 0, 21, 1)])
        )

    def test_where_no_parcel_is_nothing_happens(self) -> None:
        layer = Layer([WEST])
        cut = field_cut(layer, asked(box(30, 0, 60, 40), (50, 20), adds=False), LEAST, RIM)
        assert cut.land.is_empty
        assert cut.rests == {}


def test_a_cut_is_computed_once_for_its_layer_and_field() -> None:
    cuts, layer = FieldCuts(), Layer([WEST, EAST])
    field = asked(box(50, 0, 82, 30), (60, 15))
    first = cuts.of(layer, field, LEAST, RIM)
    assert cuts.of(layer, field, LEAST, RIM) is first
    # The same shapes in another place are another question.
    assert cuts.of(Layer([WEST]), field, LEAST, RIM).rests != first.rests
    assert cuts.of(layer, asked(field.area, (60, 15), adds=False), LEAST, RIM) is not first
    for _ in range(20):
        cuts.of(layer, asked(box(50, 0, 82, 30), (60, 15)), LEAST, RIM)
    assert cuts.of(layer, field, LEAST, RIM) is not first
