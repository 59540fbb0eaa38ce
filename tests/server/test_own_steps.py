"""Undo is one's own: of edits, verdicts and notes, with two people at one tile."""

from __future__ import annotations

import pytest
import shapely

from core.project import Project
from tests.server.conftest import ready
from tests.server.test_merging import dabs, send
from ui.server import tokens


@pytest.fixture
def bens(tile, base, project) -> str:
    """The same tile, for Ben."""
    return tile.replace(base, f"/cropmap/{tokens.issue(project.path, 'Ben')}")


@pytest.fixture(autouse=True)
def clean(client, tile):
    """Nothing of one test is left for the next."""
    yield
    while (state := ready(client, tile))["edit_count"]:
        client.post(f"{tile}/undo", json={"version": state["version"], "anybody": True})
    if state["verdict"]["verdict"] != "open":
        judge(client, tile, state, "open")


def step(client, tile: str, which: str = "undo", **more):
    return client.post(f"{tile}/{which}", json={"version": ready(client, tile)["version"], **more})


def judge(client, tile: str, state: dict, verdict: str, comment: str = "") -> dict:
    body = {"version": state["verdict"]["version"], "verdict": verdict, "comment": comment}
    return client.post(f"{tile}/verdict", json=body).json()


def hectares(state: dict) -> list[float]:
    return sorted(parcel["area_ha"] for parcel in state["parcels"])


def test_z_takes_ones_own_step_from_under_anothers_and_brings_it_back(
    client, tile, bens, project
) -> None:
    before = ready(client, tile)
    mine, his = dabs(before)
    alone = send(client, bens, before["version"], his).json()
    both = send(client, tile, alone["version"], mine).json()
    assert step(client, bens).status_code == 200
    only_mine = ready(client, tile)
    assert before["cropland_ha"] > only_mine["cropland_ha"] > both["cropland_ha"]
    assert only_mine["edit_count"] == 1
    # Again: Ben has nothing left; what is left is Ana's, and nobody takes it by mistake.
    asked = step(client, bens)
    assert (asked.status_code, asked.json()["kind"]) == (409, "theirs")
    assert asked.json()["message"] == "The last step here is Ana's: undo it?"
    assert ready(client, tile)["version"] == only_mine["version"]
    # In another process the log gives the same.
    scene, name = before["scene"], before["name"]
    assert Project.open(project.path).log(scene, name) == project.log(scene, name)

    assert ready(client, bens)["can_redo"]
    assert step(client, bens, "redo").status_code == 200
    assert hectares(ready(client, tile)) == hectares(both)
    assert step(client, bens, anybody=True).status_code == 200
    assert hectares(ready(client, tile)) == hectares(alone)


def test_what_somebody_built_on_ones_step_is_not_taken_from_under_them(client, tile, bens) -> None:
    before = ready(client, tile)
    mine, _ = dabs(before)
    first = send(client, tile, before["version"], mine).json()
    send(client, bens, first["version"], {**mine, "radius": 4.0})
    asked = step(client, tile)
    assert asked.status_code == 409
    assert asked.json()["message"].startswith("Ben has worked in the same place since.")
    assert step(client, tile, anybody=True).status_code == 200
    assert hectares(ready(client, tile)) == hectares(first)
    # It was Ben's, so bringing it back is asked, too.
    assert step(client, tile, "redo").json()["kind"] == "theirs"
    assert step(client, bens, "redo").status_code == 200


def test_a_verdict_is_a_step_of_who_gave_it(client, tile, bens, project) -> None:
    state = ready(client, tile)
    mine, _ = dabs(state)
    state = send(client, tile, state["version"], mine).json()
    judged = judge(client, tile, state, "fix", "the north")
    judged = judge(client, bens, judged, "accepted")
    # Ana's last step is her own verdict no more: it is the stroke, which lies under Ben's verdict.
    undone = step(client, bens).json()
    assert (undone["verdict"]["verdict"], undone["verdict"]["comment"]) == ("fix", "the north")
    assert undone["verdict"]["reviewer"] == "Ana"
    assert undone["edit_count"] == state["edit_count"]
    assert step(client, tile).json()["verdict"]["verdict"] == "open"
    assert step(client, tile, "redo").json()["verdict"]["verdict"] == "fix"
    assert step(client, tile).json()["verdict"]["verdict"] == "open"
    assert step(client, tile).json()["edit_count"] == state["edit_count"] - 1
    kinds = [row.action for row in project.history(tile=state["name"], limit=4)]
    assert kinds == ["undo", "verdict undone", "verdict redone", "verdict undone"]


def test_a_note_is_pinned_settled_and_undone_and_no_verdict_is_touched(
    client, tile, bens, project
) -> None:
    state = ready(client, tile)
    column, row, width, height = state["window"]
    place = [column + width / 3, row + height / 3]
    judge(client, tile, state, "accepted")
    note = {"kind": "note", "id": "n1", "point": place, "text": "  a gap\nhere "}
    pinned = send(client, bens, state["version"], note).json()
    (shown,) = ready(client, tile)["notes"]
    assert (shown["text"], shown["author"], shown["done_by"]) == ("a gap here", "Ben", "")
    assert shapely.Point(shown["column"], shown["row"]).distance(shapely.Point(place)) < 0.01
    assert hectares(pinned) == hectares(state)

    done = {"kind": "note_done", "id": "n1", "done": True}
    assert send(client, tile, pinned["version"], done).json()["notes"][0]["done_by"] == "Ana"
    assert step(client, tile).json()["notes"][0]["done_by"] == ""
    scene, name = state["scene"], state["name"]
    tables = project.tile(scene, name)
    assert tables.verdict.verdict == "accepted"
    assert step(client, bens).json()["notes"] == []
    beside = send(client, tile, ready(client, tile)["version"], {**note, "point": [-99, -99]})
    assert beside.status_code == 400


def test_several_edits_sent_together_are_one_step(client, tile, bens) -> None:
    """Undone and redone as one, also from under what somebody else did elsewhere."""
    before = ready(client, tile)
    mine, his = dabs(before)
    there = {"point": mine["line"][0]}
    edits = [
        {"kind": "reclassify", "land_class": "other", **there},
        {"kind": "parcel_verdict", "verdict": "unsure", **there},
    ]
    body = {"version": before["version"], "edits": edits, "together": True}
    changed = client.post(f"{tile}/edits", json=body).json()
    assert changed["version"] == before["version"] + 1
    assert (changed["edit_count"], changed["step_count"]) == (2, 1)
    # Ben has not seen it; what he does elsewhere is taken all the same.
    merged = send(client, bens, before["version"], his)
    assert merged.status_code == 200, merged.text
    assert said(merged.json()) == [("other", "unsure")]
    assert step(client, tile).status_code == 200
    assert said(ready(client, tile)) == []
    assert step(client, tile, "redo").status_code == 200
    assert said(ready(client, tile)) == [("other", "unsure")]


def said(state: dict) -> list[tuple[str, str]]:
    kinds = [(parcel["land_class"], parcel["state"]) for parcel in state["parcels"]]
    return [kind for kind in kinds if kind[0] != "cropland" or kind[1] == "unsure"]
