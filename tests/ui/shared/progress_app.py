"""Two pages, one with a job's progress: `python -m tests.ui.shared.progress_app PORT FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def serve(port: int) -> None:
    """The pages of ``progress_script.py`` and the app's own routes on one port."""
    import streamlit as st
    import uvicorn

    from ui.server.routes import MIDDLEWARE, ROUTES

    app = st.App(
        str(Path(__file__).with_name("progress_script.py")), routes=ROUTES, middleware=MIDDLEWARE
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    os.environ["PROGRESS_APP_FOLDER"] = sys.argv[2]
    serve(int(sys.argv[1]))
