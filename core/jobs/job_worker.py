"""The process that does a job: ``python -m core.jobs.job_worker NAME``.

It takes a free slot and the first job that waits, does it, and ends.  When its standard input ends,
the app that started it has ended or was killed: it stops at the next good place, at the latest
after ``GRACE_S``, and the job waits for the next start of the app.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from core.errors import CancelledError, CropMapError, OutputError
from core.jobs.job_ends import stopped, unexpected
from core.jobs.job_kinds import kind_of
from core.jobs.job_pace import JobPace
from core.jobs.job_record import JobRecord, JobState
from core.jobs.job_store import JobStore
from core.machine_memory import keep_memory_small
from core.processors import leave_one_processor
from core.settings import get_settings
from core.shortage import shortage_of

GRACE_S = 5.0
"""How long a step may go on after the job was cancelled, or nobody waits any more."""

_NICENESS = 5
_LOOK_S = 0.25
_TELL_S = 0.5
_PATIENCE_S = 3.0

_log = logging.getLogger(__name__)


def main() -> int:
    """Do a job, if one waits; 0 unless something went wrong that the job could not say."""
    keep_memory_small()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # The app is to stay quick meanwhile.
    os.nice(_NICENESS)
    leave_one_processor()
    left = threading.Event()
    threading.Thread(target=_until_nobody_waits, args=(left,), daemon=True).start()
    settings = get_settings()
    do_next_job(
        JobStore(settings.jobs_folder), sys.argv[1], settings.jobs_at_once, left, _end_at_once
    )
    return 0


def do_next_job(
    store: JobStore,
    name: str,
    at_once: int,
    left: threading.Event,
    end_at_once: Callable[[], object],
) -> None:
    """Take a slot and the first job that waits, and do it; nothing where either is missing.

    Parameters
    ----------
    name : str
        Of this worker.
    left : Event
        Set once nobody waits any more.
    end_at_once : callable
        Ends this worker, whatever it is doing.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with store.slot(range(1, at_once + 1)) as slot:
            if slot is not None:
                job = store.claim(slot, name)
                if job is not None:
                    _Doing(store, job, left, end_at_once).run()
                return
        # Whoever looks whether a slot is free holds it for a moment.
        time.sleep(0.1)


class _Doing:
    """One job being done."""

    def __init__(
        self,
        store: JobStore,
        job: JobRecord,
        left: threading.Event,
        end_at_once: Callable[[], object],
    ) -> None:
        self._store, self._job = store, job
        self._left, self._end_at_once = left, end_at_once
        self._stop, self._ended = threading.Event(), threading.Event()
        self._ending = threading.Lock()
        self._pace = JobPace()
        self._told: tuple[str, float] = ("", 0.0)

    def run(self) -> None:
        """Do it, and say how it ended."""
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            kind_of(self._job.key).work(self._job.order, self._progress, self._stop.is_set)
        except CancelledError as error:
            self._end(JobState.CANCELLED, error)
        except CropMapError as error:
            self._end(JobState.FAILED, error)
        except Exception as error:  # noqa: BLE001  (the last resort: logged, and told)
            _log.exception("%s failed", self._job.title)
            self._end(JobState.FAILED, shortage_of(error) or unexpected(self._job.title))
        else:
            self._end(JobState.DONE)

    def _progress(self, stage: str, done: int, total: int) -> None:
        pace = self._pace.step(stage, done)
        now = time.monotonic()
        if stage == self._told[0] and now - self._told[1] < _TELL_S and done < total:
            return
        self._told = (stage, now)
        try:
            self._store.tell(self._job.id, stage, done, total, pace)
        except OutputError as error:
            # The work itself may have room yet; where it has not, it says so.
            _log.warning("%s", error)

    def _watch(self) -> None:
        """Tell the work to stop once it is to; end it where it does not."""
        while not self._ended.wait(_LOOK_S):
            if self._left.is_set() or self._is_cancelled():
                self._stop.set()
                break
        if self._ended.wait(GRACE_S):
            return
        try:
            self._end(JobState.CANCELLED, stopped(self._job))
        finally:
            self._end_at_once()

    def _is_cancelled(self) -> bool:
        try:
            found = self._store.find(self._job.id)
        except OutputError as error:
            _log.warning("%s", error)
            return False
        return found is None or found.cancelling

    def _end(self, state: JobState, error: CropMapError | None = None) -> None:
        """Say how it ended, once; a job that was only left waits for the next start of the app."""
        with self._ending:
            if self._ended.is_set():
                return
            only_left = self._left.is_set() and not self._is_cancelled()
            if state is JobState.CANCELLED and only_left:
                self._store.put_back(self._job.id)
            else:
                self._store.end(self._job.id, state, error)
            self._ended.set()


def _until_nobody_waits(left: threading.Event) -> None:
    sys.stdin.read()
    left.set()
    time.sleep(GRACE_S + _PATIENCE_S)
    _end_at_once()


def _end_at_once() -> None:
    # This process leads its group: processes of its own end with it.
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
