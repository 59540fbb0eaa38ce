"""What is wrong with a cluster is one sentence; that it maps the same is in ``tests/spine``."""

from __future__ import annotations

from concurrent.futures import CancelledError

import pytest
from distributed import KilledWorker, LocalCluster

from core.errors import CropMapError, InputError, NetworkError
from core.imagery.scene import open_scene
from core.mapping import MapOptions
from core.mapping.engines import dask_cluster
from core.mapping.engines.cluster_worker import Sight
from core.mapping.engines.dask_cluster import DaskCluster, check_worker, told_plainly
from core.mapping.tile_task import MapRun, plan_run
from core.task import never


@pytest.fixture
def run(made_scene, tmp_path) -> MapRun:
    scene = open_scene(made_scene(3, size=300).scene)
    return plan_run(scene, None, MapOptions(), None, tmp_path / ".tiles")


def asked(address: str, run: MapRun) -> None:
    list(DaskCluster(address).results(run, run.tiles, never))


def test_a_scheduler_that_is_not_there(run, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(NetworkError, match=r"scheduler tcp://127\.0\.0\.1:9 cannot be reached"):
        asked("tcp://127.0.0.1:9", run)
    with pytest.raises(InputError, match="There is no scheduler file"):
        DaskCluster(str(tmp_path / "scheduler.json"))


def test_a_cluster_without_workers(run, monkeypatch) -> None:
    monkeypatch.setattr(dask_cluster, "WORKER_SECONDS", 0.5)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=None) as empty,
        pytest.raises(NetworkError, match="has no worker"),
    ):
        asked(empty.scheduler_address.removeprefix("tcp://"), run)


def test_without_the_package_a_sentence_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.setattr(dask_cluster, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match="needs the package 'distributed'") as told:
        DaskCluster("tcp://127.0.0.1:9")
    assert told.value.hint == "Install it with: pip install 'cropmap[dask]'"


def test_workers_of_another_version_or_without_any_are_refused() -> None:
    sight = Sight("node7", "0.1.0", "another", (True,), folder=True)
    with pytest.raises(InputError, match=r"node7 has another version of cropmap \(0\.1\.0\)"):
        check_worker("tcp://10.0.0.7:1", sight, "this")
    with pytest.raises(InputError, match=r"tcp://10\.0\.0\.7:1 has no cropmap"):
        check_worker("tcp://10.0.0.7:1", ModuleNotFoundError("No module named 'core'"), "this")
    check_worker("tcp://10.0.0.7:1", sight, "another")


@pytest.mark.parametrize("lost", [CancelledError("scheduler lost"), OSError("closed")])
def test_a_scheduler_that_is_lost_and_workers_that_die(lost) -> None:
    with (
        pytest.raises(NetworkError, match="cannot be reached any more"),
        told_plainly("tcp://a:1"),
    ):
        raise lost
    with pytest.raises(CropMapError, match="died at the same tile"), told_plainly("tcp://a:1"):
        raise KilledWorker("tile", None, 4)
