"""What a scene amounts to: hectares, land cover against label, and files to take along."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import streamlit as st

from core.annotate.opened import open_scene
from core.annotate.results import AreaReport, areas, export_scene
from core.project import Project, SceneRecord
from ui import errors, overview
from ui.adding import safe_stem
from ui.area_tables import class_table, matrix
from ui.job import JOBS, Cancelled, Progress
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
    _figures(place, accepted_only=accepted_only)
    overview.show(place, _geojson(files))
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
    label, landcover, share = st.columns(3)
    label.metric("Cropland by the label", hectares(report.cropland_ha), border=True)
    difference = None
    if report.landcover_ha is not None:
        difference = f"{report.landcover_ha - report.cropland_ha:+,.1f} ha to the label"
    landcover.metric(
        "Cropland by the land cover",
        hectares(report.landcover_ha),
        difference,
        delta_color="off",
        border=True,
    )
    share.metric("Tiles that count", f"{report.tiles:,} of {report.all_tiles:,}", border=True)
    if report.rows:
        table, two_by_two = st.columns([3, 2], gap="large")
        table.html(class_table(report.rows))
        two_by_two.html(matrix(report.rows))
        two_by_two.caption("Shaded: where land cover and label agree.")


def _areas(place: Place, *, accepted_only: bool) -> AreaReport | None:
    """Areas at the project's present state; the last ones while they are counted anew."""
    scene = place.scene
    if scene is None:
        return None
    key = _key("areas", place, accepted_only)
    kept: dict[Hashable, Dated[AreaReport]] = st.session_state.setdefault(_REPORTS, {})
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


def start(key: Hashable, title: str, project: Project, make: Callable[[], T]) -> None:
    """Make something in the background, dated by the project's revision at the start."""

    def work(progress: Progress, cancelled: Cancelled) -> Dated[T]:
        progress(title, 0, 0)
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


def _key(what: str, place: Place, accepted_only: bool) -> Hashable:
    scene = place.scene.id if place.scene else ""
    return (what, str(place.project.path), scene, accepted_only)


def _made(key: Hashable) -> Dated | None:
    job = JOBS.get(key)
    return job.result if job is not None and not job.running else None


def _geojson(files: Dated[tuple[Path, ...]] | None) -> Path | None:
    if files is None:
        return None
    return next((path for path in files.value if path.suffix == ".geojson"), None)
