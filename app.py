"""The app: Streamlit's pages and the annotation map's routes, on one port.

``streamlit run app.py`` finds the ``app`` below and serves it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st

from ui.server.late_ticks import without_late_ticks
from ui.server.nodelay import answering_at_once
from ui.server.routes import ROUTES
from ui.shared.show_errors import script_error

_SHELL = Path(__file__).resolve().parent / "ui" / "shell.py"


@asynccontextmanager
async def _as_we_need_it(served: object) -> AsyncIterator[None]:
    async with answering_at_once(served), without_late_ticks(served):
        yield


app = st.App(_SHELL, routes=ROUTES, lifespan=_as_we_need_it, on_script_error=script_error)
