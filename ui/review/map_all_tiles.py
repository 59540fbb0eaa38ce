"""Mapping every tile of a scene in the background."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.project import Project
from core.task import Cancelled, Progress
from ui.shared import show_errors
from ui.shared.browser_session import Place
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key

KIND = "map"
"""Kind of this module's jobs."""


def key_of(place: Place) -> Key:
    """The key of the job that maps the place's scene."""
    return (KIND, str(place.project.path), place.scene.id if place.scene else "")


def controls(place: Place, missing: int) -> None:
    """The button that maps all tiles; ``missing`` of them are not mapped yet."""
    job = JOBS.get(key_of(place))
    if place.scene is None or (job is not None and job.running):
        return
    help_text = (
        "Draws the fields of all tiles that are not mapped yet, or whose model or settings "
        "changed. It runs in the background and changes nothing that you have corrected."
    )
    kind: Literal["primary", "secondary"] = "primary" if missing else "secondary"
    if st.button("Map all tiles", type=kind, help=help_text, width="stretch"):
        with show_errors.told():
            start(place.project, place.scene.id, place.scene.name)
            st.rerun()


def progress_of(place: Place) -> None:
    """The work that the button started, or why it stopped."""
    key = key_of(place)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key, "You can keep working here and on the map while this runs.")
    elif job is not None and job.error is not None:
        show_errors.show(job.error)


def start(project: Project, scene_id: str, name: str) -> None:
    """Map all tiles of a scene, unless that is already going on."""

    def work(progress: Progress, cancelled: Cancelled) -> None:
        # The annotator pulls in the models' code, which takes seconds: not before it is needed.
        from core.session import predict_all  # noqa: PLC0415

        progress("Getting ready", 0, 0)
        predict_all(project, scene_id, progress, cancelled)

    JOBS.start((KIND, str(project.path), scene_id), f"Mapping {name}", work)
