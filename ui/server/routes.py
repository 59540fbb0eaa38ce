"""All routes below ``/cropmap``, for ``st.App(script, routes=ROUTES)``."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.routing import Mount

from ui.server import annotate, downloads, layers, static
from ui.server.guard import Guard

# The files of the map come first: 'static' is no token.
ROUTES = [
    Mount(
        "/cropmap",
        routes=[*static.ROUTES, *layers.ROUTES, *downloads.ROUTES, *annotate.ROUTES],
        middleware=[Middleware(Guard)],
    )
]
