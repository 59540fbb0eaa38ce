"""Parcels on the map: looked at, judged, classed, tidied, filtered, checked and repaired."""

from __future__ import annotations

import re
from typing import Any

import pytest
import shapely

from tests.ui.map_page import MapPage
from tests.ui.map_server import MapServer

FIRST, SECOND = (110, 130), (270, 130)


def inside(point: list[float], parcel: Any) -> bool:
    columns = [column for column, _ in parcel["rings"][0]]
    rows = [row for _, row in parcel["rings"][0]]
    middle = [(min(columns) + max(columns)) / 2, (min(rows) + max(rows)) / 2]
    return abs(point[0] - middle[0]) < 30 and abs(point[1] - middle[1]) < 30


def corners(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def test_a_parcel_is_chosen_and_says_what_it_is(on_map: MapPage) -> None:
    on_map.open()
    card = on_map.page.get_by_test_id("parcel-card")
    assert card.is_hidden()
    on_map.press("s")
    on_map.click(*FIRST)
    assert card.is_visible()
    assert re.search(r"ha · 9\d %$", on_map.text("parcel-area"))
    assert on_map.text("parcel-state") == "Automatic"
    assert on_map.page.locator(".cm-highlight-chosen").count() == 1
    on_map.click(20, 10)
    assert card.is_hidden()
    on_map.click(*FIRST)
    on_map.press("Escape")
    assert card.is_hidden()
    on_map.click(*FIRST)
    on_map.press("p")
    assert card.is_hidden()


@pytest.mark.parametrize("by_key", [True, False])
def test_verdicts_are_given_and_taken_back(on_map: MapPage, by_key: bool) -> None:
    on_map.open()
    on_map.press("s")
    on_map.click(*FIRST)
    for key, verdict in (("y", "accepted"), ("j", "rejected"), ("u", "unsure"), ("u", "auto")):
        name = verdict if verdict != "auto" else "unsure"
        if by_key:
            on_map.press(key)
        else:
            on_map.page.get_by_test_id(f"parcel-{name}").click()
        on_map.idle()
        assert on_map.parcel(*FIRST)["state"] == verdict
    assert [edit["verdict"] for edit in on_map.edits()] == [
        "accepted",
        "rejected",
        "unsure",
        "none",
    ]
    assert all(inside(edit["point"], on_map.parcel(*FIRST)) for edit in on_map.edits())
    assert re.fullmatch(r"Ada, \d+ [A-Z]\w+, \d\d:\d\d", on_map.text("parcel-by"))


def test_a_class_with_its_reason(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    on_map.press("s")
    on_map.click(*SECOND)
    on_map.press("o")
    on_map.idle()
    on_map.page.get_by_test_id("parcel-reason").fill("  a  meadow ")
    on_map.press("Enter")
    on_map.idle()
    classed, explained = on_map.edits()
    assert (classed["kind"], classed["land_class"]) == ("reclassify", "other")
    assert explained == {**classed, "reason": "a meadow"}
    on_map.press("j")
    on_map.idle()
    judged = on_map.edits()[-1]
    assert (judged["kind"], judged["reason"]) == ("parcel_verdict", "a meadow")
    assert server.verdict.verdict == "open"
    on_map.click(*FIRST)
    assert on_map.page.get_by_test_id("parcel-reason").input_value() == ""


def test_tidying_sends_the_measures_of_the_panel(on_map: MapPage) -> None:
    on_map.open()
    on_map.page.get_by_test_id("tidy-smooth-m").fill("2.5")
    on_map.page.get_by_test_id("tidy-hole-m2").fill("80")
    on_map.press("Enter", "s")
    on_map.click(*FIRST)
    on_map.press("m", "q", "l", "t")
    on_map.idle()
    on_map.page.get_by_test_id("smooth-all").click()
    on_map.page.get_by_test_id("fill-all").click()
    on_map.idle()
    sent = [{k: v for k, v in edit.items() if k != "point"} for edit in on_map.edits()]
    smooth, fill = {"kind": "smooth", "tolerance_m": 2.5}, {"kind": "fill_holes", "max_area_m2": 80}
    straighten, snap = ({"kind": kind, "tolerance_m": 3} for kind in ("straighten", "snap"))
    assert sent == [smooth, straighten, fill, snap, smooth, fill]
    assert [("point" in edit) for edit in on_map.edits()] == [True] * 4 + [False] * 2
    on_map.press("Delete")
    on_map.idle()
    assert on_map.edits()[-1]["kind"] == "parcel_delete"
    assert on_map.parcel(*FIRST) is None
    assert on_map.page.get_by_test_id("parcel-card").is_hidden()


def test_the_chosen_parcel_is_followed_through_changes(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    on_map.press("s")
    on_map.click(*FIRST)
    said = {"kind": "reclassify", "point": list(FIRST), "land_class": "unsure", "reason": "cloud"}
    server.meddle(said)
    on_map.wait_text("parcel-state", "Corrected")
    assert on_map.page.get_by_test_id("parcel-reason").input_value() == "cloud"
    server.meddle({"kind": "parcel_delete", "point": list(FIRST)})
    on_map.page.get_by_test_id("parcel-card").wait_for(state="hidden")


def test_the_list_is_filtered_by_state_land_and_area(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("s")
    on_map.click(*FIRST)
    on_map.press("j")
    on_map.idle()
    count = on_map.page.get_by_test_id("parcel-count")
    on_map.page.get_by_test_id("filter-state").select_option("rejected")
    assert count.inner_text() == "1 of 6"
    on_map.page.get_by_test_id("filter-state").select_option("")
    on_map.page.get_by_test_id("filter-class").select_option("other")
    assert count.inner_text() == "0 of 6"
    on_map.page.get_by_test_id("filter-class").select_option("cropland")
    on_map.page.get_by_test_id("filter-area").fill("99")
    assert count.inner_text() == "0 of 6"
    on_map.page.get_by_test_id("filter-area").fill("")
    assert count.inner_text() == "6 of 6"
    on_map.page.get_by_test_id("filter-state").select_option("auto")
    on_map.page.get_by_test_id("choose-all").click()
    assert on_map.text("parcel-area").startswith("5 parcels, ")
    on_map.press("Escape", "Control+a")
    assert on_map.text("parcel-area").startswith("5 parcels, ")
    on_map.page.get_by_test_id("filter-clear").click()
    assert count.inner_text() == "6"


def test_a_row_of_the_list_shows_its_card(on_map: MapPage) -> None:
    on_map.open()
    rows = on_map.page.locator(".cm-parcel")
    rows.first.click()
    assert on_map.page.get_by_test_id("parcel-card").is_visible()
    on_map.press("y")
    on_map.idle()
    assert [edit["verdict"] for edit in on_map.edits()] == ["accepted"]
    # Up to another row, by the arrows, and one out again.
    rows.nth(3).click(modifiers=["Shift"])
    assert on_map.text("parcel-area").startswith("4 parcels, ")
    on_map.page.get_by_test_id("parcel-list").focus()
    on_map.page.keyboard.press("Shift+ArrowUp")
    assert on_map.text("parcel-area").startswith("3 parcels, ")
    rows.nth(1).click(modifiers=["Control"])
    assert on_map.text("parcel-area").startswith("2 parcels, ")


def test_problems_are_listed_jumped_to_and_repaired(on_map: MapPage, server: MapServer) -> None:
    # Labels from a file may have what no edit of this app leaves: a gap, and a sliver.
    sides = [(100, 495, 150, 507), (150.7, 495, 200, 507), (300, 500, 360, 500.6)]
    server.take_over([shapely.box(*one) for one in sides])
    on_map.open()
    assert on_map.text("problem-count") == "2"
    before = on_map.page.evaluate("window.__cropmap.zoom")
    on_map.page.get_by_test_id("problem").first.click()
    on_map.page.wait_for_function("(z) => window.__cropmap.zoom > z", arg=before)
    on_map.page.get_by_test_id("repair").first.click()
    on_map.idle()
    assert on_map.text("problem-count") == "1"
    on_map.page.get_by_test_id("repair-all").click()
    on_map.idle()
    one, every = on_map.edits()
    assert (one["kind"], one["width_m"], len(one["point"])) == ("repair", 2, 2)
    assert every == {"kind": "repair", "width_m": 2}
    assert on_map.text("problem-count") == "nothing found"
    assert on_map.page.get_by_test_id("repair-all").is_hidden()


def test_a_reason_is_text(on_map: MapPage, server: MapServer) -> None:
    evil = "<img src=x onerror='window.hurt = 1'>"
    said = {"kind": "reclassify", "point": list(FIRST), "land_class": "other", "reason": evil}
    server.meddle(said)
    on_map.open()
    on_map.press("s")
    on_map.click(*FIRST)
    assert on_map.page.get_by_test_id("parcel-reason").input_value() == evil
    assert on_map.page.evaluate("window.hurt") is None
    assert on_map.parcel(*FIRST)["reason"] == evil


def test_patterns_tell_what_is_no_cropland_without_colour(on_map: MapPage) -> None:
    """The inside of a rejected parcel has lines; that of an automatic one is even."""
    on_map.open()
    on_map.press("s")
    on_map.click(*FIRST)
    on_map.press("j")
    on_map.idle()
    inked = on_map.page.evaluate(
        """([places]) => {
          const canvas = document.querySelector(".leaflet-cm-outlines-pane canvas");
          const frame = canvas.getBoundingClientRect();
          const scale = canvas.width / frame.width;
          const pen = canvas.getContext("2d");
          return places.map(([x, y]) => {
            const left = (x - frame.left) * scale, top = (y - frame.top) * scale;
            const { data } = pen.getImageData(left, top, 20, 20);
            return data.filter((value, index) => index % 4 === 3 && value > 0).length;
          });
        }""",
        [[on_map.at(*FIRST), on_map.at(270, 400)]],
    )
    assert inked[0] > 40
    assert inked[1] == 0
