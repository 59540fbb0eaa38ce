"""The page that evaluates: what runs, what came of it, and what to run next."""

from __future__ import annotations

import streamlit as st

from core.study.projects import ExperimentRun, past_runs
from ui.evaluate import earlier_runs, folder_rows, map_quality, start_run, truth_rows
from ui.evaluate.start_run import run_key
from ui.shared import moved_imagery, navigation, show_errors
from ui.shared.browser_session import Place
from ui.shared.job_progress import show_end, watch
from ui.shared.jobs import job_of
from ui.shared.page_frame import empty, heading

JOB_KINDS = (start_run.KIND, truth_rows.KIND, folder_rows.KIND, map_quality.KIND)
"""Kinds of jobs that the page itself shows."""

_NEW, _RESULTS, _LABELS = "new", "results", "labels"
_VIEW, _SEEN = "evaluate view", "cropmap_evaluated"


def show(place: Place) -> None:
    """The whole page."""
    if place.scene is None:
        empty(
            "Evaluate",
            "This project has no imagery yet, so there is nothing to evaluate.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scenes page", place),
        )
        return
    heading("Evaluate")
    moved_imagery.tell(place)
    found = past_runs(place.project)
    for problem in found.unreadable:
        show_errors.show(problem)
    runs = found.runs
    _job(place, runs)
    view = _view(place, runs)
    if view == _RESULTS:
        earlier_runs.show(place, runs)
    elif view == _LABELS:
        map_quality.show(place)
    else:
        start_run.show(place)


def _job(place: Place, runs: list[ExperimentRun]) -> None:
    """The evaluation that runs, or how the last one ended badly."""
    job = job_of(run_key(place))
    if job is None:
        return
    if job.running:
        watch(
            run_key(place),
            "You can keep working or close this page. Finished steps are kept, also when you "
            "cancel. If the app is closed, this goes on at its next start.",
        )
    elif job.error is not None:
        show_end(run_key(place))
        stopped = next((run for run in runs if not run.finished), None)
        if stopped is not None and st.button("Continue it", key="go on at once"):
            with show_errors.told():
                start_run.start(place, stopped)
                st.rerun()


def _view(place: Place, runs: list[ExperimentRun]) -> str:
    """What is looked at: results where there are any, and whenever new ones have come."""
    finished = sum(run.finished for run in runs)
    seen: dict[str, int] = st.session_state.setdefault(_SEEN, {})
    before = seen.get(place.project.id, 0)
    if finished > before:
        st.session_state[_VIEW] = _RESULTS
    elif _VIEW not in st.session_state:
        st.session_state[_VIEW] = _NEW
    seen[place.project.id] = finished
    titles = {
        _NEW: "Compare methods",
        _RESULTS: f"Results ({len(runs):,})" if runs else "Results",
        _LABELS: "How good is my map?",
    }
    chosen = st.segmented_control(
        "Show",
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        key=_VIEW,
        label_visibility="collapsed",
        persist_state="session",
    )
    return chosen or _NEW
