"""Parcels as GeoPackage, zipped shapefile and GeoJSON."""

from __future__ import annotations

import re
import sqlite3
import zipfile
from collections.abc import Mapping
from pathlib import Path

import geopandas
import pandas
import shapely

from core.crs import WGS84
from core.export.columns import cut_text
from core.export.layer_file import (
    TOLERANCE_M,
    disk_full,
    verify_geopackage,
    write_layer,
    write_told,
)
from core.export.plain_path import plain_path
from core.export.style import qml, sld
from core.export.table_pages import TablePages
from core.files import replacing
from core.parcels.lonlat import in_lonlat

LAYER = "parcels"
_SHAPEFILE_LIMIT = 2_000_000_000
"""Bytes of its .shp and of its .dbf, a little below the 2 GB at which they end."""

_LEAST_TEXT, _NUMBER_BYTES = 80, 24
"""Bytes that GDAL gives a text and a number in a .dbf."""

_COORDINATE_DIGITS = 8
"""Decimal places of degrees in GeoJSON: about a millimetre."""


def write_geopackage(
    path: Path,
    parcels: TablePages,
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
    several = parcels.facts.several
    with replacing(path) as target, plain_path(target) as aside:
        note = write_told(
            aside,
            parcels.without_empty(),
            path.name,
            tolerance_m,
            layer=LAYER,
            driver="GPKG",
            geometry_type="MultiPolygon" if several else "Polygon",
            promote=several,
        )
        verify_geopackage(aside, LAYER, parcels.facts.count)
        with sqlite3.connect(aside) as database:
            _add_style(database)
            _add_provenance(database, provenance)
        database.close()
    return note


def write_shapefile_zip(
    path: Path, parcels: TablePages, *, tolerance_m: float = TOLERANCE_M
) -> str:
    """Write a zip of .shp, .shx, .dbf, .prj and .cpg (UTF-8), its style, and the full names.

    Optional columns that are empty throughout are left out.  A shapefile's polygons may have
    several parts.  Its own name has letters, digits and underscores alone: QGIS and GDAL open
    others, but tools of ArcGIS refuse them.  Parcels that do not fit into the 2 GB of a shapefile
    become several, with numbered names.

    Returns
    -------
    str
        Sentences where the coordinates are in another CRS, as for :func:`write_geopackage` (a
        ``.prj`` holds no transformation, for one), and where there are several shapefiles.
    """
    names = {column.name: column.short for column in parcels.columns}
    short = parcels.without_empty().changed(lambda page: _shortened(page.rename(columns=names)))
    fields = [column for column in parcels.columns if column.short in short.first.columns]
    parts = shapefile_parts(short)
    notes = []
    with (
        replacing(path) as aside,
        zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
    ):
        for number, pages in enumerate(parts, start=1):
            stem = shapefile_stem(path) + (f"_{number}" if len(parts) > 1 else "")
            notes.append(_put_shapefile(archive, aside.parent, stem, pages, path.name, tolerance_m))
        told = "".join(f"{f.short}\t{f.name}\t{f.meaning}\n" for f in fields)
        archive.writestr("fields.txt", "short\tfull\tmeaning\n" + told)
    if len(parts) > 1:
        notes.append(
            f"{path.name} holds {len(parts)} shapefiles with numbered names, because one shapefile "
            "ends at 2 GB: open all of them, or the GeoPackage."
        )
    return " ".join(dict.fromkeys(note for note in notes if note))


def _put_shapefile(
    archive: zipfile.ZipFile,
    folder: Path,
    stem: str,
    pages: TablePages,
    name: str,
    tolerance_m: float,
) -> str:
    """Write one shapefile in a folder, move it into an archive; a sentence as for the whole."""
    with plain_path(folder / f"{stem}.shp") as shapefile:
        note = write_told(
            shapefile,
            pages,
            name,
            tolerance_m,
            layer=shapefile.stem,
            driver="ESRI Shapefile",
            encoding="UTF-8",
            geometry_type="Polygon",
        )
        for ending in ("shp", "shx", "dbf", "prj", "cpg"):
            part = shapefile.with_suffix(f".{ending}")
            archive.write(part, f"{stem}.{ending}")
            part.unlink()
    archive.writestr(f"{stem}.qml", qml())
    return note


def _shortened(page: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """A page with texts of the length that a shapefile holds."""
    texts = [name for name in page.columns if pandas.api.types.is_string_dtype(page[name])]
    return page.assign(**{name: [cut_text(str(v)) for v in page[name]] for name in texts})


def shapefile_parts(pages: TablePages) -> list[TablePages]:
    """Pages in as few runs as fit into a shapefile each; one that is empty where no parcel is."""
    first = shapes = rows = stop = 0
    widths: dict[str, int] = {}
    parts = []
    for number, page in enumerate(pages):
        added = _shape_bytes(page)
        wider = {name: max(widths.get(name, 0), width) for name, width in _widths(page).items()}
        table = (rows + len(page)) * (1 + sum(wider.values()))
        if number > first and max(shapes + added, table) > _SHAPEFILE_LIMIT:
            parts.append(pages.some(first, number))
            first, shapes, rows, wider = number, 0, 0, _widths(page)
        shapes, rows, widths, stop = shapes + added, rows + len(page), wider, number + 1
    return [*parts, pages.some(first, stop)]


def _shape_bytes(page: geopandas.GeoDataFrame) -> int:
    """Bytes of a page's outlines in a .shp: a header each, its parts, and its corners."""
    shapes = page.geometry.to_numpy()
    rings = shapely.get_num_interior_rings(shapely.get_parts(shapes)).sum() + len(
        shapely.get_parts(shapes)
    )
    return int(56 * len(shapes) + 4 * rings + 16 * shapely.get_num_coordinates(shapes).sum())


def _widths(page: geopandas.GeoDataFrame) -> dict[str, int]:
    """Bytes of each column in a .dbf, in which every row has room for the longest text."""
    widths = {}
    for name in page.columns.drop("geometry"):
        if pandas.api.types.is_string_dtype(page[name]):
            texts = [str(one).encode() for one in page[name].unique()]
            widths[name] = max(_LEAST_TEXT, max(map(len, texts), default=0))
        else:
            widths[name] = _NUMBER_BYTES
    return widths


def shapefile_stem(path: Path) -> str:
    """How the parts of a zipped shapefile are named: ``farm_41_5N`` for ``farm 41.5N.shp.zip``."""
    name = path.name.removesuffix(".zip").removesuffix(".shp")
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or LAYER


def write_style(path: Path) -> None:
    """Write the style for QGIS, which takes it for a layer of the same name beside it."""
    with replacing(path) as aside:
        aside.write_text(qml(), encoding="utf-8")


def write_geojson(path: Path, parcels: TablePages) -> None:
    """Write GeoJSON after RFC 7946: WGS 84, right-hand rule, no ``crs`` member.

    Parcels that cross the 180 degree meridian are cut there.  Optional columns that are empty
    throughout are left out.
    """

    def in_degrees(page: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
        return page.set_geometry(in_lonlat(page.geometry.to_numpy(), page.crs), crs=WGS84)

    with replacing(path) as target, plain_path(target) as aside:
        write_layer(
            aside,
            parcels.without_empty().changed(in_degrees, WGS84),
            driver="GeoJSON",
            geometry_type="Unknown",
            RFC7946="YES",
            COORDINATE_PRECISION=_COORDINATE_DIGITS,
            WRITE_NAME="NO",
        )
        if not _ends_with(aside, b"]\n}\n"):
            raise disk_full()


def _ends_with(path: Path, end: bytes) -> bool:
    """Whether a text file was written to its end, which only its end says."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(end)))
        return file.read() == end


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
