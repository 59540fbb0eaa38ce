"""A label made from the one before is the label made from nothing; what stays is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.grid import Grid, PixelPoint, Window
from core.imagery.frame import Frame
from core.label.answers import Field
from core.label.choices import Choices
from core.label.correction_layer import Layer, ParcelChange
from core.label.corrections import (
    AreaRemove,
    Correction,
    FillHoles,
    Judge,
    Reclassify,
    Repair,
    Signature,
    Signed,
    Smooth,
    correction_change,
)
from core.label.label_maker import LabelMaker
from core.label.work import Work
from core.parcels.parcel import Parcel
from core.session.label_json import problems_json
from core.session.parcel_rows import ParcelRows
from tests.label.corrections import SIZE, corrections, largest_overlap, mosaics, signatures
from tests.rasters import PLACES

ANA = Signature("Ana", datetime(2026, 5, 1, 10, tzinfo=UTC))


CRS_NAME, TRANSFORM = PLACES["utm"]
GRID = Grid(CRS.from_user_input(CRS_NAME), TRANSFORM, int(SIZE), int(SIZE))
CORE = shapely.box(5, 5, 95, 95)


def frame() -> Frame:
    return Frame(GRID, GRID, Window(5, 5, 90, 90))


def work(edits: list[Correction]) -> Work:
    return Work(Choices(min_area_m2=0), corrections=tuple(Signed(one, ANA) for one in edits))


fields = st.builds(
    lambda x, y, size, adds, name, tidy: Field(
        shapely.box(x, y, x + size, y + size),
        adds,
        name,
        (PixelPoint(x + size / 2, y + size / 2),),
        tidy,
    ),
    st.floats(0, 90),
    st.floats(0, 90),
    st.floats(1, 30),
    st.booleans(),
    st.uuids().map(str),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(
    mosaics(),
    st.lists(fields, max_size=4),
    st.lists(corrections | signatures, max_size=8),
    st.data(),
)
def test_step_by_step_is_the_same_as_from_nothing(automatic, clicked, edits, data) -> None:
    """Prompts and corrections come and go, as by undo and redo, in any order."""
    ground = tuple(automatic)
    maker = LabelMaker()
    for _ in range(5):
        some = [one for one in clicked if data.draw(st.booleans())]
        done = [one for one in edits if data.draw(st.integers(0, 3))]
        made = maker.make("v", ground, some, work(done), frame())
        anew = LabelMaker().make("v", ground, some, work(done), frame())
        assert made.parcels == anew.parcels
        assert sorted(p.kind for p in made.problems) == sorted(p.kind for p in anew.problems)


@settings(max_examples=60, deadline=None)
@given(mosaics(), st.lists(fields, max_size=3), st.lists(corrections | signatures, max_size=6))
def test_parcels_are_valid_apart_and_inside_the_core(automatic, clicked, edits) -> None:
    made = LabelMaker().make("v", tuple(automatic), clicked, work(edits), frame())
    assert len({p.id for p in made.parcels}) == len(made.parcels)
    for parcel in made.parcels:
        assert parcel.polygon.is_valid
        assert parcel.polygon.area > 0
        assert CORE.buffer(1e-6).covers(parcel.polygon)
    assert largest_overlap(list(made.parcels)) < 1e-6
    assert made.cropland_pixels <= CORE.area + 1e-3


def test_another_automatic_prediction_keeps_the_corrections() -> None:
    said = work(
        [Reclassify(shapely.Point(30, 30), "other"), Judge(shapely.Point(70, 30), "accepted")]
    )
    left, right = shapely.box(10, 10, 50, 50), shapely.box(50, 10, 90, 50)
    before = (Parcel("F1", left, 0.9, "auto"), Parcel("F2", right, 0.9, "auto"))
    after = (
        Parcel("F7", left.buffer(-3), 0.8, "auto"),
        Parcel("F9", right.buffer(-2), 0.8, "auto"),
    )
    maker = LabelMaker()
    for automatic in (before, after):
        one, two = maker.make("v", automatic, [], said, frame()).parcels
        assert (one.id, one.land_class) == (automatic[0].id, "other")
        assert (two.id, two.state) == (automatic[1].id, "accepted")


def test_what_is_untouched_is_the_same_object_and_told_once() -> None:
    automatic = tuple(
        Parcel(f"F{x}", shapely.box(10 + 8 * x, -20, 18 + 8 * x, 40), 0.5, "auto") for x in range(8)
    )
    maker, rows = LabelMaker(), ParcelRows()
    first = maker.make("a", automatic, [], work([]), frame())
    told = rows.of(first, frame())
    edits: list[Correction] = [Reclassify(shapely.Point(13, 20), "other")]
    second = maker.make("b", automatic, [], work(edits), frame())
    again = rows.of(second, frame())
    assert [one is other for one, other in zip(told, again, strict=True)] == [False] + [True] * 7
    undone = maker.make("c", automatic, [], work([]), frame())
    pairs = zip(undone.parcels[1:], first.parcels[1:], strict=True)
    assert all(one is other for one, other in pairs)
    assert undone.parcels[0] == first.parcels[0]


def test_a_new_field_does_not_do_again_what_was_drawn_elsewhere(monkeypatch) -> None:
    """Prompts come before all corrections: those that lie elsewhere come to what they came to."""
    computed: list[Correction] = []

    def counted(layer: Layer, signed: Signed, snap: float, least: float) -> ParcelChange | None:
        computed.append(signed.correction)
        return correction_change(layer, signed, snap, least)

    monkeypatch.setattr("core.label.label_maker.correction_change", counted)
    automatic = tuple(
        Parcel(f"F{x}", shapely.box(10 + 16 * x, 10, 22 + 16 * x, 80), 0.5, "auto")
        for x in range(5)
    )
    edits: list[Correction] = [
        AreaRemove(shapely.box(8 + 16 * x, 30 + x, 24 + 16 * x, 35 + x), tidy=True)
        for x in range(5)
    ]
    clicked = [
        Field(shapely.box(16 * x + 8, 50, 16 * x + 20, 60), True, f"p{x}", (PixelPoint(20, 55),))
        for x in (0, 3)
    ]
    maker = LabelMaker()
    maker.make("a", automatic, clicked[:1], work(edits), frame())
    computed.clear()
    made = maker.make("b", automatic, clicked, work(edits), frame())
    assert computed == edits[3:4]
    assert made.parcels == LabelMaker().make("b", automatic, clicked, work(edits), frame()).parcels


def test_many_steps_back_and_forth() -> None:
    automatic = (Parcel("F1", shapely.box(10, 10, 90, 90), 0.5, "auto"),)
    spots = np.random.default_rng(0).uniform(15, 85, (60, 2))
    edits: list[Correction] = [
        Reclassify(shapely.Point(x, y), "other" if n % 2 else "cropland")
        for n, (x, y) in enumerate(spots)
    ]
    maker = LabelMaker()
    for count in (60, 59, 30, 60, 1, 0):
        (parcel,) = maker.make("v", automatic, [], work(edits[:count]), frame()).parcels
        expected = "other" if count and (count - 1) % 2 else "cropland"
        assert parcel.land_class == expected


def test_problems_are_told_with_place_and_size() -> None:
    automatic = (
        Parcel("F1", shapely.box(10, 10, 40, 40), 0.5, "auto"),
        Parcel("F2", shapely.box(40.5, 10, 80, 40), 0.5, "auto"),
    )
    maker = LabelMaker()
    made = maker.make("v", automatic, [], work([]), frame())
    told = problems_json(made, frame())
    (gap,) = told["first"]
    assert (told["count"], gap["kind"], gap["parcels"]) == (1, "gap", ["F1", "F2"])
    assert gap["area_m2"] == round(15 * frame().native_pixel_area_m2, 2)
    assert 40 <= gap["point"][0] <= 40.5
    repaired = maker.make("v", automatic, [], work([Repair(None, 1.0)]), frame())
    width = round(frame().native_pixel_area_m2 ** 0.5, 4)
    assert problems_json(repaired, frame()) == {"width_m": width, "count": 0, "first": []}


def test_smoothing_leaves_the_seam_to_the_next_tile() -> None:
    jagged = shapely.Polygon([(5, 5), (50, 5), (51, 30), (49, 60), (51, 95), (5, 95)])
    automatic = (Parcel("F1", jagged, 0.5, "auto"),)
    edits: list[Correction] = [Smooth(None, 3.0), FillHoles(None, None)]
    (parcel,) = LabelMaker().make("v", automatic, [], work(edits), frame()).parcels
    seam = CORE.boundary
    assert parcel.polygon.boundary.intersection(seam).length == (
        jagged.boundary.intersection(seam).length
    )
