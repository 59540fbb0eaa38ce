"""Scene: imagery and land cover, how they look and what they say."""

from __future__ import annotations

import streamlit as st

from ui import add_scene, colours, errors, existing_labels, go, landcover_panel, relink, scene_view
from ui.frame import heading, project_page
from ui.session import Place


def body(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        add_scene.empty_project(place)
        return
    heading(place.scene.name, scene_view.facts(place))
    view, panel = st.columns([5, 3], gap="large")
    with view:
        if not relink.show(place):
            scene_view.show(place)
            go.link(go.ANNOTATE, "Go on to Annotate", place)
    with panel:
        about, look, labels, more = st.tabs(
            ["Land cover", "Colours", "Existing labels", "Add a scene"]
        )
        # Each for itself: what fails in one does not take the others away.
        with about, errors.told():
            landcover_panel.show(place)
        with look, errors.told():
            colours.show(place)
        with labels, errors.told():
            existing_labels.show(place)
        with more, errors.told():
            add_scene.show(place)


project_page("Scene", body, shows=("add scene", "land cover", *existing_labels.KINDS, relink.KIND))
