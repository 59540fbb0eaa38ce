"""The app: Streamlit's pages and the annotation map's routes, on one port.

``streamlit run app.py`` finds the ``app`` below and serves it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.machine_memory import keep_memory_small
from core.shortage import (
    stop_where_lacking,
    stop_where_little_is_allowed,
    stop_where_threads_are_lacking,
)

# Of addresses, of which a server with its threads and a model takes more than of memory.
stop_where_little_is_allowed(3_000_000_000)
stop_where_threads_are_lacking(32)
keep_memory_small()

try:
    import streamlit as st

    from core.jobs import resume_jobs
    from ui.server.nodelay import answering_at_once
    from ui.server.routes import MIDDLEWARE, ROUTES
    from ui.shared.show_errors import script_error
except Exception as error:
    stop_where_lacking(error)
    raise


@asynccontextmanager
async def _lifespan(app: object) -> AsyncIterator[None]:
    """What an app that ended left undone goes on as soon as one is there again."""
    resume_jobs()
    async with answering_at_once(app):
        yield


_SHELL = Path(__file__).resolve().parent / "ui" / "shell.py"

app = st.App(
    _SHELL,
    routes=ROUTES,
    middleware=MIDDLEWARE,
    lifespan=_lifespan,
    on_script_error=script_error,
)
