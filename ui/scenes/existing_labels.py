"""The tab that takes over labels made elsewhere: which file, what was read, what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.existing import (
    ClassChoice,
    Labels,
    LabelsFile,
    MaskFile,
    MaskFileLabels,
    VectorLabels,
    class_columns,
    class_question,
    guess,
    guess_unknown,
    guess_values,
    is_own,
    values_of,
)
from core.session import STAGE, Stake, TakenOver, open_project_scene, stake_of
from core.task import Cancelled, Progress
from ui.scenes.crs_question import ANOTHER_FILE, crs_question
from ui.shared import area_words, navigation, show_errors
from ui.shared.browser_session import Place, person
from ui.shared.file_questions import layer_question
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key
from ui.shared.reading_labels import (
    FILES,
    PARTS,
    LabelsCrsQuestionError,
    LabelsLayerQuestionError,
    LabelsRequest,
    ReadLabels,
    crs_of,
    forget,
    read,
    take,
)
from ui.shared.source_fields import checked, source_fields
from ui.shared.text import count, escape
from ui.shared.uploaded_files import Source

KINDS = ("read labels", "take labels")
"""Kinds of the jobs of this tab."""

_FORMATS = {
    "shapefile": "Shapefile",
    "geopackage": "GeoPackage",
    "geojson": "GeoJSON",
    "geoparquet": "GeoParquet",
    "flatgeobuf": "FlatGeobuf",
    "kml": "KML",
    "gml": "GML",
}

_POLICIES = {
    False: "Keep those tiles as they are",
    True: "Replace what is on them (you can undo this)",
}


def read_key(place: Place) -> Key:
    """The key of the job that reads a file for the place's scene."""
    return (KINDS[0], str(place.project.path), place.scene.id if place.scene else "")


def take_key(place: Place) -> Key:
    """The key of the job that takes its labels over."""
    return (KINDS[1], str(place.project.path), place.scene.id if place.scene else "")


def show(place: Place) -> None:
    """The tab: the form, the work, the question, what was read, or the outcome."""
    if place.scene is None:
        return
    for key in (take_key(place), read_key(place)):
        job = JOBS.get(key)
        if job is not None and job.running:
            watch(key)
            return
    taking, reading = JOBS.get(take_key(place)), JOBS.get(read_key(place))
    if taking is not None and isinstance(taking.result, TakenOver):
        _outcome(place, taking.result)
        return
    if taking is not None and taking.error is not None:
        show_errors.show(taking.error)
    if reading is not None and isinstance(reading.result, ReadLabels):
        _offer(place, reading.result)
        return
    if reading is not None and isinstance(reading.error, LabelsCrsQuestionError):
        _ask_crs(place, reading.error)
        return
    if reading is not None and isinstance(reading.error, LabelsLayerQuestionError):
        _ask_layer(place, reading.error)
        return
    if reading is not None and reading.error is not None:
        show_errors.show(reading.error)
    _form(place)


def _form(place: Place) -> None:
    st.markdown(
        "Labels that you already have: parcels (shapefile, GeoPackage, GeoJSON, GeoParquet, "
        "FlatGeobuf, KML, GML) or a mask (GeoTIFF). They take the place of the automatic parcels "
        "and are corrected like them."
    )
    source = source_fields(
        "Labels",
        "labels",
        "/data/parcels.gpkg",
        endings=(*FILES, *PARTS),
        note="For a shapefile: its zip, or all of its parts (.shp, .shx, .dbf, .prj, .cpg).",
    )
    if st.button("Read the file", type="primary"):
        with show_errors.told():
            checked(source, "file")
            _start_reading(place, LabelsRequest(source, _name(source)))
            st.rerun()


def _name(source: Source) -> str:
    sent = [u.name for u in source.uploads if Path(u.name).suffix.lower() in FILES]
    return Path(sent[0] if sent else source.path).name


def _start_reading(place: Place, request: LabelsRequest) -> None:
    project, scene = place.project, place.scene
    if scene is None:
        return

    def work(progress: Progress, cancelled: Cancelled) -> ReadLabels:
        progress("Opening the file", 0, 0)
        return read(project, scene.id, request, progress, cancelled)

    JOBS.forget(take_key(place))
    JOBS.start(read_key(place), f"Reading {request.name}", work)


def _ask_crs(place: Place, question: LabelsCrsQuestionError) -> None:
    answer = crs_question(question.message, "CRS of the labels")
    if answer is None:
        return
    JOBS.forget(read_key(place))
    if answer != ANOTHER_FILE:
        _start_reading(place, replace(question.request, crs=answer))
    st.rerun()


