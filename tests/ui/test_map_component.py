"""The annotation map in a real browser, against a server in memory that can be made to fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.ui.fake_map_server import SCENE, FakeMap, served

IDLE = "() => window.__cropmap && !window.__cropmap.busy()"
TILE = "x0_y0"
EDITS = f"/tile/{SCENE}/{TILE}/edits"


class MapPage:
    """What a person does on the map."""

    def __init__(self, page: Any, fake: FakeMap, address: str) -> None:
        self.page = page
        self.fake = fake
        self.address = address
        self.foreign: list[str] = []
        self.errors: list[str] = []
        host = urlsplit(address).netloc
        page.on("request", lambda request: self._seen(request.url, host))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _seen(self, url: str, host: str) -> None:
        if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != host:
            self.foreign.append(url)

    def open(self, query: str = "") -> MapPage:
        self.page.goto(f"{self.address}/{query}")
        self.page.wait_for_function("window.ready === true")
        if "mode=view" not in query:
            self.idle()
        return self

    def idle(self) -> None:
        self.page.wait_for_function(IDLE)

    def at(self, column: float, row: float) -> tuple[float, float]:
        place = self.page.evaluate(
            "([c, r]) => window.__cropmap.pixelToScreen(c, r)", [column, row]
        )
        return place["x"], place["y"]

    def click(self, column: float, row: float, *keys: str, button: str = "left") -> None:
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.at(column, row), button=button)
        for key in keys:
            self.page.keyboard.up(key)

    def drag(self, *places: tuple[float, float]) -> None:
        first, *others = (self.at(*place) for place in places)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=6)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def state(self) -> Any:
        return self.page.evaluate("window.__cropmap.state")

    def mine(self) -> list[Any]:
        return [prompt for prompt in self.state()["prompts"] if prompt["source"] == "person"]

    def pending(self) -> int:
        return int(self.page.evaluate("window.__cropmap.pending()"))

    def edits(self) -> list[Any]:
        return [edit for body in self.fake.posts(EDITS) for edit in body["edits"]]

    def text(self, test_id: str) -> str:
        return str(self.page.get_by_test_id(test_id).inner_text())

    def wait_text(self, test_id: str, pattern: str) -> None:
        expect(self.page.get_by_test_id(test_id)).to_contain_text(re.compile(pattern))


@pytest.fixture
def fake() -> FakeMap:
    return FakeMap()


@pytest.fixture
def on_map(browser: Any, fake: FakeMap) -> Iterator[MapPage]:
    """The map, not opened yet; nothing may ask another host or fail unseen."""
    with served(fake) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(10_000)
        held = MapPage(page, fake, address)
        yield held
        page.close(run_before_unload=False)
    assert held.foreign == []
    assert held.errors == []


def assert_near(prompt: Any, column: float, row: float, within: float = 0.5) -> None:
    assert abs(prompt["column"] - column) <= within
    assert abs(prompt["row"] - row) <= within


@pytest.mark.parametrize("aspect", [1.0, 1.531])
def test_a_click_is_a_positive_prompt_at_that_pixel(
    on_map: MapPage, fake: FakeMap, aspect: float
) -> None:
    fake.aspect = aspect
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


def test_shift_and_the_right_button_and_the_tool_make_negatives(on_map: MapPage) -> None:
    on_map.open()
    on_map.click(150, 200, "Shift")
    on_map.click(160, 260, button="right")
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


def test_edits_wait_in_order_while_the_server_is_slow(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    fake.post_delay_s = 0.6
    for row in (200, 240, 280, 320):
        on_map.click(150, row)
    # Drawn at once, saved only when the server says so.
    assert len(on_map.mine()) == 4
    assert on_map.page.locator('[data-testid="prompt"][data-source="person"]').count() == 4
    assert on_map.text("saved-state") == "Saving…"
    assert on_map.pending() == 4
    on_map.idle()
    assert on_map.text("saved-state") == "Saved"
    batches = [[edit["row"] for edit in body["edits"]] for body in fake.posts(EDITS)]
    assert [len(batch) for batch in batches] == [1, 3]
    rows = [row for batch in batches for row in batch]
    assert rows == sorted(rows)


def test_somebody_elses_edit_comes_first_and_mine_on_top(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    theirs = {"kind": "prompt_set", "id": "theirs", "column": 300, "row": 300, "label": 0}
    fake.meddle(TILE, theirs)
    on_map.click(150, 200)
    on_map.wait_text("notice", "Somebody else changed this tile; your edit was put on top")
    on_map.idle()
    assert {prompt["id"] for prompt in on_map.mine()} >= {"theirs"}
    assert len(on_map.mine()) == 2
    assert [body["version"] for body in fake.posts(EDITS)] == [1, 2]


def test_somebody_elses_edit_is_seen_without_doing_anything(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    fake.meddle(TILE, {"kind": "prompt_set", "id": "x", "column": 300, "row": 300, "label": 0})
    on_map.page.locator('[data-prompt="x"]').wait_for(timeout=5000)


def test_what_is_not_saved_stays_and_is_sent_again(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    fake.fail_next(507, "The disk is full.", "Free some space.", times=2)
    on_map.click(150, 200)
    on_map.wait_text("saved-state", "Not saved: The disk is full, retrying")
    assert len(on_map.mine()) == 1
    assert (
        on_map.page.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))")
        is False
    )
    on_map.idle()
    assert on_map.text("saved-state") == "Saved"
    assert (
        on_map.page.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))") is True
    )
    assert len(fake.tiles[TILE].log) == 1


def test_after_a_restart_of_the_app_the_map_connects_again(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    fake.fail_next(403, "This map is not connected to the app any more.", times=2)
    on_map.click(150, 200)
    on_map.wait_text("saved-state", "Not saved: This map is not connected")
    # A run of the script is asked for, once; it brings the new token.
    asked = [["event", {"tile": TILE, "kind": "disconnected"}]]
    assert on_map.page.evaluate("window.events") == asked
    on_map.page.evaluate("document.querySelector('.cm-map').dataset.same = 'yes'")
    on_map.page.evaluate("window.run({ token: 'n'.repeat(43) })")
    on_map.idle()
    assert on_map.text("saved-state") == "Saved"
    assert len(fake.tiles[TILE].log) == 1
    assert "/cropmap/nnn" in fake.requests[-1][1]
    assert on_map.page.locator(".cm-map[data-same=yes]").count() == 1
    assert not on_map.page.get_by_test_id("notice").is_visible()


def test_edits_left_behind_with_an_old_token_go_with_the_new(
    on_map: MapPage, fake: FakeMap
) -> None:
    on_map.open()
    fake.fail_next(403, "This map is not connected to the app any more.", times=1)
    on_map.click(150, 200)
    on_map.wait_text("saved-state", "Not saved")
    # To another page of the app and back, which makes a new map.
    on_map.page.evaluate("window.cleanUp()")
    on_map.page.evaluate("window.run({ token: 'n'.repeat(43) })")
    on_map.idle()
    assert len(fake.tiles[TILE].log) == 1


def test_a_click_that_finds_no_field_says_so(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    on_map.click(150, 200)
    on_map.idle()
    assert not on_map.page.get_by_test_id("notice").is_visible()
    column, row, *_ = on_map.state()["window"]
    on_map.click(column + 15, row + 15)
    on_map.wait_text("notice", "No field was found there")


def test_without_a_network_edits_are_kept(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    on_map.page.route("**/edits", lambda route: route.abort())
    on_map.click(150, 200)
    on_map.wait_text("saved-state", "Not saved: the server cannot be reached, retrying")
    on_map.click(150, 300)
    assert on_map.pending() == 2
    on_map.page.unroute("**/edits")
    on_map.idle()
    assert len(fake.tiles[TILE].log) == 2


def test_a_refused_edit_is_taken_back_and_told(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    fake.fail_next(400, "The line crosses no parcel.", "Draw it across one.")
    on_map.press("5")
    on_map.click(20, 20)
    on_map.click(30, 20)
    on_map.press("Enter")
    on_map.wait_text("notice", "This edit was not made: The line crosses no parcel.*Draw it across")
    on_map.idle()
    assert fake.tiles[TILE].log == []
    assert on_map.page.locator(".cm-ghost-line").count() == 0


def test_edits_on_their_way_survive_going_to_the_next_tile(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    fake.post_delay_s = 0.5
    on_map.click(150, 200)
    on_map.click(150, 240)
    on_map.press("Enter")
    on_map.page.wait_for_function("window.__cropmap.tile === 'x1_y0'")
    on_map.idle()
    assert len(fake.tiles[TILE].log) == 2
    assert on_map.page.evaluate("window.events") == [["event", {"tile": "x1_y0", "kind": "opened"}]]
    assert on_map.text("tile-place") == "Tile 2 of 6"


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
    assert_line(kinds["split"]["line"], [(50, 100), (250, 130)])
    assert_line(kinds["merge"]["points"], [(100, 100), (250, 100)])
    assert_line([kinds["parcel_delete"]["point"]], [(400, 400)])
    box = kinds["box_set"]
    assert_line([[box["left"], box["top"]], [box["right"], box["bottom"]]], [(60, 330), (180, 450)])
    assert len(on_map.state()["parcels"]) == 5
    on_map.page.mouse.move(*on_map.at(60, 400))
    on_map.press("Delete")
    on_map.idle()
    assert on_map.state()["boxes"] == []


def assert_line(line: Any, places: list[tuple[float, float]]) -> None:
    """Leaflet tells of whole pixels of the screen, here a little less than the image's."""
    assert len(line) == len(places)
    for point, (column, row) in zip(line, places, strict=True):
        assert abs(point[0] - column) <= 1.0
        assert abs(point[1] - row) <= 1.0


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
    assert_line(split["line"], [(50, 100), (250, 130)])
    assert_line(merge["points"], [(100, 100), (250, 100)])


