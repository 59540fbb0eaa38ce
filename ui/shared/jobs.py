"""Short work in a thread of its own: progress, cancel, its result or its error; found by key.

Jobs belong to the process, not to a browser session: a page that is loaded again finds the job
that it had started, and two browsers that ask for the same thing watch one job.  Long work, which
is to outlive the process, is a job of :mod:`core.jobs`; ``running_jobs`` knows both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from core.errors import CropMapError, InputError
from core.jobs import EVALUATION, EXPORT, MAP_ALL
from core.task import Cancelled, Progress
from ui.server import kept_jobs, progress
from ui.server.kept_jobs import KeptJob
from ui.shared.show_errors import as_told

T = TypeVar("T")

Key = tuple[str | bool, ...]
"""What kind of work, the project's path where it belongs to one, and what tells it from others."""

_KEPT = (MAP_ALL, EXPORT, EVALUATION)
"""Kinds of work that outlive this process."""

MOST_RUNNING = 4
MOST_KEPT = 64


@dataclass(eq=False)
class Job(Generic[T]):
    """One piece of work: its state is written by its thread and read by pages.

    Parameters
    ----------
    title : str
        What is being done, in words for the person.
    work : callable
        Does it; gets ``progress`` and ``cancelled``.
    """

    title: str
    work: Callable[[Progress, Cancelled], T]
    stage: str = ""
    done: int = 0
    total: int = 0
    result: T | None = None
    error: CropMapError | None = None
    started: float = field(default_factory=time.monotonic)
    token: str = field(init=False)
    """Under which the app's own routes tell of this job; see ``ui.server.progress``."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.token = progress.issue_token(self)

    def start(self) -> None:
        """Begin in the background."""
        threading.Thread(target=self._run, name=self.title, daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return not self._ended.is_set()

    @property
    def cancelling(self) -> bool:
        """Whether the work was asked to stop."""
        return self._stop.is_set()

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None where nobody knows."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total else None

    @property
    def waits_for(self) -> int | None:
        """None: it begins at once."""
        return None

    @property
    def pace(self) -> str:
        """Empty: nobody measures it."""
        return ""

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def cancel(self) -> None:
        """Ask the work to stop at the next good place."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; whether it has ended."""
        return self._ended.wait(seconds)

    def _run(self) -> None:
        try:
            self.result = self.work(self._progress, self._stop.is_set)
        except Exception as error:  # noqa: BLE001  (the last resort of a thread: logged, and told)
            self.error = as_told(error)
        finally:
            self._ended.set()

    def _progress(self, stage: str, done: int, total: int) -> None:
        self.stage, self.done, self.total = stage, done, total


class Jobs:
    """The jobs of this process by key, a bounded number of them."""

    def __init__(self) -> None:
        self._jobs: dict[Key, Job[Any]] = {}
        self._lock = threading.Lock()

    def start(self, key: Key, title: str, work: Callable[[Progress, Cancelled], T]) -> Job[T]:
        """Start work, or return the job of this key that is still running.

        Raises
        ------
        InputError
            As many jobs as are allowed are running.
        """
        with self._lock:
            present = self._jobs.get(key)
            if present is not None and present.running:
                return present
            running = [job for job in self._jobs.values() if job.running]
            if len(running) >= MOST_RUNNING:
                raise InputError(
                    f"{len(running)} jobs are running already: "
                    f"{', '.join(job.title for job in running)}.",
                    "Wait until one of them ends, or cancel it.",
                )
            self._drop_oldest()
            job = Job(title, work)
            self._jobs[key] = job
        job.start()
        return job

    def get(self, key: Key) -> Job[Any] | None:
        """The job of this key, running or ended."""
        with self._lock:
            return self._jobs.get(key)

    def forget(self, key: Key) -> None:
        """Drop a job that has ended; one that runs stays."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and not job.running:
                del self._jobs[key]

    def running(self) -> list[tuple[Key, Job[Any]]]:
        """Keys and jobs that are running."""
        with self._lock:
            return [(key, job) for key, job in self._jobs.items() if job.running]

    def _drop_oldest(self) -> None:
        ended = [key for key, job in self._jobs.items() if not job.running]
        for key in ended[: max(0, len(self._jobs) - MOST_KEPT + 1)]:
            del self._jobs[key]


JOBS = Jobs()
"""Of this process."""


def job_of(key: Key) -> Job[Any] | KeptJob | None:
    """The job of a key, whichever way it is done."""
    return kept_jobs.last(key) if key[0] in _KEPT else JOBS.get(key)


def running_jobs() -> list[tuple[Key, Job[Any] | KeptJob]]:
    """Keys and jobs of all that run in this process, and of all that wait or run outside it."""
    return [*JOBS.running(), *kept_jobs.unfinished()]
