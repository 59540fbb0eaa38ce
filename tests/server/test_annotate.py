"""The annotation map's routes, asked as the browser asks them."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.server.conftest import click, ready
from ui.server import tokens


def picture(response) -> np.ndarray:
    assert response.status_code == 200
    return np.asarray(Image.open(io.BytesIO(response.content)))


def test_the_scene_tells_its_size_and_tiles(client, base, project) -> None:
    state = client.get(f"{base}/scene/{project.scenes()[0].id}").json()
    assert (state["width"], state["height"]) == (300, 300)
    assert state["aspect"] == pytest.approx(1, abs=0.01)
    assert state["gsd_m"] == pytest.approx(1, abs=0.01)
    area = sum(t["window"][2] * t["window"][3] for t in state["tiles"])
    assert area == pytest.approx(300 * 300)


def test_an_edit_answers_with_the_new_state_and_undo_with_the_old(client, tile) -> None:
    before = ready(client, tile)
    body = {"version": before["version"], "edits": [click(before, "a")]}
    after = client.post(f"{tile}/edits", json=body)
    assert after.status_code == 200
    assert after.json()["version"] == before["version"] + 1
    undone = client.post(f"{tile}/undo", json={"version": after.json()["version"]}).json()
    assert undone["mask_version"] == before["mask_version"]
    redone = client.post(f"{tile}/redo", json={"version": undone["version"]}).json()
    assert redone["mask_version"] == after.json()["mask_version"]
    client.post(f"{tile}/undo", json={"version": redone["version"]})


def test_overlays_have_the_pixels_of_the_tile(client, tile) -> None:
    state = ready(client, tile)
    for layer in ("probability", "uncertainty"):
        shape = picture(client.get(f"{tile}/{layer}.png")).shape[:2]
        assert shape == (round(state["window"][3]), round(state["window"][2]))
    assert client.get(f"{tile}/mask.png").status_code == 404


def test_hover_is_an_area_or_nothing(client, tile) -> None:
    state = ready(client, tile)
    spot = click(state, "a")
    for more in ("", "&closely=1"):
        asked = f"{tile}/hover?column={spot['column']}&row={spot['row']}&label=1{more}"
        answer = client.get(asked).json()
        assert answer["final"]
        for part in answer["parts"]:
            for ring in part:
                assert ring[0] == ring[-1]
                assert len(ring) > 3
    assert client.get(f"{tile}/hover?column=nan&row=1").status_code == 400
    assert client.get(f"{tile}/hover").status_code == 400


def test_ones_own_change_is_known_by_its_stamp(client, tile, base) -> None:
    before = ready(client, tile)
    since = client.get(f"{base}/changes?since=0").json()["revision"]
    body = {"version": before["version"], "edits": [click(before, "stamped")]}
    after = client.post(f"{tile}/edits", json=body).json()
    assert after["stamp"] != before["stamp"]
    news = client.get(f"{base}/changes?since={since}").json()
    assert [after["scene"], after["name"], after["stamp"]] in news["tiles"]
    undone = client.post(f"{tile}/undo", json={"version": after["version"]}).json()
    assert undone["stamp"] not in (before["stamp"], after["stamp"])


def test_a_conflict_brings_the_present_version(client, tile) -> None:
    state = ready(client, tile)
    body = {"version": state["version"] + 7, "edits": [click(state, "a")]}
    answer = client.post(f"{tile}/edits", json=body)
    assert answer.status_code == 409
    assert answer.json()["overtaken"]["version"] == state["version"]
    assert answer.json()["message"]


def test_verdicts_are_seen_by_the_other_browser(client, tile, base, project) -> None:
    state = ready(client, tile)
    other = f"/cropmap/{tokens.issue(project.path, 'Ben')}"
    since = client.get(f"{other}/changes?since=0").json()["revision"]
    verdict = {"version": state["verdict"]["version"], "verdict": "accepted", "comment": "fine"}
    judged = client.post(f"{tile}/verdict", json=verdict).json()["verdict"]
    assert (judged["verdict"], judged["reviewer"], judged["comment"]) == ("accepted", "Ana", "fine")
    news = client.get(f"{other}/changes?since={since}").json()
    assert [state["scene"], state["name"]] in [entry[:2] for entry in news["tiles"]]
    assert client.get(tile.replace(base, other)).json()["verdict"]["reviewer"] == "Ana"
    again = client.post(f"{tile.replace(base, other)}/verdict", json=verdict)
    assert again.status_code == 409
    assert client.post(f"{tile}/verdict", json={**verdict, "verdict": "grand"}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"version": "1", "edits": []}',
        b'{"version": 0}',
        b'{"version": 0, "edits": [{"kind": "dance"}]}',
        b'{"version": 0, "edits": ' + b"[" * 100_000,
    ],
    ids=lambda body: body[:30].decode(),
)
def test_what_is_no_edit_is_refused_in_a_sentence(client, tile, body) -> None:
    answer = client.post(f"{tile}/edits", content=body)
    assert answer.status_code == 400
    assert set(answer.json()) >= {"message", "hint"}


def test_too_large_a_body_is_refused(client, tile) -> None:
    answer = client.post(f"{tile}/edits", content=b" " * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert "too large" in answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["scene/none", "tile/none/x1_y1", "tile/none/x1_y1/probability.png"]
)
def test_what_is_not_there_is_a_sentence(client, base, path) -> None:
    answer = client.get(f"{base}/{path}")
    assert answer.status_code == 404
    assert answer.json()["message"]


def test_a_token_opens_nothing_that_it_was_not_made_for(client, tile, base) -> None:
    assert client.get(tile.replace(base, "/cropmap/guess")).status_code == 403
    strange = {"Origin": "http://elsewhere.example"}
    assert client.post(f"{tile}/undo", json={"version": 0}, headers=strange).status_code == 403
