"""What only the person who brought a file of polygons can say: its layer, its classes."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import InputError
from core.existing import ClassQuestion
from ui.shared import show_errors
from ui.shared.text import escape

ANOTHER_FILE = ""
"""The answer of who would rather take another file."""


def layer_question(error: InputError, layers: Sequence[str], key: str) -> str | None:
    """Ask for a layer; its name, :data:`ANOTHER_FILE`, or None while there is no answer."""
    st.warning(escape(error.message))
    layer = st.selectbox(
        "Layer",
        list(layers),
        index=None,
        key=f"{key} layer asked",
        placeholder="Choose the one with the fields",
    )
    proceed, back = _buttons(key)
    if proceed:
        with show_errors.told():
            if layer is None:
                raise InputError("No layer is chosen yet.", "Choose the one with the fields.")
            return str(layer)
    return ANOTHER_FILE if back else None


def class_values_question(
    error: InputError, question: ClassQuestion, key: str
) -> tuple[str, ...] | None:
    """Ask which values are cropland; empty for another file, None while there is no answer."""
    st.warning(escape(error.message))
    chosen = st.multiselect(
        f"Values of {question.column} that mean cropland",
        [*question.cropland, *question.unclear, *question.other],
        default=list(question.cropland),
        key=f"{key} classes asked",
        placeholder="Choose at least one",
    )
    proceed, back = _buttons(key)
    if proceed:
        with show_errors.told():
            if not chosen:
                raise InputError(
                    "No value is chosen yet.", "Choose at least one that means cropland."
                )
            return tuple(str(value) for value in chosen)
    return () if back else None


def _buttons(key: str) -> tuple[bool, bool]:
    with st.container(horizontal=True):
        proceed = st.button("Continue", type="primary", key=f"{key} go on")
        back = st.button("Use another file", key=f"{key} another file")
    return proceed, back
