"""The land cover of a scene: what it is, what it says, and how to take another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.errors import CropMapError, ReplacedFileError
from core.project import Project, SceneRecord
from core.session import OpenedScene, open_project_scene, take_landcover
from core.task import Cancelled, Progress
from ui.scenes.add_scene import LANDCOVER_FAILED, landcover_source
from ui.scenes.adding import LandCoverChoice, LandCoverCrsQuestionError, add_landcover
from ui.scenes.crs_question import ANOTHER_FILE, crs_question
from ui.scenes.landcover_facts import (
    agreeing_share,
    class_rows,
    coverage,
    legend,
    source_of,
    sources,
)
from ui.shared import show_errors
from ui.shared.browser_session import Place, notify
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key
from ui.shared.text import escape

KIND = "land cover"
"""Kind of this module's jobs."""


def key_of(place: Place) -> Key:
    """The key of the job that brings land cover into the place's scene."""
    return (KIND, str(place.project.path), place.scene.id if place.scene else "")


def show(place: Place) -> None:
    """The panel."""
    if place.scene is None:
        return
    failed = _failed_with_the_scene(place)
    if isinstance(failed, LandCoverCrsQuestionError):
        _ask_crs(place, failed)
        return
    if failed is not None:
        show_errors.show(failed)
    opened = open_project_scene(place.project, place.scene.id)
    with show_errors.told():
        _present(place, opened)
    key = key_of(place)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key)
        return
    if job is not None and isinstance(job.error, LandCoverCrsQuestionError):
        _ask_crs(place, job.error)
        return
    if job is not None and job.error is not None:
        show_errors.show(job.error)
    if job is not None and job.result is not None:
        JOBS.forget(key)
        notify("The land cover is added.")
        st.rerun()
    _choose(place)
    with st.expander("Add land cover", expanded=opened.landcover is None):
        _add(place)


def _failed_with_the_scene(place: Place) -> CropMapError | None:
    """Why the land cover that came with this scene was not taken, while it has none."""
    failed: tuple[str, CropMapError] | None = st.session_state.get(LANDCOVER_FAILED)
    scene = place.scene
    if failed is None or scene is None or failed[0] != scene.id or scene.landcover is not None:
        return None
    return failed[1]


def _ask_crs(place: Place, question: LandCoverCrsQuestionError) -> None:
    """In which CRS the land cover is, asked only where its file does not answer it."""
    answer = crs_question(question.message, "CRS of the land cover")
    if answer is None or place.scene is None:
        return
    JOBS.forget(key_of(place))
    st.session_state.pop(LANDCOVER_FAILED, None)
    if answer != ANOTHER_FILE:
        start(place.project, place.scene, replace(question.chosen, crs=answer))
    st.rerun()


def _present(place: Place, opened: OpenedScene) -> None:
    if opened.landcover_error is not None:
        show_errors.show(opened.landcover_error)
        if isinstance(opened.landcover_error, ReplacedFileError):
            _take_as_new(place)
        return
    if opened.landcover is None or place.scene is None:
        st.markdown("**No land cover yet:** add one, or click each field yourself.")
        return
    product = opened.landcover.product
    st.markdown(f"**{escape(opened.landcover.title)}**")
    st.caption(f"{escape(product.years)} · {product.resolution_m:g} m · {escape(product.licence)}")
    told = (
        *opened.landcover.remarks,
        *opened.landcover.unknown.sentences("land cover"),
        coverage(str(place.project.path), place.scene.id, place.scene.version),
    )
    if any(told):
        st.warning(escape(" ".join(filter(None, told))))
    rows = class_rows(str(place.project.path), place.scene.id, place.scene.version)
    st.html(legend(rows))
    st.caption("Classes in bold count as cropland.")


def _take_as_new(place: Place) -> None:
    scene = place.scene
    if scene is None or scene.landcover is None or not st.button("Use it as new land cover"):
        return
    with show_errors.told():
        stored = scene.landcover
        take_landcover(
            place.project,
            scene.id,
            stored["path"],
            stored.get("product"),
            stored.get("crs"),
            stored.get("nodata"),
        )
        notify("Tiles are mapped again with this land cover; accepted tiles stay as they are.")
        st.rerun()


def _choose(place: Place) -> None:
    """Where a scene has several products: which one places the prompts, and how they agree."""
    scene = place.scene
    if scene is None or scene.landcover is None:
        return
    known = {source["path"]: source for source in sources(scene.settings)}
    known.setdefault(scene.landcover["path"], source_of(scene.landcover))
    if len(known) < 2:
        return
    paths = list(known)
    present = paths.index(scene.landcover["path"])
    chosen = st.selectbox(
        "Automatic points come from",
        paths,
        index=present,
        format_func=lambda path: Path(path).name,
        key=f"landcover of {scene.id} {scene.version}",
    )
    share = agreeing_share(str(place.project.path), scene.id, scene.version)
    if share is not None:
        st.caption(f"All {len(known)} agree on {share:.0%} of the scene.")
    if chosen != scene.landcover["path"]:
        with show_errors.told():
            source = known[chosen]
            take_landcover(
                place.project,
                scene.id,
                chosen,
                source["product"],
                source["crs"],
                source["nodata"],
            )
            notify(f"Automatic points now come from {Path(chosen).name}.")
            st.rerun()


def _add(place: Place) -> None:
    if place.scene is None:
        return
    chosen = landcover_source(place.scene.id, later=False)
    if st.button("Add this land cover", type="primary"):
        with show_errors.told():
            start(place.project, place.scene, chosen)
            st.rerun()


def start(
    project: Project,
    scene: SceneRecord,
    chosen: LandCoverChoice,
) -> None:
    """Bring land cover into a scene in the background."""

    def work(progress: Progress, cancelled: Cancelled) -> SceneRecord:
        return add_landcover(project, scene.id, chosen, progress, cancelled)

    key = (KIND, str(project.path), scene.id)
    JOBS.start(key, f"Land cover of {scene.name}", work)
