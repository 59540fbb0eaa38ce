"""The labels of a scene: a person's parcels as vectors, and as a mask to train on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.export.burn import IGNORE, BurntParcels
from core.export.files import prepare_folder, staging
from core.export.parcels import LabelledParcel, LabelSource, parcels_table
from core.export.raster import MASK_NODATA, write_mask
from core.export.vector import write_geojson, write_geopackage, write_shapefile_zip
from core.grid import Grid, Window

__all__ = ["LabelSource", "LabelledParcel", "mask_bands", "write_labels"]

_BAND_ROWS = 512

_NAMES = ("parcels.shp.zip", "parcels.gpkg", "parcels.geojson", "mask.tif")


def write_labels(
    parcels: Sequence[LabelledParcel],
    grid: Grid,
    reviewed: npt.NDArray[np.bool_] | None,
    source: LabelSource,
    folder: Path,
) -> tuple[Path, ...]:
    """Write the parcels and the mask of a scene.

    Parameters
    ----------
    parcels : sequence of LabelledParcel
        May be empty.
    grid : Grid
        Of the scene; the mask is on it and the parcels are in its CRS.
    reviewed : bool (rows, columns), optional
        On ``grid``; where it is False nobody vouches for the label, and the mask is nodata.
    source : LabelSource
    folder : Path
        Made where it does not exist.

    Returns
    -------
    tuple of Path
        ``parcels.shp.zip``, ``parcels.gpkg`` (styled), ``parcels.geojson``, ``mask.tif`` (uint8
        COG: 1 cropland, 0 not, 255 nodata).  A pixel is cropland where its centre lies in a
        parcel of class cropland; parcels that are rejected or unsure, by verdict or by class, are
        nodata.

    Raises
    ------
    OutputError
        They cannot be written.  Until all four are, earlier ones in the folder stay as they are.
    """
    burnt = BurntParcels(parcels, grid, reviewed)
    table = parcels_table(parcels, grid.crs, source)
    facts = source.facts()
    prepare_folder(folder)
    with staging(folder) as aside:
        write_shapefile_zip(aside / _NAMES[0], table)
        write_geopackage(aside / _NAMES[1], table, facts)
        write_geojson(aside / _NAMES[2], table)
        write_mask(aside / _NAMES[3], mask_bands(burnt, grid), grid, grid, facts)
        return tuple((aside / name).replace(folder / name) for name in _NAMES)


def mask_bands(burnt: BurntParcels, grid: Grid) -> Iterator[tuple[Window, npt.NDArray[np.uint8]]]:
    """The mask of a whole grid, band of rows by band: 1 cropland, 0 not, 255 nodata, uint8."""
    for row in range(0, grid.height, _BAND_ROWS):
        window = Window(0, row, grid.width, min(_BAND_ROWS, grid.height - row))
        codes = burnt.codes(window)
        codes[codes == IGNORE] = MASK_NODATA
        yield window, codes
