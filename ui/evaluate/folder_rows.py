"""Images in a folder, beside the project's own scenes: rows, and the field that adds one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.allowed_folders import check_allowed
from core.errors import InputError
from core.study.projects import ImageFolder, add_folder, kept_folders, remove_folder
from core.task import Cancelled, Progress
from ui.shared import show_errors
from ui.shared.browser_session import Place
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key
from ui.shared.source_fields import path_field
from ui.shared.text import count, escape

KIND = "folder"
"""Of the jobs that look at one."""


def folder_key(place: Place) -> Key:
    """The key of the job that looks at a folder."""
    return (KIND, str(place.project.path))


def rows(place: Place) -> list[ImageFolder]:
    """The folders; those that were chosen."""
    with show_errors.told():
        return [folder for folder in kept_folders(place.project) if _row(place, folder)]
    return []


def _row(place: Place, folder: ImageFolder) -> bool:
    there = Path(folder.path).is_dir()
    with st.container(border=True, gap="small"):
        text, way = st.columns([5, 1], vertical_alignment="center")
        with text:
            chosen = st.checkbox(
                f"**{escape(folder.title)}**",
                value=there,
                disabled=not there,
                key=f"evaluate {folder.path} {there}",
            )
            facts = f"{count(folder.test, 'image')} to measure on"
            if folder.train:
                facts += f", {folder.train:,} to learn from"
            state = "check_circle: Ready" if there else "error: The folder is gone"
            note = f"  \n{escape(folder.note)}" if folder.note else ""
            st.caption(f":material/{state}: {facts} · {escape(folder.path)}{note}")
        if way.button("Remove", key=f"remove {folder.path}", width="stretch"):
            with show_errors.told():
                remove_folder(place.project, folder.path)
                st.rerun()
    return chosen and there


def adding(place: Place) -> None:
    """The field for one more folder, and what came of it."""
    key = folder_key(place)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key)
        return
    if job is not None and job.error is not None:
        show_errors.show(job.error)
    with st.expander("Add images from a folder", expanded=job is not None and bool(job.error)):
        st.caption(
            "A folder with three folders in it: images, truth (the reference fields) and "
            "landcover. A file has the same name in all three."
        )
        path = path_field("region", "/data/regions/north")
        if st.button("Add the folder"):
            with show_errors.told():
                _start(place, path)
                st.rerun()


def _start(place: Place, typed: str) -> None:
    project, path = place.project, Path(typed)
    if not typed:
        raise InputError("No folder is named yet.", "Type its path.")
    check_allowed(path)

    def work(progress: Progress, cancelled: Cancelled) -> ImageFolder:
        progress("Reading its images", 0, 0)
        return add_folder(project, path)

    JOBS.start(folder_key(place), f"Reading {path.name}", work)
