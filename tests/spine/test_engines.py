"""Whoever maps the tiles, and whatever befalls them: the same files, byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from core.export.scene_map import map_scene
from core.mapping import MapOptions, SceneRequest, Workers
from core.mapping.map_tiles import STAGE
from core.task import Progress, silent
from tests.fakes import ColourSegmenter

OPTIONS = MapOptions(threshold=0.55, points_per_class=12, min_area_m2=500.0, seed=7)

SAME = ("parcels.geojson", "mask.tif", "probability.tif")
"""Files that hold no time of their making."""


def mapped(farmland, out: Path, workers: Workers, progress: Progress = silent) -> dict[str, bytes]:
    result = map_scene(
        SceneRequest(str(farmland.scene), str(farmland.landcover)),
        OPTIONS,
        out,
        progress=progress,
        segmenter=ColourSegmenter(),
        workers=workers,
    )
    assert (result.tiles, result.kept_tiles) == (4, 0)
    return {name: (out / name).read_bytes() for name in SAME}


@pytest.fixture(scope="module")
def alone(farmland, tmp_path_factory) -> dict[str, bytes]:
    """What one process makes in peace."""
    return mapped(farmland, tmp_path_factory.mktemp("alone"), Workers(1))


def test_two_processes_of_which_one_is_killed(farmland, alone, tmp_path) -> None:
    killed: list[int] = []

    def kill_one(stage: str, done: int, _total: int) -> None:
        if stage == STAGE and done == 1:
            first, _second = workers_of(os.getpid())
            first.kill()
            killed.append(first.pid)

    assert mapped(farmland, tmp_path / "out", Workers(2), kill_one) == alone
    assert killed
    assert workers_of(os.getpid()) == []


def workers_of(parent: int) -> list[psutil.Process]:
    children = psutil.Process(parent).children()
    return [one for one in children if "core.mapping.engines.tile_worker" in one.cmdline()]
