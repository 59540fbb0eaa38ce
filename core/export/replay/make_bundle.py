"""A replay bundle of a scene's label, from the project that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import EmptySceneError
from core.export.replay.bundle_file import Bundle, write_bundle
from core.export.replay.label_record import LabelSetup, RecordedTile, record_label, record_tile
from core.files import prepare_folder
from core.label.withdrawal import counting
from core.project import Project
from core.session.opened import OpenedScene, open_project_scene
from core.session.place import TilePlace, default_choices, model_of
from core.session.scene_parcels import chosen_tiles
from core.session.workspaces import Workspaces, get_workspaces
from core.task import Cancelled, Progress, check, never, silent

STAGE = "Recording tiles"


def make_bundle(
    project: Project,
    scene_id: str,
    path: Path,
    *,
    tiles: Sequence[str] | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    workspaces: Workspaces | None = None,
) -> Path:
    """Write the bundle of a scene, or of some of its tiles, in place of an earlier one.

    Parameters
    ----------
    tiles : sequence of str, optional
        Names; by default every tile that has a label.

    Raises
    ------
    EmptySceneError
        There is no such tile.
    CancelledError
        ``cancelled`` said so; an earlier bundle is whole.
    CropMapError
        A label cannot be made, or the image or the land cover cannot be read any more.
    OutputError
        The file cannot be written.
    """
    names = chosen_tiles(project, scene_id, accepted_only=False) if tiles is None else list(tiles)
    if not names:
        raise EmptySceneError("No tile has a label yet.", "Map tiles, or accept some, first.")
    own = workspaces or get_workspaces()
    opened = open_project_scene(project, scene_id)
    if opened.landcover_error is not None:
        raise opened.landcover_error
    recorded = []
    for done, name in enumerate(names):
        check(cancelled, "Recording the label was cancelled.", "Start again to do it.")
        progress(STAGE, done, len(names))
        recorded.append(_recorded(TilePlace(project, opened, name), own))
    progress(STAGE, len(names), len(names))
    bundle = _bundle(project, opened, recorded)
    prepare_folder(path.parent)
    write_bundle(path, bundle)
    return path


def _recorded(place: TilePlace, own: Workspaces) -> RecordedTile:
    scene_id = place.opened.record.id
    finished = own.get(place.project, scene_id, place.tile).finished_tile()
    return record_tile(
        place.opened.tile(place.tile),
        place.inputs(place.image()),
        finished.label,
        finished.prediction,
        finished.work,
        counting(finished.log.edits),
        place.project.tile(scene_id, place.tile).verdict,
    )


def _bundle(project: Project, opened: OpenedScene, tiles: Sequence[RecordedTile]) -> Bundle:
    stored = opened.record.landcover
    setup = LabelSetup(
        project=project.name,
        name=opened.record.name,
        scene=opened.scene,
        landcover=opened.landcover,
        landcover_crs=stored.get("crs") if stored and opened.landcover else None,
        landcover_nodata=stored.get("nodata") if stored and opened.landcover else None,
        model=model_of(opened),
        choices=default_choices(opened),
    )
    return record_label(setup, tiles)
