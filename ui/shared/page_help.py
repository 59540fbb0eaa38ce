"""What can be done on a page: at most five lines, and a picture where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class PageHelp:
    """Help on one page: Markdown lines, and a file in ``PICTURES``, where there is one."""

    lines: tuple[str, ...]
    picture: str = ""


HELP = {
    "Start": PageHelp(
        (
            "A **project** holds your images and all that you draw. Make one here, or open one.",
            "*Try it with example fields* makes a small project to try everything in.",
            "The clock beside a project shows its backups.",
            "The dots beside a project rename it, copy it, archive it or delete it.",
            "Then go on to **Scenes**.",
        )
    ),
    "Scene": PageHelp(
        (
            "A **scene** is one image. Add one by its path, or upload it.",
            "**Land cover** is a coarse map that says where fields may be. The app can fetch it.",
            "Do you have a map of fields? Import it as your map.",
            "If the image is too dark or its colours are odd, change bands and contrast here.",
            "Then go on to **Annotate**.",
        ),
        "landcover.webp",
    ),
    "Annotate": PageHelp(
        (
            "**Click** a field that is missing. **Shift-click** what is no field.",
            "Click a parcel with *Select* to split it, to join it or to say what it is.",
            "Wrong? **Z** takes back your last step. All is saved by itself.",
            "Is the tile right? Press **A**. **Enter** goes to the next tile.",
            "Press **?** on the map for all keys.",
        ),
        "prompts.webp",
    ),
    "Review": PageHelp(
        (
            "Here you see which tiles still need a person's eyes. The worst come first.",
            "Choose a tile in the table to see it, to judge it, or to open it on the map.",
            "*Second look* lets another person judge some tiles without seeing the first verdict.",
            "*Who did what* is the list of all that was done, and when.",
            "When all tiles are judged, go on to **Results**.",
        )
    ),
    "Evaluate": PageHelp(
        (
            "Here you measure how good the map is. For that you need fields that you trust.",
            "Accepted tiles can serve, or a file of fields, or images in a folder.",
            "Start a run. It may take long; you may close the page meanwhile.",
            "Compare methods by the tables, and open the worst tiles.",
        )
    ),
    "Results": PageHelp(
        (
            "Here is the area of cropland, beside what the land cover says.",
            "Choose files for QGIS, for training, or for the record. Then make them.",
            "*Accepted* files hold only tiles that a person accepted.",
            "After more edits, make the files again: they do not change by themselves.",
        ),
        "parcels.webp",
    ),
}
"""By the title of the page."""


def show(title: str) -> None:
    """A small button that opens the help of this page."""
    found = HELP[title]
    with (
        st.container(key="cropmap_help", width="content"),
        st.popover("Help", icon=":material/help:", type="tertiary"),
    ):
        st.markdown("**What can I do here?**")
        st.markdown("\n".join(f"- {line}" for line in found.lines))
        if found.picture:
            st.image(PICTURES / found.picture, width=320)
