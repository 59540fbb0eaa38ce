"""Labels of a whole scene as pictures: all of them, or those of accepted tiles alone."""

import pytest

from core.session.layers import layers_overlay
from core.session.opened import open_project_scene


@pytest.mark.usefixtures("quickly_predicted")
def test_only_accepted_tiles_have_colour_where_that_is_asked(project, scene_id, workspaces) -> None:
    names = [tile.name for tile in project.tiles(scene_id)]
    for name in names:
        workspaces.get(project, scene_id, name).finished()
    workspaces.settle()
    grid = open_project_scene(project, scene_id).scene.grid
    assert layers_overlay(project, scene_id, "accepted", grid) is None
    _each_tile_can_be_left_out(project, scene_id, names)
    coloured = {
        name: layers_overlay(
            project, scene_id, "label", open_project_scene(project, scene_id).frame(name).core_grid
        )
        for name in names
    }
    accepted = max(names, key=lambda name: 0 if coloured[name] is None else coloured[name].sum())
    project.set_verdict(
        scene_id, accepted, "accepted", comment="", reviewer="A", expected_version=0
    )
    for name in names:
        core = open_project_scene(project, scene_id).frame(name).core_grid
        seen = layers_overlay(project, scene_id, "accepted", core)
        if name == accepted:
            assert (seen[..., 3] > 0).any()
            assert (seen == coloured[name]).mean() > 0.99  # edges may gain a pixel of a neighbour
        else:
            assert seen is None or (seen[..., 3] > 0).mean() < 0.02


def _each_tile_can_be_left_out(project, scene_id: str, names: list[str]) -> None:
    opened = open_project_scene(project, scene_id)
    everything = layers_overlay(project, scene_id, "label", opened.scene.grid)
    for name in names:
        left = layers_overlay(project, scene_id, "label", opened.scene.grid, without=name)
        itself = layers_overlay(
            project, scene_id, "label", opened.frame(name).core_grid, without=name
        )
        assert itself is None or (itself[..., 3] > 0).mean() < 0.02
        changed = (left != everything).any(axis=-1).sum()
        own = layers_overlay(project, scene_id, "label", opened.frame(name).core_grid)
        assert abs(changed - (0 if own is None else (own[..., 3] > 0).sum())) < 600
