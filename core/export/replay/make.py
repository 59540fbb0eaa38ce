"""A replay bundle of a scene's label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import EmptySceneError
from core.export.replay.bundle_file import write_bundle
from core.export.replay.label_record import record_label
from core.files import prepare_folder
from core.project import Project
from core.session.scene_label import chosen_tiles
from core.session.workspaces import Workspaces, get_workspaces
from core.task import Cancelled, Progress, never, silent


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
    ConflictError
        A tile was edited all the time.
    CropMapError
        A label cannot be made, or the image or the land cover cannot be read any more.
    OutputError
        The file cannot be written.
    """
    names = chosen_tiles(project, scene_id, accepted_only=False) if tiles is None else list(tiles)
    if not names:
        raise EmptySceneError("No tile has a label yet.", "Map tiles, or accept some, first.")
    own = workspaces or get_workspaces()
    bundle = record_label(project, scene_id, names, own, progress, cancelled)
    prepare_folder(path.parent)
    write_bundle(path, bundle)
    return path
