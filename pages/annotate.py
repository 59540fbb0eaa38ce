"""Annotate: the map of one tile, and nothing that keeps the eye from it."""

from __future__ import annotations

import streamlit as st

from ui.annotate import tile_map
from ui.shared import moved_imagery, navigation
from ui.shared.browser_session import Place
from ui.shared.page_frame import empty, project_page


def body(place: Place) -> None:
    """The map, or what is missing for it."""
    if place.scene is None:
        empty(
            "Annotate",
            "This project has no imagery yet.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scene page", place),
        )
        return
    if moved_imagery.problem(place) is not None:
        _, middle, _ = st.columns([1, 4, 1])
        with middle:
            moved_imagery.tell(place)
        return
    if place.scene.landcover is None:
        text, way = st.columns([4, 1], vertical_alignment="center")
        text.caption(
            "No land cover, so no prompts were placed: click on fields to set them by hand, "
            "or add land cover."
        )
        with way:
            navigation.link(navigation.SCENE, "Add land cover", place)
    tile_map.show(place)


project_page("Annotate", body, full_screen=True)
