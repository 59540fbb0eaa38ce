"""A shell for tests: all pages, the one that a test wants first."""

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parents[2] / "pages"
NAMES = ("start", "scene", "annotate", "review", "evaluate", "results")

wanted = st.session_state.get("page_under_test", "start")
st.set_page_config(layout="wide")
st.navigation(
    [st.Page(PAGES / f"{name}.py", default=name == wanted) for name in NAMES],
).run()
