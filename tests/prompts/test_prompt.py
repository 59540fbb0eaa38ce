"""Prompt sets as values, and their way into world coordinates and back."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from core.grid import Grid, PixelPoint, Window
from core.prompts.prompt import BoxPrompt, Prompt, PromptSet, prompts_from_json, prompts_to_json

FIRST = Prompt(PixelPoint(1.5, 2.5), 1)
SECOND = Prompt(PixelPoint(30.5, 4.5), 0)
THIRD = Prompt(PixelPoint(7.25, 8.75), 1, "person", 0.5)
PROMPTS = PromptSet((FIRST, SECOND, THIRD))
ROTATED = Grid(
    CRS.from_epsg(32633),
    Affine.translation(412_000, 5_310_000) @ Affine.rotation(27) @ Affine.scale(0.5, -0.5),
    64,
    48,
)
DEGREES = Grid(CRS.from_epsg(4326), Affine(2.5e-6, 0, 16.4, 0, -2.5e-6, 48.2), 64, 48)


def test_prompts_are_told_apart_by_label() -> None:
    assert PROMPTS.positives == (FIRST, THIRD)
    assert PROMPTS.negatives == (SECOND,)


def test_a_prompt_set_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        PROMPTS.points = ()  # type: ignore[misc]


def test_adding_puts_the_point_last_and_leaves_the_old_set() -> None:
    added = PromptSet((FIRST,)).added(THIRD)
    assert added.points == (FIRST, THIRD)
    assert PROMPTS.points == (FIRST, SECOND, THIRD)


def test_moving_keeps_order_label_and_weight_and_makes_the_point_the_persons() -> None:
    moved = PROMPTS.moved(1, PixelPoint(9.0, 9.0))
    assert moved.points == (FIRST, Prompt(PixelPoint(9.0, 9.0), 0, "person"), THIRD)


@pytest.mark.parametrize(("index", "label"), [(0, 0), (1, 1)])
def test_flipping_turns_the_label_and_makes_the_point_the_persons(index: int, label: int) -> None:
    flipped = PROMPTS.flipped(index).points[index]
    assert (flipped.label, flipped.source) == (label, "person")
    assert flipped.point == PROMPTS.points[index].point


def test_flipping_twice_gives_the_label_back() -> None:
    assert PROMPTS.flipped(2).flipped(2).points == PROMPTS.points


def test_deleting_takes_one_point_only() -> None:
    assert PROMPTS.deleted(1).points == (FIRST, THIRD)


def test_placing_anew_keeps_what_the_person_drew() -> None:
    own, automatic = BoxPrompt(0, 0, 4, 4, "person"), BoxPrompt(1, 1, 5, 5)
    before = PromptSet((FIRST, SECOND, THIRD), (own, automatic))
    placed = PromptSet((Prompt(PixelPoint(50, 40), 0),), (BoxPrompt(2, 2, 6, 6),))
    after = before.replaced_auto(placed)
    assert after.points == (*placed.points, THIRD)
    assert after.boxes == (*placed.boxes, own)


@st.composite
def prompt_sets(draw: st.DrawFn) -> PromptSet:
    place = st.floats(-100, 1124, allow_nan=False)
    points = draw(
        st.lists(
            st.builds(
                Prompt,
                st.builds(PixelPoint, place, place),
                st.sampled_from([0, 1]),
                st.sampled_from(["auto", "person"]),
                st.floats(0, 1),
            ),
            max_size=6,
        )
    )
    return PromptSet(tuple(points))


@pytest.mark.parametrize("grid", [ROTATED, DEGREES], ids=["rotated", "degrees"])
@given(prompts=prompt_sets())
def test_json_gives_every_point_back(grid: Grid, prompts: PromptSet) -> None:
    rows = json.loads(json.dumps(prompts_to_json(prompts, grid)))
    back = prompts_from_json(rows, grid)
    assert len(back.points) == len(prompts.points)
    for old, new in zip(prompts.points, back.points, strict=True):
        # A thousandth of a pixel: doubles hold degrees to about 1e-14 and metres to 1e-9.
        assert new.point.column == pytest.approx(old.point.column, abs=1e-3)
        assert new.point.row == pytest.approx(old.point.row, abs=1e-3)
        assert (new.label, new.source, new.weight) == (old.label, old.source, old.weight)


def test_json_holds_world_coordinates_that_outlive_the_tile() -> None:
    rows = prompts_to_json(PromptSet((FIRST,)), DEGREES)
    assert rows[0]["x"] == pytest.approx(16.4 + 1.5 * 2.5e-6, abs=1e-12)
    assert rows[0]["y"] == pytest.approx(48.2 - 2.5 * 2.5e-6, abs=1e-12)
    elsewhere = prompts_from_json(rows, DEGREES.window_grid(Window(-10, 1, 64, 48)))
    assert elsewhere.points[0].point.column == pytest.approx(11.5, abs=1e-3)
    assert elsewhere.points[0].point.row == pytest.approx(1.5, abs=1e-3)
