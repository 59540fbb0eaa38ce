"""Start: go on with a project, make one, or try the app on made fields."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.project import recent_projects
from ui.shared.browser_session import Place
from ui.shared.page_frame import page
from ui.start import project_list

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
STEPS = (
    ("landcover", "**1 · Your image and free land cover.** A coarse map says where fields are."),
    ("prompts", "**2 · Fields drawn from the image.** The land cover's mistakes are left behind."),
    ("parcels", "**3 · Corrected by you.** Parcels and hectares, ready for QGIS."),
)


def body(_: Place | None) -> None:
    """What one goes on with comes first; to whom all is new, what it is about."""
    st.title("Cropland from imagery")
    summaries = recent_projects()
    if not summaries:
        pictures()
    recent, new = st.columns([3, 2], gap="large")
    with recent:
        st.subheader("Your projects")
        project_list.recent_list(summaries)
    with new:
        st.subheader("New project")
        project_list.new_project()
        with st.expander("Open a project by its path"):
            project_list.open_by_path()
        project_list.demo()
    if summaries:
        st.subheader("How it works")
        pictures()


def pictures() -> None:
    """What the app does, in three pictures."""
    for column, (name, caption) in zip(st.columns(3, gap="medium"), STEPS, strict=True):
        column.image(PICTURES / f"{name}.webp", width="stretch")
        column.markdown(caption)


page(body, shows=("demo",))
