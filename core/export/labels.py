"""The labels of a scene: a person's parcels as vectors, and as a mask to train on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import geopandas
import numpy as np
import numpy.typing as npt
import pandas
import shapely
from rasterio.features import rasterize
from shapely import MultiPolygon, Polygon

from core.errors import OutputError, storage_error
from core.export.fields import in_order
from core.export.files import prepare_folder
from core.export.raster import MASK_NODATA, write_mask
from core.export.vector import write_geojson, write_geopackage, write_shapefile_zip
from core.grid import Grid, Window
from core.masks.polygons import geodesic_measures

_BAND_ROWS = 512

_NAMES = ("parcels.shp.zip", "parcels.gpkg", "parcels.geojson", "mask.tif")

_UNKNOWN_STATES = ("rejected", "unsure")
"""A person would not vouch for these, neither as cropland nor as anything else."""


@dataclass(frozen=True, slots=True)
class LabelledParcel:
    """One parcel with a person's verdict on it.

    Parameters
    ----------
    id : str
        Unique in the scene.
    geometry : Polygon or MultiPolygon
        In the CRS of the scene.
    score : float
        Mean probability, 0 to 1; NaN where there is none.
    state : str
        auto, accepted, corrected, rejected or unsure.
    reviewer : str
        Empty where nobody reviewed it.
    reviewed_at : datetime or None
        UTC where it has no time zone.
    tile : str
        Name of the tile in which it was reviewed.
    land_class : str
        cropland, other or unsure: what a person says it is.
    reason : str
        Why it was rejected or is unsure, in the reviewer's words; empty where none was given.
    """

    id: str
    geometry: Polygon | MultiPolygon
    score: float
    state: str
    reviewer: str
    reviewed_at: datetime | None
    tile: str
    land_class: str = "cropland"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabelSource:
    """What the labels were made from."""

    scene_name: str
    image_source: str
    method: str
    model: str
    land_cover: str


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
        parcel; parcels that are rejected or unsure are nodata.

    Raises
    ------
    OutputError
        They cannot be written.  Until all four are, earlier ones in the folder stay as they are.
    """
    if reviewed is not None and reviewed.shape != grid.shape:
        raise ValueError(f"reviewed is {reviewed.shape}, the grid {grid.shape}")
    table = _table(parcels, grid, source)
    facts = _facts(source)
    prepare_folder(folder)
    with _staging(folder) as aside:
        write_shapefile_zip(aside / _NAMES[0], table)
        write_geopackage(aside / _NAMES[1], table, facts)
        write_geojson(aside / _NAMES[2], table)
        write_mask(aside / _NAMES[3], _bands(parcels, grid, reviewed), grid, grid, facts)
        return tuple((aside / name).replace(folder / name) for name in _NAMES)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A private folder in which all files are made before any is replaced."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
            try:
                yield Path(name)
            except OutputError as error:
                # The person knows the folder that they chose, not this one.
                told = error.message.replace(name, str(folder))
                raise type(error)(told, error.hint) from error
    except OSError as error:
        raise storage_error(error, folder) from error


def _table(
    parcels: Sequence[LabelledParcel], grid: Grid, source: LabelSource
) -> geopandas.GeoDataFrame:
    """The attribute table: every column has its type also where there is no parcel."""
    geometries = np.empty(len(parcels), dtype=object)
    geometries[:] = [parcel.geometry for parcel in parcels]
    measures = geodesic_measures(geometries, grid.crs)
    # How many prompts a corrected parcel had is not known, which is not 0.
    unknown = pandas.array([pandas.NA] * len(parcels), dtype="Int64")
    columns = {
        "field_id": _texts([parcel.id for parcel in parcels]),
        "class": _texts(["cropland"] * len(parcels)),
        "status": _texts([parcel.state for parcel in parcels]),
        "area_ha": measures.area_m2 / 10_000.0,
        "perimeter_m": measures.perimeter_m,
        "score": np.array([parcel.score for parcel in parcels], dtype=np.float64),
        "method": _texts([source.method] * len(parcels)),
        "image_source": _texts([source.image_source] * len(parcels)),
        "model": _texts([source.model] * len(parcels)),
        "land_cover": _texts([source.land_cover] * len(parcels)),
        "positive_prompts": unknown,
        "negative_prompts": unknown,
        "reviewer": _texts([parcel.reviewer for parcel in parcels]),
        "review_date": _texts([_iso(parcel.reviewed_at) for parcel in parcels]),
        "tile": _texts([parcel.tile for parcel in parcels]),
    }
    return in_order(geopandas.GeoDataFrame(columns, geometry=geometries, crs=grid.crs))


def _texts(values: list[str]) -> pandas.Series:
    return pandas.Series(values, dtype="str")


def _iso(moment: datetime | None) -> str:
    """A moment in UTC to the second, 20 characters; empty for none."""
    if moment is None:
        return ""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def _facts(source: LabelSource) -> dict[str, str]:
    """What goes into the tags of the mask and the GeoPackage."""
    return {
        "software": f"cropmap {version('cropmap')}",
        "scene": source.scene_name,
        "image_source": source.image_source,
        "strategy": source.method,
        "model": source.model,
        "land_cover": source.land_cover,
    }


def _bands(
    parcels: Sequence[LabelledParcel], grid: Grid, reviewed: npt.NDArray[np.bool_] | None
) -> Iterator[tuple[Window, npt.NDArray[np.uint8]]]:
    """The mask's codes, band of rows by band, uint8 (rows, columns)."""
    geometries = [parcel.geometry for parcel in parcels]
    codes = [MASK_NODATA if parcel.state in _UNKNOWN_STATES else 1 for parcel in parcels]
    tree = shapely.STRtree(geometries)
    for row in range(0, grid.height, _BAND_ROWS):
        window = Window(0, row, grid.width, min(_BAND_ROWS, grid.height - row))
        part = grid.window_grid(window)
        values = np.zeros(part.shape, dtype=np.uint8)
        shapes = [(geometries[i], codes[i]) for i in np.sort(tree.query(part.footprint))]
        if shapes:
            rasterize(shapes, out=values, transform=part.transform)
        if reviewed is not None:
            values[~reviewed[window.slices]] = MASK_NODATA
        yield window, values
