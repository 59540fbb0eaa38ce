"""Settings: where everything lies, how big it is, and clearing what can be made again."""

from __future__ import annotations

import streamlit as st

from core.project import Project
from core.session import KeptFiles, clear_kept, what_is_kept
from ui.shared import show_errors
from ui.shared.jobs import running_jobs
from ui.shared.text import escape, file_size

_FREED = "cropmap_freed"
"""In the session: what was cleared just now, in a sentence."""


def show(project: Project | None) -> None:
    """The list; made only when somebody asks, since it looks at every file."""
    if not st.toggle("Where everything lies, and how big it is"):
        return
    with show_errors.told():
        if (freed := st.session_state.pop(_FREED, None)) is not None:
            st.success(escape(freed))
        jobs = [job.title for _, job in running_jobs()]
        if jobs:
            st.caption(f"Some cannot be cleared before this ends: {escape(', '.join(jobs))}.")
        for kept in what_is_kept(project):
            _row(kept, project, waits=bool(jobs) and kept.alone)


def _row(kept: KeptFiles, project: Project | None, *, waits: bool) -> None:
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.container(width="stretch").markdown(
        f"**{escape(kept.title)}** · {_said(kept.size)}  \n"
        f":small[:gray[{escape(kept.folder)}]]  \n:small[{escape(kept.cost)}]"
    )
    if not kept.clearable:
        return
    label = f"Clear {_said(kept.clearable)}"
    # Before the list is drawn again, so that it shows the sizes as they are then.
    row.button(
        label,
        key=f"clear {kept.key}",
        disabled=waits,
        on_click=_clear,
        args=(kept, project),
    )


def _clear(kept: KeptFiles, project: Project | None) -> None:
    if kept.alone and running_jobs():
        st.session_state[_FREED] = "A job has begun meanwhile, so nothing was cleared."
        return
    freed = clear_kept(kept.key, project)
    st.session_state[_FREED] = f"{kept.title}: {_said(freed)} are free again."


def _said(size: int) -> str:
    return file_size(size) if size else "empty"
