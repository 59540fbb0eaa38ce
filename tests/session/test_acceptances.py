"""Signatures on a tile that people work on: locked, changed, restored; the tile's own verdict."""

from __future__ import annotations

from typing import Any

import pytest
from shapely import box

from core.grid import PixelPoint
from core.label.edit_units import EditUnits
from core.label.edits import edit_to_json
from core.label.prompt_edits import PointSet
from core.label.tile_label import Label
from core.parcels.parcel import Parcel
from core.session import changed_tiles, chosen_tiles
from core.session.locking import Lock, LockedError
from core.session.opened import open_project_scene
from core.session.place import TilePlace
from tests.session.conftest import ready
from tests.session.test_corrections_on_a_tile import at, halved, largest
from tests.session.test_workspace import click


def accepted(parcel: dict[str, Any], point: list[float]) -> dict[str, Any]:
    """The parcel accepted as it is seen, as the browser sends it."""
    shape = [parcel["rings"], *parcel.get("more", [])]
    said = {"kind": "parcel_verdict", "point": point, "verdict": "accepted"}
    return {**said, "shape": shape, "land_class": parcel["land_class"]}


def test_locked_then_changed_then_restored(workspace, project, scene_id, tile) -> None:
    state = ready(workspace)
    point, parcel = largest(state)
    workspace.edit([accepted(parcel, point)], 0, "Ana")
    state = ready(workspace)
    assert (at(state, point)["state"], at(state, point)["reviewer"]) == ("accepted", "Ana")
    inside = {"kind": "prompt_set", "id": "b", "label": 1, "column": point[0], "row": point[1]}
    for edit in (halved(state), inside, {"kind": "parcel_delete", "point": point}):
        with pytest.raises(LockedError, match="This would change a parcel that Ana accepted"):
            workspace.edit([edit], 1, "Ben", lock=True)
    assert project.log(scene_id, tile).version == 1

    workspace.edit([halved(state)], 1, "Ben")
    state = ready(workspace)
    pieces = [one for one in state["parcels"] if one["state"] == "changed"]
    (changed,) = state["changed"]
    assert {one["reviewer"] for one in pieces} == {"Ben"}
    assert changed["parcels"] == [one["id"] for one in pieces]
    assert (changed["reviewer"], changed["area_ha"]) == ("Ana", parcel["area_ha"])
    workspace.edit([{"kind": "restore_accepted", "point": changed["point"]}], 2, "Ben", lock=True)
    state = ready(workspace)
    again = at(state, point)
    assert (again["state"], again["reviewer"], again["area_ha"]) == (
        "accepted",
        "Ana",
        parcel["area_ha"],
    )
    assert state["changed"] == []
    workspace.undo(3, "Ben")
    assert len(ready(workspace)["changed"]) == 1


def test_a_new_prediction_changes_what_was_accepted(workspace) -> None:
    state = ready(workspace)
    point, parcel = largest(state)
    least = {"kind": "settings", "threshold": 0.95, "simplify_px": 6.0}
    # Settings are for the whole tile: the lock does not refuse them.
    workspace.edit([accepted(parcel, point), least], 0, "Ana", lock=True)
    state = ready(workspace)
    assert [one["reviewer"] for one in state["changed"]] == ["Ana"]
    assert "accepted" not in {one["state"] for one in state["parcels"]}


def test_a_click_beside_spares_what_is_accepted(workspace, project, scene_id, tile) -> None:
    place = TilePlace(project, open_project_scene(project, scene_id), tile)
    field = Parcel("F1", box(10, 10, 40, 40), 0.9, "accepted", reviewer="Ana")
    cut = Parcel("F1", box(10, 10, 38, 40), 0.9, "changed", reviewer="Ben")
    log, units = project.log(scene_id, tile), EditUnits.stored(place.frame)
    beside = edit_to_json(PointSet("a", PixelPoint(80, 80), 1), units)
    for foreseen, behind in (
        (Label("then", (cut,)), ["restore_accepted"]),
        (Label("then", (field,)), []),
        (None, []),
    ):
        lock = Lock(place, log, Label("now", (field,)), lambda _log, then=foreseen: then)
        first, *others = lock.kept([beside], "Ben")
        assert first is beside
        assert [edit.kind for edit in others] == behind
    # Both are one step, which undo takes back as a whole.
    lock = Lock(place, log, Label("now", (field,)), lambda _log: Label("then", (cut,)))
    project.append(scene_id, tile, lock.kept([beside], "Ben"), author="Ben", expected_version=0)
    assert project.undo(scene_id, tile, author="Ben", expected_version=1).edits == ()


def test_an_accepted_tile_keeps_its_label_until_somebody_edits_it(
    workspace, workspaces, project, scene_id, tile
) -> None:
    state = ready(workspace)
    workspaces.settle()
    project.set_verdict(
        scene_id, tile, "accepted", comment="", reviewer="Ana", expected_version=0, expected_log=0
    )
    workspace.keep_accepted()
    workspaces.settle()
    assert ready(workspace)["error"] is None
    label = workspace.finished()
    settings = {**project.scene(scene_id).settings, "threshold": 0.95}
    version = project.scene(scene_id).version
    project.update_scene(scene_id, settings=settings, expected_version=version)
    assert workspace.finished().to_json() == label.to_json()
    assert "keeps its accepted label" in workspace.state()["note"]["message"]
    assert chosen_tiles(project, scene_id, accepted_only=True) == [tile]

    workspace.edit([click(state, "a", 0.4, 0.4)], 0, "Ben")
    after = ready(workspace)
    assert (after["verdict"]["verdict"], after["verdict"]["reviewer"]) == ("changed", "Ana")
    assert chosen_tiles(project, scene_id, accepted_only=True) == []
    assert changed_tiles(project, scene_id) == 1
    workspace.undo(1, "Ben")
    assert chosen_tiles(project, scene_id, accepted_only=True) == [tile]
    assert workspace.finished().to_json() == label.to_json()
