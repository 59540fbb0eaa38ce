"""Workers as processes: killed in the midst of a job and begun again, they come to the same."""

import hashlib
import logging
import signal
import threading
import time
from pathlib import Path

import pytest

from core.errors import CropMapError, InputError
from core.jobs import asking_jobs, job_kinds, job_worker
from core.jobs.job_dispatch import start_process
from core.jobs.job_kinds import MAP_ALL, JobKind, map_order
from core.jobs.job_record import JobState
from core.jobs.job_worker import do_next_job
from core.project import Project
from core.session.batch import predict_all
from core.session.opened import open_project
from core.settings import get_settings
from tests.projects import farm_project

SECONDS = 60


@pytest.fixture
def farm(tmp_path, made_scene, tile_size) -> Project:
    """Nine tiles, which the classifier draws."""
    tile_size(192)
    made = farm_project(tmp_path / "farm", made_scene(29, size=320))
    (scene,) = made.scenes()
    made.update_scene(scene.id, expected_version=scene.version, settings={"model": None})
    made.close()
    return open_project(made.path)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path / "cache"))
    get_settings.cache_clear()


def until(found, what: str):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.02)
    raise AssertionError(what)


def predictions(project: Project) -> dict[str, str]:
    folder = project.folder / "predictions"
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.placed"))
    }


def test_killed_and_left_in_the_midst_it_comes_to_the_same(farm, cache) -> None:
    (scene,) = farm.scenes()
    predict_all(farm, scene.id, lambda *_: None, lambda: False)
    expected = predictions(farm)
    assert len(expected) == 9
    for kept in ("predictions", "labels"):
        for path in (farm.folder / kept).rglob("*.*"):
            path.unlink()

    store = asking_jobs._store()
    job = store.ask(("map", str(farm.path)), map_order(farm, scene.id), title="Mapping")

    def some() -> bool:
        return store.find(job.id).done >= 1

    killed = start_process("first")
    until(some, "no tile was mapped")
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(SECONDS) == -signal.SIGKILL
    assert 0 < len(predictions(farm)) < 9
    assert store.find(job.id).state is JobState.RUNNING

    left = start_process("second")
    until(lambda: store.find(job.id).worker == "second" and some(), "it did not go on")
    left.stdin.close()
    assert left.wait(SECONDS) in (0, -signal.SIGKILL)
    found = store.find(job.id)
    assert found.state in (JobState.WAITING, JobState.DONE)

    last = start_process("third")
    assert last.wait(SECONDS) == 0
    found = store.find(job.id)
    assert (found.state, found.failure) == (JobState.DONE, None)
    assert found.done == found.total == 9
    assert predictions(farm) == expected


class Doing:
    """A job of a made kind that is done in a thread."""

    def __init__(self, store, monkeypatch, work, end_at_once=lambda: None) -> None:
        monkeypatch.setitem(job_kinds._KINDS, "made", JobKind(work, "All of it is kept."))
        self.job = store.ask(("made", "/p"), {}, title="Making")
        self._store, self.left = store, threading.Event()
        self._thread = threading.Thread(
            target=do_next_job, args=(store, "w", 1, self.left, end_at_once)
        )
        self._thread.start()

    def ended(self):
        self._thread.join(SECONDS)
        return self._store.find(self.job.id)


def waits(begun: threading.Event, *, heeds: threading.Event | None = None):
    def work(order, progress, cancelled) -> None:
        progress("Making", 1, 4)
        begun.set()
        if heeds is not None:
            heeds.wait(SECONDS)
        while not cancelled():
            time.sleep(0.01)
        raise job_worker.CancelledError("1 of 4 is done.")

    return work


def test_a_cancelled_job_says_what_it_has_done(store, monkeypatch) -> None:
    begun = threading.Event()
    doing = Doing(store, monkeypatch, waits(begun))
    assert begun.wait(SECONDS)
    assert (store.find(doing.job.id).stage, store.find(doing.job.id).total) == ("Making", 4)
    store.cancel(doing.job.id)
    ended = doing.ended()
    assert (ended.state, ended.error.message) == (JobState.CANCELLED, "1 of 4 is done.")


def test_a_job_that_nobody_waits_for_any_more_waits_for_the_next_start(store, monkeypatch) -> None:
    begun = threading.Event()
    doing = Doing(store, monkeypatch, waits(begun))
    assert begun.wait(SECONDS)
    doing.left.set()
    ended = doing.ended()
    assert (ended.state, ended.attempts, ended.failure) == (JobState.WAITING, 0, None)


def test_a_step_that_does_not_end_is_ended(store, monkeypatch) -> None:
    monkeypatch.setattr(job_worker, "GRACE_S", 0.05)
    begun, ends = threading.Event(), threading.Event()
    doing = Doing(store, monkeypatch, waits(begun, heeds=ends), ends.set)
    assert begun.wait(SECONDS)
    store.cancel(doing.job.id)
    ended = doing.ended()
    # What it says afterwards counts no more.
    assert (ended.state, str(ended.error)) == (
        *(JobState.CANCELLED, "Making was stopped. All of it is kept."),
    )


def test_mistakes_are_one_sentence_and_go_to_the_log(store, monkeypatch, caplog) -> None:
    def refuses(*_) -> None:
        raise InputError("The image is gone.", "Put it back.")

    ended = Doing(store, monkeypatch, refuses).ended()
    assert (ended.state, str(ended.error)) == (JobState.FAILED, "The image is gone. Put it back.")
    assert isinstance(ended.error, InputError)
    with caplog.at_level(logging.ERROR):
        ended = Doing(store, monkeypatch, lambda *_: 1 // 0).ended()
    assert type(ended.error) is CropMapError
    assert "Making: something went wrong in the app itself" in ended.error.message
    assert "ZeroDivisionError" in caplog.text


def test_another_versions_kind_is_one_sentence(store) -> None:
    job = store.ask(("unheard of",), {}, title="Something")
    do_next_job(store, "w", 1, threading.Event(), lambda: None)
    assert "Another version of CropMap" in store.find(job.id).error.message


def test_a_project_that_is_gone_is_one_sentence(farm, store) -> None:
    (scene,) = farm.scenes()
    order = {**map_order(farm, scene.id), "project": str(Path(farm.folder / "gone.cropmap"))}
    job = store.ask((MAP_ALL, "gone"), order, title="Mapping")
    do_next_job(store, "w", 1, threading.Event(), lambda: None)
    ended = store.find(job.id)
    assert ended.state is JobState.FAILED
    assert "gone.cropmap" in ended.error.message
