"""A small Streamlit app around the map: `python -m tests.ui.streamlit_map PORT PROJECT`.

The page shows how often its script ran and what the map told.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def serve(port: int, project: Path) -> None:
    """Streamlit and the app's routes on one port, as the app itself does."""
    import streamlit as st
    import uvicorn

    from core.session.models import Models
    from core.session.workspaces import Workspaces
    from tests.fakes import ColourSegmenter
    from ui.server import annotate
    from ui.server.routes import ROUTES

    workspaces = Workspaces(Models(lambda _key: ColourSegmenter()))
    annotate.get_workspaces = lambda: workspaces
    # The script runs in this process, but knows nothing of this module.
    os.environ["CROPMAP_TEST_PROJECT"] = str(project)
    app = st.App(str(Path(__file__).with_name("streamlit_script.py")), routes=ROUTES)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