def _ask_layer(place: Place, question: LabelsLayerQuestionError) -> None:
    answer = layer_question(question, question.layers, f"labels {question.request.name}")
    if answer is None:
        return
    JOBS.forget(read_key(place))
    if answer != ANOTHER_FILE:
        _start_reading(place, replace(question.request, layer=answer))
    st.rerun()


def _offer(place: Place, found: ReadLabels) -> None:
    """What was read, the choices about it, and the way to take it over."""
    if place.scene is None:
        return
    labels: Labels
    if isinstance(found.file, MaskFile):
        labels, worth = _mask(found, found.file)
    else:
        vectors = _vectors(place, found, found.file)
        labels, worth = vectors, vectors.counts.parcels > 0 and _confirmed(found.file)
    stake = stake_of(place.project, place.scene.id, labels)
    replace_work, empty_beside = _ask(stake, found.file)
    ready = worth and bool(stake.reached) and replace_work is not None
    with st.container(horizontal=True):
        proceed = st.button("Import these labels", type="primary", disabled=not ready)
        back = st.button("Use another file")
    if proceed:
        with show_errors.told():
            _start_taking(place, found, labels, stake, bool(replace_work), empty_beside)
            st.rerun()
    if back:
        forget(place.project, found)
        _forget_jobs(place)
        st.rerun()


def _vectors(place: Place, found: ReadLabels, file: LabelsFile) -> VectorLabels:
    crs = crs_of(found)
    stated = ", as you stated" if found.request.crs else ""
    named = f" · {escape(crs.name)}{stated}" if crs else ""
    st.markdown(f"**{escape(file.name)}** · {_FORMATS[file.kind]}{named}")
    if len(file.layers) > 1:
        _choose_layer(place, found, file)
    choice = _choose_classes(file)
    grid = open_project_scene(place.project, place.scene.id if place.scene else "").scene.grid
    with st.spinner("Placing the parcels on the scene…"):
        labels = found.on_scene(choice, grid)
    counts = labels.counts
    parcels, area = st.columns(2)
    parcels.metric("Parcels on this scene", f"{counts.parcels:,}")
    area.metric("Cropland", area_words.area(counts.hectares))
    _tell_skipped(file, labels)
    if is_own(file):
        st.caption("This app wrote the file: classes, states, reasons and reviewers are kept.")
    else:
        st.caption("They count as not reviewed until somebody accepts the tiles.")
    if not counts.parcels:
        st.warning("Nothing in the file is cropland on this scene. Check the CRS and the values.")
    return labels


def _choose_layer(place: Place, found: ReadLabels, file: LabelsFile) -> None:
    chosen = st.selectbox("Layer", file.layers, index=file.layers.index(file.layer))
    if chosen != file.layer:
        JOBS.forget(read_key(place))
        _start_reading(place, replace(found.request, layer=chosen))
        st.rerun()


def _choose_classes(file: LabelsFile) -> ClassChoice:
    columns = class_columns(file)
    if not columns:
        return ClassChoice()
    first = guess(file)
    options = [None, *columns]
    column = st.selectbox(
        "What is cropland",
        options,
        index=options.index(first.column),
        format_func=lambda name: (
            "Everything in the file" if name is None else f"According to the attribute {name}"
        ),
        key=f"labels column {file.name} {file.layer}",
    )
    if column is None:
        return ClassChoice()
    values = values_of(file, column)
    chosen = st.multiselect(
        "Values that mean cropland",
        list(values),
        default=sorted(first.cropland) if column == first.column else [],
        format_func=lambda value: f"{value} ({values[value]:,})",
        key=f"labels values {file.name} {file.layer} {column}",
        placeholder="Choose at least one",
    )
    question = class_question(file)
    if question is not None and column == question.column:
        st.warning(escape(question.sentence(file.name)) + " All others are left out.")
        st.checkbox("My choice is right", key=_confirmation(file))
    return ClassChoice(column, frozenset(chosen))


def _confirmation(file: LabelsFile) -> str:
    return f"labels classes right {file.name} {file.layer}"


def _confirmed(file: LabelsFile) -> bool:
    """Whether nothing is asked about the classes, or the question is answered."""
    asked = class_question(file)
    column = st.session_state.get(f"labels column {file.name} {file.layer}")
    if asked is None or column != asked.column:
        return True
    return bool(st.session_state.get(_confirmation(file)))


