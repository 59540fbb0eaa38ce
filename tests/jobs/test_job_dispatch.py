"""Which jobs begin when, with workers that only say so."""

import pytest

from core.jobs.job_dispatch import JobDispatcher
from core.jobs.job_record import JobState
from tests.jobs.test_job_store import ask


class Workers:
    """Workers that take a slot and a job when they are told to."""

    def __init__(self, store) -> None:
        self._store = store
        self.started: list[Worker] = []

    def start(self, name: str) -> "Worker":
        self.started.append(Worker(self._store, name))
        return self.started[-1]


class Worker:
    def __init__(self, store, name: str) -> None:
        self._store, self.name, self._status = store, name, None
        self.job = None

    def begin(self) -> None:
        self._held = self._store.slot([1, 2])
        slot = self._held.__enter__()
        self.job = self._store.claim(slot, self.name)

    def die(self, status: int = -9, **_) -> None:
        if self.job is not None:
            self._held.__exit__(None, None, None)
        self._status = status

    def finish(self) -> None:
        self._store.end(self.job.id, JobState.DONE)
        self.die(0)

    def poll(self) -> int | None:
        return self._status


@pytest.fixture
def workers(store) -> Workers:
    return Workers(store)


@pytest.fixture
def dispatcher(store, workers) -> JobDispatcher:
    return JobDispatcher(store, 2, workers.start)


def test_two_run_at_once_and_the_third_begins_when_one_ends(store, workers, dispatcher) -> None:
    for name in "abc":
        ask(store, name)
    assert dispatcher.look()
    assert dispatcher.look()  # they have not begun yet, and no third is started
    first, second = workers.started
    first.begin()
    second.begin()
    assert dispatcher.look()
    assert len(workers.started) == 2
    first.finish()
    assert dispatcher.look()
    third = workers.started[2]
    third.begin()
    assert third.job.title == "Mapping c"
    second.finish()
    third.finish()
    assert not dispatcher.look()


def test_a_job_whose_worker_was_killed_is_begun_again(store, workers, dispatcher) -> None:
    ask(store, "a")
    dispatcher.look()
    workers.started[0].begin()
    workers.started[0].die()
    dispatcher.look()
    workers.started[1].begin()
    assert workers.started[1].job.attempts == 2
    # Another app takes no job away that runs.
    other = JobDispatcher(store, 2, workers.start)
    assert other.look()
    assert len(workers.started) == 2


def test_what_cannot_even_begin_is_given_up(store, workers, dispatcher) -> None:
    job = ask(store, "a")
    for number in range(3):
        dispatcher.look()
        workers.started[number].die(1)
    dispatcher.look()
    assert store.find(job.id).state is JobState.FAILED
    assert len(workers.started) == 3
