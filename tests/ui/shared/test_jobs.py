import threading

import pytest

from core.errors import CancelledError, CropMapError, InputError
from ui.shared.jobs import MOST_KEPT, MOST_RUNNING, Job, Jobs

SECONDS = 20


def test_progress_result_and_end() -> None:
    def work(progress, cancelled) -> int:
        progress("Half", 1, 2)
        return 7

    job = Job("Counting", work)
    job.start()
    assert job.wait(SECONDS)
    assert (job.result, job.error, job.stage, job.share) == (7, None, "Half", 0.5)
    assert not job.running


def test_a_mistake_of_ours_is_told_without_a_traceback(caplog) -> None:
    job = Job("Failing", lambda progress, cancelled: 1 // 0)
    job.start()
    assert job.wait(SECONDS)
    assert isinstance(job.error, CropMapError)
    assert "Something went wrong" in job.error.message
    assert "ZeroDivisionError" in caplog.text


def test_cancelling_reaches_the_work() -> None:
    begun = threading.Event()

    def work(progress, cancelled) -> None:
        begun.set()
        while not cancelled():
            pass
        raise CancelledError("Stopped.", "")

    job = Job("Waiting", work)
    job.start()
    assert begun.wait(SECONDS)
    job.cancel()
    assert job.wait(SECONDS)
    assert isinstance(job.error, CancelledError)


def test_one_key_is_one_job_and_few_run_at_once() -> None:
    jobs, go_on = Jobs(), threading.Event()

    def work(progress, cancelled) -> None:
        go_on.wait(SECONDS)

    first = jobs.start(("a",), "A", work)
    assert jobs.start(("a",), "A again", work) is first
    for number in range(MOST_RUNNING - 1):
        jobs.start(("b", str(number)), f"Job {number}", work)
    with pytest.raises(InputError, match="running already"):
        jobs.start(("too many",), "Too many", work)
    jobs.forget(("a",))
    assert jobs.get(("a",)) is first
    go_on.set()
    assert first.wait(SECONDS)
    jobs.forget(("a",))
    assert jobs.get(("a",)) is None


def test_ended_jobs_do_not_pile_up() -> None:
    jobs = Jobs()
    for number in range(MOST_KEPT + 20):
        assert jobs.start(("c", str(number)), "Short", lambda progress, cancelled: None).wait(
            SECONDS
        )
    assert jobs.get(("c", "0")) is None
    assert jobs.get(("c", str(MOST_KEPT + 19))) is not None
    assert not jobs.running()
