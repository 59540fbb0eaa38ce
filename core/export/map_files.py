"""The files of a mapped scene: what an export from the app writes, and the probability."""

from __future__ import annotations

from pathlib import Path

import geopandas
from pyproj import CRS

from core.export.parcel_numbers import numbered_anew
from core.export.parcel_table import parcels_table
from core.export.write_export import ExportOptions, LabelFiles, write_label_files
from core.imagery.write_raster import write_probability
from core.label.labelled import LabelledScene
from core.mapping.blend import Blend
from core.mapping.tile_task import MapRun, prediction_of
from core.settings import get_settings
from core.task import Progress

PROBABILITY = "probability.tif"
FORMATS = ("shapefile", "geopackage", "geojson", "mask")


def write_map_files(
    run: MapRun, labelled: LabelledScene, out: Path, progress: Progress, crs: CRS | None = None
) -> tuple[LabelFiles, geopandas.GeoDataFrame]:
    """Write a mapped scene into ``out``.

    Parameters
    ----------
    crs : CRS, optional
        Of the parcels, where their format leaves it open; by default that of the scene.

    Returns
    -------
    LabelFiles, GeoDataFrame
        The files with what to know of them, and the attribute table of the parcels.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    grid, source = run.scene.working_grid, labelled.source
    blend = Blend(
        grid,
        run.tiles,
        lambda tile: prediction_of(run, tile).probability,
        get_settings().tile_halo,
    )
    probability = out / PROBABILITY
    note = write_probability(probability, blend.bands(), grid, run.scene.grid, source.facts())
    labelled = numbered_anew(labelled)
    table = parcels_table(labelled.parcels, grid.crs, source)
    options = ExportOptions(FORMATS, accepted_only=False, crs=crs)
    labels = write_label_files(labelled, labelled.parcels, table, out, options, progress)
    notes = ((note,) if note else ()) + labels.notes
    return LabelFiles((probability, *labels.files), notes), table
