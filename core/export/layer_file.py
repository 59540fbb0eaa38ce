"""A table of polygons as a layer of a file, streamed page by page, in a CRS that the file holds."""

from __future__ import annotations

import errno
import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyarrow
import pyogrio
import shapely
from pyogrio.errors import CRSError as PyogrioCrsError
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from core.crs import crs_text, same_place, ways_to_say
from core.errors import OutputError
from core.export.table_pages import ROWS, TablePages
from core.grid import WorldCoordinates
from core.parcels.lonlat import moved

TOLERANCE_M = 0.01
"""By how much a place that is read back may lie elsewhere where nobody says otherwise."""

_GEOMETRY = "geometry"


def write_told(
    path: Path,
    pages: TablePages,
    name: str,
    tolerance_m: float = TOLERANCE_M,
    *,
    layer: str,
    promote: bool = False,
    **options: Any,
) -> str:
    """Write a layer in its own CRS, or in the next best that the format holds; read it back.

    Parameters
    ----------
    name : str
        Of the file, for people.
    tolerance_m : float
        Metres by which a place that is read back may lie elsewhere.
    promote : bool
        Whether polygons become multi-polygons of one part.
    options
        Of the format, as :func:`write_layer` takes them.

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
    for said in ways_to_say(pages.crs):
        told = pages if said.crs == pages.crs else _moved(pages, said.crs)
        path.unlink(missing_ok=True)
        try:
            write_layer(path, told, promote=promote, layer=layer, **options)
        except PyogrioCrsError:
            continue
        back = _verify(path, layer, told.facts.count)
        if same_place(said.crs, back, _corners(told), tolerance_m):
            return said.note.format(file=name)
    raise OutputError(
        f"The CRS {pages.crs.name} could not be written to {name}.",
        "Choose another CRS for the export, such as the UTM zone.",
    )


def write_layer(path: Path, pages: TablePages, *, promote: bool = False, **options: Any) -> None:
    """Write pages into a new file.

    Parameters
    ----------
    promote : bool
        Whether polygons become multi-polygons of one part.
    options
        Of :func:`pyogrio.write_arrow`: driver, layer, type of the geometries, and the driver's own.
    """
    # GDAL would guess at a code where it is given a CRS object.
    crs = crs_text(pages.crs)
    batches = _batches(pages, promote=promote)
    first = next(batches)
    stream = pyarrow.RecordBatchReader.from_batches(first.schema, itertools.chain([first], batches))
    pyogrio.write_arrow(stream, path, geometry_name=_GEOMETRY, crs=crs, **options)


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
        raise disk_full()


def disk_full() -> OSError:
    """The error of a full disk, of which GDAL does not always tell."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _moved(pages: TablePages, crs: CRS) -> TablePages:
    def change(page: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
        return page.set_geometry(moved(page.geometry.to_numpy(), page.crs, crs), crs=crs)

    return pages.changed(change, crs)


def _batches(pages: TablePages, *, promote: bool) -> Iterator[pyarrow.RecordBatch]:
    """Each page with its geometry as WKB, all with the columns of the first."""
    schema = None
    for page in pages:
        shapes = page.geometry.to_numpy()
        if promote:
            shapes = shapes.copy()
            single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
            shapes[single] = shapely.multipolygons(shapes[single][:, None])
        plain = pandas.DataFrame(page.drop(columns=_GEOMETRY))
        table = pyarrow.Table.from_pandas(plain, preserve_index=False)
        column = pyarrow.array(shapely.to_wkb(shapes).tolist(), type=pyarrow.binary())
        table = table.append_column(_wkb_field(), column).replace_schema_metadata(None)
        schema = table.schema if schema is None else schema
        yield (
            table.cast(schema).combine_chunks().to_batches()[0]
            if len(table)
            else (pyarrow.RecordBatch.from_pylist([], schema))
        )


def _wkb_field() -> pyarrow.Field:
    metadata = {"ARROW:extension:name": "geoarrow.wkb"}
    return pyarrow.field(_GEOMETRY, pyarrow.binary(), metadata=metadata)


def _corners(pages: TablePages) -> WorldCoordinates:
    """The corners of what the polygons span; none for none."""
    left, bottom, right, top = pages.facts.corners
    x, y = np.array([left, right, right, left]), np.array([bottom, bottom, top, top])
    known = np.isfinite(x) & np.isfinite(y)
    return WorldCoordinates(x[known], y[known])


def _verify(path: Path, layer: str, count: int) -> CRS | None:
    """Read everything back: GDAL may swallow the system's word that the disk is full.

    Returns the CRS that the file says.
    """
    rows = lost = 0
    try:
        with pyogrio.open_arrow(path, layer=layer, batch_size=ROWS, use_pyarrow=True) as (
            facts,
            batches,
        ):
            for batch in batches:
                rows += batch.num_rows
                lost += batch.column(facts["geometry_name"] or "wkb_geometry").null_count
    except (DataSourceError, DataLayerError) as error:
        raise disk_full() from error
    if rows != count or lost:
        raise disk_full()
    return CRS.from_user_input(facts["crs"]) if facts["crs"] else None
