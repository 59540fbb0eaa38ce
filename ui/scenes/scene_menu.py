"""The scene as a whole: its name, its removal, and the scenes that were removed."""

from __future__ import annotations

import streamlit as st

from ui.shared import navigation, show_errors
from ui.shared.browser_session import Place, notify
from ui.shared.text import escape


def show(place: Place) -> None:
    """Rename and remove this scene; put removed ones back."""
    with show_errors.told():
        _rename(place)
    with show_errors.told():
        _remove(place)
    removed_list(place)


def removed_list(place: Place) -> None:
    """Removed scenes, each with a way back; nothing where there are none."""
    removed = place.project.removed_scenes()
    if not removed:
        return
    st.markdown("**Removed scenes**")
    for scene in removed:
        text, button = st.columns([3, 1], vertical_alignment="center")
        text.markdown(escape(scene.name))
        if button.button("Put back", key=f"put back {scene.id}", width="stretch"):
            with show_errors.told():
                place.project.restore_scene(scene.id)
                notify(f"{scene.name} is back, with everything that was done on it.")
                st.rerun()


def _rename(place: Place) -> None:
    scene = place.scene
    if scene is None:
        return
    with st.form(f"rename {scene.id}", border=False):
        name = st.text_input("Name of this scene", value=scene.name, max_chars=120)
        sent = st.form_submit_button("Rename")
    if sent and name.strip() != scene.name:
        place.project.update_scene(scene.id, expected_version=scene.version, name=name)
        st.rerun()


def _remove(place: Place) -> None:
    scene = place.scene
    if scene is None:
        return
    st.caption("A removed scene keeps its map, edits and verdicts. You can put it back.")
    if st.button("Remove this scene", icon=":material/delete:"):
        place.project.remove_scene(scene.id, scene.version)
        notify(f"{scene.name} is removed. You can put it back under *This scene*.")
        others = place.project.scenes()
        navigation.go(navigation.SCENE, Place(place.project, others[0] if others else None, ""))
