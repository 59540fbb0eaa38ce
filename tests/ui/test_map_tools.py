"""The tools of the annotation map: what is drawn is what is sent."""

from __future__ import annotations

import math

import pytest
from playwright.sync_api import expect
from shapely import Point, Polygon, box, union_all

from tests.ui.map_page import MapPage, assert_line
from tests.ui.map_server import MapServer

Ring = list[tuple[float, float]]


def test_brushes_paint_where_the_pointer_was(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("3", "]", "]", "[")
    on_map.drag((100, 100), (160, 100), (160, 180))
    on_map.idle()
    on_map.press("4")
    on_map.drag((200, 200), (260, 220))
    on_map.idle()
    painted, erased = on_map.edits()
    assert (painted["kind"], painted["add"], painted["radius"]) == ("brush", True, 15)
    assert (erased["kind"], erased["add"], erased["radius"]) == ("brush", False, 15)
    for point, (column, row) in zip(
        (painted["line"][0], painted["line"][-1], erased["line"][0], erased["line"][-1]),
        ((100, 100), (160, 180), (200, 200), (260, 220)),
        strict=True,
    ):
        assert abs(point[0] - column) <= 0.5
        assert abs(point[1] - row) <= 0.5
    assert any(abs(c - 160) < 4 and abs(r - 100) < 4 for c, r in painted["line"])


def test_areas_lines_boxes_and_parcels(on_map: MapPage) -> None:
    on_map.open()
    corners = [(300, 100), (420, 120), (400, 240)]
    for key in ("1", "2"):
        on_map.press(key)
        for corner in corners:
            on_map.click(*corner)
        on_map.press("Enter")
    on_map.press("5")
    on_map.click(50, 100)
    on_map.click(250, 130)
    on_map.press("Enter", "6")
    on_map.click(100, 100)
    on_map.click(250, 100)
    on_map.press("Enter", "7")
    on_map.click(400, 400)
    on_map.press("Escape", "b")
    on_map.drag((60, 330), (180, 450))
    on_map.idle()
    kinds = {edit["kind"]: edit for edit in on_map.edits()}
    for name in ("area_add", "area_remove"):
        assert_line(kinds[name]["ring"], corners)
    assert_line(as_drawn(kinds["split"]["line"]), [(50, 100), (250, 130)])
    assert_line(kinds["merge"]["points"], [(100, 100), (250, 100)])
    assert_line([kinds["parcel_delete"]["point"]], [(400, 400)])
    box = kinds["box_set"]
    assert_line([[box["left"], box["top"]], [box["right"], box["bottom"]]], [(60, 330), (180, 450)])
    assert on_map.parcel(400, 400) is None
    on_map.page.mouse.move(*on_map.at(60, 400))
    on_map.press("Delete")
    on_map.idle()
    assert on_map.state()["boxes"] == []


def as_drawn(line: list[list[float]]) -> list[list[float]]:
    """A splitting line without what was added to reach over the borders at its ends."""
    return [
        point for point in line if any(math.dist(point, p) < 2 for p in ((50, 100), (250, 130)))
    ]


def test_a_double_click_ends_a_line_and_a_merge(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("5")
    on_map.click(50, 100)
    on_map.page.mouse.dblclick(*on_map.at(250, 130))
    on_map.idle()
    on_map.press("6")
    on_map.click(100, 100)
    on_map.page.mouse.dblclick(*on_map.at(250, 100))
    on_map.idle()
    split, merge = on_map.edits()
    assert_line(as_drawn(split["line"]), [(50, 100), (250, 130)])
    assert_line(merge["points"], [(100, 100), (250, 100)])


def test_a_corner_is_dragged_and_saved_with_enter_or_left_with_escape(on_map: MapPage) -> None:
    on_map.open()
    inside = (225, 70)
    outline, hole = (opened(ring) for ring in on_map.parcel(*inside)["rings"])
    place, corner = most_alone(outline)
    moved = (corner[0] + 10, corner[1] + 12)
    for key in ("Escape", "Enter"):
        on_map.press("8")
        on_map.click(*inside)
        on_map.drag(tuple(corner), moved)
        on_map.press(key)
        on_map.idle()
    (edit,) = on_map.edits()
    assert edit["kind"] == "reshape"
    assert_line([edit["point"]], [inside])
    assert_line(edit["rings"][0], [*outline[:place], moved, *outline[place + 1 :]])
    assert_line(edit["rings"][1], hole)


def opened(ring: Ring) -> Ring:
    """A ring without its first corner at the end again."""
    return ring[:-1] if ring[0] == ring[-1] else ring


def most_alone(ring: Ring) -> tuple[int, tuple[float, float]]:
    """The corner that is farthest from others, and its place in the ring."""

    def room(place: int) -> float:
        return min(math.dist(ring[place], other) for other in ring if other is not ring[place])

    place = max(range(len(ring)), key=room)
    return place, ring[place]


def test_a_corner_of_three_parcels_is_dragged_for_all_or_for_one(
    on_map: MapPage, server: MapServer
) -> None:
    west, east, north = box(60, 200, 200, 340), box(200, 200, 340, 340), box(60, 60, 340, 200)
    server.take_over([west, east, north])
    on_map.open()
    on_map.press("8")
    on_map.click(130, 270)
    on_map.drag((200, 200), (180, 230))
    expect(on_map.page.locator("path[stroke-dasharray='5 4']")).to_have_count(2)
    on_map.press("Enter")
    on_map.idle()
    (edit,) = on_map.edits()
    assert edit["kind"] == "border_move"
    before, *moved = [west, east, north], *shapes_at(on_map, (70, 330), (330, 330), (200, 80))
    assert [one.distance(Point(180, 230)) < 1 for one in moved] == [True] * 3
    assert union_all(moved).symmetric_difference(union_all(before)).area < 1
    assert sum(one.area for one in moved) == pytest.approx(union_all(before).area, abs=1)
    on_map.press("z")
    on_map.idle()
    on_map.press("8")
    on_map.click(130, 270)
    on_map.drag((200, 200), (180, 230))
    on_map.press("x")
    expect(on_map.page.locator("path[stroke-dasharray='5 4']")).to_have_count(0)
    on_map.press("Enter")
    on_map.idle()
    assert on_map.edits()[-1]["kind"] == "reshape"
    assert shapes_at(on_map, (330, 330))[0].area == pytest.approx(east.area, abs=1)


def shapes_at(on_map: MapPage, *places: tuple[float, float]) -> list[Polygon]:
    return [Polygon(*split_rings(on_map.parcel(*place)["rings"])) for place in places]


def split_rings(rings: list[Ring]) -> tuple[Ring, list[Ring]]:
    return rings[0], rings[1:]
