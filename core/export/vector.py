"""Parcels as GeoPackage, zipped shapefile and GeoJSON."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyogrio
import shapely
from pyogrio.errors import CRSError as PyogrioCrsError
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from core.crs import WGS84, crs_text, same_place, ways_to_say
from core.errors import OutputError
from core.export.columns import FIELDS, cut_text
from core.export.gis_table import without_empty
from core.export.plain_path import plain_path
from core.export.style import qml, sld
from core.files import replacing
from core.grid import WorldCoordinates
from core.parcels.lonlat import in_lonlat, moved
from core.parcels.outlines import Geometries

LAYER = "parcels"
TOLERANCE_M = 0.01
"""By how much a place that is read back may lie elsewhere where nobody says otherwise."""

_SHAPEFILE_LIMIT = 2 * 1024**3
_COORDINATE_DIGITS = 8
"""Decimal places of degrees in GeoJSON: about a millimetre."""


def write_geopackage(
    path: Path,
    parcels: geopandas.GeoDataFrame,
    provenance: Mapping[str, str],
    *,
    tolerance_m: float = TOLERANCE_M,
) -> str:
    """Write a GeoPackage with one layer, a default style for QGIS and the run's provenance.

    Optional columns that are empty throughout are left out.  A layer holds one type: where a parcel
    has several parts, all become multi-polygons.
    Sources: OGC GeoPackage 1.4; QGIS's ``layer_styles`` table.

    Returns
    -------
    str
        A sentence where the file's coordinates are in another CRS than the parcels'; empty where
        not.
    """
    parcels = without_empty(parcels)
    several = bool((parcels.geom_type == "MultiPolygon").any())
    with replacing(path) as target, plain_path(target) as aside:
        note = write_told(
            aside,
            parcels,
            path.name,
            tolerance_m,
            layer=LAYER,
            driver="GPKG",
            geometry_type="MultiPolygon" if several else "Polygon",
            promote_to_multi=several,
        )
        verify_geopackage(aside, LAYER, len(parcels))
        with sqlite3.connect(aside) as database:
            _add_style(database)
            _add_provenance(database, provenance)
        database.close()
    return note


def write_shapefile_zip(
    path: Path, parcels: geopandas.GeoDataFrame, *, tolerance_m: float = TOLERANCE_M
) -> str:
    """Write a zip of .shp, .shx, .dbf, .prj and .cpg (UTF-8), its style, and the full names.

    Optional columns that are empty throughout are left out.  A shapefile's polygons may have
    several parts.  Its own name has letters, digits and underscores alone: QGIS and GDAL open
    others, but tools of ArcGIS refuse them.

    Returns
    -------
    str
        As for :func:`write_geopackage`: a ``.prj`` holds no transformation, for one.

    Raises
    ------
    OutputError
        The parcels do not fit in the 2 GB of a shapefile.
    """
    parcels = without_empty(parcels)
    fields = [field for field in FIELDS if field.name in parcels.columns]
    short = parcels.rename(columns={field.name: field.short for field in fields})
    for column in short.columns:
        if pandas.api.types.is_string_dtype(short[column]):
            short[column] = [cut_text(str(value)) for value in short[column]]
    stem = shapefile_stem(path)
    with replacing(path) as aside, plain_path(aside.parent / f"{stem}.shp") as shapefile:
        note = write_told(
            shapefile,
            short,
            path.name,
            tolerance_m,
            layer=shapefile.stem,
            driver="ESRI Shapefile",
            encoding="UTF-8",
            geometry_type="Polygon",
            promote_to_multi=False,
        )
        _refuse_oversize(shapefile)
        names = "".join(f"{f.short}\t{f.name}\t{f.meaning}\n" for f in fields)
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            for ending in ("shp", "shx", "dbf", "prj", "cpg"):
                archive.write(shapefile.with_suffix(f".{ending}"), f"{stem}.{ending}")
            archive.writestr(f"{stem}.qml", qml())
            archive.writestr("fields.txt", "short\tfull\tmeaning\n" + names)
    return note


def shapefile_stem(path: Path) -> str:
    """How the parts of a zipped shapefile are named: ``farm_41_5N`` for ``farm 41.5N.shp.zip``."""
    name = path.name.removesuffix(".zip").removesuffix(".shp")
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or LAYER


def write_style(path: Path) -> None:
    """Write the style for QGIS, which takes it for a layer of the same name beside it."""
    with replacing(path) as aside:
        aside.write_text(qml(), encoding="utf-8")


def write_geojson(path: Path, parcels: geopandas.GeoDataFrame) -> None:
    """Write GeoJSON after RFC 7946: WGS 84, right-hand rule, no ``crs`` member.

    Parcels that cross the 180 degree meridian are cut there.  Optional columns that are empty
    throughout are left out.
    """
    parcels = without_empty(parcels)
    shapes = in_lonlat(parcels.geometry.to_numpy(), parcels.crs)
    lonlat = parcels.set_geometry(shapes, crs=WGS84)
    with replacing(path) as target, plain_path(target) as aside:
        pyogrio.write_dataframe(
            lonlat,
            aside,
            driver="GeoJSON",
            RFC7946="YES",
            COORDINATE_PRECISION=_COORDINATE_DIGITS,
            WRITE_NAME="NO",
        )
        if not _ends_with(aside, b"]\n}\n"):
            raise _disk_full()


class _ToldCrs(CRS):
    """A CRS that pyogrio passes on to GDAL as it is, without a guess at a code."""

    def to_epsg(self, min_confidence: int = 100) -> int | None:
        """None: GDAL takes the text of :meth:`to_wkt`, a code or WKT."""
        return None

    def to_wkt(self, *_version: Any, **_options: Any) -> str:
        """What says exactly this CRS."""
        return crs_text(CRS.from_wkt(super().to_wkt()))


def write_told(
    path: Path,
    table: geopandas.GeoDataFrame,
    name: str,
    tolerance_m: float = TOLERANCE_M,
    *,
    layer: str,
    **options: Any,
) -> str:
    """Write a layer in its own CRS, or in the next best that the format holds; read it back.

    Parameters
    ----------
    name : str
        Of the file, for people.
    tolerance_m : float
        Metres by which a place that is read back may lie elsewhere.

    Returns
    -------
    str
        A sentence where another CRS had to be taken; empty where not.

    Raises
    ------
    OutputError
        No CRS could be written.
    OSError
        The disk is full.
    """
    for said in ways_to_say(table.crs):
        shapes = moved(table.geometry.to_numpy(), table.crs, said.crs)
        path.unlink(missing_ok=True)
        told = table.set_geometry(shapes, crs=said.crs).set_crs(
            _ToldCrs(said.crs), allow_override=True
        )
        try:
            pyogrio.write_dataframe(told, path, layer=layer, **options)
        except PyogrioCrsError:
            continue
        back = _verify(path, layer, len(table))
        if same_place(said.crs, back.crs, _corners_of(shapes), tolerance_m):
            return said.note.format(file=name)
    raise OutputError(
        f"The CRS {table.crs.name} could not be written to {name}.",
        "Choose another CRS for the export, such as the UTM zone.",
    )


def _corners_of(shapes: Geometries) -> WorldCoordinates:
    """The corners of what some polygons span; none for none."""
    if len(shapes) == 0:
        return WorldCoordinates(np.empty(0), np.empty(0))
    left, bottom, right, top = shapely.total_bounds(shapes)
    x, y = np.array([left, right, right, left]), np.array([bottom, bottom, top, top])
    known = np.isfinite(x) & np.isfinite(y)
    return WorldCoordinates(x[known], y[known])


def verify_geopackage(path: Path, layer: str, count: int) -> None:
    """Raise ENOSPC where GDAL has not written the index of a layer, and did not say so."""
    with closing(sqlite3.connect(path)) as database:
        (index,) = database.execute(
            "SELECT count(*) FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index' "
            "AND table_name = ?",
            (layer,),
        ).fetchone()
        if index:
            (indexed,) = database.execute(f'SELECT count(*) FROM "rtree_{layer}_geom"').fetchone()  # noqa: S608  (a constant of ours)
    if not index or indexed != count:
        raise _disk_full()


def _verify(path: Path, layer: str, count: int) -> geopandas.GeoDataFrame:
    """Read everything back: GDAL may swallow the system's word that the disk is full."""
    try:
        back = pyogrio.read_dataframe(path, layer=layer)
    except (DataSourceError, DataLayerError) as error:
        raise _disk_full() from error
    if len(back) != count or back.geometry.isna().any():
        raise _disk_full()
    return back


