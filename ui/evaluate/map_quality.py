"""How good is my map: a scene's labels against a truth file that was made without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.session import open_project_scene
from core.study.metrics import Interval, with_interval
from core.study.projects import Judged, WorstTile, judge_labels, last_judged
from core.task import Cancelled, Progress
from ui.evaluate import truth_rows
from ui.evaluate.file_links import links
from ui.evaluate.method_words import (
    ACCURACY_HELP,
    BOUNDARY_HELP,
    F1_HELP,
    difference,
)
from ui.evaluate.worst_tiles import ALT, in_threes, legend
from ui.shared import area_words, navigation, show_errors
from ui.shared.browser_session import Place
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key
from ui.shared.text import escape
from ui.shared.times import ago

KIND = "judge labels"
"""Of the job that compares."""

_FIGURES: Mapping[str, tuple[str, str]] = {
    "Overlap (mean IoU)": (
        "mean_iou",
        "Overlap of drawn and reference cropland, and of all other land; the mean of "
        "both. 1 is perfect.",
    ),
    "F1": ("f1", F1_HELP),
    "Accuracy": ("overall_accuracy", ACCURACY_HELP),
    "Borders within 2 m": ("boundary_f1_2m", BOUNDARY_HELP),
    "Reference fields that were found": (
        "parcel_recall",
        "Share of the reference fields that one drawn field matches by more than half of both.",
    ),
    "Drawn fields that match": (
        "parcel_precision",
        "Share of the drawn fields that one reference field matches by more than half of both.",
    ),
}
_UNKNOWN = Interval(None, None, None)
_SHOWN = 6


def labels_key(place: Place) -> Key:
    """The key of the job that compares the place's scene."""
    return (KIND, str(place.project.path), place.scene.id if place.scene else "")


def show(place: Place) -> None:
    """The truth, the button, and what was found."""
    scene = place.scene
    if scene is None:
        return
    st.markdown(
        "**Your map of this scene, compared with reference fields that were drawn without it**"
    )
    truth_rows.row(place, scene, alone=True)
    key = labels_key(place)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key)
    else:
        if job is not None and job.error is not None:
            show_errors.show(job.error)
        _button(place)
    with show_errors.told():
        found = last_judged(place.project, scene.id)
        if found is not None:
            _found(place, found)


def _button(place: Place) -> None:
    scene = place.scene
    if scene is None:
        return
    truth, _ = truth_rows.read(place, scene)
    file = truth is not None and truth.source.kind == "file"
    with st.container(horizontal=True, vertical_alignment="center"):
        accepted_only = st.segmented_control(
            "Tiles that count",
            (False, True),
            default=False,
            format_func=lambda only: "Accepted tiles" if only else "All mapped tiles",
            key="judge accepted",
            label_visibility="collapsed",
        )
        if st.button("Compare my map", type="primary", disabled=not file):
            with show_errors.told():
                _start(place, accepted_only=bool(accepted_only))
                st.rerun()
    if truth is not None and not file:
        st.caption("Your map cannot be compared with itself: use a file as the reference.")


def _start(place: Place, *, accepted_only: bool) -> None:
    project, scene = place.project, place.scene
    if scene is None:
        return

    def work(progress: Progress, cancelled: Cancelled) -> None:
        progress("Joining parcels", 0, 0)
        judge_labels(
            project,
            scene.id,
            accepted_only=accepted_only,
            progress=progress,
            cancelled=cancelled,
        )

    JOBS.start(labels_key(place), f"Comparing the map of {scene.name}", work)


def _found(place: Place, found: Judged) -> None:
    st.markdown(sentence(found))
    judged = {"Your map": found.own}
    if found.landcover:
        judged["Land cover"] = found.landcover
    rows = [
        {
            "Figure": name,
            **{who: with_interval(figures.get(key, _UNKNOWN)) for who, figures in judged.items()},
            "What it says": about,
        }
        for name, (key, about) in _FIGURES.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    shown = found.worst[:_SHOWN]
    if shown:
        st.header("Worst tiles first")
        st.html(legend())
        in_threes(shown, lambda one: _picture(place, one))
    st.header("Export")
    name = found.zip_file.name
    holds = "A page to read, all figures, a map of the errors for QGIS, and the pictures."
    links(place, [(found.zip_file, name, "Everything", holds)])
    st.caption(f"Compared {ago(found.made)}; folder: {escape(found.folder)}.")


def sentence(found: Judged) -> str:
    """How good the labels are, in one or two sentences."""
    value = found.own["mean_iou"].value
    if value is None:
        return "Nothing could be compared: the reference says nothing where your map is."
    said = (
        f"Your map has **{value:.0%}** overlap with the reference (mean IoU): "
        f"{area_words.area(found.missed_ha)} missed, {area_words.area(found.extra_ha)} too much."
    )
    against = difference(found.gain)
    return f"{said} Compared with the land cover: {against}." if against else said


def _picture(place: Place, one: WorstTile) -> None:
    if place.scene is None:
        return
    st.image(str(one.picture), width="stretch", alt=ALT)
    names = list(open_project_scene(place.project, place.scene.id).tiles)
    where = f"Around tile {names.index(one.tile) + 1}" if one.tile in names else "A part"
    figure = (
        "no overlap known" if one.mean_iou is None else f"overlap (mean IoU) {one.mean_iou:.2f}"
    )
    st.markdown(f"**{where}**: {figure}")
    if one.tile in names and st.button(
        "Open in Annotate",
        key=f"open part {one.picture.name}",
        icon=":material/edit_location_alt:",
    ):
        navigation.go(navigation.ANNOTATE, replace(place, tile=one.tile))
