"""The form that adds imagery with its land cover, and the one question it may lead to."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.landcover import PRODUCTS
from core.project import Project
from core.settings import get_settings
from core.task import Cancelled, Progress
from ui.scenes.adding import (
    Added,
    CrsQuestionError,
    LandCoverChoice,
    LandCoverFrom,
    NewScene,
    add,
)
from ui.scenes.crs_question import ANOTHER_FILE, crs_question
from ui.shared import navigation, show_errors
from ui.shared.browser_session import Place, choose_scene, my_preferences, notify
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Job, Key
from ui.shared.source_fields import checked, path_field, source_fields, uploads
from ui.shared.text import escape
from ui.shared.uploaded_files import Source

KIND = "add scene"
"""Kind of this module's jobs."""

LANDCOVER_FAILED = "cropmap_landcover_error"
"""In the session: which scene was added without its land cover, and why."""

_ADDED = "cropmap_added"
"""In the session: the scene that was added while another one was looked at."""

LANDCOVER_TITLES: dict[LandCoverFrom, str] = {
    "fetch": "Fetch ESA WorldCover for this area",
    "path": "A file on this computer",
    "upload": "Upload a file",
    "later": "Not now",
}


NODATA_TITLES: dict[tuple[float, ...] | None, str] = {
    None: "As the file says",
    (): "None: every value is a class",
    (0.0,): "0",
    (255.0,): "255",
}


def key_of(place: Place) -> Key:
    """The key of the job that adds a scene to the place's project."""
    return (KIND, str(place.project.path))


def show(place: Place) -> None:
    """The form, the work that it started, the question that came of it, or its outcome."""
    key = key_of(place)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key)
        return
    if job is not None and isinstance(job.result, Added):
        JOBS.forget(key)
        _finish(place, job.result)
    if job is not None and isinstance(job.error, CrsQuestionError):
        _ask_crs(place, job.error)
        return
    if job is not None and job.error is not None:
        show_errors.show(job.error)
    _form(place)


def _finish(place: Place, added: Added) -> None:
    """Go to a project's first scene; whoever looks at another one stays there, and gets a link."""
    if added.landcover_error is not None:
        st.session_state[LANDCOVER_FAILED] = (added.scene.id, added.landcover_error)
    if place.scene is None:
        choose_scene(added.scene.id)
        notify(f"{added.scene.name} is added.")
    else:
        st.session_state[_ADDED] = added.scene.id
    st.rerun()


def tell_added(place: Place) -> None:
    """A note on the scene that was added last, with the way to it, until it is opened."""
    wanted = st.session_state.get(_ADDED)
    if place.scene is None or wanted is None:
        return
    scene = next((one for one in place.project.scenes() if one.id == wanted), None)
    if scene is None or scene.id == place.scene.id:
        del st.session_state[_ADDED]
        return
    with st.container(horizontal=True, vertical_alignment="center", key="cropmap_added"):
        without = st.session_state.get(LANDCOVER_FAILED, ("",))[0] == scene.id
        end = ", without its land cover: it says why." if without else "."
        st.markdown(f":material/check_circle: {escape(scene.name)} is added{end}")
        navigation.link(navigation.SCENE, "Open it", replace(place, scene=scene, tile=""))


def _form(place: Place) -> None:
    source = imagery_source()
    name = st.text_input("Name of the scene", placeholder="The file's name", max_chars=120)
    st.markdown("**Land cover** (shows roughly where cropland is)")
    landcover = landcover_source("new", later=True)
    if st.button("Add the scene", type="primary"):
        with show_errors.told():
            checked(source, "imagery")
            chosen = my_preferences()
            new = NewScene(source, name.strip(), None, landcover, chosen.model, chosen.strategy)
            start(place.project, new)
            st.rerun()


def imagery_source() -> Source:
    """Fields for imagery: a path, files, or a URL where the operator allows it."""
    return source_fields(
        "Imagery",
        "imagery",
        "/data/orthophoto.tif",
        titled=True,
        url="https://example.org/orthophoto.tif" if get_settings().allow_urls else None,
    )


def landcover_source(key: str, *, later: bool) -> LandCoverChoice:
    """Fields for a land cover: where from, which file, which product, what is nodata."""
    ways = [way for way in LANDCOVER_TITLES if later or way != "later"]
    offline = get_settings().offline
    kind = st.radio(
        "Land cover",
        ways,
        index=ways.index("path") if offline else 0,
        format_func=LANDCOVER_TITLES.__getitem__,
        key=f"landcover from {key}",
        label_visibility="collapsed",
    )
    if kind == "fetch" and offline:
        st.caption("This computer is set to work offline: use a file instead.")
    source = Source()
    if kind == "upload":
        source = Source(uploads=uploads(f"landcover {key}"))
    elif kind == "path":
        placeholder = "/data/ESA_WorldCover_10m_2021_v200_Map.tif"
        source = Source(path=path_field(f"landcover {key}", placeholder))
    product: str | None = None
    nodata: tuple[float, ...] | None = None
    if kind in ("path", "upload"):
        product = st.selectbox(
            "Product",
            [None, *PRODUCTS],
            format_func=lambda name: PRODUCTS[name].title if name else "Recognise automatically",
            key=f"product {key}",
        )
        nodata = st.selectbox(
            "Nodata",
            list(NODATA_TITLES),
            format_func=NODATA_TITLES.__getitem__,
            key=f"nodata {key}",
        )
    return LandCoverChoice(kind, source, product, nodata)


def start(project: Project, new: NewScene) -> Job[Added]:
    """Add a scene in the background."""

    def work(progress: Progress, cancelled: Cancelled) -> Added:
        progress("Opening the imagery", 0, 0)
        return add(project, new, progress, cancelled)

    return JOBS.start((KIND, str(project.path)), "Adding a scene", work)


def _ask_crs(place: Place, question: CrsQuestionError) -> None:
    """The only question about a file, asked only where the file does not answer it."""
    answer = crs_question(question.message, "CRS of the imagery")
    if answer is None:
        return
    JOBS.forget(key_of(place))
    if answer != ANOTHER_FILE:
        start(place.project, replace(question.new, crs=answer))
    st.rerun()


def empty_project(place: Place) -> None:
    """The form in the middle of an empty page."""
    _, middle, _ = st.columns([1, 3, 1])
    with middle:
        st.title("Add imagery")
        st.markdown("An orthophoto or satellite image with a CRS. The file is not moved or copied.")
        show(place)
