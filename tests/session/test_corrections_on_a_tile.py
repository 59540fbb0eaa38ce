"""Corrections on a tile of a project: stored, undone, redone, kept through a restart."""

from __future__ import annotations

from typing import Any

import shapely

from core.session.models import Models
from core.session.workspaces import Workspaces
from tests.session.conftest import ready
from tests.session.test_workspace import click

SAID = ("state", "land_class", "reason", "reviewer")


def by_size(state: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(state["parcels"], key=lambda one: -one["area_ha"])


def largest(state: dict[str, Any]) -> tuple[list[float], dict[str, Any]]:
    """The largest parcel, and a point in it."""
    return point_in(by_size(state)[0]), by_size(state)[0]


def halved(state: dict[str, Any]) -> dict[str, Any]:
    """A line across the largest parcel."""
    (column, row), _ = largest(state)
    return {"kind": "split", "line": [[column - 500, row - 1], [column + 500, row + 1]]}


def point_in(parcel: dict[str, Any]) -> list[float]:
    point = shapely.Polygon(parcel["rings"][0], parcel["rings"][1:]).representative_point()
    return [point.x, point.y]


def at(state: dict[str, Any], point: list[float]) -> dict[str, Any]:
    """The parcel at a point."""
    place = shapely.Point(point)
    (found,) = (
        one
        for one in state["parcels"]
        if shapely.Polygon(one["rings"][0], one["rings"][1:]).contains(place)
    )
    return found


def edits_of_every_kind(state: dict[str, Any]) -> list[dict[str, Any]]:
    left, top, width, height = state["window"]
    point, other = (point_in(one) for one in by_size(state)[:2])
    ring = [[left + x * width, top + y * height] for x, y in ((0.4, 0.4), (0.6, 0.4), (0.5, 0.6))]
    return [
        {"kind": "parcel_verdict", "point": point, "verdict": "accepted"},
        {"kind": "reclassify", "point": other, "land_class": "other", "reason": "a meadow"},
        {"kind": "area_add", "ring": ring},
        {"kind": "brush", "line": ring, "radius": 4, "add": False},
        {"kind": "smooth", "point": point, "tolerance_m": 3},
        {"kind": "fill_holes"},
        {"kind": "snap", "point": point, "tolerance_m": 4},
        {"kind": "smooth", "tolerance_m": 2},
        {"kind": "merge", "points": [point, other]},
        {"kind": "repair", "width_m": state["problems"]["width_m"]},
        click(state, "a", 0.3, 0.7),
        {"kind": "parcel_verdict", "point": other, "verdict": "unsure", "reason": "cloud"},
    ]


def test_edits_of_every_kind_there_and_back(workspace, project, scene_id, tile, segmenter) -> None:
    state = ready(workspace)
    labels = [workspace.finished().to_json()["parcels"]]
    workspace.edit([halved(state)], state["version"], "Ana")
    state = ready(workspace)
    labels.append(workspace.finished().to_json()["parcels"])
    for edit in edits_of_every_kind(state):
        workspace.edit([edit], state["version"], "Ana")
        state = ready(workspace)
        labels.append(workspace.finished().to_json()["parcels"])
    assert labels[0] != labels[-1]
    for expected in labels[-2::-1]:
        workspace.undo(state["version"], "Ana")
        state = ready(workspace)
        assert workspace.finished().to_json()["parcels"] == expected
    while state["can_redo"]:
        workspace.redo(state["version"], "Ana")
        state = ready(workspace)
    assert workspace.finished().to_json()["parcels"] == labels[-1]
    restarted = Workspaces(Models(lambda _key: segmenter)).get(project, scene_id, tile)
    again = ready(restarted)
    assert again["parcels"] == state["parcels"]
    assert again["problems"] == state["problems"]
    assert restarted.finished().to_json()["parcels"] == labels[-1]


def test_what_was_said_stays_when_the_model_is_asked_anew(workspace) -> None:
    state = ready(workspace)
    point, _ = largest(state)
    said = {"kind": "parcel_verdict", "point": point, "verdict": "rejected", "reason": "a lake"}
    workspace.edit([said], state["version"], "Ana")
    state = ready(workspace)
    expected = ("rejected", "cropland", "a lake", "Ana")
    assert tuple(at(state, point)[name] for name in SAID) == expected
    assert at(state, point)["reviewed_at"]
    settings = {"kind": "settings", "threshold": 0.45, "points_per_class": 12}
    workspace.edit([settings], state["version"], "Ben")
    state = ready(workspace)
    assert tuple(at(state, point)[name] for name in SAID) == expected
    cropland = sum(one["area_ha"] for one in state["parcels"] if one["state"] != "rejected")
    assert abs(state["cropland_ha"] - cropland) < 0.001 * len(state["parcels"])


def test_rejected_land_is_not_in_the_mask(workspace) -> None:
    state = ready(workspace)
    point, parcel = largest(state)
    said = {"kind": "parcel_verdict", "point": point, "verdict": "rejected"}
    workspace.edit([said], state["version"], "Ana")
    after = ready(workspace)
    assert after["mask_version"] != state["mask_version"]
    lost = state["cropland_ha"] - after["cropland_ha"]
    assert abs(lost - parcel["area_ha"]) < 0.01
