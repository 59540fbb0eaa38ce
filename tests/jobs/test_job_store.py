"""Jobs on the disk: asked for once, run in slots, put back when their worker dies."""

import pytest

from core.errors import CancelledError, DiskFullError, OutputError, Remedy
from core.errors import InputError as AnInputError
from core.jobs.job_ends import MOST_ATTEMPTS
from core.jobs.job_record import JobState
from core.jobs.job_store import JobStore


def ask(store: JobStore, name: str):
    return store.ask(("map", name, True), {"scene": name}, title=f"Mapping {name}", person="Ana")


def test_a_job_is_asked_for_once_and_found_by_another_process(store) -> None:
    first = ask(store, "a")
    assert ask(store, "a").id == first.id
    other = JobStore(store.folder)
    assert other.last(("map", "a", True)) == other.find(first.id) == first
    assert (first.order, first.person, first.key) == ({"scene": "a"}, "Ana", ("map", "a", True))
    assert other.last(("map", "a", False)) is None
    with store.slot([1]) as slot:
        store.claim(slot, "w")
        store.end(first.id, JobState.DONE)
    again = ask(store, "a")
    assert again.id != first.id
    assert store.find(first.id) is None
    assert [job.id for job in store.unfinished()] == [again.id]


def test_nothing_is_made_where_nobody_asked(store) -> None:
    assert store.unfinished() == []
    assert store.find("x") is None
    assert not store.folder.exists()


def test_slots_are_held_by_one_each_and_jobs_begin_in_order(store) -> None:
    for name in "abc":
        ask(store, name)
    other = JobStore(store.folder)
    with store.slot([1, 2]) as first, other.slot([1, 2]) as second:
        assert (first, second) == (1, 2)
        assert store.claim(first, "w1").title == "Mapping a"
        assert other.claim(second, "w2").title == "Mapping b"
        with JobStore(store.folder).slot([1, 2]) as third:
            assert third is None
        # Whoever holds no slot does not take its job for lost.
        assert [job.state for job in store.unfinished()] == ["running", "running", "waiting"]


def begin_and_die(store) -> None:
    """As a worker that is killed: it says nothing, and its lock is free."""
    with store.slot([1]) as slot:
        assert store.claim(slot, "w") is not None


def test_a_job_that_lost_its_worker_waits_again_but_not_for_ever(store) -> None:
    job = ask(store, "a")
    for attempt in range(1, MOST_ATTEMPTS):
        begin_and_die(store)
        with store.slot([1]):
            found = store.find(job.id)
            assert (found.state, found.attempts) == (JobState.WAITING, attempt)
    begin_and_die(store)
    with store.slot([1]) as slot:
        assert store.claim(slot, "w") is None
    ended = store.last(job.key)
    assert ended.state is JobState.FAILED
    assert "ended unexpectedly 3 times" in ended.error.message
    assert "start it again" in ended.error.hint


def test_a_job_that_was_only_left_has_not_failed(store) -> None:
    job = ask(store, "a")
    for _ in range(MOST_ATTEMPTS + 2):
        with store.slot([1]) as slot:
            store.claim(slot, "w")
            store.put_back(job.id)
    assert store.find(job.id).attempts == 0
    assert store.unfinished()[0].state is JobState.WAITING


def test_cancelling_reaches_what_waits_at_once_and_what_lost_its_worker(store) -> None:
    waits, runs = ask(store, "b"), ask(store, "a")
    store.cancel(waits.id)
    ended = store.find(waits.id)
    assert ended.state is JobState.CANCELLED
    assert ended.error.message == "Mapping b was cancelled before it began."
    assert isinstance(ended.error, CancelledError)
    begin_and_die(store)
    store.cancel(runs.id)
    assert store.find(runs.id).unfinished
    with store.slot([1]):
        pass
    assert store.find(runs.id).state is JobState.CANCELLED
    assert "tiles that are done are kept" in store.find(runs.id).error.hint
    store.forget(runs.id)
    assert store.last(runs.key) is None


@pytest.mark.parametrize(
    "error",
    [
        DiskFullError("The disk is full.", "Free some."),
        AnInputError("No.", "", Remedy.FETCH_WEIGHTS, {"model": "m"}),
    ],
)
def test_why_it_failed_is_told_as_it_was(store, error) -> None:
    job = ask(store, "a")
    store.end(job.id, JobState.FAILED, error)
    told = JobStore(store.folder).find(job.id).error
    assert type(told) is type(error)
    assert (told.message, told.hint, told.remedy, told.facts) == (
        *(error.message, error.hint, error.remedy, error.facts),
    )


def test_a_damaged_list_is_kept_aside_and_work_goes_on(store) -> None:
    ask(store, "a")
    (file,) = store.folder.glob("*.sqlite")
    for beside in store.folder.glob("*.sqlite-*"):
        beside.unlink()
    file.write_bytes(b"no database" * 500)
    assert store.unfinished() == []
    assert ask(store, "b").title == "Mapping b"
    assert (store.folder / f"{file.name}.damaged").read_bytes().startswith(b"no database")


def test_a_folder_that_cannot_be_used_is_one_sentence(store) -> None:
    store.folder.write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        ask(store, "a")
