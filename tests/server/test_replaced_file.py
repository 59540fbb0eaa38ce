"""The map's routes while another file is put in the place of the project's."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.models import Models
from core.session.opened import open_project
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter
from tests.server.conftest import ORIGIN, click, ready
from ui.server import annotate, tokens
from ui.server.routes import MIDDLEWARE, ROUTES

pytestmark = pytest.mark.skipif(os.name == "nt", reason="an open file cannot be moved there")

Json = dict[str, Any]


@pytest.fixture
def path(tmp_path: Path, farmland) -> Path:
    """A project that was saved before the map was opened; its copy is ``before.cropmap``."""
    path = tmp_path / "farm" / "farm.cropmap"
    made = Project.create(path, "Farm")
    add_scene(made, farmland.scene, landcover_path=farmland.landcover)
    made.close()
    shutil.copy(path, tmp_path / "before.cropmap")
    return path


class Map:
    """What the browser holds: the tile's state, and the file that it stands on."""

    def __init__(self, client: TestClient, path: Path) -> None:
        self.client = client
        self.base = f"/cropmap/{tokens.issue(path, 'Ana')}"
        scene = open_project(path).scenes()[0]
        self.tile = f"{self.base}/tile/{scene.id}/{open_project(path).tiles(scene.id)[0].name}"
        self.state: Json = ready(client, self.tile)

    def post(self, what: str, **more: Any) -> Any:
        body = {"version": self.state["version"], "file": self.state["file"], **more}
        return self.client.post(f"{self.tile}/{what}", json=body)

    def edit(self, name: str) -> Any:
        return self.post("edits", edits=[click(self.state, name)])

    def saved(self, name: str) -> None:
        answer = self.edit(name)
        assert answer.status_code == 200
        self.state = answer.json()

    def people(self) -> list[str]:
        prompts = self.client.get(self.tile).json()["prompts"]
        return [prompt["id"] for prompt in prompts if prompt["source"] == "person"]


@pytest.fixture
def on_map(path: Path, monkeypatch) -> Map:
    workspaces = Workspaces(Models(lambda _key: ColourSegmenter()))
    monkeypatch.setattr(annotate, "get_workspaces", lambda: workspaces)
    client = TestClient(
        Starlette(routes=ROUTES, middleware=MIDDLEWARE), base_url="http://localhost", headers=ORIGIN
    )
    return Map(client, path)


def restore(path: Path) -> None:
    """Put the file back as it was before the map was opened, as a sync does."""
    copy = path.with_name("incoming")
    shutil.copy(path.parents[1] / "before.cropmap", copy)
    copy.replace(path)


def test_an_edit_for_the_file_that_was_there_waits_for_the_person(on_map: Map, path: Path) -> None:
    on_map.saved("a")
    restore(path)
    answer = on_map.edit("b")
    assert answer.status_code == 410
    told = answer.json()
    assert told["kind"] == "replaced"
    assert told["message"] == (
        "The project file farm.cropmap was replaced by another file while it was open."
    )
    (rescued,) = path.parent.glob("farm.rescued-*.cropmap")
    assert rescued.name in told["hint"]
    assert on_map.people() == []
    # The person has chosen to put it on top of what is there now.
    on_map.state = told["state"]
    on_map.saved("b")
    assert on_map.people() == ["b"]
    log = Project.open(path).log(on_map.state["scene"], on_map.state["name"])
    assert [edit.data["id"] for edit in log.edits] == ["b"]
    saved = Project.open(rescued).log(on_map.state["scene"], on_map.state["name"])
    assert [edit.data["id"] for edit in saved.edits] == ["a"]


@pytest.mark.parametrize(
    ("what", "more"),
    [("undo", {}), ("redo", {}), ("verdict", {"verdict": "accepted", "version": 0})],
)
def test_nor_is_anything_else_done_in_a_file_that_nobody_has_seen(
    on_map: Map, path: Path, what: str, more: Json
) -> None:
    on_map.saved("a")
    restore(path)
    assert on_map.post(what, **more).status_code == 410
    project = open_project(path)
    assert project.tile(on_map.state["scene"], on_map.state["name"]).verdict.verdict == "open"


def test_the_map_hears_of_it_without_doing_anything(on_map: Map, path: Path) -> None:
    before = on_map.client.get(f"{on_map.base}/changes?since=0").json()
    assert (before["file"], before["file_replaced"]) == (on_map.state["file"], None)
    restore(path)
    after = on_map.client.get(f"{on_map.base}/changes?since=0").json()
    assert after["file"] != before["file"]
    assert "was replaced by another file" in after["file_replaced"]["message"]


def test_while_no_file_is_there_the_map_is_asked_to_try_again(on_map: Map, path: Path) -> None:
    """An edit that is refused for good would be dropped by the map."""
    aside = path.rename(path.with_name("aside"))
    for _ in range(2):
        answer = on_map.edit("a")
        assert answer.status_code == 503
        assert "was moved or deleted" in answer.json()["message"]
    aside.rename(path)
    on_map.saved("a")
    assert on_map.people() == ["a"]


def test_a_file_without_the_tile_leaves_only_the_download(on_map: Map, path: Path) -> None:
    other = Project.create(path.with_name("other.cropmap"), "Other")
    other.close()
    other.path.replace(path)
    answer = on_map.edit("a")
    assert answer.status_code == 410
    assert answer.json()["state"] is None


@pytest.mark.parametrize("suffixes", [("-wal",), ("-wal", "-shm")])
def test_a_journal_that_is_removed_costs_no_edit(
    on_map: Map, path: Path, suffixes: tuple[str, ...]
) -> None:
    for number in range(16):
        on_map.saved(f"p{number}")
    before = on_map.state["file"]
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink()
    on_map.saved("q")
    assert len(on_map.people()) == 17
    assert on_map.state["file"] != before
    assert "was removed" in on_map.state["file_replaced"]["message"]
    (rescued,) = path.parent.glob("farm.rescued-*.cropmap")
    assert rescued.name in on_map.state["file_replaced"]["hint"]


def test_a_label_is_not_put_beside_another_project(on_map: Map, path: Path) -> None:
    """Labels are kept on disk a moment later, when the folder may be another project's."""
    workspaces = annotate.get_workspaces()
    waits = threading.Event()
    workspaces.later(waits.wait)
    on_map.saved("a")
    on_map.client.get(on_map.tile)
    labels = path.parent / "labels"
    path.parent.rename(path.parents[1] / "away")
    shutil.copytree(path.parents[1] / "away", path.parent, ignore=shutil.ignore_patterns("labels"))
    waits.set()
    workspaces.settle()
    assert not labels.exists()
