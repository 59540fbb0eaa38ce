"""The files of a mapped scene: what an export from the app writes, and the probability."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyproj import CRS

from core.export.table_pages import table_pages
from core.export.write_export import ExportOptions, LabelFiles, write_label_files
from core.files import prepare_folder
from core.imagery.write_raster import write_probability
from core.mapping.blend import Blend
from core.mapping.map_tiles import MappedScene
from core.mapping.tile_task import MapRun, prediction_of
from core.settings import get_settings
from core.task import Progress

PROBABILITY = "probability.tif"
FORMATS = ("shapefile", "geopackage", "geojson", "mask")


_PAGES = "pages"
"""In the run's folder: pages of the attribute table."""


@dataclass(frozen=True, slots=True)
class MappedParcels:
    """How many parcels were written, and their geodesic area."""

    count: int
    hectares: float


def write_map_files(
    run: MapRun, mapped: MappedScene, out: Path, progress: Progress, crs: CRS | None = None
) -> tuple[LabelFiles, MappedParcels]:
    """Write a mapped scene into ``out``.

    Parameters
    ----------
    crs : CRS, optional
        Of the parcels, where their format leaves it open; by default that of the scene.

    Returns
    -------
    LabelFiles, MappedParcels
        The files with what to know of them, and the sums of the parcels.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    labelled = mapped.labelled
    grid, source = run.scene.working_grid, labelled.source
    blend = Blend(
        grid,
        tuple(tile for tile in run.tiles if tile.name not in mapped.blank),
        lambda tile: prediction_of(run, tile).probability,
        get_settings().tile_halo,
    )
    probability = out / PROBABILITY
    note = write_probability(probability, blend.parts(), grid, run.scene.grid, source.facts())
    table = table_pages(labelled.parcels, grid.crs, source, prepare_folder(run.folder / _PAGES))
    hectares = sum(float(page["area_ha"].sum()) for page in table)
    options = ExportOptions(FORMATS, accepted_only=False, crs=crs)
    labels = write_label_files(labelled, labelled.parcels, table, out, options, progress)
    notes = ((note,) if note else ()) + labels.notes
    sums = MappedParcels(len(labelled.parcels), hectares)
    return LabelFiles((probability, *labels.files), notes), sums
