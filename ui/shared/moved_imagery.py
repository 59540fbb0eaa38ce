"""Imagery that is not where it was, or another file: one sentence, and a field for where it is."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.errors import CropMapError, InputError
from core.imagery import Scene
from core.project import Project, SceneRecord
from core.session import (
    Found,
    OtherImageryError,
    ReplacedImageryError,
    imagery_problem,
    look_at,
    open_project_scene,
    relink,
    take_imagery,
)
from core.task import Cancelled, Progress
from ui.shared import navigation, show_errors
from ui.shared.browser_session import Place, notify
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key
from ui.shared.source_fields import checked, source_fields
from ui.shared.uploaded_files import Source, discard, store, usable

KIND = "find imagery"
"""Kind of this module's jobs."""

_TAKEN = "The scene has this imagery now. Tiles are mapped again; accepted tiles stay as they are."


class OtherFileError(InputError):
    """Another file than the scene's, and from where the app would read it."""

    def __init__(self, error: OtherImageryError, path: str) -> None:
        super().__init__(error.message, error.hint, error.remedy, error.facts)
        self.found, self.path = error.found, path


@dataclass(frozen=True, slots=True)
class Relinked:
    """The scene with its imagery again."""

    scene: SceneRecord


def key_of(place: Place) -> Key:
    """The key of the job that looks at a file for the place's scene."""
    return (KIND, str(place.project.path), place.scene.id if place.scene else "")


def problem(place: Place) -> CropMapError | None:
    """What is said where the imagery of the place's scene is not there, or is another file."""
    if place.scene is None:
        return None
    scene = open_project_scene(place.project, place.scene.id).scene
    return imagery_problem(scene, place.scene.name)


def tell(place: Place) -> bool:
    """On other pages: the sentence, and the way to the Scenes page; whether there was one."""
    error = problem(place)
    if error is not None:
        show_errors.show(error)
        replaced = isinstance(error, ReplacedImageryError)
        words = "Decide what to do" if replaced else "Show where it is now"
        navigation.link(navigation.SCENE, words, place)
    return error is not None


def show(place: Place) -> bool:
    """On the Scenes page: the sentence and the form; whether there is no right imagery."""
    error = problem(place)
    if error is None or place.scene is None:
        return False
    replaced = isinstance(error, ReplacedImageryError)
    kept = "Points, edits and verdicts are kept."
    if replaced:
        kept = f"Nothing is mapped from it. {kept}"
    show_errors.show(CropMapError(error.message, kept))
    key = key_of(place)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key)
        return True
    if job is not None and isinstance(job.result, Relinked):
        JOBS.forget(key)
        notify("The imagery is found. Everything is as before.")
        st.rerun()
    if job is not None and job.error is not None:
        show_errors.show(job.error)
        if isinstance(job.error, OtherFileError) and job.error.found.same_grid:
            _all_the_same(place, job.error)
    if replaced:
        st.markdown("**Put the right file back** and load this page again, or use this one.")
        _as_new(place)
    _form(place)
    return True


def _all_the_same(place: Place, other: OtherFileError) -> None:
    if place.scene is not None and st.button("Use it anyway"):
        with show_errors.told():
            take_imagery(place.project, place.scene.id, other.found, path=other.path)
            JOBS.forget(key_of(place))
            notify(_TAKEN)
            st.rerun()


def _as_new(place: Place) -> None:
    if place.scene is not None and st.button("Use it as new imagery"):
        with show_errors.told():
            old = Scene.from_json(place.scene.scene)
            take_imagery(place.project, place.scene.id, look_at(old, old.path))
            JOBS.forget(key_of(place))
            notify(_TAKEN)
            st.rerun()


def _form(place: Place) -> None:
    st.markdown("**Where is it now?**")
    source = source_fields("Where is it now?", "moved imagery", "/data/orthophoto.tif")
    if st.button("Use this file", type="primary"):
        with show_errors.told():
            checked(source, "imagery")
            _start(place, source)
            st.rerun()


def _start(place: Place, source: Source) -> None:
    project, scene = place.project, place.scene
    if scene is None:
        return

    def work(progress: Progress, cancelled: Cancelled) -> Relinked:
        progress("Comparing it with the scene", 0, 0)
        return find(project, scene.id, source, progress, cancelled)

    JOBS.start(key_of(place), f"Imagery of {scene.name}", work)


def find(
    project: Project, scene_id: str, source: Source, progress: Progress, cancelled: Cancelled
) -> Relinked:
    """Let a scene have its imagery from where it is now.

    Raises
    ------
    OtherFileError
        It is another file.
    CropMapError
        It cannot be used.
    """
    old = Scene.from_json(project.scene(scene_id).scene)
    stated = old.grid.crs.to_wkt() if old.crs_source == "person" else None
    stored = store(project, source, progress)
    # Compared before it is copied: our copy is stored in another way.
    found = look_at(old, stored.stored or stored.path, trusted=stored.stored is None)
    path = stored.path
    if found.same_grid:
        path = usable(project, stored, progress, cancelled, crs=stated)
    discard(stored)
    return Relinked(_linked(project, scene_id, found, path))


def _linked(project: Project, scene_id: str, found: Found, path: str) -> SceneRecord:
    try:
        return relink(project, scene_id, found, path=path)
    except OtherImageryError as error:
        raise OtherFileError(error, path) from error
