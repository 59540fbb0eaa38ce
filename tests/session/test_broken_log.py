"""A tile whose log holds a step that cannot be replayed opens with the label before it."""

from __future__ import annotations

import orjson
import pytest

from core.errors import InputError
from core.label.own_steps import NotOwnStepError
from core.project import NewEdit
from tests.session.conftest import ready
from tests.session.test_workspace import click

POISON = [
    NewEdit("prompt_set", {"id": "\ud800", "x": 500_000.0, "y": 5_000_000.0, "label": 1}),
    NewEdit("area_add", {"ring": [[1e308, 0.0], [0.0, 1e308], [1e308, 1e308]]}),
    NewEdit("smooth", {"tolerance_m": 10**400}),
    NewEdit("a kind of a newer version", {}),
]


@pytest.mark.parametrize("poison", POISON, ids=lambda edit: edit.kind)
def test_the_last_good_label_is_shown_and_undo_goes_on(
    workspace, project, scene_id, tile, poison
) -> None:
    state = ready(workspace)
    log = workspace.edit([click(state, "a", 0.5, 0.5)], state["version"], "Ana")
    good = ready(workspace)
    # As a version without typed edits stored it.
    bad = project.append(scene_id, tile, [poison], author="Ben", expected_version=log.version)
    shown = ready(workspace)
    orjson.dumps(shown)
    assert shown["version"] == bad.version
    assert shown["can_undo"]
    assert shown["parcels"] == good["parcels"]
    assert shown["prompts"] == good["prompts"]
    assert shown["mask_version"] == good["mask_version"]
    assert shown["error"]["message"].startswith(
        f"Step 2 of this tile's edits ('{poison.kind}' by Ben, 20"
    )
    # Nothing is stored on top of it, where it would not be seen; nor is it exported without it.
    with pytest.raises(InputError, match="Step 2"):
        workspace.edit([click(state, "b", 0.4, 0.4)], bad.version, "Ana")
    with pytest.raises(InputError, match=f"Tile {tile}: Step 2"):
        workspace.finished()
    with pytest.raises(NotOwnStepError, match="Ben"):
        workspace.undo(bad.version, "Ana")
    undone = workspace.undo(bad.version, "Ana", anybody=True)
    after = ready(workspace)
    assert after["error"] is None
    assert after["parcels"] == good["parcels"]
    workspace.edit([click(state, "b", 0.4, 0.4)], undone.version, "Ana")
    assert {prompt["id"] for prompt in ready(workspace)["prompts"]} >= {"a", "b"}
