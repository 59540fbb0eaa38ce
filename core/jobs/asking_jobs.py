"""Asking for jobs, looking at them and cancelling them: what pages and routes call."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from core.errors import OutputError
from core.jobs import job_dispatch
from core.jobs.job_dispatch import JobDispatcher
from core.jobs.job_record import JobKey, JobRecord, JobState
from core.jobs.job_store import JobStore
from core.settings import get_settings

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_dispatchers: dict[Path, JobDispatcher] = {}


def ask_for_job(key: JobKey, order: dict[str, Any], *, title: str, person: str = "") -> JobRecord:
    """Have a job done, or take the unfinished one of this key; it is on the disk on return.

    Parameters
    ----------
    order : dict
        As one of the functions of :mod:`core.jobs.job_kinds` makes it.
    title : str
        What is done, in words for people.
    person : str
        Who asks.

    Raises
    ------
    OutputError
        The cache folder cannot be written.
    """
    job = _store().ask(key, order, title=title, person=person)
    _dispatcher().wake()
    return job


def last_job(key: JobKey) -> JobRecord | None:
    """The job of this key that waits, runs, or has ended in the last 24 hours.

    Raises
    ------
    OutputError
        The cache folder cannot be read.
    """
    return _looked_after(_store().last(key))


def find_job(job_id: str) -> JobRecord | None:
    """The job of this id; errors as for :func:`last_job`."""
    return _looked_after(_store().find(job_id))


def unfinished_jobs() -> list[JobRecord]:
    """All that wait or run, whoever asked; errors as for :func:`last_job`."""
    found = _store().unfinished()
    if found:
        _dispatcher().look_after()
    return found


def waits_for(job: JobRecord) -> int:
    """How many jobs have to end before this one begins; 0 where it runs or is about to.

    Raises
    ------
    OutputError
        The cache folder cannot be read.
    """
    if job.state is not JobState.WAITING:
        return 0
    before = [one for one in _store().unfinished() if one.number < job.number or one.slot]
    return max(0, len(before) - get_settings().jobs_at_once + 1)


def cancel_job(job_id: str) -> None:
    """Ask a job to stop at the next good place; one that waits ends at once.

    Raises
    ------
    OutputError
        The cache folder cannot be written.
    """
    _store().cancel(job_id)


def forget_job(job_id: str) -> None:
    """Say no more how a job ended; errors as for :func:`cancel_job`."""
    _store().forget(job_id)


def resume_jobs() -> None:
    """Go on with what was left when the app ended; nothing is raised where that cannot be."""
    try:
        left = unfinished_jobs()
    except OutputError as error:
        _log.warning("%s", error)
        return
    if left:
        _log.info("going on with %d jobs", len(left))


def _store() -> JobStore:
    return JobStore(get_settings().jobs_folder)


def _dispatcher() -> JobDispatcher:
    settings = get_settings()
    with _lock:
        if settings.jobs_folder not in _dispatchers:
            _dispatchers[settings.jobs_folder] = JobDispatcher(
                _store(), settings.jobs_at_once, job_dispatch.start_process
            )
        return _dispatchers[settings.jobs_folder]


def _looked_after(job: JobRecord | None) -> JobRecord | None:
    """A job whose worker is looked after, by this app where the one that did has ended."""
    if job is not None and job.unfinished:
        _dispatcher().look_after()
    return job
