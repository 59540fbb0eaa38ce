"""A made project, and the routes asked as the browser asks them."""

import time

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.project import Project
from core.session.models import Models
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter
from tests.projects import farm_project
from ui.server import annotate, tokens
from ui.server.routes import MIDDLEWARE, ROUTES

ORIGIN = {"Origin": "http://localhost"}


@pytest.fixture(scope="module")
def project(made_scene, tmp_path_factory) -> Project:
    """One for all tests of a module: its predictions are kept."""
    return farm_project(tmp_path_factory.mktemp("farm"), made_scene(3, size=300))


@pytest.fixture
def client(monkeypatch) -> TestClient:
    """The routes, with a model that answers by colour."""
    workspaces = Workspaces(Models(lambda _key: ColourSegmenter()))
    monkeypatch.setattr(annotate, "get_workspaces", lambda: workspaces)
    app = Starlette(routes=ROUTES, middleware=MIDDLEWARE)
    return TestClient(app, base_url="http://localhost", headers=ORIGIN)


@pytest.fixture
def base(project) -> str:
    """What the paths of the project's routes begin with, for Ana."""
    return f"/cropmap/{tokens.issue(project.path, 'Ana')}"


@pytest.fixture
def tile(client, base, project) -> str:
    """Path of the project's largest tile."""
    scene = client.get(f"{base}/scene/{project.scenes()[0].id}").json()
    largest = max(scene["tiles"], key=lambda t: t["window"][2] * t["window"][3])
    return f"{base}/tile/{scene['id']}/{largest['name']}"


def ready(client: TestClient, tile: str) -> dict:
    """The tile's state once nothing is being worked on."""
    for _ in range(1000):
        state = client.get(tile).json()
        if state["status"] == "ready":
            return state
        time.sleep(0.03)
    raise AssertionError("still working")


def click(state: dict, name: str, label: int = 1) -> dict:
    """A point in the tile, as the browser sends it."""
    column, row, width, height = state["window"]
    return {
        "kind": "prompt_set",
        "id": name,
        "column": column + width * 0.4,
        "row": row + height * 0.4,
        "label": label,
    }
