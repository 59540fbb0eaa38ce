"""How far a land cover product is from the corrected label: a page, tables and a map of errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from rasterio.enums import Resampling

from core.area_units import HECTARES, AreaUnit
from core.csv_file import Cell, to_csv
from core.errors import EmptySceneError, InputError, Remedy
from core.export.reports.areas import AreaCounter, AreaReport, compared_tiles
from core.export.reports.landcover_error_page import ReportFacts, figures_of, render_page
from core.files import fresh_folder, sha256_of
from core.grid import Window
from core.imagery.open import open_raster, read_bands
from core.imagery.write_raster import Codes as CodeTable
from core.imagery.write_raster import write_codes
from core.landcover.coverage import notes_of
from core.project import Project
from core.session.opened import OpenedScene, open_project_scene
from core.session.scene_parcels import chosen_tiles
from core.session.workspaces import Workspaces
from core.study.metrics.error_map import COLOURS, ERROR_WORDS, NOT_JUDGED, paint_errors
from core.task import Cancelled, Progress, never, silent
from core.versions import software

PAGE, MATRIX, FIGURES = "landcover_report.html", "landcover_by_class.csv", "landcover_figures.csv"
MAP, PICTURE = "landcover_errors.tif", "landcover_errors.png"

_PICTURE_SIDE = 1200

Codes = npt.NDArray[np.uint8]


def write_error_report(
    project: Project,
    scene_id: str,
    folder: Path,
    *,
    accepted_only: bool,
    unit: AreaUnit = HECTARES,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    workspaces: Workspaces | None = None,
) -> AreaReport:
    """Write the report of a scene into ``folder``, in place of an earlier one.

    ``landcover_report.html`` (one page, to print), ``landcover_by_class.csv`` (hectares of each
    class by what the label says), ``landcover_figures.csv``, ``landcover_errors.tif`` (a COG on
    the working grid: 0 right, not cropland; 1 right, cropland; 2 missed; 3 false; 255 not judged)
    and ``landcover_errors.png``.

    Parameters
    ----------
    accepted_only : bool
        Over the accepted tiles, or over all that have a label.
    unit : AreaUnit
        Of the areas on the page; the tables are in hectares.

    Raises
    ------
    InputError
        The scene has no land cover, or it lies beside every tile.
    EmptySceneError
        No tile counts.
    CancelledError
        ``cancelled`` said so; ``folder`` is as it was before.
    OutputError
        It cannot be written; ``folder`` is as it was before.
    """
    opened = open_project_scene(project, scene_id)
    if opened.landcover is None:
        raise InputError(
            "The scene has no land cover to report on.", remedy=Remedy.CHOOSE_LANDCOVER
        )
    chosen = chosen_tiles(project, scene_id, accepted_only=accepted_only)
    if not chosen:
        raise EmptySceneError(
            "No tile is accepted yet." if accepted_only else "No tile has a label yet.",
            remedy=Remedy.ACCEPT_TILES,
        )
    counter = AreaCounter()

    def windows() -> Iterator[tuple[Window, Codes]]:
        for name in opened.tiles.keys() - set(chosen):
            window = opened.core(name)
            yield window, np.full((window.height, window.width), NOT_JUDGED, dtype=np.uint8)
        for tile in compared_tiles(
            project, scene_id, chosen, workspaces=workspaces, progress=progress, cancelled=cancelled
        ):
            counter.add(tile)
            yield tile.window, tile.errors()

    with fresh_folder(folder, marker=PAGE) as aside:
        facts = _facts(project, opened, accepted_only=accepted_only)
        write_codes(
            aside / MAP,
            windows(),
            opened.scene.working_grid,
            facts.tags(),
            CodeTable(ERROR_WORDS, COLOURS),
        )
        report = counter.report(project, scene_id, chosen)
        if not report.rows:
            raise InputError(
                f"{facts.landcover} says nothing about the tiles that count.",
                "Choose a product that does.",
            )
        _draw(aside / MAP, aside / PICTURE)
        _write_tables(aside, report)
        page = render_page(report, facts, aside / PICTURE, unit)
        (aside / PAGE).write_text(page, encoding="utf-8")
    return report


def _facts(project: Project, opened: OpenedScene, *, accepted_only: bool) -> ReportFacts:
    landcover = opened.landcover
    if landcover is None:
        raise AssertionError("unreachable: it was checked")
    path = landcover.path
    return ReportFacts(
        project=project.name,
        scene=opened.record.name,
        image=Path(opened.scene.path).name,
        landcover=landcover.title,
        landcover_file=Path(path).name,
        landcover_sha256="" if "://" in path else sha256_of(Path(path)),
        landcover_citation=landcover.product.citation,
        simulated=landcover.simulated,
        accepted_only=accepted_only,
        made=datetime.now(UTC),
        version=software()["cropmap"],
        notes=notes_of(opened.scene, landcover),
    )


def _draw(source: Path, path: Path) -> None:
    """The map as a picture of at most 1200 pixels a side, read through its overviews."""
    with open_raster(source, what="map of errors") as dataset:
        shrink = max(1.0, max(dataset.width, dataset.height) / _PICTURE_SIDE)
        shape = (max(1, round(dataset.height / shrink)), max(1, round(dataset.width / shrink)))
        codes = read_bands(dataset, [1], shape=shape, resampling=Resampling.nearest)[0]
    Image.fromarray(paint_errors(codes.astype(np.uint8))).save(path, "PNG", optimize=True)


def _write_tables(folder: Path, report: AreaReport) -> None:
    by_class: list[dict[str, Cell]] = [
        {
            "land_cover_class": row.name,
            "counts_as_cropland": "yes" if row.cropland_class else "no",
            "total_ha": round(row.total_ha, 4),
            "label_cropland_ha": round(row.labelled_cropland_ha, 4),
            "label_not_cropland_ha": round(row.not_cropland_ha, 4),
        }
        for row in report.rows
    ]
    (folder / MATRIX).write_bytes(to_csv(by_class, list(by_class[0])))
    figures: list[dict[str, Cell]] = [
        {"figure": figure.key, "value": figure.value, "meaning": figure.meaning}
        for figure in figures_of(report)
    ]
    (folder / FIGURES).write_bytes(to_csv(figures, ["figure", "value", "meaning"]))
