"""Starting a process for each job that may run, and noticing those that died.

A thread looks every half second as long as anything waits or runs, and ends then.  Several apps on
one machine may do so beside one another: slots and the table say who may run what.
"""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from core.errors import CropMapError, storage_error
from core.jobs.job_ends import MOST_ATTEMPTS, given_up
from core.jobs.job_record import JobRecord, JobState
from core.jobs.job_store import JobStore

_LOOK_S = 0.5
_AFTER_TROUBLE_S = 5.0
_ROOT = Path(__file__).resolve().parents[2]

_log = logging.getLogger(__name__)


class JobProcess(Protocol):
    """A worker, as ``subprocess.Popen`` is one."""

    def poll(self) -> int | None:
        """Its exit status; None while it lives."""


def start_process(name: str) -> JobProcess:
    """Start a worker of a name in a process that ends with this one.

    Raises
    ------
    OutputError
        The system has no room for it.
    """
    try:
        return subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            # -P: modules come from this package's folder, not from where the app was started.
            [sys.executable, "-P", "-m", "core.jobs.job_worker", name],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            start_new_session=True,
        )
    except OSError as error:
        raise storage_error(error, Path(sys.executable)) from error


class JobDispatcher:
    """Runs what waits in a store, so many at once.

    Parameters
    ----------
    start : callable
        Starts a worker of a name.
    """

    def __init__(
        self, store: JobStore, at_once: int, start: Callable[[str], JobProcess] = start_process
    ) -> None:
        self._store, self._at_once, self._start = store, at_once, start
        self._workers: dict[str, JobProcess] = {}
        self._in_vain = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    def wake(self) -> None:
        """See at once what is to be done, and look after it until it has ended."""
        self._wake.set()
        self.look_after()

    def look_after(self) -> None:
        """Look after what waits and runs until it has ended."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = _LOOK_S
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            try:
                more, pause = self.look(), _LOOK_S
            except CropMapError as error:
                _log.warning("jobs cannot be looked after: %s", error)
                more, pause = True, _AFTER_TROUBLE_S
            except Exception:  # noqa: BLE001  (the last resort of a thread: logged)
                _log.exception("jobs cannot be looked after")
                more, pause = True, _AFTER_TROUBLE_S
            with self._lock:
                if not more and not self._wake.is_set():
                    self._thread = None
                    return

    def look(self) -> bool:
        """Take note of workers that ended, start those that may begin; whether anything is left.

        Raises
        ------
        OutputError
            The store cannot be used, or no process be started.
        """
        self._reap()
        jobs = self._store.unfinished()
        free = self._free_slots(jobs) if jobs else 0
        # Those that lost their worker wait again.
        jobs = self._store.unfinished()
        waiting = sum(job.state is JobState.WAITING for job in jobs)
        claimed = {job.worker for job in jobs if job.state is JobState.RUNNING}
        starting = sum(name not in claimed for name in self._workers)
        for _ in range(min(waiting, free) - starting):
            name = secrets.token_hex(8)
            self._workers[name] = self._start(name)
        return bool(jobs or self._workers)

    def _free_slots(self, jobs: list[JobRecord]) -> int:
        """How many slots nobody holds; what had run in them is settled by that."""
        # More of them where fewer may run at once than before.
        slots = {*range(1, self._at_once + 1), *(job.slot for job in jobs if job.slot)}
        free = 0
        for number in sorted(slots):
            with self._store.slot([number]) as held:
                free += held is not None and number <= self._at_once
        return free

    def _reap(self) -> None:
        """Forget workers that ended; what cannot even begin is given up."""
        for name, process in list(self._workers.items()):
            status = process.poll()
            if status is None:
                continue
            del self._workers[name]
            pipe = getattr(process, "stdin", None)
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
            in_vain = status and not self._store.has_begun(name)
            self._in_vain = self._in_vain + 1 if in_vain else 0
        if self._in_vain < MOST_ATTEMPTS:
            return
        waiting = [j for j in self._store.unfinished() if j.state is JobState.WAITING]
        if waiting:
            self._store.end(waiting[0].id, JobState.FAILED, given_up(waiting[0].title))
            self._in_vain = 0
