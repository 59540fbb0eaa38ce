"""Progress of background jobs as the browser asks for it."""

import gc
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.errors import CancelledError, CropMapError
from core.jobs import EXPORT, MAP_ALL, ask_for_job, job_dispatch
from core.jobs.job_store import JobStore
from core.settings import get_settings
from ui.server.routes import MIDDLEWARE, ROUTES
from ui.shared.jobs import Job

OWN = {"Origin": "http://localhost"}


@dataclass
class Work:
    """Work that says how far it is, and goes on until it is let go or cancelled."""

    steps: tuple[str, int, int] = ("Mapping tiles", 3, 4)
    begun: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, progress: Callable[[str, int, int], None], cancelled) -> int:
        progress(*self.steps)
        self.begun.set()
        while not self.let_go.wait(0.01):
            if cancelled():
                raise CancelledError("The mapping was stopped.", "")
        return 7


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=ROUTES, middleware=MIDDLEWARE), base_url="http://localhost")


@pytest.fixture
def begin() -> Iterator[Callable[[Work], Job]]:
    running = []

    def start(work: Work) -> Job:
        job = Job("Mapping North", work)
        job.start()
        assert work.begun.wait(10)
        running.append(work)
        return job

    yield start
    for work in running:
        work.let_go.set()


def state(client: TestClient, job: Job) -> dict:
    answer = client.get(f"/cropmap/jobs/{job.token}/progress")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def test_how_far_a_job_is_until_it_is_done(client, begin) -> None:
    work = Work()
    job = begin(work)
    seen = state(client, job)
    assert seen["status"].startswith("Mapping tiles · 3 of 4 · ")
    del seen["status"]
    assert seen == {
        "title": "Mapping North",
        "share": 0.75,
        "running": True,
        "cancelling": False,
        "error": "",
    }
    work.let_go.set()
    assert job.wait(10)
    assert (state(client, job)["running"], state(client, job)["error"]) == (False, "")


@pytest.mark.parametrize(
    ("steps", "share", "words"),
    [
        (("Connecting", 0, 0), None, "Connecting · 0 s"),
        (("", 0, 1), 0.0, "Starting · 0 s"),
        (("Downloading", 5_000_000, 20_000_000), 0.25, "Downloading · 25% · 0 s"),
    ],
)
def test_a_share_is_told_as_it_is_known(client, begin, steps, share, words) -> None:
    job = begin(Work(steps))
    job.started += 3600  # however slow the machine: less than half a second ago
    seen = state(client, job)
    assert seen["share"] == share
    assert seen["status"].rsplit(" · ", 1)[0] == words.rsplit(" · ", 1)[0]


def test_cancelling_is_asked_for_once_and_told(client, begin) -> None:
    job = begin(Work())
    answer = client.post(f"/cropmap/jobs/{job.token}/cancel", headers=OWN)
    assert answer.json()["cancelling"] is True
    assert job.wait(10)
    assert state(client, job)["error"] == "The mapping was stopped."


def test_only_the_apps_own_pages_may_cancel(client, begin) -> None:
    job = begin(Work())
    cancel = f"/cropmap/jobs/{job.token}/cancel"
    assert client.post(cancel).status_code == 403
    assert client.post(cancel, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get(cancel).status_code == 405
    assert not job.cancelling


def test_who_has_no_token_learns_nothing(client, begin) -> None:
    begin(Work())
    for token in ("", "x", "..", "a" * 500):
        assert client.get(f"/cropmap/jobs/{token}/progress").status_code in (403, 404)


def test_a_job_that_nobody_keeps_is_forgotten(client) -> None:
    job = Job("Short", lambda progress, cancelled: 1)
    token = job.token
    assert client.get(f"/cropmap/jobs/{token}/progress").status_code == 200
    del job
    gc.collect()
    answer = client.get(f"/cropmap/jobs/{token}/progress")
    assert answer.status_code == 404
    assert answer.json()["message"] == "This work is no longer running."


def test_an_unexpected_failure_is_told_without_its_traceback(client) -> None:
    job = Job("Failing", lambda progress, cancelled: 1 // 0)
    job.start()
    assert job.wait(10)
    assert isinstance(job.error, CropMapError)
    assert "division" not in state(client, job)["error"]


class Idle:
    """A worker that never begins: the test is the worker."""

    def __init__(self, _name: str) -> None:
        pass

    def poll(self) -> None:
        return None


@pytest.fixture
def kept(tmp_path, monkeypatch) -> Iterator[JobStore]:
    """The jobs that outlive the server, which this test does itself."""
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(job_dispatch, "start_process", Idle)
    get_settings.cache_clear()
    yield JobStore(get_settings().jobs_folder)
    get_settings.cache_clear()


def test_a_kept_job_says_what_it_waits_for_its_pace_and_its_end(client, kept) -> None:
    jobs = [
        ask_for_job((kind, f"/{number}.cropmap"), {}, title=f"Job {number}")
        for number, kind in enumerate((MAP_ALL, EXPORT, MAP_ALL, MAP_ALL))
    ]

    def seen(number: int) -> dict:
        return client.get(f"/cropmap/jobs/{jobs[number].id}/progress").json()

    assert seen(0)["status"] == "Starting"
    assert seen(2)["status"] == "Waits for 1 job before it"
    with kept.slot([1]) as first, kept.slot([2]) as second:
        kept.claim(first, "w1")
        kept.claim(second, "w2")
        assert seen(2)["status"] == "Waits for 1 job before it"
        assert seen(3)["status"] == "Waits for 2 jobs before it"
        kept.tell(jobs[0].id, "Mapping tiles", 3, 9, 0.0)
        assert seen(0)["status"].startswith("Mapping tiles · 3 of 9 · ")
        assert seen(0)["status"].endswith(" s")
        kept.tell(jobs[0].id, "Mapping tiles", 3, 9, 0.05)
        assert seen(0)["status"] == (
            "Mapping tiles · 3 of 9 · 3.0 tiles a minute · about 2 minutes left"
        )
        assert seen(0)["share"] == pytest.approx(1 / 3)
        kept.tell(jobs[1].id, "Joining parcels", 2, 4, 0.02)
        assert seen(1)["status"] == (
            "Joining parcels · 2 of 4 · about 2 minutes left for this step"
        )
        assert client.post(f"/cropmap/jobs/{jobs[0].id}/cancel", headers=OWN).json() == {
            **seen(0),
            "cancelling": True,
            "running": True,
        }
        ended = client.post(f"/cropmap/jobs/{jobs[3].id}/cancel", headers=OWN).json()
        assert (ended["running"], ended["error"]) == (False, "Job 3 was cancelled before it began.")
