"""The app: Streamlit's pages and the annotation map's routes, on one port.

``streamlit run app.py`` finds the ``app`` below and serves it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.server.nodelay import answering_at_once
from ui.server.routes import MIDDLEWARE, ROUTES
from ui.shared.show_errors import script_error

_SHELL = Path(__file__).resolve().parent / "ui" / "shell.py"

app = st.App(
    _SHELL,
    routes=ROUTES,
    middleware=MIDDLEWARE,
    lifespan=answering_at_once,
    on_script_error=script_error,
)
