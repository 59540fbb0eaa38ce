"""Running jobs on the screen: what is done, how far, how long, and a way to stop it.

The browser asks the app's own route for a job's state and draws it (``job_progress.js``); the page
is run again once, when the job has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.jobs import forget_job
from ui.server import kept_jobs
from ui.server.kept_jobs import KeptJob
from ui.server.prefix import route_bases
from ui.server.progress import describe
from ui.shared import show_errors
from ui.shared.jobs import JOBS, Job, Key, job_of, running_jobs

_OF_THE_APP = ("weights", "demo")
"""Kinds of jobs that belong to no project."""

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "cropmap_job",
    js=(_HERE / "job_progress.js").read_text(encoding="utf-8"),
    css=(_HERE / "job_progress.css").read_text(encoding="utf-8"),
)


def watch(key: Key, note: str = "") -> None:
    """Show the progress of a job; the page is drawn again once the job has ended.

    Within a dialog or a fragment, that alone is drawn again.
    """
    job = job_of(key)
    if job is None or not job.running:
        # It ended after the page had asked.
        st.rerun()
    _draw(key, job, note=note)


def show_end(key: Key) -> None:
    """Why a job that outlives the server ended badly, until somebody has read it."""
    job = kept_jobs.last(key)
    if job is None or job.running or job.error is None:
        return
    show_errors.show(job.error)
    st.button(
        "Close this message",
        icon=":material/close:",
        key=f"close {key}",
        type="tertiary",
        on_click=forget_job,
        args=(job.token,),
    )


def watch_in_place(key: Key, note: str, outcome: str) -> None:
    """Show the progress of a job, or how it ended."""
    job = JOBS.get(key)
    if job is not None and job.running:
        _draw(key, job, note=note)
    elif job is not None and job.error is not None:
        show_errors.show(job.error)
    elif job is not None:
        st.success(outcome)


def strip(project: Path | None, shown: Sequence[str] = ()) -> None:
    """Small lines for the sidebar about jobs of this project, and those of the whole app.

    A line says how its job ended; the page is not drawn again for it.

    Parameters
    ----------
    shown : sequence of str
        Kinds of jobs (the first part of their keys) that the page itself shows.
    """
    for key, job in running_jobs():
        if key[0] not in shown and _concerns(key, project):
            _draw(key, job, small=True)


def _draw(key: Key, job: Job[Any] | KeptJob, *, note: str = "", small: bool = False) -> None:
    data = {
        "bases": route_bases(),
        "token": job.token,
        "state": describe(job),
        "note": note,
        "small": small,
    }
    kind = "small progress" if small else "progress"
    _component(key=f"{kind} {key}", data=data, on_ended_change=lambda: None)


def _concerns(key: Key, project: Path | None) -> bool:
    return key[0] in _OF_THE_APP or (len(key) > 1 and key[1] == str(project))
