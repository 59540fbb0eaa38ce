"""Mapping every tile of a scene in the background."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from core.project import Project
from ui import errors
from ui.job import JOBS, Cancelled, Progress
from ui.session import Place
from ui.watch import watch


def key_of(place: Place) -> Hashable:
    """The key of the job that maps the place's scene."""
    return ("map", str(place.project.path), place.scene.id if place.scene else "")


def controls(place: Place, missing: int) -> None:
    """The button, or the progress of what it started; ``missing`` tiles are not mapped yet."""
    if place.scene is None:
        return
    key = key_of(place)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key, "You may go on working; tiles appear as they are done.")
        return
    if job is not None and job.error is not None:
        errors.show(job.error)
    label = "Map all tiles" if missing else "Map all tiles anew"
    help_text = "Predicts every tile in the background. Nothing that you have corrected is changed."
    if st.button(label, type="primary" if missing else "secondary", help=help_text):
        with errors.told():
            start(place.project, place.scene.id, place.scene.name)
            st.rerun()


def start(project: Project, scene_id: str, name: str) -> None:
    """Map all tiles of a scene, unless that is already going on."""

    def work(progress: Progress, cancelled: Cancelled) -> None:
        # The annotator pulls in the models' code, which takes seconds: not before it is needed.
        from core.annotate.batch import predict_all  # noqa: PLC0415

        progress("Getting ready", 0, 0)
        predict_all(project, scene_id, progress, cancelled)

    JOBS.start(("map", str(project.path), scene_id), f"Mapping {name}", work)
