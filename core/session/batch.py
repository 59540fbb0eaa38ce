"""Every tile of a scene predicted, so that review can begin anywhere; stopped, it goes on later."""

from __future__ import annotations

from core.errors import CancelledError
from core.project import Project
from core.session.opened import open_project_scene
from core.session.workspaces import Workspaces, get_workspaces
from core.task import Cancelled, Progress

STAGE = "Mapping tiles"


def predict_all(
    project: Project,
    scene_id: str,
    progress: Progress,
    cancelled: Cancelled,
    workspaces: Workspaces | None = None,
) -> int:
    """Predict the tiles that have no label yet, or an outdated one; returns how many there are.

    Raises
    ------
    CancelledError
        ``cancelled`` said so; the tiles done until then are kept.
    CropMapError
        A tile cannot be predicted.
    """
    own = workspaces or get_workspaces()
    names = list(open_project_scene(project, scene_id).tiles)
    progress(STAGE, 0, len(names))
    for done, name in enumerate(names, start=1):
        if cancelled():
            raise CancelledError(
                f"{done - 1} of {len(names)} tiles are done and kept.", "Start again to continue."
            )
        own.get(project, scene_id, name).finished()
        progress(STAGE, done, len(names))
    own.settle()
    return len(names)
