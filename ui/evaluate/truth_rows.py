"""What is true of a scene: a row for each scene, whether it is ready, the way to its truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.errors import CropMapError, InputError
from core.existing import ClassQuestionError, LayerQuestionError
from core.imagery import is_raster
from core.project import SceneRecord
from core.session import OpenedScene, chosen_tiles, open_project_scene
from core.study.projects import (
    Truth,
    TruthSource,
    forget_truth,
    is_current,
    kept_truth,
    missing_file,
    read_truth,
    unready,
    upload_folder,
)
from core.task import Cancelled, Progress
from ui.evaluate.method_words import method_title
from ui.shared import navigation, show_errors
from ui.shared.browser_session import Place
from ui.shared.file_questions import ANOTHER_FILE, class_values_question, layer_question
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key
from ui.shared.reading_labels import FILES, PARTS
from ui.shared.source_fields import checked, source_fields
from ui.shared.text import count, escape
from ui.shared.uploaded_files import Source, discard, store, usable

KIND = "truth"
"""Of the jobs that read one."""

_FILE, _ACCEPTED, _MADE = "A file", "Tiles accepted here", "Exact example fields"
_MADE_FILES = ("truth.tif", "landcover_simulated.tif")
"""What the generator of farmland writes beside a scene."""


class TruthQuestionError(InputError):
    """Only the person knows which layer is the truth, or what in it is cropland."""

    def __init__(self, error: LayerQuestionError | ClassQuestionError, source: TruthSource) -> None:
        super().__init__(error.message, remedy=error.remedy, facts=error.facts)
        self.asked, self.source = error, source


def truth_key(place: Place, scene: SceneRecord) -> Key:
    """The key of the job that reads a scene's truth."""
    return (KIND, str(place.project.path), scene.id)


def row(place: Place, scene: SceneRecord, *, alone: bool) -> bool:
    """A scene with its truth; whether it is ready and chosen.

    Parameters
    ----------
    alone : bool
        Whether it is the project's only scene: then the way to its truth is open at once.
    """
    key = truth_key(place, scene)
    with st.container(border=True, key=f"cropmap_scene {scene.id}", gap="small"):
        job = JOBS.get(key)
        if job is not None and job.running:
            st.markdown(f"**{escape(scene.name)}**")
            watch(key)
            return False
        opened = open_project_scene(place.project, scene.id)
        truth, unreadable = read(place, scene)
        if unreadable is not None:
            show_errors.show(unreadable)
        problem = unready(opened, truth)
        chosen = _line(place, scene, opened, truth, problem, in_popover=not alone)
        if job is not None and isinstance(job.error, TruthQuestionError):
            _ask(place, scene, job.error)
            return False
        if job is not None and job.error is not None:
            show_errors.show(job.error)
        if alone and truth is None and opened.landcover is not None:
            _form(place, scene, opened)
        return chosen and problem is None


def read(place: Place, scene: SceneRecord) -> tuple[Truth | None, CropMapError | None]:
    """The truth of a scene, and why its record cannot be read where it cannot."""
    try:
        return kept_truth(place.project, scene.id), None
    except CropMapError as error:
        return None, error


def _line(
    place: Place,
    scene: SceneRecord,
    opened: OpenedScene,
    truth: Truth | None,
    problem: CropMapError | None,
    *,
    in_popover: bool,
) -> bool:
    """The scene, how it stands, and at the right what can be done about it."""
    text, way = st.columns([3, 1], vertical_alignment="center")
    with text, st.container(gap=None):
        chosen = st.checkbox(
            f"**{escape(scene.name)}**",
            value=problem is None,
            disabled=problem is not None,
            # Another name once it is ready: then it is chosen at first.
            key=f"evaluate {scene.id} {problem is None}",
        )
        if truth is None or problem is not None:
            st.caption(f":material/pending: Not ready: {_lowered(problem)}")
        else:
            st.caption(_facts(place, scene, opened, truth))
    with way:
        if opened.landcover is None:
            navigation.link(navigation.SCENE, "To Scenes", replace(place, scene=scene, tile=""))
        elif truth is not None:
            with st.popover("Change", width="stretch"):
                _form(place, scene, opened)
                _taking_away(place, scene)
        elif in_popover:
            with st.popover("Add reference", width="stretch"):
                _form(place, scene, opened)
    return chosen


def _taking_away(place: Place, scene: SceneRecord) -> None:
    if st.button("Remove this reference", key=f"forget truth {scene.id}"):
        forget_truth(place.project, scene.id)
        JOBS.forget(truth_key(place, scene))
        st.rerun()


def _lowered(problem: CropMapError | None) -> str:
    if problem is None:
        return ""
    said = escape(str(problem))
    return said[:1].lower() + said[1:]


def _facts(place: Place, scene: SceneRecord, opened: OpenedScene, truth: Truth) -> str:
    tiles = count(len(truth.tiles), "tile")
    product = escape(opened.landcover_title or "")
    lines = []
    if truth.source.kind == "file":
        name = escape(truth.source.name)
        lines.append(
            f":material/check_circle: Ready: {tiles} with reference fields from {name} "
            f"({escape(truth.says)}) · {product}"
        )
    else:
        lines.append(
            f":material/check_circle: Ready: {tiles} with labels accepted here · {product}"
        )
        lines.append(
            f"These tiles were first drawn by *{method_title(truth.strategy)}*, so the comparison "
            "favours this method. Do not trust it too much."
        )
    if missing_file(truth) is not None:
        lines.append("The file is no longer where it was. What was read from it is used.")
    elif not is_current(place.project, scene.id, truth):
        what = "file has" if truth.source.kind == "file" else "labels have"
        lines.append(f"The {what} changed since then; the next comparison reads them again.")
    return "  \n".join(lines)


