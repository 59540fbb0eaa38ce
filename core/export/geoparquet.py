"""Parcels as GeoParquet."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pyarrow.parquet

from core.crs import horizontal
from core.files import replacing
from core.parcels.lonlat import cut_longitudes, lonlat_bounds

GEOPARQUET_VERSION = "1.1.0"
_ROWS_PER_GROUP = 25_000


def write_geoparquet(path: Path, parcels: geopandas.GeoDataFrame) -> None:
    """Write GeoParquet 1.1 in the parcels' own CRS: WKB, full column names, zstd.

    A struct column ``bbox`` holds each parcel's bounding box and is named as its covering in the
    metadata, so that readers fetch only the row groups of a window.  Longitudes end at half a turn:
    parcels that cross are cut there, and the file's ``bbox`` then has its west beyond its east.
    Source: https://geoparquet.org/releases/v1.1.0/
    """
    crs = horizontal(parcels.crs)
    shapes = cut_longitudes(parcels.geometry.to_numpy(), crs)
    with replacing(path) as aside:
        parcels.set_geometry(shapes, crs=crs).to_parquet(
            aside,
            index=False,
            compression="zstd",
            geometry_encoding="WKB",
            write_covering_bbox=True,
            schema_version=GEOPARQUET_VERSION,
            row_group_size=_ROWS_PER_GROUP,
        )
        if crs.is_geographic and len(shapes):
            bounds = lonlat_bounds(shapes, crs)
            if bounds[0] > bounds[2]:
                _say_bounds(aside, bounds)


def _say_bounds(path: Path, bounds: list[float]) -> None:
    """Put the bounds of all parcels into a file's metadata."""
    table = pyarrow.parquet.read_table(path)
    metadata = dict(table.schema.metadata)
    geo = json.loads(metadata[b"geo"])
    geo["columns"]["geometry"]["bbox"] = bounds
    metadata[b"geo"] = json.dumps(geo).encode()
    pyarrow.parquet.write_table(
        table.replace_schema_metadata(metadata),
        path,
        compression="zstd",
        row_group_size=_ROWS_PER_GROUP,
    )
