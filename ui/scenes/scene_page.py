"""The Scenes page: imagery and land cover, how they look and what they say."""

from __future__ import annotations

import streamlit as st

from ui.scenes import (
    add_scene,
    colours,
    existing_labels,
    landcover_panel,
    own_attributes,
    scene_menu,
    scene_view,
    unknown_card,
)
from ui.shared import moved_imagery, navigation, show_errors
from ui.shared.browser_session import Place
from ui.shared.page_frame import heading

JOB_KINDS = (
    add_scene.KIND,
    landcover_panel.KIND,
    *existing_labels.KINDS,
    moved_imagery.KIND,
)
"""Kinds of jobs that the page itself shows."""


def show(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        add_scene.empty_project(place)
        _, middle, _ = st.columns([1, 3, 1])
        with middle:
            scene_menu.removed_list(place)
        return
    heading(place.scene.name, scene_view.facts(place))
    add_scene.tell_added(place)
    scene_view.remarks(place)
    # Named for the style, which puts one under the other where both would be too narrow.
    with st.container(key="cropmap_map_and_panel"):
        view, panel = st.columns([5, 3], gap="large")
    with view:
        if not moved_imagery.show(place):
            unknown_card.show(place)
            scene_view.show(place)
            navigation.link(navigation.ANNOTATE, "Continue to Annotate", place)
        own_attributes.show(place)
    with panel:
        about, look, labels, own, more = st.tabs(
            ["Land cover", "Colours", "Existing labels", "This scene", "Add a scene"]
        )
        # Each for itself: what fails in one does not take the others away.
        with about, show_errors.told():
            landcover_panel.show(place)
        with look, show_errors.told():
            colours.show(place)
        with labels, show_errors.told():
            existing_labels.show(place)
        with own, show_errors.told():
            scene_menu.show(place)
        with more, show_errors.told():
            add_scene.show(place)
