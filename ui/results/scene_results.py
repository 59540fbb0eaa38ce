"""What a scene amounts to: hectares, land cover against label, and files to take along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from core.export import AreaReport, areas
from core.project import Project
from core.review import owed
from core.session import changed_tiles
from core.task import Cancelled, Progress
from ui.results import make_files, overview_map
from ui.results.area_tables import attribute_table, class_table, matrix
from ui.shared import area_words, moved_imagery, navigation, show_errors
from ui.shared.browser_session import Place, person
from ui.shared.job_progress import watch
from ui.shared.jobs import JOBS, Key
from ui.shared.page_frame import empty, heading
from ui.shared.text import count

T = TypeVar("T")

JOB_KINDS = ("areas", make_files.KIND)
"""Kinds of jobs that the page itself shows."""

_REPORTS = "cropmap_reports"


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """Something that was made at a revision of the project."""

    revision: int
    value: T


def show(place: Place) -> None:
    """The whole page of the place's scene."""
    if place.scene is None:
        empty(
            "Results",
            "This project has no imagery yet, so there are no results.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scenes page", place),
        )
        return
    heading("Results", place.scene.name)
    moved_imagery.tell(place)
    blind = owed(place.project, place.scene.id, person())
    accepted_only = not blind and _only_accepted()
    made = None if blind else make_files.made(place, accepted_only=accepted_only)
    old = make_files.is_old(place, made)
    parcels = made.path(".geojson") if made and not old else None
    # Named for the style, which puts one under the other where both would be too narrow.
    with st.container(key="cropmap_map_and_panel"):
        chart, figures = st.columns([5, 4], gap="large")
    with chart, show_errors.told():
        if made and old:
            make_files.offer_again(place, made, accepted_only=accepted_only)
        overview_map.show(place, parcels, accepted_only=accepted_only)
    with figures, show_errors.told():
        _figures(place, accepted_only=accepted_only)
    if blind:
        _second_look_first(place, len(blind))
    else:
        make_files.show(place, made, accepted_only=accepted_only)


def _only_accepted() -> bool:
    """Whether only accepted tiles count."""
    return bool(
        st.segmented_control(
            "Tiles that count",
            (False, True),
            default=False,
            format_func=lambda only: "Accepted tiles" if only else "All mapped tiles",
            key="results accepted",
            label_visibility="collapsed",
        )
    )


def _second_look_first(place: Place, tiles: int) -> None:
    """In place of files and accepted tiles, which tell what others have said."""
    st.subheader("Export")
    st.info(
        f"{count(tiles, 'tile')} of this scene still {'waits' if tiles == 1 else 'wait'} for your "
        "second look. Files name the verdicts of others, so they are here when you have given "
        "yours.",
        icon=":material/visibility_off:",
    )
    navigation.link(navigation.REVIEW, "Go to Review", place)


def _figures(place: Place, *, accepted_only: bool) -> None:
    report = _areas(place, accepted_only=accepted_only)
    if report is None:
        return
    changed = changed_tiles(place.project, place.scene.id) if place.scene and accepted_only else 0
    if changed:
        st.caption(
            f":material/history: {count(changed, 'tile')} changed since accepted. It does "
            "not count "
            "until somebody accepts it again."
        )
    if not report.tiles:
        st.info(
            "No tile is accepted yet." if accepted_only else "No tile is mapped yet.",
            icon=":material/info:",
        )
        return
    label, landcover = st.columns(2)
    label.metric(
        "Cropland (your map)",
        area_words.area(report.cropland_ha),
        f"{report.tiles:,} of {count(report.all_tiles, 'tile')}",
        delta_color="off",
        delta_arrow="off",
    )
    landcover.metric(
        "Cropland (land cover)",
        area_words.area(report.landcover_ha),
        _difference(report),
        delta_color="off",
        delta_arrow="off",
    )
    for one in report.attributes:
        st.html(attribute_table(one.name, one.rows, one.unsaid_ha))
    if report.rows:
        st.html(class_table(report.rows))
        st.html(matrix(report.rows))
        st.caption("Green: the land cover and your map agree.")


def _difference(report: AreaReport) -> str | None:
    if report.landcover_ha is None:
        return None
    difference = report.landcover_ha - report.cropland_ha
    return f"{area_words.area(abs(difference))} {'more' if difference > 0 else 'less'}"


def _areas(place: Place, *, accepted_only: bool) -> AreaReport | None:
    """Areas at the project's present state; the last ones while they are counted anew."""
    scene = place.scene
    if scene is None:
        return None
    key: Key = (JOB_KINDS[0], str(place.project.path), scene.id, accepted_only)
    kept: dict[Key, Dated[AreaReport]] = st.session_state.setdefault(_REPORTS, {})
    job = JOBS.get(key)
    if job is not None and not job.running and job.result is not None:
        kept[key] = job.result
    last = kept.get(key)
    if last is not None and last.revision == place.project.revision():
        return last.value
    if job is not None and job.error is not None:
        show_errors.show(job.error)
        JOBS.forget(key)
        return last.value if last else None
    start(
        key,
        f"Adding up the areas of {scene.name}",
        place.project,
        lambda: areas(place.project, scene.id, accepted_only=accepted_only),
    )
    watch(key)
    return last.value if last else None


def start(key: Key, title: str, project: Project, make: Callable[[], T]) -> None:
    """Make something in the background, dated by the project's revision at the start."""

    def work(progress: Progress, cancelled: Cancelled) -> Dated[T]:
        progress("Working", 0, 0)
        revision = project.revision()
        return Dated(revision, make())

    JOBS.start(key, title, work)
