"""All routes below ``/cropmap``, and what stands before everything, for ``st.App``."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.routing import Mount

from ui.server import annotate, changes, downloads, layers, open_now, progress, static
from ui.server.browser_cookie import BrowserCookie
from ui.server.errors import ErrorAnswers
from ui.server.guard import Guard

# The files of the map and the jobs come first: neither 'static' nor 'jobs' is a token.
ROUTES = [
    Mount(
        "/cropmap",
        routes=[
            *static.ROUTES,
            *progress.ROUTES,
            *layers.ROUTES,
            *downloads.ROUTES,
            *annotate.ROUTES,
            *changes.ROUTES,
            *open_now.ROUTES,
        ],
        middleware=[Middleware(ErrorAnswers)],
    )
]

MIDDLEWARE = [Middleware(Guard), Middleware(BrowserCookie)]
"""Around the whole app, Streamlit's own routes and its websocket included."""
