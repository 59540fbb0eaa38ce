"""What takes long to compute is refused before it is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.errors import InputError
from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label import drawing_budget
from core.label.browser_edits import to_new_edits
from core.label.drawing_budget import DrawingBudget
from core.label.edit_units import EditUnits
from core.label.edits import edit_from_json
from tests.rasters import PLACES

CRS_NAME, TRANSFORM = PLACES["utm"]
GRID = Grid(CRS.from_user_input(CRS_NAME), TRANSFORM, 1000, 1000)
FRAME = Frame(GRID, GRID, Window(0, 0, 1000, 1000))


def random_ring(points: int, seed: int = 1) -> list[list[float]]:
    return np.random.default_rng(seed).uniform(0, 1000, (points, 2)).tolist()


def comb(teeth: int) -> list[list[float]]:
    return [[20 + 960 * i / teeth, 30 if i % 2 else 990] for i in range(teeth)]


def circle(points: int) -> list[list[float]]:
    angle = np.linspace(0, 2 * np.pi, points + 1)[:-1]
    return (500 + 400 * np.column_stack([np.cos(angle), np.sin(angle)])).tolist()


@pytest.mark.parametrize("points", [200, 400, 1000, 10_000])
@pytest.mark.parametrize("kind", ["area_add", "area_remove", "reshape", "brush", "split"])
def test_a_drawing_that_crosses_itself_too_often_is_never_computed(
    kind: str, points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.label.drawing_checks.drawn_area", lambda _: pytest.fail("computed"))
    monkeypatch.setattr("core.label.brush.brush", lambda *_: pytest.fail("computed"))
    drawn = random_ring(points)
    raw: dict[str, Any] = {
        "area_add": {"ring": drawn},
        "area_remove": {"ring": drawn},
        "reshape": {"point": [500, 500], "rings": [drawn]},
        "brush": {"line": drawn, "radius": 3},
        "split": {"line": drawn},
    }[kind]
    with pytest.raises(InputError, match=r"crosses itself more than \d+ times"):
        to_new_edits([{"kind": kind, **raw}], FRAME)


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "area_add", "ring": random_ring(30)},
        {"kind": "area_add", "ring": circle(9_999)},
        {"kind": "area_remove", "ring": [*comb(60), [990, 995], [10, 995]]},
        {"kind": "brush", "line": comb(60), "radius": 20},
        {"kind": "brush", "line": random_ring(30), "radius": 4},
        {"kind": "brush", "line": circle(9_999), "radius": 20},
        {"kind": "split", "line": comb(60)},
        {"kind": "split", "line": random_ring(30)},
    ],
    ids=str,
)
def test_what_a_hand_draws_is_taken(raw: dict[str, Any]) -> None:
    assert len(to_new_edits([raw], FRAME)) == 1


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"kind": "split", "line": comb(500)}, "back and forth"),
        ({"kind": "area_add", "ring": [*comb(500), [990, 995], [10, 995]]}, "back and forth"),
        ({"kind": "brush", "line": comb(3_000), "radius": 100}, "paints the same place"),
        ({"kind": "brush", "line": comb(300), "radius": 0.2}, "back and forth"),
        (
            {
                "kind": "split",
                "line": [[(i // 2) * 0.05 + (i % 2) * 600, (i % 2) * 900] for i in range(8_000)],
            },
            "too complicated",
        ),
        (
            {
                "kind": "reshape",
                "point": [5, 5],
                "rings": [
                    [[0, 0], [9, 9], [9, 0], [0, 9]],
                    *([[x, 50], [x + 2, 50], [x, 52]] for x in range(0, 900, 3)),
                ],
            },
            "outlines that cross",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_hand_draws_is_refused(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        to_new_edits([raw], FRAME)


def test_drawings_that_are_sent_together_share_what_they_may_cost() -> None:
    raw = {"kind": "area_add", "ring": random_ring(30)}
    assert to_new_edits([raw], FRAME)
    with pytest.raises(InputError, match="crosses itself"):
        to_new_edits([raw] * 10, FRAME)


def test_a_drawing_in_the_log_is_read_however_often_it_crosses_itself() -> None:
    data = {"ring": random_ring(60)}
    units = EditUnits.stored(FRAME).in_pixels()
    with pytest.raises(InputError, match="crosses itself"):
        edit_from_json("area_add", data, units, DrawingBudget())
    assert edit_from_json("area_add", data, units).drawn.area > 0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=30, unique=True
    ),
    st.booleans(),
)
def test_crossings_are_counted_as_geos_sees_them(corners: list[Any], closed: bool) -> None:
    line = np.array([*corners, corners[0]] if closed else corners, dtype=np.float64)
    segments = [shapely.LineString(line[i : i + 2]) for i in range(len(line) - 1)]
    last = len(segments) - 1
    expected = sum(
        segments[i].intersects(segments[j])
        for i in range(len(segments))
        for j in range(i + 2, len(segments))
        if not (closed and (i, j) == (0, last))
    )
    budget = DrawingBudget()
    budget.take_lines([line])
    assert drawing_budget.MOST_CROSSINGS - budget.crossings == expected
