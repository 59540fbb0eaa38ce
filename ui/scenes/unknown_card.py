"""What of a scene counts as unknown although its file does not say so: shown, and asked about."""

from __future__ import annotations

import streamlit as st

from core.imagery import Scene, UnknownPixels
from core.session import change_view
from ui.shared import show_errors
from ui.shared.browser_session import Place, notify
from ui.shared.text import escape

_OUTSIDE, _IMAGE = "It is outside the image", "It is part of the image"


def show(place: Place) -> None:
    """A sentence for each finding, and the two answers where somebody has to know."""
    if place.scene is None:
        return
    unknown = Scene.from_json(place.scene.scene).unknown
    sentences = unknown.sentences()
    if not sentences:
        return
    st.info(escape(" ".join(sentences)))
    if not unknown.is_suspicion:
        return
    open_ = unknown.said_by != "person"
    if open_:
        st.markdown("Is it outside the image? It counts as outside until you say otherwise.")
    with st.container(horizontal=True):
        if (open_ or not unknown.counts) and st.button(_OUTSIDE):
            _answer(place, unknown.answered(unknown=True))
        if unknown.counts and st.button(_IMAGE):
            _answer(place, unknown.answered(unknown=False))


def _answer(place: Place, unknown: UnknownPixels) -> None:
    if place.scene is None:
        return
    with show_errors.told():
        scene = Scene.from_json(place.scene.scene)
        change_view(place.project, place.scene.id, stretch=scene.stretch, unknown=unknown)
        notify("Noted. Tiles are predicted anew where it changes something; your edits stay.")
        st.rerun()
