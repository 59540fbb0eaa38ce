"""What is drawn leaves no crumbs and no slits; older drawings leave what they left."""

from __future__ import annotations

import pytest
from shapely import LineString, MultiPolygon, Point, Polygon, box

from core.label.browser_edits import to_new_edits
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Reshape,
    apply_corrections,
    brush,
)
from core.parcels.parcel import Parcel
from core.parcels.topology import find_problems
from tests.label.corrections import by_id
from tests.label.test_work import frame

SNAP, LEAST = 0.5, 20.0
WEST = Parcel("W", box(0, 0, 40, 40), 0.9, "auto")
EAST = Parcel("E", box(60, 0, 100, 40), 0.9, "auto")


def after(correction, *parcels: Parcel) -> dict[str, Parcel]:
    made = apply_corrections(list(parcels) or [WEST, EAST], [correction], snap=SNAP, least=LEAST)
    return by_id(made)


def problems(made: dict[str, Parcel]) -> list[str]:
    return [problem.kind for problem in find_problems(list(made.values()), 2 * SNAP)]


def test_a_reshaped_parcel_reaches_its_neighbours() -> None:
    ragged = Polygon([(0, 0), (59.4, 0), (59.8, 13), (59.3, 27), (59.9, 40), (0, 40)])
    assert problems(after(Reshape(Point(5, 5), ragged)))
    made = after(Reshape(Point(5, 5), ragged, tidy=True))
    assert problems(made) == []
    assert made["E"] is EAST
    assert made["W"].polygon.area == pytest.approx(60 * 40, abs=0.5)


def test_a_crumb_beyond_a_neighbour_is_not_left() -> None:
    across = Polygon([(0, 0), (103, 0), (103, 4), (60, 10), (60, 40), (0, 40)])
    assert set(after(Reshape(Point(5, 5), across))) == {"W.1", "W.2", "E"}
    made = after(Reshape(Point(5, 5), across, tidy=True))
    assert set(made) == {"W", "E"}
    assert made["E"] is EAST


def test_a_stroke_that_cuts_leaves_no_crumbs() -> None:
    corner = AreaRemove(brush(LineString([(-2, 6), (6, -2)]), 1.0))
    assert len(after(corner)) == 3
    made = after(AreaRemove(corner.area, tidy=True))
    assert set(made) == {"W", "E"}
    assert made["W"].polygon.distance(Point(0, 0)) > 1
    assert made["W"].state == "corrected"


def test_of_a_small_parcel_the_largest_piece_stays() -> None:
    small = Parcel("S", box(0, 0, 4, 4), 0.9, "auto")
    made = after(AreaRemove(box(3, 0, 4, 4), tidy=True), small)
    assert made["S"].polygon.area == pytest.approx(12)


def test_other_parts_of_a_parcel_stay_however_small() -> None:
    parts = Parcel("P", MultiPolygon([box(0, 0, 10, 10), box(20, 0, 21, 1)]), 0.9, "auto")
    made = after(AreaRemove(box(0, 0, 5, 10), tidy=True), parts)
    assert made["P"].polygon.area == pytest.approx(51)


def test_a_stroke_that_adds_closes_what_it_nearly_closes() -> None:
    stroke = brush(LineString([(50, 12), (50, 28)]), 9.7)
    made = after(AreaAdd(stroke, tidy=True))
    assert "gap" in problems(after(AreaAdd(stroke)))
    assert problems(made) == []
    assert made["E"] is EAST
    # Beside what was drawn alone: the slit further up is none of its business.
    assert made["W"].polygon.bounds[3] == 40


def test_what_is_drawn_by_itself_stays_however_small() -> None:
    assert len(after(AreaAdd(box(45, 0, 48, 3), tidy=True))) == 3


def test_all_that_the_browser_draws_is_finished() -> None:
    ring = [[1, 1], [9, 1], [9, 9], [1, 9]]
    drawn = [
        {"kind": "area_add", "ring": ring},
        {"kind": "area_remove", "ring": ring, "tidy": False},
        {"kind": "reshape", "point": [3, 3], "rings": [ring]},
        {"kind": "brush", "line": ring, "radius": 2, "add": False},
        {"kind": "prompt_set", "id": "a", "column": 3, "row": 3, "label": 0},
        {"kind": "box_set", "id": "b", "left": 1, "top": 1, "right": 9, "bottom": 9},
    ]
    assert all(edit.data["tidy"] is True for edit in to_new_edits(drawn, frame()))
