"""Two people on one tile: what does not touch is taken, a conflict is told and costs nothing."""

from __future__ import annotations

import pytest
import shapely

from core.session.label_memory import LabelMemory
from tests.server.conftest import ready
from ui.server import tokens


@pytest.fixture
def bens(tile, base, project) -> str:
    """The same tile, for Ben."""
    return tile.replace(base, f"/cropmap/{tokens.issue(project.path, 'Ben')}")


def dabs(state: dict) -> tuple[dict, dict]:
    """Two small strokes in the fields that are farthest from each other."""
    fields = [shapely.Polygon(p["rings"][0]).convex_hull for p in state["parcels"]]
    pairs = [(one.distance(other), one, other) for one in fields for other in fields]
    distance, *far = max(pairs, key=lambda pair: pair[0])
    assert distance > 20
    spots = [shapely.Point(field.representative_point()) for field in far]
    return tuple(
        {"kind": "brush", "line": [[spot.x, spot.y]], "radius": 2.0, "add": False} for spot in spots
    )


def send(client, tile: str, version: int, *edits: dict):
    return client.post(f"{tile}/edits", json={"version": version, "edits": list(edits)})


def back_to(client, tile: str, count: int) -> dict:
    while (state := ready(client, tile))["edit_count"] > count:
        client.post(f"{tile}/undo", json={"version": state["version"], "anybody": True})
    return state


def test_strokes_far_apart_are_both_taken(client, tile, bens) -> None:
    before = ready(client, tile)
    mine, his = dabs(before)
    first = send(client, tile, before["version"], mine)
    second = send(client, bens, before["version"], his)
    assert (first.status_code, second.status_code) == (200, 200), second.text
    after = second.json()
    assert after["version"] == before["version"] + 2
    assert after["cropland_ha"] < first.json()["cropland_ha"] < before["cropland_ha"]
    # What touches what Ben did is not.
    third = send(client, tile, before["version"] + 1, {**his, "radius": 1.0})
    assert third.status_code == 409
    back_to(client, tile, before["edit_count"])


def test_a_conflict_tells_what_was_done_and_makes_no_label(client, tile, bens, monkeypatch) -> None:
    before = ready(client, tile)
    mine, _ = dabs(before)
    assert send(client, tile, before["version"], mine).status_code == 200

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a conflict needs no label")

    with monkeypatch.context() as patched:
        patched.setattr(LabelMemory, "make", refuse)
        late = send(client, bens, before["version"], mine)
        undo = client.post(f"{bens}/undo", json={"version": before["version"]})
    assert (late.status_code, undo.status_code) == (409, 409)
    told = {
        "version": before["version"] + 1,
        "count": 1,
        "kinds": ["area_remove"],
        "authors": ["Ana"],
    }
    assert late.json()["overtaken"] == undo.json()["overtaken"] == told
    assert "state" not in late.json()
    assert client.get(f"{bens}?wait=0").json()["version"] == told["version"]
    back_to(client, tile, before["edit_count"])


def test_an_edit_meets_no_undo_that_its_author_has_not_seen(client, tile, bens) -> None:
    before = ready(client, tile)
    mine, his = dabs(before)
    seen = send(client, tile, before["version"], mine).json()
    undone = client.post(f"{tile}/undo", json={"version": seen["version"]}).json()
    late = send(client, bens, seen["version"], his)
    assert late.status_code == 409
    assert late.json()["overtaken"]["kinds"] == ["undo"]
    assert send(client, bens, undone["version"], his).status_code == 200
    back_to(client, tile, before["edit_count"])


def clicks(state: dict) -> tuple[dict, dict]:
    """A click in each of the two fields that are farthest from each other."""
    return tuple(
        {"kind": "prompt_set", "id": name, "column": dab["line"][0][0], "row": dab["line"][0][1]}
        | {"label": label}
        for name, dab, label in zip("ab", dabs(state), (0, 1), strict=True)
    )


def test_clicks_of_two_people_in_different_fields_are_both_taken(client, tile, bens) -> None:
    before = ready(client, tile)
    outcomes = []
    for order in ((0, 1), (1, 0)):
        both = clicks(before)
        first, second = (both[place] for place in order)
        version = ready(client, tile)["version"]
        assert send(client, tile, version, first).status_code == 200
        ready(client, tile)
        taken = send(client, bens, version, second)
        assert taken.status_code == 200, taken.text
        state = ready(client, tile)
        assert {p["id"] for p in state["prompts"] if p["source"] == "person"} == {"a", "b"}
        outcomes.append(sorted((p["id"], round(p["area_ha"], 6)) for p in state["parcels"]))
        # What lies in the same field is not.
        again = {**first, "id": "c", "column": first["column"] + 1}
        assert send(client, bens, version, again).status_code == 409
        back_to(client, tile, before["edit_count"])
    assert outcomes[0] == outcomes[1]
