"""The Start page: what one goes on with first, and what the app is about."""

from __future__ import annotations

import streamlit as st

from core.project import recent_projects
from ui.shared.page_help import PICTURES
from ui.start.project_list import DEMO, demo, new_project, open_by_path, recent_list

JOB_KINDS = DEMO
"""Kinds of jobs that the page itself shows."""

_STEPS = (
    (
        "landcover",
        "**1 · Your image and free land cover.** A coarse map shows roughly where fields are.",
    ),
    ("prompts", "**2 · Fields drawn from the image.** Mistakes of the land cover are corrected."),
    ("parcels", "**3 · Corrected by you.** Parcels and their areas, ready for QGIS."),
)


def show() -> None:
    """What one goes on with comes first; to whom all is new, what it is about."""
    st.title("Cropland from imagery")
    summaries = recent_projects()
    if not summaries:
        _pictures()
    recent, new = st.columns([3, 2], gap="large")
    with recent:
        st.header("Your projects")
        recent_list(summaries)
    with new:
        st.header("New project")
        new_project()
        with st.expander("Open a project from a folder"):
            open_by_path()
        demo()
    if summaries:
        st.header("How it works")
        _pictures()


def _pictures() -> None:
    """What the app does, in three pictures."""
    for column, (name, caption) in zip(st.columns(3, gap="medium"), _STEPS, strict=True):
        # The caption below says what it shows.
        column.image(PICTURES / f"{name}.webp", width="stretch", alt="")
        column.markdown(caption)
