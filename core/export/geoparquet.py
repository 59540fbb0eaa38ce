"""Parcels as GeoParquet."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import geopandas
import pyarrow
import pyarrow.parquet

from core.crs import horizontal
from core.export.table_pages import TablePages
from core.files import replacing
from core.parcels.lonlat import LonLatBounds, cut_longitudes

GEOPARQUET_VERSION = "1.1.0"


def write_geoparquet(path: Path, parcels: TablePages) -> None:
    """Write GeoParquet 1.1 in the parcels' own CRS: WKB, full column names, zstd.

    A struct column ``bbox`` holds each parcel's bounding box and is named as its covering in the
    metadata, so that readers fetch only the row groups of a window; each page is a row group.
    Longitudes end at half a turn: parcels that cross are cut there, and the file's ``bbox`` then
    has its west beyond its east.
    Source: https://geoparquet.org/releases/v1.1.0/
    """
    crs = horizontal(parcels.crs)

    def cut(page: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
        return page.set_geometry(cut_longitudes(page.geometry.to_numpy(), crs), crs=crs)

    pages = parcels.changed(cut, crs)
    schema = _table(pages.first[:0]).schema
    geo = geometry_told(json.loads(schema.metadata[b"geo"]), pages)
    schema = schema.with_metadata({**schema.metadata, b"geo": geo.encode()})
    with (
        replacing(path) as aside,
        pyarrow.parquet.ParquetWriter(aside, schema, compression="zstd") as writer,
    ):
        for page in pages:
            writer.write_table(_table(page).cast(schema))


def geometry_told(geo: dict[str, Any], pages: TablePages) -> str:
    """GeoParquet's metadata as JSON, with the types and the bounds of all geometries."""
    bounds, types = LonLatBounds(pages.crs), set[str]()
    for page in pages:
        bounds.add(page.geometry.to_numpy())
        types.update(page.geom_type)
    column = geo["columns"][geo["primary_column"]]
    column["geometry_types"] = sorted(types)
    column.pop("bbox", None)
    box = bounds.all()
    if box is not None:
        column["bbox"] = box
    return json.dumps(geo)


def _table(page: geopandas.GeoDataFrame) -> pyarrow.Table:
    """A page as geopandas writes it, with its metadata."""
    memory = io.BytesIO()
    page.to_parquet(
        memory,
        index=False,
        compression=None,
        geometry_encoding="WKB",
        write_covering_bbox=True,
        schema_version=GEOPARQUET_VERSION,
    )
    return pyarrow.parquet.read_table(memory)