def _form(place: Place, scene: SceneRecord, opened: OpenedScene) -> None:
    made = _made_truth(opened)
    ways = [_FILE, _ACCEPTED, *([_MADE] if made else [])]
    way = st.segmented_control(
        "Reference from",
        ways,
        default=_MADE if made else _FILE,
        key=f"truth from {scene.id}",
        label_visibility="collapsed",
        persist_state="session",
    )
    if way == _ACCEPTED:
        _accepted(place, scene)
    elif way == _MADE and made:
        st.caption("This scene is simulated, so every field is known exactly.")
        if st.button("Use them", type="primary", key=f"take made {scene.id}"):
            _start(place, scene, Source(path=str(made)), "truth.tif", numbered=True)
    else:
        _file(place, scene)


def _file(place: Place, scene: SceneRecord) -> None:
    st.caption(
        "Fields that are known to be correct: polygons (shapefile, GeoPackage, "
        "GeoJSON, GeoParquet, "
        "FlatGeobuf, KML, GML) or a mask (GeoTIFF). All land outside the polygons counts as no "
        "cropland. In a mask, nodata and 255 mean: not known."
    )
    # The fields are gone while a file is read; what was typed comes back with them.
    typed, field = f"cropmap_truth {scene.id}", f"path truth {scene.id}"
    if field not in st.session_state and st.session_state.get(typed):
        st.session_state[field] = st.session_state[typed]
    source = source_fields(
        "Reference",
        f"truth {scene.id}",
        "/data/true_fields.gpkg",
        endings=(*FILES, *PARTS),
        note="For a shapefile: its zip, or all of its parts (.shp, .shx, .dbf, .prj, .cpg).",
    )
    numbered = st.checkbox(
        "Each field has its own number in the mask: 1, 2, 3, …",
        key=f"truth numbered {scene.id}",
        help="0 means no cropland; every other number is one field.",
        persist_state="session",
    )
    if st.button("Read the file", type="primary", key=f"read truth {scene.id}"):
        with show_errors.told():
            checked(source, "file")
            st.session_state[typed] = source.path
            _start(place, scene, source, _name(source), numbered=numbered)


def _accepted(place: Place, scene: SceneRecord) -> None:
    accepted = len(chosen_tiles(place.project, scene.id, accepted_only=True))
    st.caption(
        "Tiles that somebody corrected and accepted in this project; nothing is known elsewhere. "
        "They favour the method that drew them first: a file that was drawn without it is a "
        "fairer reference."
    )
    label = f"Use {count(accepted, 'accepted tile')}" if accepted else "No tile is accepted yet"
    if st.button(label, type="primary", disabled=not accepted, key=f"take accepted {scene.id}"):
        with show_errors.told():
            _start_reading(place, scene, TruthSource("corrected"))


def _name(source: Source) -> str:
    sent = [u.name for u in source.uploads if Path(u.name).suffix.lower() in FILES]
    return Path(sent[0] if sent else source.path).name


def _made_truth(opened: OpenedScene) -> Path | None:
    """The truth that the generator wrote beside the scene, where it did."""
    beside = [Path(opened.scene.path).with_name(name) for name in _MADE_FILES]
    return beside[0] if all(path.is_file() for path in beside) else None


def _start(place: Place, scene: SceneRecord, source: Source, name: str, *, numbered: bool) -> None:
    """Bring a file in, where it has to be, and read it."""
    _start_reading(place, scene, TruthSource("file", source.path, name, numbered), source)


def _start_reading(
    place: Place, scene: SceneRecord, truth: TruthSource, source: Source | None = None
) -> None:
    project, scene_id = place.project, scene.id

    def work(progress: Progress, cancelled: Cancelled) -> Truth:
        progress("Reading the reference", 0, 0)
        ready = truth
        if source is not None and source.uploads:
            ready = _brought_in(place, truth, source, progress, cancelled)
        try:
            return read_truth(project, scene_id, ready, progress=progress, cancelled=cancelled)
        except (LayerQuestionError, ClassQuestionError) as error:
            raise TruthQuestionError(error, ready) from error

    JOBS.start(truth_key(place, scene), f"Reading the reference of {scene.name}", work)
    st.rerun()


def _ask(place: Place, scene: SceneRecord, question: TruthQuestionError) -> None:
    """Ask for what the file leaves open, and read it again with the answer."""
    asked, source = question.asked, question.source
    st.markdown(f"**{escape(scene.name)}**")
    if isinstance(asked, LayerQuestionError):
        answer = layer_question(question, asked.layers, f"truth {scene.id}")
        said = None if answer is None else replace(source, layer=answer)
    else:
        values = class_values_question(question, asked.question, f"truth {scene.id}")
        answer = None if values is None else "".join(values[:1])
        said = None
        if values:
            said = replace(source, column=asked.question.column, cropland=values)
    if answer == ANOTHER_FILE:
        JOBS.forget(truth_key(place, scene))
        st.rerun()
    elif said is not None:
        _start_reading(place, scene, said)


def _brought_in(
    place: Place, truth: TruthSource, source: Source, progress: Progress, cancelled: Cancelled
) -> TruthSource:
    """The source of a truth with our own copy of what a browser sent."""
    stored = store(place.project, source, progress, wanted=FILES, sidecars=PARTS)
    if stored.stored is None:
        raise AssertionError("unreachable: there was an upload")
    if not is_raster(stored.stored):
        return replace(truth, path=str(stored.stored))
    try:
        path = usable(
            place.project, stored, progress, cancelled, categorical=True, folder=upload_folder()
        )
    finally:
        discard(stored)
    return TruthSource("file", path, truth.name, truth.numbered)
