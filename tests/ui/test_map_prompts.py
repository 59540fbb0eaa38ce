"""Points on the annotation map: set, moved, turned, taken back, previewed."""

from __future__ import annotations

import pytest

from tests.ui.map_page import MapPage, assert_near
from tests.ui.map_server import MapServer


@pytest.mark.parametrize("server", ["farm", "farm_in_degrees"], indirect=True)
def test_a_click_is_a_positive_prompt_at_that_pixel(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("f")
    # At every zoom: the fitted one, in between, and eight screen pixels to one.
    for _ in range(3):
        column, row = 171.3, 222.7
        on_map.click(column, row)
        on_map.idle()
        edit = on_map.edits()[-1]
        assert edit["kind"] == "prompt_set"
        assert edit["label"] == 1
        scale = max(1.0, 2.0 ** -on_map.page.evaluate("window.__cropmap.zoom"))
        assert abs(edit["column"] - column) <= 0.5 * scale
        assert abs(edit["row"] - row) <= 0.5 * scale
        on_map.press("z")
        on_map.idle()
        on_map.page.mouse.move(*on_map.at(column, row))
        on_map.page.mouse.wheel(0, -450)
        on_map.page.wait_for_timeout(500)
    assert on_map.page.evaluate("window.__cropmap.zoom") > 1


def test_ctrl_means_the_field_clicked_last(on_map: MapPage) -> None:
    on_map.open()
    on_map.click(150, 200, "Control")
    on_map.click(200, 200, "Control")
    on_map.click(150, 300)
    on_map.idle()
    first, second, third = on_map.edits()
    # With no field before, it is a click like others.
    assert "field" not in first
    assert second["field"] == first["id"]
    assert "field" not in third
    on_map.click(170, 300, "Control")
    on_map.idle()
    assert on_map.edits()[-1]["field"] == third["id"]


def test_shift_and_the_right_button_and_the_tool_make_negatives(on_map: MapPage) -> None:
    on_map.open()
    on_map.click(150, 200, "Shift")
    on_map.click(250, 200, button="right")
    on_map.press("n")
    on_map.click(250, 300)
    on_map.press("p")
    on_map.click(100, 300)
    on_map.idle()
    assert [edit["label"] for edit in on_map.edits()] == [0, 0, 0, 1]


def test_a_prompt_is_turned_moved_and_deleted(on_map: MapPage) -> None:
    on_map.open()
    on_map.click(150, 200)
    on_map.idle()
    prompt = on_map.mine()[0]["id"]
    on_map.click(150, 200)
    on_map.idle()
    assert [(p["id"], p["label"]) for p in on_map.mine()] == [(prompt, 0)]
    on_map.drag((150, 200), (180, 240))
    on_map.idle()
    # What is dragged moves by whole pixels of the screen.
    assert_near(on_map.mine()[0], 180, 240, within=1.0)
    assert on_map.mine()[0]["id"] == prompt
    for how in ("Delete", "Backspace", "alt", "right"):
        on_map.page.mouse.move(*on_map.at(180, 240))
        if how == "alt":
            on_map.click(180, 240, "Alt")
        elif how == "right":
            on_map.click(180, 240, button="right")
        else:
            on_map.press(how)
        on_map.idle()
        assert on_map.mine() == [], how
        on_map.press("z")
        on_map.idle()
        assert len(on_map.mine()) == 1, how


def test_an_automatic_prompt_that_is_touched_becomes_the_persons(on_map: MapPage) -> None:
    on_map.open()
    automatic = next(p for p in on_map.state()["prompts"] if p["label"] == 1)
    on_map.click(automatic["column"], automatic["row"])
    on_map.idle()
    assert [(p["id"], p["label"]) for p in on_map.mine()] == [(automatic["id"], 0)]


def test_undo_and_redo_by_key_and_by_button(on_map: MapPage) -> None:
    on_map.open()
    for row in (200, 240, 280):
        on_map.click(150, row)
    on_map.idle()
    on_map.press("z", "Control+z")
    on_map.idle()
    assert len(on_map.mine()) == 1
    assert on_map.text("redo").strip() == "2"
    on_map.press("Shift+Z")
    on_map.idle()
    on_map.press("Control+y")
    on_map.idle()
    assert len(on_map.mine()) == 3
    on_map.page.get_by_test_id("undo").click()
    on_map.idle()
    assert len(on_map.mine()) == 2


def test_a_click_that_finds_no_field_says_so(on_map: MapPage, server: MapServer) -> None:
    # What was cut out stays out, whatever the model finds there.
    ring = [[430, 80], [470, 80], [470, 120], [430, 120]]
    server.meddle({"kind": "area_remove", "ring": ring})
    on_map.open()
    on_map.click(150, 200)
    on_map.idle()
    assert not on_map.page.get_by_test_id("notice").is_visible()
    on_map.click(450, 100)
    on_map.wait_text("notice", "No field was found there, and nothing was changed.")
    on_map.idle()
    assert len(on_map.mine()) == 1
    assert on_map.text("undo").strip() == "2"  # what was cut out, and the first click


def test_the_preview_asks_for_the_newest_place_only(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    server.faults.hovers_s = (
        0.5  # several places are passed before an answer, also on a slow machine
    )
    on_map.page.mouse.move(*on_map.at(100, 300))
    on_map.page.mouse.move(*on_map.at(195, 300), steps=20)
    on_map.page.locator(".leaflet-cm-hover-pane path").wait_for()
    on_map.page.wait_for_timeout(1500)
    hovers = server.hovers
    assert len(hovers) < 12  # twenty places were passed
    assert abs(float(hovers[-1]["column"]) - 195) <= 0.5
    on_map.press("v")
    assert on_map.page.locator(".leaflet-cm-hover-pane path").count() == 0


def test_the_preview_is_asked_more_closely_and_stays_until_the_mask_is_there(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    on_map.page.mouse.move(*on_map.at(150, 300))
    preview = on_map.page.locator(".leaflet-cm-hover-pane path")
    preview.wait_for()
    on_map.page.wait_for_function("window.previews.length === 2")
    assert on_map.page.evaluate("window.previews.map(({ final }) => final)") == [False, True]
    assert [query["closely"] for query in server.hovers] == ["0", "1"]
    server.faults.posts_s = 0.5
    masks = on_map.page.evaluate("window.masks.length")
    on_map.click(150, 300)
    assert preview.count() == 1
    # The preview is the answer before the server has been told of the click, and asked once.
    on_map.page.wait_for_function("window.held.length === 1")
    assert on_map.page.evaluate("[window.held[0].final, window.masks.length]") == [True, masks]
    on_map.page.wait_for_function("window.__cropmap.pending() === 0")
    on_map.idle()
    assert preview.count() == 0
    assert [query["closely"] for query in server.hovers[:2]] == ["0", "1"]
