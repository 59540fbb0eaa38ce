"""Progress of background jobs, asked for by the browser, and the way to cancel one.

Each job has a token of its own, which only pages that show the job know; a job that outlives the
server keeps its own.  The routes are coroutines: they answer even while every worker thread draws
tiles.
"""

from __future__ import annotations

import secrets
from typing import Protocol
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.routing import Route

from core import wire
from core.errors import CropMapError
from ui.server import kept_jobs
from ui.server.errors import NO_STORE, NotFoundError
from ui.server.json_answer import JsonAnswer

_TOKEN_BYTES = 32
_MOST_STEPS = 9_999
"""More steps than this are bytes or shares: told in percent."""


class Watched(Protocol):
    """A job as the routes see it: its state, and how to stop it."""

    @property
    def title(self) -> str:
        """What is being done, in words for the person."""

    @property
    def stage(self) -> str:
        """The present stage; empty before the first."""

    @property
    def done(self) -> int:
        """Steps done of this stage."""

    @property
    def total(self) -> int:
        """Steps of this stage; 0 where nobody knows."""

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None where nobody knows."""

    @property
    def seconds(self) -> float:
        """Seconds since the start."""

    @property
    def waits_for(self) -> int | None:
        """How many jobs have to end before it begins; None once it has begun."""

    @property
    def pace(self) -> str:
        """How fast it goes and how long it still takes, in words; empty where nobody knows."""

    @property
    def running(self) -> bool:
        """Whether the work goes on."""

    @property
    def cancelling(self) -> bool:
        """Whether the work was asked to stop."""

    @property
    def error(self) -> CropMapError | None:
        """Why the work ended badly."""

    def cancel(self) -> None:
        """Ask the work to stop at the next good place."""


# A job that nobody keeps any more is gone from here as well.
_WATCHED: WeakValueDictionary[str, Watched] = WeakValueDictionary()


def issue_token(job: Watched) -> str:
    """A new token under which the routes tell of ``job`` for as long as somebody keeps it."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    _WATCHED[token] = job
    return token


def status_line(job: Watched) -> str:
    """One line about a job that waits or runs, with the seconds or the pace as a sign of life."""
    before = job.waits_for
    if before is not None:
        jobs = "1 job" if before == 1 else f"{before:,} jobs"
        return f"Waits for {jobs} before it" if before else "Starting"
    steps = ""
    if job.total > _MOST_STEPS:
        steps = f" · {job.share or 0.0:.0%}"
    elif job.total > 1:
        steps = f" · {job.done:,} of {job.total:,}"
    return f"{job.stage or 'Starting'}{steps} · {job.pace or f'{job.seconds:,.0f} s'}"


def describe(job: Watched) -> wire.JobProgress:
    """The state of a job as the progress bar reads it."""
    return {
        "title": job.title,
        "status": status_line(job),
        "share": job.share,
        "running": job.running,
        "cancelling": job.cancelling,
        "error": job.error.message if job.error is not None else "",
    }


async def progress(request: Request) -> JsonAnswer:
    """State of a job."""
    return JsonAnswer(describe(_job_of(request)), headers=NO_STORE)


async def cancel(request: Request) -> JsonAnswer:
    """Ask a job to stop; its state."""
    _job_of(request).cancel()
    return JsonAnswer(describe(_job_of(request)), headers=NO_STORE)


def _job_of(request: Request) -> Watched:
    token = request.path_params["token"]
    job = _WATCHED.get(token) or kept_jobs.find(token)
    if job is None:
        raise NotFoundError("This work is no longer running.", "Load the page again.")
    return job


ROUTES = [
    Route("/jobs/{token}/progress", progress, methods=["GET"]),
    Route("/jobs/{token}/cancel", cancel, methods=["POST"]),
]
