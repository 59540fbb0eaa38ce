"""The browser's Back button leads from page to page; a change of the place on a page is no step."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "cropmap_back_button", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def apply() -> None:
    """Take care of it, before anything of the page changes the address."""
    with st.container(key="cropmap_unseen"):
        _component(key="back button")
