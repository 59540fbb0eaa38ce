"""Edits on their way: in order, in conflict, refused, without a network, none lost."""

from __future__ import annotations

from tests.ui.map_page import TILE, MapPage
from tests.ui.map_server import MapServer


def test_edits_wait_in_order_while_the_server_is_slow(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    server.faults.posts_s = 1.5
    for row in (200, 240, 280, 320):
        on_map.click(150, row)
    # Drawn at once, saved only when the server says so.
    assert len(on_map.mine()) == 4
    assert on_map.page.locator('[data-testid="prompt"][data-source="person"]').count() == 4
    assert on_map.text("saved-state") == "Saving…"
    assert on_map.pending() == 4
    on_map.idle()
    assert on_map.text("saved-state") == "Saved"
    batches = [[edit["row"] for edit in body["edits"]] for body in server.changes]
    assert [len(batch) for batch in batches] == [1, 3]
    rows = [row for batch in batches for row in batch]
    assert rows == sorted(rows)


def test_somebody_elses_edit_comes_first_and_mine_on_top(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    theirs = {"kind": "prompt_set", "id": "theirs", "column": 151, "row": 201, "label": 1}
    server.meddle(theirs)
    on_map.click(150, 200)
    on_map.wait_text("notice", "Somebody else changed this tile. Your edit was added to theirs")
    on_map.idle()
    assert {prompt["id"] for prompt in on_map.mine()} >= {"theirs"}
    assert len(on_map.mine()) == 2
    assert [body["version"] for body in server.changes] == [0, 1]


def test_somebody_elses_edit_is_seen_without_doing_anything(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    server.meddle({"kind": "prompt_set", "id": "x", "column": 300, "row": 300, "label": 0})
    on_map.page.locator('[data-prompt="x"]').wait_for(timeout=5000)


def test_what_is_not_saved_stays_and_is_sent_again(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    server.faults.refuse_next(507, "The disk is full.", "Free some space.", times=2)
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
    assert len(server.log) == 1


def test_after_a_restart_of_the_app_the_map_connects_again(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    server.forget_token()
    on_map.click(150, 200)
    on_map.wait_text("saved-state", "Not saved: This map is no longer connected")
    # A run of the script is asked for, once; it brings the new token.
    asked = [["event", {"tile": TILE, "kind": "disconnected"}]]
    assert on_map.page.evaluate("window.events") == asked
    on_map.page.evaluate("document.querySelector('.cm-map').dataset.same = 'yes'")
    token = server.issue_token()
    on_map.page.evaluate("(token) => window.run({ token })", token)
    on_map.idle()
    assert on_map.text("saved-state") == "Saved"
    assert len(server.log) == 1
    assert token in server.faults.asked[-1].path
    assert on_map.page.locator(".cm-map[data-same=yes]").count() == 1
    assert not on_map.page.get_by_test_id("notice").is_visible()


def test_edits_left_behind_with_an_old_token_go_with_the_new(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    server.forget_token()
    on_map.click(150, 200)
    on_map.wait_text("saved-state", "Not saved")
    # To another page of the app and back, which makes a new map.
    on_map.page.evaluate("window.cleanUp()")
    token = server.issue_token()
    on_map.page.evaluate("(token) => window.run({ token })", token)
    on_map.idle()
    assert len(server.log) == 1


def test_without_a_network_edits_are_kept(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    on_map.page.route("**/edits", lambda route: route.abort())
    on_map.click(150, 200)
    on_map.wait_text("saved-state", "Not saved: the server cannot be reached, retrying")
    on_map.click(150, 300)
    assert on_map.pending() == 2
    on_map.page.unroute("**/edits")
    on_map.idle()
    assert len(server.log) == 2


def test_a_refused_edit_is_taken_back_and_told(on_map: MapPage, server: MapServer) -> None:
    on_map.open()
    server.faults.refuse_next(400, "The line crosses no parcel.", "Draw it across one.")
    on_map.press("5")
    on_map.click(50, 100)
    on_map.click(250, 130)
    on_map.press("Enter")
    on_map.wait_text("notice", "This edit was not made: The line crosses no parcel.*Draw it across")
    on_map.idle()
    assert server.log == ()
    assert on_map.page.locator(".cm-ghost-line").count() == 0


def test_edits_on_their_way_survive_going_to_the_next_tile(
    on_map: MapPage, server: MapServer
) -> None:
    on_map.open()
    server.faults.posts_s = 0.5
    on_map.click(150, 200)
    on_map.click(150, 240)
    on_map.press("Enter")
    on_map.page.wait_for_function("window.__cropmap.tile === 'x1_y0'")
    on_map.idle()
    assert len(server.log) == 2
    assert on_map.page.evaluate("window.events") == [["event", {"tile": "x1_y0", "kind": "opened"}]]
    assert on_map.text("tile-place") == "Tile 2 of 6"
