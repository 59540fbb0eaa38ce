"""The frame of all pages: page configuration and navigation, nothing else."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_PAGES = Path(__file__).resolve().parent.parent / "pages"

st.set_page_config(page_title="cropmap", page_icon="🌾", layout="wide")
st.navigation(
    [
        st.Page(_PAGES / "start.py", title="Start", icon="🌾", default=True),
        st.Page(_PAGES / "scene.py", title="Scenes", icon="🛰️"),
        st.Page(_PAGES / "annotate.py", title="Annotate", icon="✏️"),
        st.Page(_PAGES / "review.py", title="Review", icon="✅"),
        st.Page(_PAGES / "results.py", title="Results", icon="📦"),
    ],
    position="top",
).run()
