"""What one does with a project as a whole: rename, duplicate, archive, delete it, put it back."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import InputError
from core.project import (
    BinnedProject,
    ProjectSummary,
    duplicate_project,
    erase,
    folder_bytes,
    may_be_binned,
    projects_in_bin,
    put_back,
    take_from_archive,
)
from core.session import archive_project, delete_project, open_project
from core.task import Cancelled, Progress
from ui.shared import show_errors
from ui.shared.browser_session import leave_project, notify
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, running_jobs
from ui.shared.text import escape, file_size
from ui.shared.times import ago

_GOES_ON = "You may close this window; the copying goes on."

_LONGEST = 110
"""Letters of a name that leave room for "(copy)"."""


@st.dialog("Project", width="medium")
def show(summary: ProjectSummary) -> None:
    """The dialog of one project."""
    body(summary)


def body(summary: ProjectSummary) -> None:
    """What the dialog shows."""
    with show_errors.told():
        _rename(summary)
    st.caption(f"Its folder: {escape(summary.path.parent)} ({_size(summary)}).")
    with show_errors.told():
        _duplicate(summary)
    with show_errors.told():
        _archive(summary)
    with show_errors.told():
        _delete(summary)


def archived_list(archived: list[ProjectSummary]) -> None:
    """Projects in the archive, each with a way back; nothing where there are none."""
    if not archived:
        return
    with st.expander(f"Archived ({len(archived)})"):
        st.caption("An archived project is opened again after it was taken back.")
        for summary in archived:
            row = st.container(horizontal=True, vertical_alignment="center", gap="small")
            row.container(width="stretch").markdown(f"**{escape(summary.name)}**")
            if row.button("Take back", key=f"take back {summary.path}"):
                with show_errors.told():
                    take_from_archive(summary.path)
                    notify(f"{summary.name} is back in the list.")
                    st.rerun()


def bin_list() -> None:
    """Deleted projects, each with a way back; nothing where there are none."""
    deleted = projects_in_bin()
    if not deleted:
        return
    with st.expander(f"Bin ({len(deleted)})"):
        st.caption("Deleted projects stay here until you delete them for good.")
        for number, binned in enumerate(deleted):
            _binned_row(number, binned)


def _rename(summary: ProjectSummary) -> None:
    with st.form(f"rename {summary.path}", border=False):
        name = st.text_input("Name", value=summary.name, max_chars=120)
        sent = st.form_submit_button("Rename")
    if sent and name.strip() != summary.name:
        open_project(summary.path).rename(name=name)
        st.rerun()


def _duplicate(summary: ProjectSummary) -> None:
    key = ("duplicate", str(summary.path))
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key, _GOES_ON)
        return
    if job is not None:
        JOBS.forget(key)
        if job.error is not None:
            show_errors.show(job.error)
        else:
            notify(f"{summary.name} is duplicated. The copy is in the list.")
            st.rerun()
    if st.button("Duplicate this project", icon=":material/content_copy:"):
        source = open_project(summary.path)

        def work(progress: Progress, cancelled: Cancelled) -> Path:
            return duplicate_project(
                source, f"{source.name[:_LONGEST]} (copy)", progress, cancelled
            )

        JOBS.start(key, f"Duplicating {source.name}", work)
        watch(key, _GOES_ON)
    st.caption("With its scenes, edits and verdicts; without result files and backups.")


def _archive(summary: ProjectSummary) -> None:
    if st.button("Archive this project", icon=":material/inventory_2:"):
        _refuse_while_busy(summary, "archived")
        archive_project(summary.path)
        leave_project()
        notify(f"{summary.name} is archived, at the end of the list. You can take it back there.")
        st.rerun()


def _delete(summary: ProjectSummary) -> None:
    if not may_be_binned(summary.path):
        st.caption(
            "This project has no folder of its own in the projects folder, so it cannot be deleted"
            " here. Delete its file yourself; then take it from the list here."
        )
        return
    if st.button("Delete this project", icon=":material/delete:"):
        _refuse_while_busy(summary, "deleted")
        delete_project(summary.path)
        leave_project()
        notify(f"{summary.name} is in the bin, at the end of the list. You can put it back there.")
        st.rerun()


def _refuse_while_busy(summary: ProjectSummary, what: str) -> None:
    for key, job in running_jobs():
        if str(summary.path) in key:
            raise InputError(
                f"The project cannot be {what} now: {job.title} is not done yet.",
                "Wait until it ends, or cancel it on the page where it was started.",
            )


def _binned_row(number: int, binned: BinnedProject) -> None:
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    text, buttons = row.container(width="stretch"), row.container(horizontal=True, width="content")
    size = file_size(folder_bytes(binned.folder))
    text.markdown(
        f"**{escape(binned.name)}**  \n:small[:gray[deleted {ago(binned.deleted_at)} · {size}]]"
    )
    key = f"{number} {binned.folder.name}"
    if buttons.button("Put back", key=f"put back {key}"):
        with show_errors.told():
            put_back(binned)
            notify(f"{binned.name} is back in the list.")
            st.rerun()
    with buttons.popover("Delete for good"):
        st.markdown(f"Everything in **{escape(binned.name)}** is lost. Nobody can bring it back.")
        if st.button("Delete for good, really", key=f"erase {key}", type="primary"):
            with show_errors.told():
                erase(binned)
                st.rerun()


def _size(summary: ProjectSummary) -> str:
    if may_be_binned(summary.path):
        return file_size(folder_bytes(summary.path.parent))
    return file_size(summary.path.stat().st_size)
