"""What a person does by hand does what it shows: one test for each way in which it once did not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from core.session.models import Models
from core.session.workspaces import Workspaces
from tests.ui.map_page import MapPage
from tests.ui.map_server import MapServer
from ui.server import annotate

FIRST, SECOND = (110, 150), (264, 80)
"""Places in two fields of the first tile."""


def preview_colour(on_map: MapPage) -> str:
    path = on_map.page.locator(".leaflet-cm-hover-pane path")
    path.wait_for()
    return str(path.get_attribute("fill"))


def shapes(on_map: MapPage) -> dict[str, Any]:
    return {parcel["id"]: parcel["rings"] for parcel in on_map.state()["parcels"]}


def test_shift_click_shows_what_it_takes_and_takes_it_from_that_parcel(on_map: MapPage) -> None:
    on_map.open()
    before, under = shapes(on_map), on_map.parcel(*FIRST)["id"]
    on_map.page.mouse.move(*on_map.at(*FIRST))
    adding = preview_colour(on_map)
    on_map.page.mouse.move(*on_map.at(*SECOND))
    on_map.page.keyboard.down("Shift")
    on_map.page.mouse.move(*on_map.at(*FIRST), steps=3)
    on_map.page.wait_for_function(
        "colour => { const path = document.querySelector('.leaflet-cm-hover-pane path');"
        " return path && path.getAttribute('fill') !== colour; }",
        arg=adding,
    )
    on_map.page.keyboard.up("Shift")
    on_map.click(*FIRST, "Shift")
    on_map.idle()
    after = shapes(on_map)
    assert {name for name in before if after.get(name) != before[name]} == {under}
    # All of that parcel was meant: nothing of it is left as a rim.
    assert set(before) - set(after) == {under}


def test_strokes_after_a_shift_click_are_all_sent_and_no_text_is_selected(on_map: MapPage) -> None:
    on_map.open()
    on_map.click(*FIRST, "Shift")
    on_map.press("3")
    for row in (300, 340, 380):
        on_map.drag((70, row), (150, row))
    on_map.idle()
    assert [edit["kind"] for edit in on_map.edits()].count("brush") == 3
    assert on_map.page.evaluate("String(getSelection())") == ""


def test_keys_work_when_the_page_opens_and_set_no_point(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("3")
    assert on_map.page.get_by_test_id("tool-brush_add").get_attribute("aria-pressed") == "true"
    on_map.press("p")
    on_map.idle()
    assert on_map.edits() == []


def test_a_line_that_ends_far_inside_says_so_and_is_no_step(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("5")
    on_map.click(90, 120)
    on_map.click(130, 170)
    on_map.press("Enter")
    on_map.wait_text("notice", "The line does not cross a parcel. Draw it from border to border.")
    assert on_map.edits() == []
    assert on_map.text("saved-state").strip() == "Saved"


def test_a_box_that_finds_nothing_goes_and_is_no_step(on_map: MapPage, server: MapServer) -> None:
    ring = [[348, 40], [490, 40], [490, 260], [348, 260]]
    server.meddle({"kind": "area_remove", "ring": ring})
    on_map.open()
    steps = on_map.text("undo").strip()
    on_map.press("b")
    on_map.drag((420, 70), (470, 130))
    on_map.wait_text("notice", "nothing was changed")
    on_map.idle()
    assert on_map.state()["boxes"] == []
    assert on_map.text("undo").strip() == steps


def test_one_click_leaves_the_neighbours_automatic(on_map: MapPage) -> None:
    on_map.open()
    on_map.click(*FIRST)
    on_map.idle()
    states = [parcel["state"] for parcel in on_map.state()["parcels"]]
    assert (states.count("corrected"), states.count("auto")) == (1, len(states) - 1)


def test_after_a_restart_nothing_is_less_and_what_may_change_is_said(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    on_map.click(*FIRST)
    on_map.idle()
    on_map.page.wait_for_function("window.__cropmap.state.final")
    before = shapes(on_map)
    server.workspaces.settle()
    server.workspaces = Workspaces(Models(lambda _key: server.model))
    annotate.get_workspaces = lambda: server.workspaces
    server.model.closer_delay_s = 1.5
    on_map.open()
    assert shapes(on_map) == before
    on_map.click(*SECOND)
    on_map.wait_text("unsettled", "Still working: the hectares may change")
    on_map.page.wait_for_function("window.__cropmap.state.final")
    on_map.wait_text("unsettled", "^$")


def test_a_reason_is_saved_as_it_was_typed(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("s")
    on_map.click(*SECOND)
    on_map.press("o")
    on_map.idle()
    on_map.page.get_by_test_id("parcel-reason").press_sequentially("wet meadow")
    # Neither Enter nor another field: the pointer goes on to another parcel.
    on_map.click(*FIRST)
    on_map.idle()
    assert on_map.edits()[-1]["reason"] == "wet meadow"


def test_what_was_drawn_in_other_tiles_is_seen_faintly(on_map: MapPage, server: MapServer) -> None:
    with on_map.page.expect_request(lambda asked: "/label/" in asked.url) as asked:
        on_map.open()
    # The picture of the whole label stands behind this tile's own parcels, without them.
    assert asked.value.url.endswith(f"?without={server.tile}")


def test_scale_north_and_places_in_the_projects_crs_and_in_degrees(on_map: MapPage) -> None:
    on_map.open()
    on_map.page.mouse.move(*on_map.at(*FIRST))
    on_map.wait_text("scale-bar", r"\d+ k?m")
    assert on_map.page.get_by_label(re.compile("^North")).is_visible()
    place = on_map.page.locator(".cm-position")
    expect(place).to_contain_text(re.compile(r"E .* N \(.*\) · .*° N .*° E"))


def test_the_card_stands_beside_its_parcel(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("s")
    for place in (FIRST, (420, 150)):
        on_map.click(*place)
        on_map.idle()
        card = on_map.page.get_by_test_id("parcel-card").bounding_box()
        assert card is not None
        rings = on_map.parcel(*place)["rings"][0]
        corners = [on_map.at(column, row) for column, row in rings]
        left, right = min(x for x, _ in corners), max(x for x, _ in corners)
        assert card["x"] >= right or card["x"] + card["width"] <= left


@pytest.fixture
def coarse_imagery(monkeypatch: pytest.MonkeyPatch) -> str:
    said = "This model has not seen 10 m imagery."
    monkeypatch.setattr(annotate, "unseen_imagery", lambda _opened: said)
    return said


def test_what_the_model_has_not_seen_is_said_once(on_map: MapPage, coarse_imagery: str) -> None:
    on_map.open()
    on_map.click(*FIRST)
    on_map.wait_text("notice", re.escape(coarse_imagery))
    on_map.idle()
    on_map.open()
    on_map.click(*SECOND)
    on_map.idle()
    assert not on_map.page.get_by_test_id("notice").is_visible()
