"""Parcels as PMTiles: one file of vector tiles that a browser and QGIS read by parts."""

from __future__ import annotations

from pathlib import Path

import geopandas

from core.crs import WGS84
from core.export.layer_file import write_layer
from core.export.plain_path import plain_path
from core.export.table_pages import TablePages
from core.files import replacing
from core.parcels.lonlat import in_lonlat

_ZOOMS = 6, 14
"""From a country on the screen to a field; closer, the last tiles are enlarged."""


def write_pmtiles(path: Path, parcels: TablePages) -> str:
    """Write vector tiles in Web Mercator, the parcels of each zoom simplified to its pixels.

    Optional columns that are empty throughout are left out.  A map of the parcels, not the parcels:
    outlines are rounded to the tiles' steps (0.6 m at the equator) and cut at tiles.
    Source: PMTiles 3 (https://github.com/protomaps/PMTiles), as GDAL writes it.

    Returns
    -------
    str
        A sentence where there is no parcel, and so no file; empty where there is one.
    """
    if parcels.facts.count == 0:
        return "There are no map tiles (PMTiles), because there is no parcel."

    def in_degrees(page: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
        return page.set_geometry(in_lonlat(page.geometry.to_numpy(), page.crs), crs=WGS84)

    with replacing(path) as target, plain_path(target) as aside:
        write_layer(
            aside,
            parcels.without_empty().changed(in_degrees, WGS84),
            driver="PMTiles",
            layer="parcels",
            geometry_type="Unknown",
            MINZOOM=_ZOOMS[0],
            MAXZOOM=_ZOOMS[1],
        )
    return ""
