"""Another image or land cover for a scene, knowingly: predicted anew, accepted labels stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import CropMapError
from core.label.tile_label import Label
from core.project import Project, SceneRecord
from core.session.accepted_labels import keep_accepted_label, last_label
from core.session.adding_scenes import change_landcover
from core.session.moved_imagery import Found, relink
from core.session.opened import open_project_scene
from core.session.place import TilePlace
from core.session.workspaces import Workspaces, get_workspaces


def take_imagery(
    project: Project,
    scene_id: str,
    found: Found,
    *,
    path: str = "",
    workspaces: Workspaces | None = None,
) -> SceneRecord:
    """Take a file that was looked at as new imagery of a scene.

    Edits and verdicts stay, accepted tiles keep their label, the others are predicted anew.

    Raises
    ------
    OtherImageryError
        Its pixels lie elsewhere: nothing changes.
    ConflictError
        Somebody changed the scene meanwhile.
    OutputError
        The label of an accepted tile cannot be kept.
    """
    if found.same_grid:
        keep_accepted_labels(project, scene_id, workspaces)
    return relink(project, scene_id, found, path=path, knowingly=True)


def take_landcover(
    project: Project,
    scene_id: str,
    path: str | Path,
    product: str | None = None,
    crs: str | None = None,
    nodata: Sequence[float] | None = None,
    workspaces: Workspaces | None = None,
) -> SceneRecord:
    """Take another land cover, or what lies in the file of the present one now.

    Edits and verdicts stay, accepted tiles keep their label, the others are predicted anew.

    Raises
    ------
    InputError, NoOverlapError
        It cannot be used here; the present one stays.
    ConflictError
        Somebody changed the scene meanwhile.
    OutputError
        The label of an accepted tile cannot be kept.
    """
    keep_accepted_labels(project, scene_id, workspaces)
    return change_landcover(project, scene_id, path, product, crs, nodata)


def keep_accepted_labels(
    project: Project, scene_id: str, workspaces: Workspaces | None = None
) -> int:
    """Let all accepted tiles of a scene keep the label that they have; returns how many do.

    A tile whose label cannot be made any more keeps the last that was made.

    Raises
    ------
    OutputError
        One cannot be written.
    """
    own = workspaces or get_workspaces()
    opened = open_project_scene(project, scene_id)
    kept = 0
    for tile in project.tiles(scene_id):
        if tile.verdict.verdict != "accepted":
            continue
        place = TilePlace(project, opened, tile.name)
        label: Label | None
        try:
            label = own.get(project, scene_id, tile.name).finished()
        except CropMapError:
            label = last_label(place)
        if label is not None:
            keep_accepted_label(place, tile.verdict, label)
            kept += 1
    return kept
