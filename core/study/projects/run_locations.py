"""Where a project keeps what belongs to its evaluation: beside, and never inside, what is exported.

``evaluation/truth/SCENE/`` holds a scene's truth tile by tile, ``cells/`` the finished steps of all
runs, ``runs/NAME/`` what each run wrote.
"""

from __future__ import annotations

from pathlib import Path

from core.project import Project

EVALUATION, RUNS = "evaluation", "runs"
_TRUTH, _CELLS, _FILES = "truth", "cells", "files"


def evaluation_folder(project: Project) -> Path:
    """Of a project; it need not be there yet."""
    return project.folder / EVALUATION


def truth_folder(project: Project, scene_id: str) -> Path:
    """A scene's truth."""
    return evaluation_folder(project) / _TRUTH / scene_id


def upload_folder() -> str:
    """Below a project's folder: our copies of masks that a browser sent."""
    return f"{EVALUATION}/{_FILES}"


def cells_folder(project: Project) -> Path:
    """Finished steps, which every run takes."""
    return evaluation_folder(project) / _CELLS


def runs_folder(project: Project) -> Path:
    """All runs."""
    return evaluation_folder(project) / RUNS
