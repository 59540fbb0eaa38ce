"""What the review works out in the background, kept for the project's revision it was made at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from core.project import Project
from core.task import Cancelled, Progress
from ui.shared import show_errors
from ui.shared.browser_session import Place
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key

T = TypeVar("T")

_KEPT = "cropmap_review_kept"


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """Something that was made at a revision of the project."""

    revision: int
    value: T


def now(place: Place, what: str, make: Callable[[Project, str], T]) -> T | None:
    """Something quick, worked out again only when the project has changed; None without a scene."""
    if place.scene is None:
        return None
    kept: dict[Key, Dated[T]] = st.session_state.setdefault(_KEPT, {})
    key: Key = (what, str(place.project.path), place.scene.id)
    revision = place.project.revision()
    if key not in kept or kept[key].revision != revision:
        kept[key] = Dated(revision, make(place.project, place.scene.id))
    return kept[key].value


def compared(
    place: Place,
    what: str,
    title: str,
    make: Callable[[Project, str, Progress, Cancelled], T],
) -> T | None:
    """Something slow: a button starts it, its progress and what came of it are shown here.

    The last result stays while the project goes on changing, and says so.
    """
    if place.scene is None:
        return None
    project, scene_id = place.project, place.scene.id
    key: Key = (what, str(project.path), scene_id)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key, "You can keep working while this runs.")
        return None
    if job is not None and job.error is not None:
        show_errors.show(job.error)
    made: Dated[T] | None = job.result if job is not None else None
    fresh = made is not None and made.revision == project.revision()
    if not fresh:
        _offer(key, title, project, scene_id, make, again=made is not None)
    return made.value if made is not None else None


def _offer(
    key: Key,
    title: str,
    project: Project,
    scene_id: str,
    make: Callable[[Project, str, Progress, Cancelled], T],
    *,
    again: bool,
) -> None:
    def work(progress: Progress, cancelled: Cancelled) -> Dated[T]:
        progress("Getting ready", 0, 0)
        revision = project.revision()
        return Dated(revision, make(project, scene_id, progress, cancelled))

    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Compare again" if again else title, key=f"start {key}"):
            with show_errors.told():
                JOBS.start(key, title, work)
                st.rerun()
        if again:
            st.caption("The project has changed since this comparison.")
