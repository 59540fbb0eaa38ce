"""A small Streamlit app around the annotation map: `python -m tests.ui.streamlit_map PORT`.

The routes are the fake server's.  The page shows how often its script ran and what the map told.
"""

from __future__ import annotations

import sys
from pathlib import Path


def serve(port: int) -> None:
    """Streamlit and the fake routes on one port, as the app itself does."""
    import streamlit as st
    import uvicorn

    from tests.ui.fake_map_server import FakeMap, build_app

    routes = [route for route in build_app(FakeMap()).routes if route.path.startswith("/cropmap")]
    app = st.App(str(Path(__file__).with_name("streamlit_script.py")), routes=routes)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
