"""The pages and the ways between them; the place goes along in the address."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import streamlit as st

from ui.shared.browser_session import Place, query_of

_FOLDER = Path(__file__).resolve().parents[2] / "pages"

START = _FOLDER / "start.py"
SCENE = _FOLDER / "scene.py"
ANNOTATE = _FOLDER / "annotate.py"
REVIEW = _FOLDER / "review.py"
EVALUATE = _FOLDER / "evaluate.py"
RESULTS = _FOLDER / "results.py"


def go(page: Path, place: Place | None = None) -> NoReturn:
    """Leave this page for another."""
    st.switch_page(page, query_params=query_of(place) if place else None)


def link(page: Path, label: str, place: Place | None = None) -> None:
    """A link to another page."""
    st.page_link(
        page,
        label=label,
        icon=":material/arrow_forward:",
        query_params=query_of(place) if place else None,
    )
