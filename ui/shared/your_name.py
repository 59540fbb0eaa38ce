"""Who works in this browser: asked once, shown at the top of every page, changed there."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.errors import InputError
from ui.shared import show_errors
from ui.shared.browser_session import keeps_cookies, my_preferences, person, prefer
from ui.shared.preferences import LONGEST_NAME
from ui.shared.text import escape

_SIGNS = "It is saved with your edits, verdicts and notes."


def ask_first() -> None:
    """Ask for the name where this browser has none; the page is drawn once there is one."""
    if person():
        return
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.title("What is your name?")
        st.markdown(
            f"{_SIGNS} You are asked once in this browser. Another browser can have another name."
        )
        with st.form("cropmap name", border=False), show_errors.told():
            name = st.text_input("Your name", max_chars=LONGEST_NAME, autocomplete="name")
            if st.form_submit_button("Continue", type="primary"):
                _take(name)
    st.stop()


def show_at_top() -> None:
    """The name in the header of the page; a press on it changes it."""
    with st.container(key="cropmap_you"):
        if st.button(
            escape(person()),
            icon=":material/person:",
            type="tertiary",
            help="Your name. It is saved with what you do in this browser. Press to change it.",
            key="change name",
        ):
            _change()


@st.dialog("Your name")
def _change() -> None:
    before = person()
    name = st.text_input("Your name", before, max_chars=LONGEST_NAME, key="new name")
    st.caption(
        f"From now on, your edits, verdicts and notes in all tabs of this browser are saved with "
        f"this name. Work saved as “{escape(before)}” keeps that name. Other browsers keep their "
        "names."
    )
    if st.button("Save", type="primary", key="save name"):
        with show_errors.told():
            _take(name)


def _take(name: str) -> None:
    wanted = " ".join(name.split())
    if not wanted:
        raise InputError("A name is needed.", "Type the name to save with your work.")
    prefer(replace(my_preferences(), person=wanted))
    if not keeps_cookies():
        st.toast("This browser keeps no cookies, so another tab asks for the name again.")
    st.rerun()
