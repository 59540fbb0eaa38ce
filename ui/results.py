"""What a scene amounts to: hectares, land cover against label, and files to take along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import streamlit as st

from core.annotate.opened import open_scene
from core.annotate.areas import AreaReport, areas
from core.annotate.results import export_scene
from core.project import Project, SceneRecord
from ui import errors, overview
from ui.adding import safe_stem
from ui.area_tables import class_table, matrix
from ui.job import JOBS, Cancelled, Key, Progress
from ui.session import Place
from ui.text import escape, hectares, megabytes
from ui.watch import watch

T = TypeVar("T")

_REPORTS = "cropmap_reports"

_TITLES = (
    (".zip", "Shapefile"),
    (".gpkg", "GeoPackage"),
    (".geojson", "GeoJSON"),
    (".tif", "Mask"),
    (".csv", "Field names"),
    (".json", "Record"),
)


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """Something that was made at a revision of the project."""

    revision: int
    value: T


def show(place: Place) -> None:
    """The whole page of the place's scene."""
    if place.scene is None:
        return
    accepted_only = st.segmented_control(
        "Tiles that count",
        (False, True),
        default=False,
        format_func=lambda only: "Accepted tiles" if only else "All labelled tiles",
        key="results accepted",
        label_visibility="collapsed",
    )
    accepted_only = bool(accepted_only)
    files = _made(_key("files", place, accepted_only))
    chart, figures = st.columns([5, 4], gap="large")
    with chart, errors.told():
        overview.show(place, _geojson(files))
    with figures, errors.told():
        _figures(place, accepted_only=accepted_only)
    _downloads(place, files, accepted_only=accepted_only)


def _figures(place: Place, *, accepted_only: bool) -> None:
    report = _areas(place, accepted_only=accepted_only)
    if report is None:
        return
    if not report.tiles:
        st.info(
            "No tile is accepted yet." if accepted_only else "No tile is mapped yet.",
            icon=":material/info:",
        )
        return
    label, landcover = st.columns(2)
    label.metric(
        "Cropland by the label",
        hectares(report.cropland_ha),
        f"{report.tiles:,} of {report.all_tiles:,} tiles",
        delta_color="off",
        delta_arrow="off",
    )
    landcover.metric(
        "By the land cover",
        hectares(report.landcover_ha),
        _difference(report),
        delta_color="off",
        delta_arrow="off",
    )
    if report.rows:
        st.html(class_table(report.rows))
        st.html(matrix(report.rows))
        st.caption("Shaded: where land cover and label agree.")


def _difference(report: AreaReport) -> str | None:
    if report.landcover_ha is None:
        return None
    difference = report.landcover_ha - report.cropland_ha
    return f"{hectares(abs(difference))} {'more' if difference > 0 else 'less'}"


def _areas(place: Place, *, accepted_only: bool) -> AreaReport | None:
    """Areas at the project's present state; the last ones while they are counted anew."""
    scene = place.scene
    if scene is None:
        return None
    key = _key("areas", place, accepted_only)
    kept: dict[Key, Dated[AreaReport]] = st.session_state.setdefault(_REPORTS, {})
    made = _made(key)
    if made is not None:
        kept[key] = made
    last = kept.get(key)
    if last is not None and last.revision == place.project.revision():
        return last.value
    job = JOBS.get(key)
    if job is not None and job.error is not None:
        errors.show(job.error)
        JOBS.forget(key)
        return last.value if last else None
    start(
        key,
        f"Counting hectares of {scene.name}",
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


def _downloads(place: Place, files: Dated[tuple[Path, ...]] | None, *, accepted_only: bool) -> None:
    scene = place.scene
    if scene is None:
        return
    st.subheader("Take it with you")
    key = _key("files", place, accepted_only)
    job = JOBS.get(key)
    if job is not None and job.running:
        watch(key)
        return
    if job is not None and job.error is not None:
        errors.show(job.error)
    fresh = files is not None and files.revision == place.project.revision()
    if files is not None:
        _buttons(scene, files.value)
        if not fresh:
            st.caption("The project has changed since these files were made.")
    if not fresh and st.button("Make the files", type="primary"):
        with errors.told():
            folder = place.project.folder / "results" / _folder_name(scene, accepted_only)
            start(
                key,
                f"Making the files of {scene.name}",
                place.project,
                lambda: export_scene(place.project, scene.id, folder, accepted_only=accepted_only),
            )
            st.rerun()
    _hint(place)


def _buttons(scene: SceneRecord, paths: tuple[Path, ...]) -> None:
    there = [path for path in paths if path.is_file()]
    if not there:
        return
    for column, path in zip(st.columns(len(there)), there, strict=True):
        column.download_button(
            title_of(path),
            # Read when it is asked for, not each time the page is drawn.
            path.read_bytes,
            f"{safe_stem(scene.name)}_{path.name}",
            key=f"download {path}",
            help=f"{path.name}, {megabytes(path.stat().st_size)}",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )
    st.caption(f"They also lie in {escape(there[0].parent)}.")


def title_of(path: Path) -> str:
    """What a file is, in a word or two."""
    return next((title for end, title in _TITLES if path.name.endswith(end)), path.name)


def _hint(place: Place) -> None:
    if place.scene is None:
        return
    crs = open_scene(place.project, place.scene.id).scene.grid.crs.name
    st.caption(
        f"All but the GeoJSON are in the scene's own CRS, {escape(crs)}. In QGIS, drag the "
        "GeoPackage onto the map: it brings its style along."
    )


def _folder_name(scene: SceneRecord, accepted_only: bool) -> str:
    kind = "accepted" if accepted_only else "all"
    return f"{safe_stem(scene.name)}-{scene.id[:8]}-{kind}"


def _key(what: str, place: Place, accepted_only: bool) -> Key:
    scene = place.scene.id if place.scene else ""
    return (what, str(place.project.path), scene, accepted_only)


def _made(key: Key) -> Dated | None:
    job = JOBS.get(key)
    return job.result if job is not None and not job.running else None


def _geojson(files: Dated[tuple[Path, ...]] | None) -> Path | None:
    if files is None:
        return None
    return next((path for path in files.value if path.suffix == ".geojson"), None)
