"""How jobs end badly, in words."""

from __future__ import annotations

from core.errors import CancelledError, CropMapError
from core.jobs.job_kinds import kind_of
from core.jobs.job_record import JobRecord

MOST_ATTEMPTS = 3


def cancelled_before(job: JobRecord) -> CancelledError:
    """It was cancelled while it waited."""
    return CancelledError(f"{job.title} was cancelled before it began.")


def stopped(job: JobRecord) -> CancelledError:
    """It was cancelled, and its process ended before it could say so itself."""
    return CancelledError(f"{job.title} was stopped.", kind_of(job.key).kept)


def given_up(title: str) -> CropMapError:
    """Its process ended without a word, again and again."""
    return CropMapError(
        f"{title} ended unexpectedly {MOST_ATTEMPTS} times, most often because memory ran out.",
        "Close other programs and start it again; what is finished is kept.",
    )


def unexpected(title: str) -> CropMapError:
    """A mistake of ours, which goes to the log with its traceback."""
    return CropMapError(
        f"{title}: something went wrong in the app itself. Your work so far is saved.",
        "Start it again. The details are in the terminal where the app runs.",
    )
