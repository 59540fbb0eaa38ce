"""A small project with several tiles, and a model that answers by colour."""

import time

import pytest

from core.project import Project
from core.session.models import Models
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter


@pytest.fixture(scope="module")
def farmland(made_scene):
    return made_scene(3, size=400)


@pytest.fixture
def small_tiles(tile_size):
    """Tiles of 224 pixels, so that a scene of 400 has several."""
    tile_size(224)


@pytest.fixture
def project(small_tiles, project) -> Project:
    """With several tiles."""
    return project


@pytest.fixture
def quickly_predicted(project) -> None:
    """One question for each tile, where a test needs all of them."""
    (scene,) = project.scenes()
    settings = {"strategy": "joint"}
    project.update_scene(scene.id, expected_version=scene.version, settings=settings)


@pytest.fixture
def scene_id(project) -> str:
    return project.scenes()[0].id


@pytest.fixture
def tile(project, scene_id) -> str:
    """The largest tile."""
    return max(project.tiles(scene_id), key=lambda t: t.window[2] * t.window[3]).name


@pytest.fixture
def segmenter() -> ColourSegmenter:
    return ColourSegmenter()


@pytest.fixture
def workspaces(segmenter) -> Workspaces:
    return Workspaces(Models(lambda _key: segmenter))


@pytest.fixture
def workspace(workspaces, project, scene_id, tile):
    return workspaces.get(project, scene_id, tile)


def ready(workspace, seconds: float = 60.0, *, closely: bool = True) -> dict:
    """The state once nothing is being worked on."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        state = workspace.state(closely=closely)
        if state["status"] == "ready":
            return state
        time.sleep(0.02)
    raise AssertionError(f"still working on: {state['stage']}")
