"""The line that says which tiles other people have open; the browser keeps it up to date itself."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.server.prefix import route_bases

_SCRIPT = Path(__file__).with_name("presence_line.js").read_text(encoding="utf-8")
_STYLE = """
.cropmap-open-now { font-size: .875rem; color: #56615a; }
.cropmap-open-now:empty { display: none; }
"""

_component = st.components.v2.component("cropmap_open_now", js=_SCRIPT, css=_STYLE)


def show_open_now(token: str, scene_id: str) -> None:
    """Show the line; the page is not run again when it changes."""
    data = {"token": token, "scene": scene_id, "bases": route_bases()}
    _component(key=f"open now {scene_id}", data=data)
