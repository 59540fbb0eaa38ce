"""A small project with edits of each kind, made once for all tests of a module."""

from collections.abc import Iterator

import pytest

from core.attributes import COMMON_CROPS, AttributeSchema
from core.export.replay.make_bundle import make_bundle
from core.project import Project
from core.session.workspaces import Workspaces
from tests.projects import farm_project, tiles_of
from tests.session.conftest import ready


@pytest.fixture(scope="module", autouse=True)
def small_tiles() -> Iterator[None]:
    """Tiles of 224 pixels, so that a scene of 300 has several."""
    with tiles_of(224):
        yield


@pytest.fixture(scope="module")
def farmland(made_scene):
    return made_scene(3, size=300)


def native_ring(state: dict, left: float, top: float, right: float, bottom: float) -> list:
    """A rectangle by shares of the tile's window."""
    column, row, width, height = state["window"]
    x = [column + width * share for share in (left, right)]
    y = [row + height * share for share in (top, bottom)]
    return [[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]], [x[0], y[0]]]


def every_edit(state: dict) -> list[dict]:
    """Prompts, a box, a choice, and a correction of each kind, in native pixels."""
    column, row, width, height = state["window"]
    ring = lambda *shares: native_ring(state, *shares)  # noqa: E731
    at = lambda x, y: [column + width * x, row + height * y]  # noqa: E731
    auto = state["prompts"][0]
    x, y = at(0.3, 0.7)
    negative_x, negative_y = at(0.8, 0.2)
    # Where the model finds more than the smallest parcel: a box that finds nothing is refused.
    (left, top), (right, bottom) = at(0.3, 0.3), at(0.5, 0.5)
    return [
        {"kind": "prompt_delete", "id": auto["id"]},
        {"kind": "prompt_set", "id": "plus", "column": x, "row": y, "label": 1},
        {"kind": "prompt_set", "id": "minus", "column": negative_x, "row": negative_y, "label": 0},
        {"kind": "box_set", "id": "box", "left": left, "top": top, "right": right,
         "bottom": bottom},
        {"kind": "settings", "threshold": 0.45, "min_area_m2": 300},
        {"kind": "area_add", "ring": ring(0.1, 0.1, 0.3, 0.3)},
        {"kind": "area_remove", "ring": ring(0.15, 0.15, 0.2, 0.2)},
        {"kind": "brush", "line": [at(0.4, 0.1), at(0.5, 0.15)], "radius": 6, "add": True},
        {"kind": "split", "line": [at(0.2, 0.0), at(0.2, 1.0)]},
        {"kind": "merge", "points": [at(0.12, 0.12), at(0.28, 0.28)]},
        {"kind": "area_add", "ring": ring(0.85, 0.85, 0.95, 0.95)},
        {"kind": "reshape", "point": at(0.12, 0.12), "rings": [ring(0.08, 0.1, 0.33, 0.31)]},
        {"kind": "border_move", "point": at(0.12, 0.12), "rings": [ring(0.08, 0.1, 0.34, 0.31)],
         "before": [ring(0.08, 0.1, 0.33, 0.31)]},
        {"kind": "reclassify", "point": at(0.12, 0.12), "land_class": "other", "reason": "Wald"},
        {"kind": "attributes", "point": at(0.9, 0.9), "values": {"crop": "rice"}},
        {"kind": "parcel_verdict", "point": at(0.9, 0.9), "verdict": "unsure", "reason": "?"},
        {"kind": "smooth", "point": at(0.9, 0.9), "tolerance_m": 20.0},
        {"kind": "straighten", "point": at(0.9, 0.9), "tolerance_m": 20.0},
        {"kind": "snap", "point": at(0.9, 0.9), "tolerance_m": 30.0},
        {"kind": "fill_holes", "max_area_m2": 5000.0},
        {"kind": "repair", "width_m": 10.0},
        {"kind": "area_add", "ring": ring(0.6, 0.05, 0.7, 0.12)},
        {"kind": "parcel_delete", "point": at(0.65, 0.08)},
    ]  # fmt: skip


def with_crops(project: Project) -> Project:
    """A project in which it can be said what grows on a parcel."""
    schema = AttributeSchema().with_one("Crop", "choice", COMMON_CROPS)
    project.set_attributes(schema, author="Ana", expected=project.attributes())
    return project


def largest(project: Project) -> tuple[str, str]:
    """The only scene, and its largest tile."""
    scene_id = project.scenes()[0].id
    return scene_id, max(project.tiles(scene_id), key=lambda t: t.window[2] * t.window[3]).name


def work_on(project: Project, workspaces: Workspaces) -> None:
    """Two people work on the largest tile."""
    scene_id, tile = largest(project)
    workspace = workspaces.get(project, scene_id, tile)
    state = ready(workspace)
    edits = every_edit(state)
    workspace.edit(edits[:5], state["version"], "Ana")
    workspace.edit(edits[5:], project.log(scene_id, tile).version, "Zoë")


@pytest.fixture(scope="module")
def worked(farmland, workspaces, tmp_path_factory) -> Project:
    """A project in which every tile has a label and one is accepted."""
    project = with_crops(farm_project(tmp_path_factory.mktemp("project"), farmland))
    work_on(project, workspaces)
    scene_id, tile = largest(project)
    for name in (t.name for t in project.tiles(scene_id)):
        workspaces.get(project, scene_id, name).finished()
    version = project.tile(scene_id, tile).verdict.version
    project.set_verdict(
        scene_id, tile, "accepted", comment="", reviewer="Zoë", expected_version=version
    )
    return project


@pytest.fixture(scope="module")
def scene_id(worked) -> str:
    return largest(worked)[0]


@pytest.fixture(scope="module")
def tile(worked) -> str:
    return largest(worked)[1]


@pytest.fixture(scope="module")
def bundle(worked, scene_id, workspaces, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "label.zip"
    return make_bundle(worked, scene_id, path, workspaces=workspaces)
