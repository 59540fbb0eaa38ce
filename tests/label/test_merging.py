"""Edits of two people that do not touch give the same label, whoever was first."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from core.grid import PixelPoint
from core.label.choices_change import ChoicesChange
from core.label.correction_layer import Layer
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Correction,
    FillAttributes,
    FillHoles,
    Judge,
    Merge,
    ParcelDelete,
    Reclassify,
    Smooth,
    Split,
    apply_corrections,
)
from core.label.merging import PromptGround, do_not_touch, prompts_do_not_touch
from core.label.prompt_edits import BoxSet, PointSet, PromptDelete, PromptsClear
from core.parcels.parcel import Parcel
from core.predict.predict_options import AUTO
from tests.label.corrections import (
    FIELDS,
    OVERLAP,
    SIZE,
    SNAP,
    by_id,
    corrections,
    largest_overlap,
    mosaics,
)


def small(place: tuple[float, float]) -> st.SearchStrategy[Correction]:
    """Corrections near a place: of large ones hardly any two would not touch."""
    x, y = place
    near = st.builds(Point, st.floats(x, x + 12), st.floats(y, y + 12))
    areas = st.builds(
        lambda a, w, h: box(a.x, a.y, a.x + w, a.y + h), near, st.floats(0.5, 9), st.floats(0.5, 9)
    )
    return st.one_of(
        st.builds(AreaAdd, areas),
        st.builds(AreaRemove, areas),
        st.builds(lambda a, w: Split(LineString([a, (a.x + w, a.y - w)])), near, st.floats(1, 20)),
        st.builds(lambda a: Merge((a, Point(a.x + 3, a.y + 1))), near),
        st.builds(ParcelDelete, near),
        st.builds(lambda a: FillHoles(a, None), near),
        st.builds(lambda a: Judge(a, "rejected", ""), near),
        st.builds(lambda a: Reclassify(a, "other", ""), near),
        st.builds(lambda a: FillAttributes(a, (("crop", "rye"),)), near),
    )


def within(left: float, right: float) -> st.SearchStrategy[list[Correction]]:
    """One or two small corrections between two columns."""
    places = st.tuples(st.floats(left, right), st.floats(0, SIZE - 12))
    return st.lists(places.flatmap(small), min_size=1, max_size=2)


anywhere = within(0, SIZE - 12) | st.lists(corrections, min_size=1, max_size=3)
sides = st.tuples(within(-5, 15), within(75, 88)) | st.tuples(anywhere, anywhere)


def same(one: list[Parcel], other: list[Parcel]) -> None:
    left, right = by_id(one), by_id(other)
    assert left.keys() == right.keys()
    for name, parcel in left.items():
        twin = right[name]
        assert parcel.polygon.symmetric_difference(twin.polygon).area < 1e-5
        assert (parcel.state, parcel.land_class) == (twin.state, twin.land_class)
        assert parcel.attributes == twin.attributes


@settings(max_examples=200, deadline=None)
@given(mosaics(), st.just([]) | within(0, SIZE - 12), sides)
def test_what_does_not_touch_may_come_in_either_order(mosaic, before, both) -> None:
    assume(largest_overlap(mosaic) < OVERLAP)
    ours, theirs = both
    start = apply_corrections(mosaic, before, snap=SNAP)
    let_through = do_not_touch(ours, theirs, Layer(start), SNAP)
    event(f"let through: {let_through}")
    if let_through:
        one = apply_corrections(start, [*theirs, *ours], snap=SNAP)
        other = apply_corrections(start, [*ours, *theirs], snap=SNAP)
        same(one, other)


LEFT, FAR = AreaRemove(box(1, 1, 2, 2)), AreaRemove(box(35, 1, 36, 2))
PROMPT = PointSet("mine", PixelPoint(35, 5), 1)


@pytest.mark.parametrize(
    ("ours", "theirs", "free"),
    [
        ([LEFT], [FAR], True),
        ([LEFT], [LEFT], False),
        ([LEFT], [AreaRemove(box(18, 1, 19, 2))], False),  # the neighbour of the same border
        ([LEFT], [Judge(Point(35, 5), "accepted")], True),
        ([LEFT], [PROMPT], True),
        ([PROMPT], [LEFT], True),
        ([PROMPT], [FAR], False),
        ([PROMPT], [PointSet("other", PixelPoint(1, 1), 1)], False),
        ([LEFT, PROMPT], [AreaRemove(box(60, 1, 61, 2))], False),
        ([LEFT], [PromptsClear()], False),
        ([LEFT], [PromptDelete("p")], False),
        ([LEFT], [ChoicesChange(threshold=0.7)], False),
        ([LEFT], [PointSet(f"{AUTO}1", PixelPoint(35, 5), 1)], False),
        ([LEFT], [Smooth(None, 1.0)], False),
        # Drawn apart, and yet one: both reach the field between.
        ([AreaAdd(box(28, 2, 31, 4)), LEFT], [AreaAdd(box(39, 2, 44, 4))], False),
    ],
)
def test_what_touches(ours, theirs, free) -> None:
    assert do_not_touch(ours, theirs, Layer(FIELDS), 0.5) is free


NOTHING = PromptGround((), frozenset({"known"}), lambda _: None)


def finds(reach: float) -> PromptGround:
    """A model that finds a square around each click."""
    return replace(NOTHING, field_of=lambda at: Point(at.column, at.row).buffer(reach).envelope)


def at(name: str, column: float, label: int = 1, **more: str) -> PointSet:
    return PointSet(name, PixelPoint(column, 80), label, **more)


@pytest.mark.parametrize(
    ("ours", "theirs", "ground", "free"),
    [
        ([at("a", 5)], [at("b", 85)], finds(3), True),
        ([at("a", 5)], [at("b", 85, 0)], finds(3), True),
        ([at("a", 5)], [BoxSet("b", 80, 75, 85, 85)], NOTHING, True),
        ([at("a", 5)], [at("b", 85)], finds(60), False),  # what is found meets
        ([at("a", 5)], [at("b", 85)], replace(NOTHING, shapes=(box(2, 79, 88, 81),)), False),
        ([at("a", 5)], [at("b", 85)], replace(finds(3), shapes=(box(0, 82.5, 90, 90),)), True),
        ([at("a", 5), at("c", 45)], [at("b", 85)], finds(3), True),
        ([at("a", 5)], [at("a", 85)], finds(3), False),  # one point in two places
        ([at("known", 5)], [at("b", 85)], finds(3), False),  # moved from somewhere
        ([at("a", 5, field="f")], [at("b", 85)], finds(3), False),  # one field with others
        ([at("a", 5)], [at(f"{AUTO}1", 85)], finds(3), False),
        ([at("a", 5)], [PromptsClear()], finds(3), False),
        ([at("a", 5)], [FAR], finds(3), False),
    ],
)
def test_clicks_of_two_people_in_different_places(ours, theirs, ground, free) -> None:
    assert prompts_do_not_touch(ours, theirs, Layer([]), 0.25, ground) is free


def test_clicks_that_meet_one_parcel_touch() -> None:
    wide = Layer([Parcel("F1", box(2, 79, 88, 81), 0.5, "auto")])
    assert not prompts_do_not_touch([at("a", 5)], [at("b", 85)], wide, 0.25, finds(1))


def test_pieces_of_one_parcel_touch_by_their_names() -> None:
    pieces = [
        Parcel("F7.1", box(0, 0, 10, 10), 0.5, "auto"),
        Parcel("F7.2", box(50, 50, 60, 60), 0.5, "auto"),
    ]
    one, other = ParcelDelete(Point(5, 5)), Split(LineString([(55, 45), (55, 65)]))
    assert not do_not_touch([one], [other], Layer(pieces), 0.5)
    assert shapely.distance(pieces[0].polygon, pieces[1].polygon) > 10
