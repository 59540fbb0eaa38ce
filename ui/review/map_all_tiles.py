"""Mapping every tile of a scene beside the app."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.jobs import MAP_ALL, ask_for_job, map_order
from core.project import SceneRecord
from ui.shared import show_errors
from ui.shared.browser_session import Place, person
from ui.shared.job_progress import show_end, watch
from ui.shared.jobs import Key, job_of

KIND = MAP_ALL
"""Kind of this module's jobs."""


def key_of(place: Place) -> Key:
    """The key of the job that maps the place's scene."""
    return (KIND, str(place.project.path), place.scene.id if place.scene else "")


def controls(place: Place, missing: int) -> None:
    """The button that maps all tiles; ``missing`` of them are not mapped yet."""
    job = job_of(key_of(place))
    if place.scene is None or (job is not None and job.running):
        return
    help_text = (
        "Draws the fields of all tiles that are not mapped yet, or whose model or settings "
        "changed. It runs in the background and changes nothing that you have corrected."
    )
    kind: Literal["primary", "secondary"] = "primary" if missing else "secondary"
    if st.button("Map all tiles", type=kind, help=help_text, width="stretch"):
        with show_errors.told():
            _start(place, place.scene)
            st.rerun()


def progress_of(place: Place) -> None:
    """The work that the button started, or why it stopped."""
    key = key_of(place)
    job = job_of(key)
    if job is not None and job.running:
        watch(
            key,
            "You can keep working here and on the map, or close this page. If the app is closed, "
            "this goes on at its next start.",
        )
    else:
        show_end(key)


def _start(place: Place, scene: SceneRecord) -> None:
    """Map all tiles of a scene, unless that is already going on."""
    ask_for_job(
        key_of(place),
        map_order(place.project, scene.id),
        title=f"Mapping {scene.name}",
        person=person(),
    )
