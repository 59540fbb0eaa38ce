"""Running jobs on the screen: what is done, how far, how long, and a way to stop it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ui.shared import show_errors
from ui.shared.jobs import JOBS, Job, Key
from ui.shared.text import escape

_EVERY_S = 0.4
_OF_THE_APP = ("weights", "demo")
"""Kinds of jobs that belong to no project."""

_MOST_STEPS = 9_999
"""More steps than this are bytes or shares: told in percent."""


def status(job: Job) -> str:
    """One line about a running job, with the seconds as a sign of life."""
    stage = job.stage or "Starting"
    if job.total > _MOST_STEPS:
        steps = f" · {job.share:.0%}"
    else:
        steps = f" · {job.done:,} of {job.total:,}" if job.total > 1 else ""
    return f"{escape(stage)}{steps} · {job.seconds:,.0f} s"


@st.fragment(run_every=_EVERY_S)
def watch(key: Key, note: str = "") -> None:
    """Progress of a job until it ends, then the whole page again."""
    job = JOBS.get(key)
    if job is None or not job.running:
        st.rerun()
    _draw(key, job, note)


@st.fragment(run_every=_EVERY_S)
def watch_in_place(key: Key, note: str, outcome: str) -> None:
    """Progress of a job, then how it ended, without drawing anything else again."""
    job = JOBS.get(key)
    if job is not None and job.running:
        _draw(key, job, note)
    elif job is not None and job.error is not None:
        show_errors.show(job.error)
    elif job is not None:
        st.success(outcome)


def _draw(key: Key, job: Job, note: str) -> None:
    # The style of these containers lets the bar shimmer while a long step goes on.
    with st.container(key=f"cropmap_job {key}"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.progress(job.share or 0.0, text=f"**{escape(job.title)}** · {status(job)}")
            if not job.cancelling and st.button("Cancel", key=f"cancel {key}"):
                job.cancel()
                st.rerun(scope="fragment")
        if job.cancelling:
            note = "Stopping at the next good place; what is done is kept."
        if note:
            st.caption(note)


def strip(project: Path | None, shown: Sequence[str] = ()) -> None:
    """Small lines for the sidebar about jobs of this project, and those of the whole app.

    Parameters
    ----------
    shown : sequence of str
        Kinds of jobs (the first part of their keys) that the page itself shows.
    """
    keys = [key for key, _ in JOBS.running() if key[0] not in shown and _concerns(key, project)]
    if keys:
        _small(tuple(keys))


def _concerns(key: Key, project: Path | None) -> bool:
    return key[0] in _OF_THE_APP or (len(key) > 1 and key[1] == str(project))


@st.fragment(run_every=1.0)
def _small(keys: tuple[Key, ...]) -> None:
    for key in keys:
        job = JOBS.get(key)
        if job is None:
            continue
        if job.running:
            st.caption(escape(job.title))
            st.progress(job.share or 0.0, text=status(job))
        elif job.error is not None:
            st.caption(f"{escape(job.title)}: {escape(job.error.message)}")
        else:
            st.caption(f"{escape(job.title)}: done")
