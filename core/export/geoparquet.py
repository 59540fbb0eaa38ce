"""Parcels as GeoParquet."""

from __future__ import annotations

from pathlib import Path

import geopandas

from core.files import replacing

GEOPARQUET_VERSION = "1.1.0"
_ROWS_PER_GROUP = 25_000


def write_geoparquet(path: Path, parcels: geopandas.GeoDataFrame) -> None:
    """Write GeoParquet 1.1 in the parcels' own CRS: WKB, full column names, zstd.

    A struct column ``bbox`` holds each parcel's bounding box and is named as its covering in the
    metadata, so that readers fetch only the row groups of a window.
    Source: https://geoparquet.org/releases/v1.1.0/
    """
    with replacing(path) as aside:
        parcels.to_parquet(
            aside,
            index=False,
            compression="zstd",
            geometry_encoding="WKB",
            write_covering_bbox=True,
            schema_version=GEOPARQUET_VERSION,
            row_group_size=_ROWS_PER_GROUP,
        )