def _tell_skipped(file: LabelsFile, labels: VectorLabels) -> None:
    skipped, counts = file.skipped, labels.counts
    left_out = [
        (counts.left_out, "of other classes"),
        (counts.outside, "outside this scene"),
        (skipped.other, "that are points or lines"),
        (skipped.empty, "without an area"),
    ]
    told = [f"{number:,} {what}" for number, what in left_out if number]
    if skipped.broken:
        told.append(file.broken_words)
    parts = [f"{count(file.features, 'feature')} in the file."]
    if told:
        parts.append(f"Left out: {', '.join(told)}.")
    if counts.repaired:
        parts.append(f"Repaired: {counts.repaired:,} with crossing borders.")
    st.caption(" ".join(parts))
    for note in file.notes:
        st.caption(f":material/info: {escape(note)}")


def _mask(found: ReadLabels, mask: MaskFile) -> tuple[MaskFileLabels, bool]:
    grid = mask.grid
    st.markdown(
        f"**{escape(mask.name)}** · mask of {grid.width:,} × {grid.height:,} px · "
        f"{grid.gsd_m:.3g} m · {escape(grid.crs.name)}"
    )
    pixel = grid.pixel_area_m2 / 1e4
    chosen = st.multiselect(
        "Values that mean cropland",
        list(mask.values),
        default=sorted(guess_values(mask)),
        format_func=lambda value: f"{value} ({area_words.area(mask.values[value] * pixel)})",
        key=f"mask values {mask.name}",
        placeholder="Choose at least one",
    )
    others = [value for value in mask.values if value not in chosen]
    unknown: list[int] = []
    if len(others) > 1 or guess_unknown(mask):
        unknown = st.multiselect(
            "Values that mean “not known”",
            others,
            default=sorted(guess_unknown(mask).intersection(others)),
            format_func=lambda value: f"{value} ({area_words.area(mask.values[value] * pixel)})",
            key=f"mask unknown {mask.name}",
            placeholder="None",
            help="All other values mean: no cropland.",
        )
    area = sum(mask.values[value] for value in chosen) * pixel
    st.metric("Cropland", area_words.area(area))
    nowhere = mask.unknown + sum(mask.values[value] for value in unknown)
    if nowhere:
        share = nowhere / (grid.width * grid.height)
        st.caption(f"{share:.0%} of it is not known: there the automatic parcels stay.")
    st.caption("They count as not reviewed until somebody accepts the tiles.")
    return MaskFileLabels(mask, frozenset(chosen), frozenset(unknown)), bool(chosen)


def _ask(stake: Stake, file: LabelsFile | MaskFile) -> tuple[bool | None, bool]:
    """Whether people's work is replaced (None: not answered), and whether other tiles emptied."""
    replace_work: bool | None = False
    if stake.worked_on:
        replace_work = st.radio(
            f"People have worked on {count(len(stake.worked_on), 'tile')} of the "
            f"{len(stake.reached):,} that these labels reach",
            list(_POLICIES),
            index=None,
            format_func=_POLICIES.__getitem__,
            key=f"labels policy {file.name}",
        )
    empty = bool(stake.beside) and st.checkbox(
        f"The file has no cropland on the other {count(len(stake.beside), 'tile')}: "
        "empty them, too",
        key=f"labels empty {file.name}",
    )
    return replace_work, empty


def _start_taking(
    place: Place,
    found: ReadLabels,
    labels: Labels,
    stake: Stake,
    replace_work: bool,
    empty_beside: bool,
) -> None:
    project, scene, author = place.project, place.scene, person()
    if scene is None:
        return

    def work(progress: Progress, cancelled: Cancelled) -> TakenOver:
        progress(STAGE, 0, 0)
        return take(
            project,
            scene.id,
            labels,
            stake,
            found,
            author=author,
            replace_work=replace_work,
            empty_beside=empty_beside,
            progress=progress,
            cancelled=cancelled,
        )

    JOBS.start(take_key(place), f"Labels of {labels.name}", work)


def _outcome(place: Place, done: TakenOver) -> None:
    """What became of it, and the way on."""
    parts = [f"{count(done.parcels, 'parcel')} on {count(len(done.tiles), 'tile')}"]
    if done.emptied:
        parts.append(f"{count(done.emptied, 'tile')} emptied")
    if done.left:
        parts.append(f"{count(len(done.left), 'tile')} left as they were")
    st.success("Imported: " + ", ".join(parts) + ".")
    if done.changed:
        names = escape(", ".join(done.changed))
        st.warning(f"Somebody changed {names} during the import; those tiles were not replaced.")
    st.caption("You can undo this tile by tile: press Z on the map.")
    navigation.link(navigation.ANNOTATE, "See them on the Annotate page", place)
    if st.button("Import more labels"):
        _forget_jobs(place)
        st.rerun()


def _forget_jobs(place: Place) -> None:
    for key in (read_key(place), take_key(place)):
        JOBS.forget(key)
