"""Jobs that outlive the server, as the pages and routes see them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from core.errors import CropMapError
from core.jobs import (
    JobKey,
    JobRecord,
    JobState,
    cancel_job,
    find_job,
    kind_of,
    last_job,
    unfinished_jobs,
    waits_for,
)
from ui.server.time_words import duration

_FEWEST_A_MINUTE = 9.5
"""Fewer tiles a minute than this are told with a decimal."""


@dataclass(frozen=True)
class KeptJob:
    """A job as it was on the disk a moment ago."""

    record: JobRecord

    @property
    def token(self) -> str:
        """Under which the routes tell of it."""
        return self.record.id

    @property
    def title(self) -> str:
        """What is being done."""
        return self.record.title

    @property
    def stage(self) -> str:
        """The present stage; empty before the first."""
        return self.record.stage

    @property
    def done(self) -> int:
        """Steps done of this stage."""
        return self.record.done

    @property
    def total(self) -> int:
        """Steps of this stage; 0 where nobody knows."""
        return self.record.total

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None where nobody knows."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total else None

    @property
    def seconds(self) -> float:
        """Seconds since the start, or since it was asked for."""
        return max(0.0, time.time() - (self.record.begun or self.record.asked))

    @property
    def running(self) -> bool:
        """Whether it waits or runs."""
        return self.record.unfinished

    @property
    def cancelling(self) -> bool:
        """Whether it was asked to stop."""
        return self.record.cancelling

    @property
    def error(self) -> CropMapError | None:
        """Why it ended badly."""
        return self.record.error

    @property
    def waits_for(self) -> int | None:
        """How many jobs have to end before it begins; None once it has begun."""
        return waits_for(self.record) if self.record.state is JobState.WAITING else None

    @property
    def pace(self) -> str:
        """Tiles a minute and the time left, in words; empty where nobody knows."""
        if not (self.record.pace and self.total):
            return ""
        kind = kind_of(self.record.key)
        passed = max(0.0, time.time() - self.record.told)
        left = duration(max(0.0, (self.total - self.done) / self.record.pace - passed))
        words = f"{left} left" if kind.whole else f"{left} left for this step"
        minute = self.record.pace * 60
        tiles = f"{minute:,.0f}" if minute > _FEWEST_A_MINUTE else f"{minute:.1f}"
        return f"{tiles} tiles a minute · {words}" if kind.tiles else words

    def cancel(self) -> None:
        """Ask it to stop at the next good place."""
        cancel_job(self.record.id)


def find(token: str) -> KeptJob | None:
    """The job of this token."""
    found = find_job(token)
    return None if found is None else KeptJob(found)


def last(key: JobKey) -> KeptJob | None:
    """The job of this key that waits, runs, or ended in the last 24 hours."""
    found = last_job(key)
    return None if found is None else KeptJob(found)


def unfinished() -> list[tuple[JobKey, KeptJob]]:
    """Keys and jobs of all that wait or run."""
    return [(job.key, KeptJob(job)) for job in unfinished_jobs()]
