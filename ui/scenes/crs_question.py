"""In which CRS a file lies: asked only where the file does not say so."""

from __future__ import annotations

import streamlit as st

from core.errors import InputError
from core.imagery import parse_crs
from ui.shared import show_errors
from ui.shared.text import escape

ANOTHER_FILE = ""
"""The answer of who would rather take another file."""


def crs_question(message: str, label: str) -> str | None:
    """Ask; the CRS that was stated, :data:`ANOTHER_FILE`, or None while there is no answer."""
    st.warning(escape(message))
    crs = st.text_input(
        label,
        placeholder="EPSG:32633",
        help="Ask whoever made the file. For a UTM zone north of the equator it is EPSG:326 and "
        "the two digits of the zone.",
    )
    with st.container(horizontal=True):
        proceed = st.button("Continue", type="primary", key=f"{label} go on")
        back = st.button("Use another file", key=f"{label} another file")
    if proceed:
        with show_errors.told():
            if not crs.strip():
                raise InputError(
                    "No CRS is given yet.", "Type its EPSG code, for example EPSG:32633."
                )
            # Before the question is forgotten: a typing error must not cost a second upload.
            parse_crs(crs.strip())
            return crs.strip()
    return ANOTHER_FILE if back else None
