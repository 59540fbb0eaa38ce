"""What of a scene counts as unknown although its file does not say so: shown, and asked about."""

from __future__ import annotations

import streamlit as st

from core.errors import InputError
from core.imagery import Scene, UnknownPixels, parse_nodata
from core.session import change_nodata, change_view
from ui.shared import show_errors
from ui.shared.browser_session import Place, notify
from ui.shared.text import escape

_OUTSIDE, _IMAGE = "It is outside the image", "It is part of the image"
_BY_FILE = "Use what the file says"
_NOTED = "Saved. Tiles that this changes are mapped again; your edits stay."


def show(place: Place) -> None:
    """A sentence for each finding, and the two answers where somebody has to know."""
    if place.scene is None:
        return
    unknown = Scene.from_json(place.scene.scene).unknown
    sentences = unknown.sentences()
    if not sentences:
        return
    open_ = unknown.is_suspicion and unknown.said_by != "person"
    question = "Is it outside the image?" if open_ else ""
    st.info(escape(" ".join([*sentences, question]).strip()))
    if not unknown.is_suspicion:
        return
    with st.container(horizontal=True):
        if (open_ or not unknown.counts) and st.button(_OUTSIDE):
            _answer(place, unknown.answered(unknown=True))
        if unknown.counts and st.button(_IMAGE):
            _answer(place, unknown.answered(unknown=False))


def nodata(place: Place) -> None:
    """Where a person knows better than the file: the value that means nothing was imaged."""
    if place.scene is None:
        return
    unknown = Scene.from_json(place.scene.scene).unknown
    # What looks unknown is another question, and answered above the map.
    stated = unknown.said_by == "person" and not unknown.is_suspicion
    with st.popover("Nodata value"):
        if stated:
            st.markdown(f"{_said(unknown)} What the file itself calls nodata counts too.")
        with st.form(f"nodata of {place.scene.id}", border=False):
            text = st.text_input(
                "Value that means “no data”",
                placeholder="-9999",
                max_chars=40,
                help="Or type none: then black, white and odd values are part of the image.",
            )
            use = st.form_submit_button("Use this value", type="primary")
        if use:
            with show_errors.told():
                if not text.strip():
                    raise InputError("No value is given yet.", "Type a number, or none.")
                _state(place, parse_nodata(text))
        if stated and st.button(_BY_FILE):
            with show_errors.told():
                _state(place, None)


def _said(unknown: UnknownPixels) -> str:
    values = " and ".join(f"{value:g}" for value in unknown.nodata)
    return (
        f"{values} counts as unknown, as you said." if values else "No value is nodata, you said."
    )


def _state(place: Place, values: tuple[float, ...] | None) -> None:
    if place.scene is None:
        return
    change_nodata(place.project, place.scene.id, values)
    notify(_NOTED)
    st.rerun()


def _answer(place: Place, unknown: UnknownPixels) -> None:
    if place.scene is None:
        return
    with show_errors.told():
        scene = Scene.from_json(place.scene.scene)
        change_view(place.project, place.scene.id, stretch=scene.stretch, unknown=unknown)
        notify(_NOTED)
        st.rerun()
