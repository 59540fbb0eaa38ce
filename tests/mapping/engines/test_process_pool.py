"""Processes that end: replaced, given up after a few tries, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest

from core.errors import CropMapError, InputError, ReplacedFileError
from core.imagery.scene import open_scene
from core.landcover.source import open_landcover
from core.mapping import MapOptions, Workers
from core.mapping.engines.choose_engine import FEW_TILES, choose_engine
from core.mapping.engines.in_order import OneProcess
from core.mapping.engines.process_pool import ProcessPool
from core.mapping.engines.tile_order import TileOrder, sendable
from core.mapping.tile_task import MapRun, plan_run
from core.sam.deferred import DeferredModel
from core.task import never
from tests.fakes import ColourSegmenter


@pytest.fixture
def run(made_scene, tmp_path, tile_size) -> MapRun:
    """Nine tiles, by the classifier."""
    tile_size(140)
    made = made_scene(3, size=300)
    scene, landcover = open_scene(made.scene), open_landcover(made.landcover)
    return plan_run(scene, landcover, MapOptions(model=None), None, tmp_path / ".tiles")


class Fatal(ColourSegmenter):
    """A model that ends whatever process asks it."""

    def embed(self, rgb: object) -> object:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_tile_that_ends_every_process_is_given_up(run, caplog, monkeypatch) -> None:
    monkeypatch.setattr("core.mapping.engines.process_pool.TRIES", 2)
    options = MapOptions(strategy="apt")
    own = MapRun(run.scene, run.landcover, options, Fatal(), run.tiles, run.folder)
    with pytest.raises(CropMapError, match="was ended 2 times, most often because memory ran out"):
        list(ProcessPool(1).results(own, own.tiles[:1], never))
    assert f"tile {own.tiles[0].name} ended with status -9 (2 of 2 tries)" in caplog.text


def test_processes_end_with_a_parent_that_is_killed_and_when_nobody_asks(run, made_scene) -> None:
    others = set(psutil.Process().children())
    with closing(ProcessPool(1).results(run, run.tiles, never)) as results:
        assert next(results).tile == run.tiles[0].name
        (worker,) = set(psutil.Process().children()) - others
        assert worker.environ()["OMP_NUM_THREADS"] == str(os.cpu_count())
    assert not worker.is_running()
    made = made_scene(3, size=300)
    parent = subprocess.Popen(
        [
            *(sys.executable, "-m", "core", "map", made.scene, "--landcover", made.landcover),
            *("--out", run.folder.parent / "out", "--model", "none", "--workers", "2"),
        ]
    )
    workers = until(lambda: psutil.Process(parent.pid).children())
    parent.kill()
    parent.wait()
    until(lambda: not any(one.is_running() for one in workers))


def until(found, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def test_another_version_and_files_that_are_not_there_are_refused(run, tmp_path) -> None:
    order = TileOrder.of(run)
    assert order.begin().tiles == ()
    other = replaced(order, code="another")
    with pytest.raises(InputError, match="Another version of cropmap or of its libraries runs on"):
        other.begin()
    away = replaced(order, scene=replaced(order.scene, path="/nowhere/farm.tif"))
    with pytest.raises(InputError, match=r"/nowhere/farm\.tif cannot be seen from"):
        away.begin()
    # Whoever is sent the pixels needs no file.
    assert away.begin(reading=False).scene.path == "/nowhere/farm.tif"
    changed = replaced(order, scene=replaced(order.scene, file_fingerprint="exact:0"))
    with pytest.raises(ReplacedFileError, match="is another file than when it was opened"):
        changed.begin()


def replaced(value, **changes):
    from dataclasses import replace

    return replace(value, **changes)


def test_errors_of_libraries_are_sent_as_what_can_be_received() -> None:
    assert sendable(MemoryError()).message == "There is not enough memory for this."
    told = InputError("No.", "Do.")
    assert sendable(told) is told
    assert "KeyError: 'x'" in str(sendable(KeyError("x")))


def test_a_few_tiles_stay_in_this_process(run, monkeypatch) -> None:
    monkeypatch.setattr("core.mapping.engines.choose_engine.processors", lambda: 4)
    memory = {"free": 64_000_000_000}
    monkeypatch.setattr("core.mapping.engines.choose_engine.free_bytes", lambda: memory["free"])
    chosen = choose_engine(run)
    assert len(run.tiles) >= FEW_TILES
    assert isinstance(chosen, ProcessPool)
    assert chosen.workers == 4
    memory["free"] = 2_000_000_000
    assert choose_engine(run).workers == 2
    assert choose_engine(run, Workers(3)).workers == 3
    memory["free"] = 0
    assert isinstance(choose_engine(run), OneProcess)
    memory["free"] = None
    assert choose_engine(run).workers == 4
    run.folder.mkdir()
    for tile in run.tiles[FEW_TILES - 2 :]:
        (run.folder / f"{tile.name}.tile").touch()
    assert isinstance(choose_engine(run), OneProcess)


def test_a_model_that_somebody_has_loaded_stays_where_it_is(run) -> None:
    own = replaced(run, segmenter=ColourSegmenter())
    assert isinstance(choose_engine(own), OneProcess)


def test_processes_or_a_cluster() -> None:
    with pytest.raises(InputError, match="either by processes of this machine or by a cluster"):
        Workers(2, "tcp://127.0.0.1:8786")
    with pytest.raises(InputError, match="0 processes cannot map a scene"):
        Workers(0)


def test_a_model_is_loaded_where_it_is_asked_and_travels_by_its_name() -> None:
    import pickle  # noqa: TID251  (what is sent to a process)

    model = DeferredModel("cropmap_small", device="cpu")
    again = pickle.loads(pickle.dumps(model))
    assert (again.name, again.weights_hash) == (model.name, model.weights_hash)
    assert again._loaded is None
