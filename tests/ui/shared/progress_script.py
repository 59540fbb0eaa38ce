"""The pages of `tests.ui.shared.progress_app`: one with a job's progress, and another one.

The job goes on until the folder holds a file ``end``; it is a tenth further for each ``step*``.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import streamlit as st

from core.errors import CancelledError
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS


def working() -> None:
    folder = Path(os.environ["PROGRESS_APP_FOLDER"])

    def work(progress, cancelled) -> None:
        while not (folder / "end").exists():
            progress("Counting steps", len(list(folder.glob("step*"))), 10)
            if cancelled():
                raise CancelledError("The counting was stopped.")
            time.sleep(0.02)

    runs = st.session_state.runs = st.session_state.get("runs", 0) + 1
    if st.button("Begin"):
        JOBS.start(("count",), "Counting", work)
    job = JOBS.get(("count",))
    if job is not None and job.running:
        watch(("count",), "You may go on working.")
    elif job is not None:
        st.text(job.error.message if job.error is not None else "It is done.")
    st.text(f"runs {runs};")


def elsewhere() -> None:
    st.text("Elsewhere")


pages = [
    st.Page(working, title="Working", url_path="working", default=True),
    st.Page(elsewhere, title="Elsewhere", url_path="elsewhere"),
]
st.navigation(pages, position="top").run()
