"""The annotation map in a real browser, on the app's own routes."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely

from tests.ui.made_farm import CORE
from tests.ui.map_page import MapPage
from tests.ui.map_server import MapServer

FILLED = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let index = 3; index < data.length; index += 4) count += data[index] > 0 ? 1 : 0;
  return count;
}"""
"""Pixels of a canvas that are not empty."""


def test_keys_typed_in_a_field_are_text(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    for place in ("#elsewhere", '[data-testid="min-area"]'):
        on_map.page.locator(place).focus()
        on_map.page.keyboard.type("anprzx1")
    assert on_map.page.evaluate("window.events") == []
    assert server.verdict.verdict == "open"
    on_map.click(150, 200)
    on_map.press("r")
    on_map.page.keyboard.type("a road, not a field")
    on_map.press("Enter")
    on_map.idle()
    on_map.wait_text("verdict-chip", "Rejected")
    assert server.verdict.comment == "a road, not a field"
    assert len(on_map.mine()) == 1


def test_a_key_that_the_map_uses_does_not_reach_the_page(on_map: MapPage) -> None:
    on_map.open()
    on_map.page.evaluate(
        "window.heard = []; document.addEventListener('keydown', (e) => window.heard.push(e.key))"
    )
    on_map.click(150, 200)
    on_map.press("r", "Escape", "h", "q")
    assert "r" not in on_map.page.evaluate("window.heard")
    assert "q" in on_map.page.evaluate("window.heard")


def test_verdicts_are_given_told_and_taken_back(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    for key, kind in (("a", "accepted"), ("x", "fix"), ("x", "open")):
        on_map.press(key)
        on_map.idle()
        assert server.verdict.verdict == kind
    events = on_map.page.evaluate("window.events.map(([, event]) => event.kind)")
    assert events == ["accepted", "fix", "open"]


def test_settings_are_sent_once_with_the_latest_value(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    slider = on_map.page.get_by_test_id("threshold")
    for value in ("0.55", "0.6", "0.7"):
        slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input')); }", value)
    assert on_map.pending() == 1
    on_map.idle()
    assert on_map.edits() == [{"kind": "settings", "threshold": 0.7}]
    on_map.page.get_by_test_id("strategy").select_option("per_field")
    on_map.idle()
    assert on_map.state()["settings"]["strategy"] == "per_field"
    assert server.log[-1].data == {"strategy": "per_field"}


def test_the_mask_is_swapped_without_a_gap_and_announced(on_map: MapPage) -> None:
    on_map.open()
    on_map.page.evaluate(
        f"""const canvas = document.querySelector(".leaflet-cm-mask-pane canvas");
        const filled = {FILLED};
        window.least = window.before = filled(canvas);
        const look = () => {{
          window.least = Math.min(window.least, filled(canvas));
          requestAnimationFrame(look);
        }};
        look();"""
    )
    on_map.page.evaluate("window.masks.length = 0")
    on_map.press("7")
    on_map.click(110, 130)
    on_map.page.wait_for_function("window.masks.length > 0")
    (mask,) = on_map.page.evaluate("window.masks")
    assert mask["maskVersion"] == on_map.state()["mask_version"]
    assert mask["final"]
    assert 0 < mask["sinceClickMs"] < 5000
    assert 0 < on_map.page.evaluate("window.least") < on_map.page.evaluate("window.before")


def test_a_first_mask_is_followed_by_the_final_one(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    server.model.closer_delay_s = 0.5
    on_map.page.evaluate("window.masks.length = 0")
    on_map.click(150, 200)
    on_map.page.wait_for_function("window.masks.length > 0")
    # The edit is on disk; only the mask will change again, and the next click need not wait for it.
    assert on_map.pending() == 0
    on_map.wait_text("saved-state", "Saved")
    on_map.click(150, 240)
    on_map.page.wait_for_function("window.__cropmap.pending() === 0")
    assert len(on_map.edits()) == 2
    on_map.idle()
    masks = on_map.page.evaluate("window.masks")
    assert [mask["final"] for mask in masks[:-1]] == [False] * (len(masks) - 1)
    assert masks[-1]["final"]
    assert masks[-1]["maskVersion"] == on_map.state()["mask_version"]
    assert all(mask["sinceClickMs"] > 0 for mask in masks)


def test_ones_own_change_is_not_read_again(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    on_map.click(150, 200)
    on_map.idle()
    reads = server.reads
    on_map.page.wait_for_timeout(2500)
    assert server.reads == reads
    server.meddle({"kind": "prompts_clear"})
    on_map.page.wait_for_function("window.__cropmap.state.edit_count === 2")
    assert server.reads == reads + 1


def test_the_view_stays_where_the_person_left_it(on_map: MapPage) -> None:
    on_map.open()
    on_map.page.mouse.move(*on_map.at(300, 300))
    on_map.page.mouse.wheel(0, -240)
    on_map.page.wait_for_timeout(500)
    before = on_map.at(300, 300)
    on_map.click(290, 290)
    on_map.idle()
    on_map.page.evaluate("window.run({ height: 'calc(100vh - 16px)' })")
    on_map.page.wait_for_timeout(300)
    assert on_map.at(300, 300) == before
    on_map.press("f")
    assert on_map.at(300, 300) != before


def test_the_first_view_is_centred_and_stays_so_until_moved(on_map: MapPage) -> None:
    for width, height in ((1280, 720), (768, 1024)):
        on_map.page.set_viewport_size({"width": width, "height": height})
        on_map.open()
        assert_centred(on_map)
    on_map.page.set_viewport_size({"width": 1100, "height": 700})
    on_map.page.wait_for_timeout(300)
    assert_centred(on_map)
    on_map.press("\\")
    on_map.page.wait_for_timeout(300)
    assert_centred(on_map)


def assert_centred(on_map: MapPage) -> None:
    """The tile is in the middle of the map and reaches its edges, but for a margin."""
    column, row, width, height = on_map.state()["window"]
    left, top = on_map.at(column, row)
    right, bottom = on_map.at(column + width, row + height)
    box = on_map.page.get_by_test_id("map").bounding_box()
    assert abs((left + right) / 2 - box["x"] - box["width"] / 2) <= 1.5
    assert abs((top + bottom) / 2 - box["y"] - box["height"] / 2) <= 1.5
    room = min(box["width"] - (right - left), box["height"] - (bottom - top))
    assert 20 <= room <= 40


def test_the_page_may_lead_but_does_not_pull_back(on_map: MapPage) -> None:
    on_map.open()
    on_map.press("Enter")
    on_map.page.wait_for_function("window.__cropmap.tile === 'x1_y0'")
    on_map.idle()
    on_map.press("Enter")
    on_map.page.wait_for_function("window.__cropmap.tile === 'x2_y0'")
    # Streamlit repeats the tile that it heard of first, while the person has gone on.
    on_map.page.evaluate("window.run({ tile: 'x1_y0' })")
    on_map.idle()
    assert on_map.page.evaluate("window.__cropmap.tile") == "x2_y0"
    on_map.page.evaluate("window.run({ tile: 'x2_y0' })")
    on_map.page.evaluate("window.run({ tile: 'x1_y1' })")
    on_map.page.wait_for_function("window.__cropmap.tile === 'x1_y1'")
    assert on_map.page.locator(".cropmap").count() == 1


def test_the_map_goes_when_the_page_goes(on_map: MapPage) -> None:
    on_map.open()
    on_map.page.evaluate("window.cleanUp()")
    assert on_map.page.locator(".cropmap").count() == 0
    assert on_map.page.evaluate("window.__cropmap") is None


def test_going_away_while_the_mask_is_on_its_way(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    server.model.closer_delay_s = 0.4
    on_map.click(150, 200)
    on_map.page.wait_for_function("window.__cropmap.pending() === 0")
    on_map.page.evaluate("window.cleanUp()")
    on_map.page.wait_for_timeout(900)
    assert on_map.errors == []


def test_a_tile_that_is_slow_to_come_shows_nothing_of_the_one_before(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    server.faults.reads_s = 3.0
    on_map.press("Enter")
    on_map.wait_text("tile-place", "Tile 2 of 6")
    on_map.wait_text("working", "Opening the tile")
    assert on_map.page.get_by_test_id("prompt").count() == 0
    mask = on_map.page.locator(".leaflet-cm-mask-pane canvas")
    assert mask.evaluate(FILLED) == 0
    before = on_map.at(700, 300)
    on_map.click(700, 300)
    on_map.idle()
    assert on_map.at(700, 300) == before
    assert on_map.page.get_by_test_id("prompt").count() > 0
    assert on_map.mine() == []


def test_a_working_tile_says_so_and_takes_clicks(on_map: MapPage, server: MapServer) -> None:
    server.model.may_look.clear()
    on_map.page.goto(on_map.address)
    on_map.wait_text("working", "Reading the image")
    on_map.click(150, 200)
    server.model.may_look.set()
    on_map.page.get_by_test_id("working").wait_for(state="hidden")
    on_map.idle()
    assert len(on_map.mine()) == 1


def test_names_and_messages_are_text(on_map: MapPage, server: MapServer) -> None:
    evil = "<img src=x onerror='window.hurt = 1'>"
    server.judge("fix", comment=evil, reviewer=evil)
    on_map.open()
    server.faults.refuse_next(400, evil, evil)
    on_map.click(150, 200)
    on_map.wait_text("notice", re.escape(evil))
    on_map.page.get_by_test_id("verdict-chip").hover()
    on_map.page.wait_for_timeout(600)
    on_map.open("?mode=view")
    on_map.page.mouse.move(200, 300)
    on_map.page.wait_for_timeout(300)
    assert on_map.page.evaluate("window.hurt") is None


def test_ten_thousand_parcels(on_map: MapPage, server: MapServer) -> None:
    places = np.arange(100) * CORE / 100
    columns, rows = (axis.ravel() for axis in np.meshgrid(places, places))
    server.take_over(shapely.box(columns, rows, columns + 4, rows + 4).tolist())
    on_map.open()
    assert on_map.text("parcel-count") == "10,000"
    assert on_map.page.locator(".cm-parcel").count() < 40
    on_map.click(150, 200)
    on_map.idle()
    on_map.page.locator(".cm-parcel").first.click()
    assert on_map.page.locator(".cm-highlight-chosen").count() == 1


def test_every_button_has_a_name_a_tip_and_focus(on_map: MapPage) -> None:
    on_map.open()
    nameless = on_map.page.evaluate(
        """[...document.querySelectorAll(".cropmap .cm-button[data-testid]")]
          .filter((b) => b.offsetParent && (!b.getAttribute("aria-label") || !b.dataset.tip))
          .map((b) => b.dataset.testid)"""
    )
    assert nameless == []
    seen = set()
    # The map takes the keys when it opens: the walk begins before it.
    on_map.page.focus("#elsewhere")
    for _ in range(32):
        on_map.press("Tab")
        seen.add(on_map.page.evaluate("document.activeElement?.dataset?.testid"))
    assert {"next", "undo", "verdict-accepted", "tool-positive", "tool-reshape"} <= seen


@pytest.mark.parametrize("width", [1280, 768])
def test_nothing_is_cut_off(on_map: MapPage, width: int) -> None:
    on_map.page.set_viewport_size({"width": width, "height": 720})
    on_map.open()
    outside = on_map.page.evaluate(
        """(width) => [...document.querySelectorAll(".cm-top button, .cm-rail button")]
          .map((b) => [b.dataset.testid, b.getBoundingClientRect()])
          .filter(([, r]) => r.width > 0 && (r.right > width || r.left < 0 || r.bottom > 720))
          .map(([name]) => name)""",
        width,
    )
    assert outside == []
    panel = on_map.page.locator(".cm-panel")
    assert panel.is_visible() == (width == 1280)
    on_map.page.get_by_test_id("panel").click()
    assert panel.is_visible() == (width == 768)


def test_the_divider_moves_by_pointer_and_by_key(on_map: MapPage) -> None:
    on_map.open("?mode=view&height=520px")
    divider = on_map.page.get_by_test_id("divider")
    on_map.page.locator(".leaflet-cm-mask-pane img.leaflet-tile-loaded").first.wait_for()
    assert divider.get_attribute("aria-valuenow") == "50"
    divider.focus()
    on_map.press("ArrowRight", "ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "54"
    frame = divider.bounding_box()
    on_map.page.mouse.move(frame["x"] + 12, 200)
    on_map.page.mouse.down()
    on_map.page.mouse.move(frame["x"] - 300, 200, steps=4)
    on_map.page.mouse.up()
    assert int(divider.get_attribute("aria-valuenow")) < 40
    on_map.page.get_by_test_id("layer-left").select_option("label")
    on_map.page.locator(".leaflet-cm-overlay-pane img.leaflet-tile-loaded").first.wait_for()
