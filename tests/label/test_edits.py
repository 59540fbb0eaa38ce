"""Edits of every kind as plain values and back, between native pixels and the world."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import LineString, Point, box

from core.edit_record import EditRecord
from core.errors import InputError
from core.grid import Grid, PixelPoint, Window
from core.imagery.frame import Frame
from core.label.choices_change import ChoicesChange
from core.label.correction_import import LabelsImport
from core.label.correction_types import CORRECTIONS, Straighten
from core.label.corrections import AreaAdd, AreaRemove, Correction, brush
from core.label.edit_units import NATIVE, EditUnits
from core.label.edits import EDITS, Edit, edit_from_json, edit_to_json, read_edit
from core.label.notes import Note, NoteDone
from core.label.prompt_edits import BoxSet, PointSet, PromptDelete, PromptsClear
from core.label.withdrawal import Withdrawal
from core.parcels.parcel import Parcel
from core.predict.strategies import STRATEGIES
from tests.label.corrections import SIZE, corrections, signatures
from tests.rasters import PLACES

AT = "2026-05-01T10:00:00+00:00"


def frame(place: str) -> Frame:
    crs, transform = PLACES[place]
    grid = Grid(CRS.from_user_input(crs), transform, int(SIZE), int(SIZE))
    return Frame(grid, grid, Window(0, 0, int(SIZE), int(SIZE)))


ids = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=64)
pixels = st.floats(0, SIZE)
others = st.one_of(
    st.builds(PointSet, ids, st.builds(PixelPoint, pixels, pixels), st.sampled_from([0, 1])),
    st.builds(PointSet, ids, st.builds(PixelPoint, pixels, pixels), st.just(1), ids, st.booleans()),
    st.builds(PromptDelete, ids),
    st.just(PromptsClear()),
    st.builds(Note, ids, st.builds(Point, pixels, pixels), st.just("a hedge")),
    st.builds(NoteDone, ids, st.booleans()),
    st.builds(
        Withdrawal,
        st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(BoxSet, ids, pixels, pixels, pixels, pixels, st.booleans()),
    st.builds(
        ChoicesChange,
        st.none() | st.sampled_from(sorted(STRATEGIES)),
        st.none() | st.floats(0.01, 0.99),
        st.none() | st.integers(1, 400),
        st.none() | st.floats(0, 1e9),
    ),
    st.builds(
        lambda left, top, side, area: LabelsImport(
            "fields.gpkg",
            (Parcel("L1", box(left, top, left + side, top + side), 0.5, "auto"),),
            box(0, 0, side, side) if area else None,
        ),
        pixels,
        pixels,
        st.floats(1, SIZE),
        st.booleans(),
    ),
)


def assert_close(one: Any, other: Any) -> None:
    """The same but for a millionth of a pixel."""
    if isinstance(one, shapely.Geometry):
        assert shapely.equals_exact(one, other, tolerance=1e-6)
    elif is_dataclass(one):
        assert type(one) is type(other)
        for field in (field for field in fields(one) if field.init):
            assert_close(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, tuple):
        for mine, theirs in zip(one, other, strict=True):
            assert_close(mine, theirs)
    elif isinstance(one, float):
        assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
    else:
        assert one == other


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=60, deadline=None)
@given(edit=corrections | signatures | others)
def test_an_edit_of_any_kind_comes_back_from_the_world(place: str, edit: Edit) -> None:
    units = EditUnits.stored(frame(place))
    stored = edit_to_json(edit, units)
    data = json.loads(json.dumps(stored.data, allow_nan=False))
    if isinstance(edit, Straighten):
        # How the pixels lie on the ground is not stored; the scene says it.
        edit = replace(edit, ground=units.ground)
    assert_close(edit, edit_from_json(stored.kind, data, units))


@given(corrections | signatures)
@settings(max_examples=100, deadline=None)
def test_corrections_survive_json(correction: Correction) -> None:
    new = edit_to_json(correction, NATIVE)
    assert edit_from_json(new.kind, json.loads(json.dumps(new.data)), NATIVE) == correction


def test_every_kind_is_known_once() -> None:
    assert len(EDITS) == len({edit.kind for edit in EDITS.values()}) == len(CORRECTIONS) + 9


def test_lengths_and_areas_are_measured_on_the_ground() -> None:
    units = EditUnits.stored(frame("rotated"))
    data = {"point": [500_000.0, 5_000_000.0], "tolerance_m": 20.0}
    smooth = edit_from_json("smooth", data, units)
    assert smooth.tolerance == pytest.approx(20.0 / units.pixel_area_m2**0.5)
    assert edit_to_json(smooth, units).data["tolerance_m"] == pytest.approx(20.0)
    filled = edit_from_json("fill_holes", {"max_area_m2": 500.0}, units)
    assert filled.max_area == pytest.approx(500.0 / units.pixel_area_m2)


@pytest.mark.parametrize("correction", [AreaAdd, AreaRemove])
def test_an_area_keeps_its_holes(correction: type[AreaAdd | AreaRemove]) -> None:
    loop = brush(LineString([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)]), 1.0)
    assert len(loop.interiors) == 1
    new = edit_to_json(correction(loop), NATIVE)
    assert edit_from_json(new.kind, new.data, NATIVE) == correction(loop)


def test_a_pair_of_numbers_is_no_position_by_itself() -> None:
    """Only what a kind calls a position is moved; what it does not know is left out."""
    data = {"point": [500_000.0, 5_000_000.0], "land_class": "other", "reason": "", "size": [7, 7]}
    units = EditUnits.stored(frame("utm"))
    back = edit_to_json(edit_from_json("reclassify", data, units), units).data
    assert back == {"point": data["point"], "land_class": "other", "reason": ""}


def test_a_row_is_parsed_once() -> None:
    data = {"point": [500_010.0, 4_999_990.0]}
    row = EditRecord(1, "parcel_delete", data, "Ana", None)
    units = EditUnits.stored(frame("utm"))
    first = read_edit(row, units)
    assert read_edit(row, EditUnits.stored(frame("utm"))) is first
    assert read_edit(row, EditUnits.stored(frame("rotated"))) != first
    assert row == EditRecord(1, "parcel_delete", data, "Ana", None)


@pytest.mark.parametrize("kind", ["brush", "dance", "", "\ud800", 7, None, "x" * 1000])
def test_a_kind_that_nobody_knows_is_refused(kind: Any) -> None:
    with pytest.raises(InputError) as refused:
        edit_from_json(kind, {}, NATIVE)
    refused.value.message.encode()
    assert len(refused.value.message) < 80
