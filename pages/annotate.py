"""Annotate: the map of one tile, and nothing that keeps the eye from it."""

from __future__ import annotations

import streamlit as st

from ui import annotation, go, relink
from ui.frame import empty, project_page
from ui.session import Place


def body(place: Place) -> None:
    """The map, or what is missing for it."""
    if place.scene is None:
        empty(
            "Annotate",
            "This project has no imagery yet.",
            lambda: go.link(go.SCENE, "Add imagery on the Scene page", place),
        )
        return
    if relink.problem(place) is not None:
        _, middle, _ = st.columns([1, 4, 1])
        with middle:
            relink.tell(place)
        return
    if place.scene.landcover is None:
        text, way = st.columns([4, 1], vertical_alignment="center")
        text.caption(
            "No land cover, so no prompts were placed: click on fields to set them by hand, "
            "or add land cover."
        )
        with way:
            go.link(go.SCENE, "Add land cover", place)
    annotation.show(place)


project_page("Annotate", body, full_screen=True)
