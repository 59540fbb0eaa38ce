"""Edits of every kind, walked back and forth to the same bytes, also after a restart."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from core.attributes import COMMON_CROPS, AttributeSchema
from core.farmland import write_scene
from core.label.corrections import CORRECTION_KINDS
from core.project import Project, TileLog
from core.session.adding_scenes import add_scene
from core.session.in_vain import FindsNothingError
from core.session.models import Models
from core.session.workspace import Workspace
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter

LABELLED = (0, 20, 100, 1000)
"""After how many edits the label is compared as well: it takes up to a second or two to make."""


class Walk:
    """One tile through a workspace: its log after every edit, its label after some."""

    def __init__(self, project: Project, scene: str, tile: str) -> None:
        self.project, self.scene, self.tile = project, scene, tile
        self.workspaces = Workspaces(Models(lambda _key: ColourSegmenter()))
        self.workspace: Workspace = self.workspaces.get(project, scene, tile)
        self.labels: dict[int, bytes] = {}

    def log(self) -> TileLog:
        return self.project.log(self.scene, self.tile)

    def label(self) -> bytes:
        return json.dumps(self.workspace.finished().to_json()).encode()

    def check(self, place: int) -> None:
        """The label here is what it was at first, byte by byte."""
        if place in LABELLED:
            label = self.label()
            assert label == self.labels.setdefault(place, label)

    def restarted(self) -> Walk:
        """As another process finds it: nothing remembered, no label kept."""
        self.workspaces.settle()
        self.project.close()
        for kept in (self.project.folder / "labels").rglob("*.label"):
            kept.unlink()
        again = Walk(Project.open(self.project.path), self.scene, self.tile)
        again.labels = self.labels
        return again


@pytest.fixture
def walk(database: str, memory: Path, tile_size: Any) -> Walk:
    tile_size(224)
    files = write_scene(memory / "farmland", seed=3, size=200)
    project = Project.create(memory / "farm" / "farm.cropmap", "Farm")
    schema = AttributeSchema().with_one("Crop", "choice", COMMON_CROPS)
    project.set_attributes(schema, author="Ana", expected=project.attributes())
    record = add_scene(project, files.scene, landcover_path=files.landcover)
    return Walk(project, record.id, project.tiles(record.id)[0].name)


def mixed_edits(count: int, size: float) -> list[dict[str, Any]]:
    """Edits as the browser sends them; every kind that there is."""
    chance, made = random.Random(11), []
    kinds = [*CORRECTION_KINDS, "brush", "box_set", "settings"]
    kinds += ["prompt_set", "prompt_set", "prompt_delete"]
    for number in range(count):
        column, row = (chance.uniform(0.05, 0.85) * size for _ in range(2))
        kind = kinds[number] if number < len(kinds) else chance.choice(kinds)
        made.append({"kind": kind, **_drawn(kind, number, column, row, chance)})
    return made


def _drawn(kind: str, number: int, column: float, row: float, chance: random.Random) -> Any:
    here, side = [column, row], chance.uniform(3.0, 20.0)
    beside, under = [column + side, row], [column, row + side]
    ring = [here, beside, [column + side, row + side], under]
    return {
        "prompt_set": {"id": f"p{number}", "column": column, "row": row, "label": number % 2},
        "prompt_delete": {"id": f"p{chance.randrange(number + 1)}"},
        "box_set": {
            "id": f"b{number}",
            "left": column,
            "top": row,
            "right": column + side,
            "bottom": row + side,
        },
        "settings": {"threshold": round(chance.uniform(0.3, 0.7), 2)},
        "brush": {"line": [here, beside], "radius": 2.0, "add": chance.random() < 0.5},
        "area_add": {"ring": ring},
        "area_remove": {"ring": ring},
        "split": {"line": [[0.0, row], [400.0, row + side]]},
        "merge": {"points": [here, beside]},
        "reshape": {"point": here, "rings": [[*ring, here]]},
        "border_move": {"point": here, "rings": [ring], "before": [ring]},
        "parcel_delete": {"point": here},
        "reclassify": {"point": here, "land_class": "other", "reason": "a pond"},
        "parcel_verdict": {"point": here, "verdict": "accepted", "reason": ""},
        "attributes": {"point": here, "values": {"crop": chance.choice(("rice", "wheat"))}},
        "restore_accepted": {"point": here},
        "smooth": {"point": here, "tolerance_m": 1.0},
        "straighten": {"point": here, "tolerance_m": 2.0},
        "fill_holes": {"point": here, "max_area_m2": 50.0},
        "snap": {"point": here, "tolerance_m": 1.0},
        "repair": {"width_m": 1.0},
    }[kind]


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.long)])
def test_edits_are_walked_there_and_back_also_after_a_restart(walk: Walk, count: int) -> None:
    edits = mixed_edits(count, walk.workspace.state()["window"][2])
    log = walk.log()
    logs = [log.edits]
    walk.check(0)
    for raw in edits:
        try:
            log = walk.workspace.edit([raw], log.version, "Ana")
        except FindsNothingError:
            assert walk.log() == log
            continue
        logs.append(log.edits)
        walk.check(len(logs) - 1)
    assert len(logs) > 0.8 * count
    assert len(set(walk.labels.values())) == len(walk.labels) >= 3

    log = _back(walk, logs, log)
    log = _forth(walk, logs, log)
    again = walk.restarted()
    assert again.log() == log
    again.check(len(logs) - 1)
    _back(again, logs, log)


def _back(walk: Walk, logs: list[tuple[Any, ...]], log: TileLog) -> TileLog:
    for place in reversed(range(len(logs) - 1)):
        log = walk.workspace.undo(log.version, "Ana")
        assert log.edits == logs[place]
        assert (log.can_undo, log.can_redo) == (place > 0, True)
        walk.check(place)
    return log


def _forth(walk: Walk, logs: list[tuple[Any, ...]], log: TileLog) -> TileLog:
    for place in range(1, len(logs)):
        log = walk.workspace.redo(log.version, "Ana")
        assert log.edits == logs[place]
        assert (log.can_undo, log.can_redo) == (True, place < len(logs) - 1)
        walk.check(place)
    return log
