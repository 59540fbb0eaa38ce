"""Labels as they once were: the edit log is never shortened, so each can be made again."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.label.tile_label import Label
from core.project import Project, TileLog
from core.session.automatic import base_path
from core.session.models import Models
from core.session.workspace import Workspace
from core.session.workspaces import get_workspaces

ROOT = 0
"""Head of a log before its first edit: the label there is the automatic prediction."""


class _AtHead(Project):
    """A project seen with one tile's log at an earlier point; it takes no figures.

    What is made for it lies in a folder of its own, so that the present label stays where it is.
    """

    def __init__(self, project: Project, head: int) -> None:
        # The same open file: this is a view, not another connection.
        vars(self).update(vars(project))
        self._head = head
        self._own_folder = project.folder / "past" / str(head)

    @property
    def folder(self) -> Path:
        """Where labels of this point of the log are kept."""
        return self._own_folder

    def log(self, scene_id: str, name: str) -> TileLog:
        """The edits that were in force."""
        return self.log_at(scene_id, name, self._head)

    def set_figures(self, scene_id: str, name: str, figures: dict[str, float]) -> None:
        """Nothing: figures are of the present label."""


def label_at(
    project: Project, scene_id: str, tile: str, head: int, models: Models | None = None
) -> Label:
    """The label that a tile's edits amounted to when its log stood at ``head``.

    It is made with the scene's present imagery, land cover and model, and kept on disk.

    Raises
    ------
    CropMapError
        Why it cannot be made.
    """
    past = _AtHead(project, head)
    _lend_predictions(project, past, scene_id, tile)
    try:
        own = models or get_workspaces().models
        return Workspace(past, scene_id, tile, own, lambda work: work()).finished()
    finally:
        shutil.rmtree(past.folder / "predictions", ignore_errors=True)


def _lend_predictions(project: Project, past: Project, scene_id: str, tile: str) -> None:
    """Copy kept predictions: making one takes seconds, and a wrong one is not taken anyway."""
    for changed in (False, True):
        kept = base_path(project.folder, scene_id, tile, changed=changed)
        if kept.exists():
            lent = base_path(past.folder, scene_id, tile, changed=changed)
            lent.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, lent)
