"""Clicks and boxes do what the preview shows; what finds nothing is no step."""

from __future__ import annotations

import pytest
import shapely

from core.grid import PixelPoint
from core.session.in_vain import FindsNothingError
from tests.session.conftest import ready
from tests.session.test_corrections_on_a_tile import largest


def test_hover_shows_what_a_click_against_takes_away(workspace) -> None:
    state = ready(workspace)
    point, parcel = largest(state)
    whole = shapely.Polygon(parcel["rings"][0], parcel["rings"][1:])
    answer = workspace.hover(PixelPoint(*point), "Ana", adds=False)
    # Beyond the parcel that is pointed at nothing goes, whatever the model sees there.
    assert answer.area.difference(whole).area < 0.01 * whole.area
    against = {"kind": "prompt_set", "id": "a", "label": 0, "column": point[0], "row": point[1]}
    workspace.edit([against], state["version"], "Ana")
    after = ready(workspace)
    lost = state["cropland_ha"] - after["cropland_ha"]
    shown = answer.area.area * parcel["area_ha"] / whole.area
    assert lost == pytest.approx(shown, rel=0.01)
    kept = {p["id"]: p for p in after["parcels"] if not p["id"].startswith(parcel["id"])}
    assert all(kept[p["id"]] == p for p in state["parcels"] if p["id"] != parcel["id"])


def test_what_finds_nothing_is_no_step(workspace, project, scene_id, tile) -> None:
    """What was cut out or deleted stays so, whatever the model finds there."""
    point, _ = largest(ready(workspace))
    left, top, right, bottom = (point[0] - 9, point[1] - 9, point[0] + 9, point[1] + 9)
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    workspace.edit([{"kind": "area_remove", "ring": corners}], 0, "Ana")
    workspace.edit([{"kind": "parcel_delete", "point": [left - 1, point[1]]}], 1, "Ana")
    before = ready(workspace)
    box = {"kind": "box_set", "left": left, "top": top, "right": right, "bottom": bottom}
    beside = {"kind": "prompt_set", "column": left - 1, "row": point[1]}
    for edit, why in (
        ({**box, "id": "b"}, "No field was found there"),
        ({**beside, "id": "a", "label": 1}, "No field was found there"),
        ({**beside, "id": "a", "label": 0}, "no field there to take away"),
    ):
        with pytest.raises(FindsNothingError, match=f"{why}, and nothing was changed"):
            workspace.edit([edit], 2, "Ana")
    assert [edit.kind for edit in project.log(scene_id, tile).edits] == [
        "area_remove",
        "parcel_delete",
    ]
    assert ready(workspace)["parcels"] == before["parcels"]
