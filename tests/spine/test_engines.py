"""Whoever maps the tiles, and whatever befalls them: the same files, byte for byte."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from core.errors import CancelledError
from core.export.scene_map import MapResult, map_scene
from core.mapping import MapOptions, SceneRequest, Workers
from core.mapping.engines.cluster_worker import Sight, look_around
from core.mapping.map_tiles import STAGE
from core.task import Cancelled, Progress, never, silent
from tests.fakes import ColourSegmenter

OPTIONS = MapOptions(threshold=0.55, points_per_class=12, min_area_m2=500.0, seed=7)

SAME = ("parcels.geojson", "mask.tif", "probability.tif")
"""Files that hold no time of their making."""


def map_farm(
    farmland, out: Path, workers: Workers, progress: Progress = silent, cancelled: Cancelled = never
) -> MapResult:
    return map_scene(
        SceneRequest(str(farmland.scene), str(farmland.landcover)),
        OPTIONS,
        out,
        progress=progress,
        cancelled=cancelled,
        segmenter=ColourSegmenter(),
        workers=workers,
    )


def mapped(farmland, out: Path, workers: Workers, progress: Progress = silent) -> dict[str, bytes]:
    result = map_farm(farmland, out, workers, progress)
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


@pytest.fixture(scope="module")
def cluster():
    """Two processes on a Dask cluster; it ends with this module."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as running:
        yield running


def test_a_dask_cluster_of_which_a_worker_is_killed(farmland, alone, cluster, tmp_path) -> None:
    killed: list[int] = []

    def kill_one(stage: str, done: int, _total: int) -> None:
        if stage == STAGE and done == 1:
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    dask = Workers(dask=cluster.scheduler_address)
    assert mapped(farmland, tmp_path / "out", dask, kill_one) == alone
    assert killed


def test_workers_that_see_no_file_are_sent_the_pixels(
    farmland, alone, cluster, tmp_path, monkeypatch
) -> None:
    """What they predict is kept here; a run that was stopped goes on from there."""
    monkeypatch.setattr("core.mapping.engines.dask_cluster.look_around", sees_nothing)
    dask, stopped = Workers(dask=cluster.scheduler_address), []

    def stop(stage: str, done: int, _total: int) -> None:
        stopped.append((stage, done))

    with pytest.raises(CancelledError, match="2 of 4 tiles are done and kept"):
        map_farm(farmland, tmp_path, dask, stop, lambda: (STAGE, 2) in stopped)
    result = map_farm(farmland, tmp_path, dask)
    assert result.kept_tiles >= 2
    assert {name: (tmp_path / name).read_bytes() for name in SAME} == alone


def sees_nothing(paths: tuple[str, ...], folder: str, token: str) -> Sight:
    sight = look_around((), folder, "another token")
    return replace(sight, files=tuple(False for _ in paths))


def workers_of(parent: int) -> list[psutil.Process]:
    children = psutil.Process(parent).children()
    return [one for one in children if "core.mapping.engines.tile_worker" in one.cmdline()]
