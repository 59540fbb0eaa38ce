"""A file of labels read, in a process of its own with limits."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from core.errors import UnreadableLabelsError, storage_error
from core.existing.handover import taken_over
from core.existing.labels_file import LabelsFile
from core.existing.vector_formats import foreign_drivers
from core.grid import Grid
from core.imagery.limited import Limits, Task, Words, run_limited
from core.outside import check_regular
from core.task import Cancelled, ShareProgress, never, silent_share

LIMITS = Limits(cpu_seconds=600, wall_seconds=900.0, file_bytes=4 * 1024**3)

_WORKER = "core.existing.reading_process"
_WORDS = Words(
    UnreadableLabelsError,
    UnreadableLabelsError,
    instead="Open it in QGIS and export it again as a GeoPackage.",
    less="Cut out the part that your scene shows.",
    lighter="Cut out the part that your scene shows.",
)


def read_labels(
    source: Path,
    grid: Grid,
    *,
    layer: str | None = None,
    name: str | None = None,
    progress: ShareProgress = silent_share,
    cancelled: Cancelled = never,
    limits: Limits = LIMITS,
) -> LabelsFile:
    """Read the polygons of a shapefile, a GeoPackage, GeoJSON, GeoParquet, FlatGeobuf, KML or GML.

    A shapefile is named by its ``.shp``; every file may be zipped.

    Parameters
    ----------
    source : Path
        On this machine; it is opened by a process of its own whoever sent it.
    grid : Grid
        Of the scene: from a file of very many features only those that it shows are read.
    layer : str, optional
        Where the file has several of areas.
    name : str, optional
        Of the file, for messages.

    Raises
    ------
    LayerQuestionError
        It has several layers of areas, and none is named.
    UnreadableLabelsError
        Missing, no labels, damaged, too much of it, or without the layer that is named.
    CancelledError
        ``cancelled`` said so.
    OutputError
        No space for what is unpacked.
    """
    title = name or source.name
    _check_there(source, title)
    try:
        with tempfile.TemporaryDirectory(prefix="cropmap-labels-") as folder:
            work = Path(folder)
            order = order_for(source, work, title, layer, grid)
            task = Task(_WORKER, order, work, title, work, _WORDS, limits, reading_environment())
            run_limited(task, progress=progress, cancelled=cancelled)
            return taken_over(work, title)
    except OSError as error:
        raise storage_error(error, Path(tempfile.gettempdir())) from error


def order_for(source: Path, work: Path, name: str, layer: str | None, grid: Grid) -> dict[str, Any]:
    """What the process that reads is told, as JSON; it hands over in the folder ``work``."""
    return {
        "source": str(source.absolute()),
        "work": str(work),
        "name": name,
        "layer": layer,
        "grid": {
            "crs": grid.crs.to_wkt(),
            "transform": list(grid.transform)[:6],
            "width": grid.width,
            "height": grid.height,
        },
    }


def reading_environment() -> dict[str, str]:
    """Variables of the process that reads: what GDAL may not do there."""
    return {
        "OGR_SKIP": foreign_drivers(),
        # A table of a GeoPackage could otherwise stand for another file.
        "OGR_SQLITE_STATIC_VIRTUAL_OGR": "NO",
        "OGR_GPKG_ALLOW_SQLITE_EXTENSIONS": "NO",
        # Of GML: nothing that it refers to, and attributes that are what their texts say.
        "GML_SKIP_RESOLVE_ELEMS": "ALL",
        "GML_DOWNLOAD_SCHEMA": "NO",
        # Arrow's own allocator reserves more address space than a limited process has.
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def _check_there(source: Path, name: str) -> None:
    if not source.exists():
        raise UnreadableLabelsError(
            f"There is no file {source} to take labels from.", "Check the path for a typing error."
        )
    if source.is_dir():
        raise UnreadableLabelsError(
            f"{source} is a folder.",
            "Name the .shp, .gpkg, .geojson or other file inside it.",
        )
    check_regular(source, name, UnreadableLabelsError)
    if not os.access(source, os.R_OK):
        raise UnreadableLabelsError(
            f"{name} may not be read by this user.", "Change the file's permissions."
        )
    if source.stat().st_size == 0:
        raise UnreadableLabelsError(f"{name} is empty (0 bytes).", "Copy or export it again.")
