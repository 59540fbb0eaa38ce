"""Labels as they once were, and what changed between them; on made tiles, with a fake model."""

import numpy as np
import pytest
import shapely

from core.errors import CancelledError
from core.label.kept_label import load_label
from core.label.tile_label import rasterize_label
from core.project import Project
from core.review.change import between_reviewers, changes_of, pooled
from core.review.past import ROOT, label_at
from core.review.second import judge
from core.session.opened import open_project_scene
from core.session.place import label_path
from tests.session.conftest import ready


def quietly(*_: object) -> None:
    """Progress that nobody looks at."""


def never() -> bool:
    return False


def cut_left_half(workspace, author: str = "Ada") -> None:
    """Take away all cropland in the left half of the tile."""
    state = ready(workspace)
    column, row, width, height = state["window"]
    right = column + width / 2
    ring = [[column, row], [right, row], [right, row + height], [column, row + height]]
    workspace.edit([{"kind": "area_remove", "ring": ring}], state["version"], author)


def left_and_right(label, frame) -> tuple[int, int]:
    mask = rasterize_label(label, frame)
    half = mask.shape[1] // 2
    return int(mask[:, :half].sum()), int(mask[:, half:].sum())


def test_the_automatic_label_is_made_again_and_the_present_one_stays(
    workspace,
    workspaces,
    project: Project,
    scene_id: str,
    tile: str,
) -> None:
    ready(workspace)
    untouched = workspace.finished()
    cut_left_half(workspace)
    now = workspace.finished()
    workspaces.settle()
    kept = load_label(label_path(project.folder, scene_id, tile))
    head = project.log(scene_id, tile).version

    before = label_at(project, scene_id, tile, ROOT, workspaces.models)
    again = label_at(project, scene_id, tile, head, workspaces.models)
    assert before.to_json() == untouched.to_json()
    assert again.to_json() == now.to_json()
    assert load_label(label_path(project.folder, scene_id, tile)) == kept
    assert project.tile(scene_id, tile).figures["cropland_ha"] == pytest.approx(
        ready(workspace)["cropland_ha"]
    )
    assert not list((project.folder / "past").rglob("*.placed"))


def test_automatic_against_corrected_counted_by_hand(
    workspace,
    workspaces,
    project: Project,
    scene_id: str,
    tile: str,
) -> None:
    ready(workspace)
    automatic = workspace.finished()
    cut_left_half(workspace)
    frame = open_project_scene(project, scene_id).frame(tile)
    left, right = left_and_right(automatic, frame)
    now_left, now_right = left_and_right(workspace.finished(), frame)
    assert left > 0
    assert right > 0
    assert now_left == 0
    (change,) = changes_of(project, scene_id, quietly, never, workspaces)
    assert change.tile == tile
    assert change.pixels.iou == pytest.approx(now_right / (left + right))
    pixel = frame.core_grid.pixel_area_m2 / 1e4
    assert change.removed_ha == pytest.approx((left + right - now_right) * pixel)
    assert change.added_ha == 0
    assert change.touched <= change.parcels
    # What an outline loses in pixels it loses in square metres.
    lost = shapely.area([p.polygon for p in automatic.parcels]).sum()
    lost -= shapely.area([p.polygon for p in workspace.finished().parcels]).sum()
    assert change.removed_ha == pytest.approx(lost * frame.native_pixel_area_m2 / 1e4, rel=0.02)


def test_accepted_without_edits_is_no_change(
    workspace,
    workspaces,
    project: Project,
    scene_id: str,
    tile: str,
) -> None:
    ready(workspace)
    assert changes_of(project, scene_id, quietly, never, workspaces) == []
    project.set_verdict(scene_id, tile, "accepted", comment="", reviewer="Ada", expected_version=0)
    (change,) = changes_of(project, scene_id, quietly, never, workspaces)
    assert change.pixels.iou == 1.0
    assert (change.changed_ha, change.touched) == (0, 0)


def test_a_comparison_can_be_cancelled(workspace, workspaces, project, scene_id) -> None:
    cut_left_half(workspace)
    with pytest.raises(CancelledError):
        changes_of(project, scene_id, quietly, lambda: True, workspaces)


def test_the_label_of_both_reviewers(
    workspace,
    workspaces,
    project: Project,
    scene_id: str,
    tile: str,
) -> None:
    ready(workspace)
    first = workspace.finished()

    def verdict(who: str, said: str) -> None:
        version = project.tile(scene_id, tile).verdict.version
        judge(project, scene_id, tile, said, comment="", reviewer=who, expected_version=version)

    verdict("Ada", "accepted")
    project.draw_second_reviews(scene_id, [tile], seed=1, author="Ada")
    cut_left_half(workspace, "Ben")
    verdict("Ben", "fix")
    second = workspace.finished()
    # Whatever is done afterwards is not what the two judged.
    state = ready(workspace)
    workspace.edit([{"kind": "settings", "threshold": 0.99}], state["version"], "Cleo")

    (change,) = between_reviewers(project, scene_id, quietly, never, workspaces)
    frame = open_project_scene(project, scene_id).frame(tile)
    one, other = (rasterize_label(label, frame) for label in (first, second))
    shared = np.count_nonzero(one & other) / np.count_nonzero(one | other)
    assert change.pixels.iou == pytest.approx(shared)
    assert 0 < shared < 1


def test_nothing_compared_is_nothing() -> None:
    assert pooled([]).iou is None
