"""A project to try things on: made farmland with simulated land cover, no network needed."""

from __future__ import annotations

from core.errors import CancelledError
from core.farmland import write_scene
from core.grid import WorldPoint
from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from core.task import Cancelled, Progress

DEMO_NAME = "Example farm"
DEMO_SEED = 7
DEMO_SIZE = 1920
"""Metres and pixels: with the origin below, two by two whole tiles without slivers."""

_ORIGIN = WorldPoint(572 * 896.0 - 64, 5928 * 896.0 + 64)


def make_demo(progress: Progress, cancelled: Cancelled, *, size: int = DEMO_SIZE) -> Project:
    """Make a scene and its land cover, and a project that holds them.

    Raises
    ------
    OutputError
        The project's folder cannot be written.
    CancelledError
        ``cancelled`` said so; nothing is listed.
    """
    path = new_project_path(DEMO_NAME)
    progress("Drawing fields", 0, 3)
    files = write_scene(path.parent, DEMO_SEED, size=size, origin=_ORIGIN)
    if cancelled():
        raise CancelledError("The demo was not made.", "")
    progress("Making the project", 2, 3)
    project = Project.create(path, DEMO_NAME)
    add_scene(project, files.scene, name="Example fields", landcover_path=files.landcover)
    remember_project(path)
    progress("Ready", 3, 3)
    return project
