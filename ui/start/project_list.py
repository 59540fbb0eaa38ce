"""Projects on the start page: the recent ones, a new one, one by its path, the demo."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import streamlit as st

from core.allowed_folders import check_allowed
from core.errors import InputError
from core.project import (
    Project,
    ProjectSummary,
    forget_project,
    is_archived,
    new_project_path,
    project_file,
)
from core.session import damages_of, open_project
from core.task import Cancelled, Progress
from ui.shared import navigation, show_errors
from ui.shared.browser_session import enter_project
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS
from ui.shared.text import count, escape
from ui.shared.times import ago
from ui.start import backups, project_menu

DEMO = ("demo",)
"""The key of the job that makes the demo project."""

_ASKED = "cropmap_asked_for_demo"
_SHOWN = 8


def recent_list(summaries: list[ProjectSummary]) -> None:
    """The recent projects, each with a way in."""
    archived = [summary for summary in summaries if is_archived(summary.path)]
    summaries = [summary for summary in summaries if summary not in archived]
    if not summaries:
        st.caption(
            "There is no project yet. Give your first one a name, or try the example fields."
        )
    names = Counter(summary.name for summary in summaries)
    twice = {summary.path for summary in summaries if names[summary.name] > 1}
    for index, summary in enumerate(summaries[:_SHOWN]):
        _row(index, summary, with_place=summary.path in twice)
    if len(summaries) > _SHOWN:
        with st.expander(f"{len(summaries) - _SHOWN} older"):
            for index, summary in enumerate(summaries[_SHOWN:], start=_SHOWN):
                _row(index, summary, with_place=summary.path in twice)
    project_menu.archived_list(archived)
    project_menu.bin_list()


def new_project() -> None:
    """A name, and on to the imagery."""
    with st.form("new project", border=False):
        name = st.text_input("Name", placeholder="Harvest 2025", max_chars=120)
        sent = st.form_submit_button("Create the project", type="primary")
    if not sent:
        return
    with show_errors.told():
        if not name.strip():
            raise InputError(
                "The project has no name yet.", "Type a name, for example that of the area."
            )
        path = new_project_path(name)
        Project.create(path, name.strip())
        place = enter_project(open_project(path))
        navigation.go(navigation.SCENE, place)


def open_by_path() -> None:
    """A project file that lies elsewhere."""
    with st.form("open project", border=False):
        typed = st.text_input("Project folder or file", placeholder="/data/fields")
        sent = st.form_submit_button("Open")
    if sent:
        with show_errors.told():
            if not typed.strip():
                raise InputError(
                    "No folder or file is given yet.",
                    "Type the path of the project's folder, or of its .cropmap file.",
                )
            if "://" in typed:
                # Not repeated: it may hold a password.
                raise InputError(
                    "That is a web address, not a project file.",
                    "Projects of this installation's database are listed on the Start page.",
                )
            path = Path(typed.strip().strip("\"'")).expanduser()
            check_allowed(path)
            _enter(project_file(path))


def demo() -> None:
    """One click to a made scene; progress while it is made, then the annotation map."""
    job = JOBS.get(DEMO)
    if job is not None and job.running:
        watch(DEMO)
        return
    if job is not None and job.error is not None:
        show_errors.show(job.error)
    if job is not None and job.result is not None:
        JOBS.forget(DEMO)
        # Only for whoever asked here; others find the project in the list.
        if st.session_state.pop(_ASKED, False):
            navigation.go(navigation.ANNOTATE, enter_project(job.result))
    if st.button("Try it with example fields", icon=":material/play_arrow:"):
        with show_errors.told():
            JOBS.start(DEMO, "Making the example project", _make_demo)
            st.session_state[_ASKED] = True
            st.rerun()
    st.caption("A simulated scene of 2 km by 2 km. This computer makes it in about half a minute.")


def _row(index: int, summary: ProjectSummary, *, with_place: bool) -> None:
    # A row of its own width: columns would cut "Open" off in a narrow window.
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    text, buttons = row.container(width="stretch"), row.container(horizontal=True, width="content")
    text.markdown(f"**{escape(summary.name)}**  \n{_facts(summary, with_place=with_place)}")
    if not summary.problem:
        for name, sign, words, show in (
            ("backups", "history", "Backups", backups.show),
            ("menu", "more_vert", "Rename, duplicate, archive or delete", project_menu.show),
        ):
            key, icon = f"{name} {index} {summary.path}", f":material/{sign}:"
            if buttons.button("", key=key, icon=icon, help=words, type="tertiary"):
                show(summary)
        if buttons.button("Open", key=f"open {index} {summary.path}"):
            with show_errors.told():
                _enter(summary.path)
    elif buttons.button("Take from the list", key=f"forget {index} {summary.path}"):
        forget_project(summary.path)
        st.rerun()
    damages = damages_of(summary.path)
    for damage in damages:
        st.warning(escape(damage.sentence))
    if (summary.problem or damages) and not backups.restore_newest(summary) and damages:
        st.caption("There is no backup of this project.")


def _facts(summary: ProjectSummary, *, with_place: bool) -> str:
    if summary.problem:
        return f":small[:gray[{escape(summary.problem)}]]"
    reviewed = f"{summary.reviewed:,} of {count(summary.tiles, 'tile')} reviewed"
    scenes = count(summary.scenes, "scene")
    parts = [scenes, reviewed] if summary.scenes else ["no imagery yet"]
    facts = f"{' · '.join(parts)} · changed {ago(summary.changed_at)}"
    if with_place:
        # Two of one name are told apart by where they lie.
        facts += f"  \nin {escape(summary.path.parent)}"
    return f":small[:gray[{facts}]]"


def _enter(path: Path) -> None:
    project = open_project(path)
    place = enter_project(project)
    navigation.go(navigation.ANNOTATE if place.scene else navigation.SCENE, place)


def _make_demo(progress: Progress, cancelled: Cancelled) -> Project:
    # The annotator pulls in the models' code, which takes seconds: not before it is needed.
    from core.session import make_demo  # noqa: PLC0415

    return make_demo(progress, cancelled)
