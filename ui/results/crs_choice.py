"""In which CRS the parcels are written: the fitting ones, each with what it means, or any code."""

from __future__ import annotations

import streamlit as st

from core.errors import InputError
from core.export import chosen_crs, crs_choices
from core.grid import Grid
from ui.shared import show_errors
from ui.shared.text import escape

_OTHER = "other"
_KEPT = "cropmap_export_crs"
_OTHER_MEANING = "For example the one of your country; GIS people call it by its EPSG number."


def choose_crs(grid: Grid) -> str | None:
    """Ask; what :func:`core.export.chosen_crs` takes, or None while it cannot be.

    Parameters
    ----------
    grid : Grid
        Of the scene.
    """
    offered = {one.key: one for one in crs_choices(grid)}
    titles = {key: one.title for key, one in offered.items()} | {_OTHER: "Another: type its number"}
    kept = st.session_state.get(_KEPT, "")
    keys = list(titles)
    chosen = st.selectbox(
        "Coordinates of the parcels (CRS)",
        keys,
        index=keys.index(kept) if kept in keys else 0,
        format_func=titles.__getitem__,
        key=f"export crs {'/'.join(keys)}",
    )
    st.session_state[_KEPT] = chosen
    st.caption(f"{_meaning(offered[chosen].meaning) if chosen in offered else _OTHER_MEANING}")
    return chosen if chosen in offered else _typed(grid)


def _meaning(text: str) -> str:
    return f"{escape(text)} GeoJSON is always in WGS 84 degrees."


def _typed(grid: Grid) -> str | None:
    code = st.text_input(
        "EPSG code", placeholder="EPSG:32633", max_chars=60, key="export crs code"
    ).strip()
    if not code:
        return None
    try:
        found = chosen_crs(code, grid)
    except InputError as error:
        show_errors.show(error)
        return None
    st.caption(escape(found.name))
    return code