def _ends_with(path: Path, end: bytes) -> bool:
    """Whether a text file was written to its end, which only its end says."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(end)))
        return file.read() == end


def _disk_full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _refuse_oversize(shapefile: Path) -> None:
    for ending in (".shp", ".dbf"):
        if shapefile.with_suffix(ending).stat().st_size >= _SHAPEFILE_LIMIT:
            raise OutputError(
                "There are too many parcels for a shapefile, which ends at 2 GB.",
                "Use the GeoPackage, which holds the same.",
            )


def _add_style(database: sqlite3.Connection) -> None:
    """The style that QGIS applies when it opens the layer."""
    database.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, "
        "f_table_schema TEXT, f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, "
        "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT, "
        "ui TEXT, update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
    )
    database.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner) "
        "VALUES ('', '', ?, 'geom', 'state', ?, ?, 1, 'Parcels by what people said of them', '')",
        (LAYER, qml(), sld()),
    )
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', "
        "strftime('%Y-%m-%dT%H:%M:%fZ','now'))"
    )


def _add_provenance(database: sqlite3.Connection, provenance: Mapping[str, str]) -> None:
    database.execute(
        "CREATE TABLE provenance (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT, value TEXT)"
    )
    database.executemany(
        "INSERT INTO provenance (key, value) VALUES (?, ?)", list(provenance.items())
    )
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
        "VALUES ('provenance', 'attributes', 'provenance', strftime('%Y-%m-%dT%H:%M:%fZ','now'))"
    )
