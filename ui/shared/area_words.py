"""Areas as this browser's person reads them: the only place where a page writes one."""

from __future__ import annotations

import streamlit as st

from core.area_units import AREA_UNITS, HECTARES, AreaUnit, area_text
from ui.shared.browser_session import my_preferences

_UNIT = "cropmap_area_unit"


def take_unit() -> None:
    """Find out which unit this run of a page uses; a table of many areas asks only once."""
    st.session_state[_UNIT] = my_preferences().area_unit


def my_unit() -> AreaUnit:
    """The unit that was chosen in this browser; hectares outside of a page."""
    return AREA_UNITS.get(st.session_state.get(_UNIT, ""), HECTARES)


def area(hectares: float | None) -> str:
    """An area of so many hectares in the unit of this browser."""
    return area_text(hectares, my_unit())


def in_my_unit(hectares: float | None) -> float | None:
    """The number alone, for a column whose title says the unit."""
    return None if hectares is None else my_unit().of(hectares)
