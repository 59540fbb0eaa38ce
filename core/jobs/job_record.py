"""A job as it lies on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import CropMapError, error_from_json

JobKey = tuple[str | bool, ...]
"""What kind of work, the project's path, and what tells it from others of that project."""


class JobState(StrEnum):
    """What has become of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job.

    Parameters
    ----------
    id : str
        Random, 32 bytes: whoever has it may look at the job and cancel it.
    number : int
        The order in which jobs were asked for.
    order : mapping
        What is to be done, as plain values; its kind says which.
    person : str
        Who asked.
    asked, begun, ended : float
        Seconds since 1970; 0 where that has not come.
    attempts : int
        How often a process has begun it, without those that were told to stop.
    slot : int
        The place among the jobs that run at once; 0 while it does not run.
    worker : str
        Names the process that does it, or did last.
    cancelling : bool
        Whether somebody wants it to stop.
    total : int
        Steps of the present stage; 0 where nobody knows.
    pace : float
        Steps a second of late; 0 where nobody knows.
    told : float
        When the worker last said how far it is.
    failure : mapping or None
        Why it ended badly, as :func:`core.errors.error_to_json` gives it.
    """

    id: str
    number: int
    key: JobKey
    title: str
    order: Mapping[str, Any]
    person: str
    asked: float
    state: JobState
    begun: float
    ended: float
    attempts: int
    slot: int
    worker: str
    cancelling: bool
    stage: str
    done: int
    total: int
    pace: float
    told: float
    failure: Mapping[str, Any] | None

    @property
    def unfinished(self) -> bool:
        """Whether it waits or runs."""
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def error(self) -> CropMapError | None:
        """Why it ended badly."""
        return None if self.failure is None else error_from_json(self.failure)
