"""The frame of all pages: page configuration and navigation, nothing else."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_PAGES = Path(__file__).resolve().parent.parent / "pages"

st.set_page_config(page_title="cropmap", page_icon="🌾", layout="wide")
st.navigation(
    [
        st.Page(_PAGES / "start.py", title="Start", icon=":material/home:", default=True),
        st.Page(_PAGES / "scene.py", title="Scenes", icon=":material/satellite_alt:"),
        st.Page(_PAGES / "annotate.py", title="Annotate", icon=":material/edit_location_alt:"),
        st.Page(_PAGES / "review.py", title="Review", icon=":material/fact_check:"),
        st.Page(_PAGES / "evaluate.py", title="Evaluate", icon=":material/analytics:"),
        st.Page(_PAGES / "results.py", title="Results", icon=":material/download:"),
    ],
    position="top",
).run()
