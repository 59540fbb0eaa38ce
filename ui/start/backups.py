"""Backups of a project on the start page: make one, take one away, go back to one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from core.project import Backup, ProjectSummary, backups_of
from core.session import damages_of, open_project, restore_project
from ui.shared import show_errors
from ui.shared.browser_session import expect_other_file, notify
from ui.shared.text import count, escape
from ui.shared.times import local


def restore_newest(summary: ProjectSummary) -> bool:
    """A button that goes back to the newest backup; False where there is none."""
    backups = backups_of(summary.path)
    if not backups:
        return False
    newest = backups[0]
    label = f"Restore from backup of {local(newest.made_at)} ({count(newest.edits, 'edit')})"
    if st.button(label, key=f"restore newest {summary.path}", icon=":material/history:"):
        _restore(summary.path, newest)
    return True


@st.dialog("Backups", width="medium")
def show(summary: ProjectSummary) -> None:
    """The dialog of one project."""
    body(summary)


def body(summary: ProjectSummary) -> None:
    """What the dialog shows."""
    st.markdown(f"**{escape(summary.name)}**")
    for damage in damages_of(summary.path):
        st.warning(escape(damage.sentence))
    with show_errors.told():
        _make(summary)
    with show_errors.told():
        _list(summary.path)


def _make(summary: ProjectSummary) -> None:
    make, take = st.columns(2)
    if make.button("Back up now", type="primary", icon=":material/save:", width="stretch"):
        made = open_project(summary.path).backup()
        st.success(f"The project is copied to {escape(made)}.")
    take.download_button(
        "Download a copy",
        lambda: _whole(summary.path),
        file_name=summary.path.name,
        mime="application/vnd.sqlite3",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
    )


def _list(path: Path) -> None:
    backups = backups_of(path)
    if not backups:
        st.caption(
            "There is no backup yet. One is made automatically on each day on which the project"
            " is opened and changed. The last three are kept."
        )
        return
    st.caption(
        f"In {escape(backups[0].path.parent)}. Restoring one overwrites nothing: the present"
        " file is kept next to it under another name."
    )
    for number, backup in enumerate(backups):
        text, button = st.columns([3, 1], vertical_alignment="center")
        text.markdown(f"{local(backup.made_at)} · {count(backup.edits, 'edit')}")
        if button.button("Restore", key=f"restore {number} {path}", width="stretch"):
            _restore(path, backup)


def _restore(path: Path, backup: Backup) -> None:
    with show_errors.told():
        kept = restore_project(path, backup.path)
        expect_other_file()
        said = f"The project is again as it was on {local(backup.made_at)}."
        notify(said if kept is None else f"{said} The file before that is kept as {kept.name}.")
        st.rerun()


def _whole(path: Path) -> bytes:
    """A copy of the project, read from a file that nobody else has open."""
    with tempfile.TemporaryDirectory() as folder:
        return open_project(path).backup(Path(folder) / path.name).read_bytes()