def test_a_corner_is_dragged_and_saved_with_enter_or_left_with_escape(on_map: MapPage) -> None:
    on_map.open()
    parcel = on_map.state()["parcels"][1]
    corner = parcel["rings"][0][0]
    inside = (corner[0] + 30, corner[1] + 30)
    for key in ("Escape", "Enter"):
        on_map.press("8")
        on_map.click(*inside)
        on_map.drag(tuple(corner), (corner[0] - 10, corner[1] - 12))
        on_map.press(key)
        on_map.idle()
    (edit,) = on_map.edits()
    assert edit["kind"] == "reshape"
    assert_line([edit["point"]], [inside])
    expected = [(corner[0] - 10, corner[1] - 12), *map(tuple, parcel["rings"][0][1:])]
    assert_line(edit["rings"][0], expected)
    assert len(edit["rings"][1]) == 4


def test_keys_typed_in_a_field_are_text(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    for place in ("#elsewhere", '[data-testid="min-area"]'):
        on_map.page.locator(place).focus()
        on_map.page.keyboard.type("anprzx1")
    assert on_map.page.evaluate("window.events") == []
    assert fake.tiles[TILE].verdict["verdict"] == "open"
    on_map.click(150, 200)
    on_map.press("r")
    on_map.page.keyboard.type("a road, not a field")
    on_map.press("Enter")
    on_map.idle()
    on_map.wait_text("verdict-chip", "Rejected")
    assert fake.tiles[TILE].verdict["comment"] == "a road, not a field"
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


def test_verdicts_are_given_told_and_taken_back(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    for key, kind in (("a", "accepted"), ("x", "fix"), ("x", "open")):
        on_map.press(key)
        on_map.idle()
        assert fake.tiles[TILE].verdict["verdict"] == kind
    events = on_map.page.evaluate("window.events.map(([, event]) => event.kind)")
    assert events == ["accepted", "fix", "open"]


def test_settings_are_sent_once_with_the_latest_value(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    slider = on_map.page.get_by_test_id("threshold")
    for value in ("0.55", "0.6", "0.7"):
        slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input')); }", value)
    assert on_map.pending() == 1
    on_map.idle()
    assert on_map.edits() == [{"kind": "settings", "threshold": 0.7}]
    on_map.page.get_by_test_id("strategy").select_option("per_field")
    on_map.idle()
    assert fake.tiles[TILE].replay()["settings"]["strategy"] == "per_field"


def test_the_mask_is_swapped_without_a_gap_and_announced(on_map: MapPage) -> None:
    on_map.open()
    on_map.page.evaluate(
        """window.least = 9;
        const pane = document.querySelector(".leaflet-cm-mask-pane");
        const look = () => {
          window.least = Math.min(window.least, pane.querySelectorAll("img").length);
          requestAnimationFrame(look);
        };
        look();"""
    )
    on_map.page.evaluate("window.masks.length = 0")
    on_map.click(150, 200)
    on_map.page.wait_for_function("window.masks.length > 0")
    (mask,) = on_map.page.evaluate("window.masks")
    assert mask["maskVersion"] == "x0_y0-2"
    assert 0 < mask["sinceClickMs"] < 5000
    assert on_map.page.evaluate("window.least") == 1


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


def test_going_away_while_the_mask_is_on_its_way(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    fake.overlay_delay_s = 0.4
    on_map.click(150, 200)
    on_map.page.wait_for_function("window.__cropmap.pending() === 0")
    on_map.page.evaluate("window.cleanUp()")
    on_map.page.wait_for_timeout(900)
    assert on_map.errors == []


def test_a_tile_that_is_slow_to_come_shows_nothing_of_the_one_before(
    on_map: MapPage, fake: FakeMap
) -> None:
    on_map.open()
    fake.read_delay_s = 0.8
    on_map.press("Enter")
    on_map.wait_text("tile-place", "Tile 2 of 6")
    on_map.wait_text("working", "Opening the tile")
    assert on_map.page.get_by_test_id("prompt").count() == 0
    assert on_map.page.locator(".leaflet-cm-mask-pane img").count() == 0
    before = on_map.at(700, 300)
    on_map.click(700, 300)
    on_map.idle()
    assert on_map.at(700, 300) == before
    assert on_map.page.get_by_test_id("prompt").count() == 5


def test_a_working_tile_says_so_and_takes_clicks(on_map: MapPage, fake: FakeMap) -> None:
    fake.tiles[TILE].working_reads = 6
    on_map.page.goto(on_map.address)
    on_map.wait_text("working", "Reading the image")
    on_map.click(150, 200)
    on_map.page.get_by_test_id("working").wait_for(state="hidden")
    on_map.idle()
    assert len(on_map.mine()) == 1


def test_the_preview_asks_for_the_newest_place_only(on_map: MapPage, fake: FakeMap) -> None:
    on_map.open()
    for column in range(100, 200, 5):
        on_map.page.mouse.move(*on_map.at(column, 300))
    on_map.page.locator(".leaflet-cm-hover-pane img").wait_for()
    on_map.page.wait_for_timeout(500)
    hovers = [query for method, _, query in fake.requests if method == "GET"]
    assert len(hovers) < 12  # twenty places were passed
    assert abs(float(hovers[-1]["column"]) - 195) <= 0.5
    on_map.press("v")
    assert on_map.page.locator(".leaflet-cm-hover-pane img").count() == 0


def test_names_and_messages_are_text(on_map: MapPage, fake: FakeMap) -> None:
    evil = "<img src=x onerror='window.hurt = 1'>"
    fake.title = evil
    fake.tiles[TILE].verdict |= {"verdict": "fix", "reviewer": evil, "comment": evil}
    on_map.open()
    fake.fail_next(400, evil, evil)
    on_map.click(150, 200)
    on_map.wait_text("notice", re.escape(evil))
    on_map.page.get_by_test_id("verdict-chip").hover()
    on_map.page.wait_for_timeout(600)
    on_map.open("?mode=view")
    on_map.page.mouse.move(200, 300)
    on_map.page.wait_for_timeout(300)
    assert on_map.page.evaluate("window.hurt") is None


def test_ten_thousand_parcels(on_map: MapPage, fake: FakeMap) -> None:
    fake.tiles[TILE].many_parcels = 10_000
    on_map.open()
    assert on_map.text("parcel-count") == "10,006"
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
    for _ in range(24):
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
