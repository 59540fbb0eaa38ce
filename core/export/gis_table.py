"""The attribute table as files for GIS hold it: in their CRS, rounded, without empty columns."""

from __future__ import annotations

import geopandas
from pyproj import CRS

from core.export.columns import FIELDS
from core.parcels.lonlat import placed

DIGITS = 3
"""Decimal places of the numbers in files: 10 m2, a millimetre, a thousandth."""


def gis_table(table: geopandas.GeoDataFrame, crs: CRS | None = None) -> geopandas.GeoDataFrame:
    """Parcels for a file in ``crs``, with all columns.

    Parameters
    ----------
    table : GeoDataFrame
        Of :func:`core.export.parcel_table.parcels_table`.
    crs : CRS, optional
        That of the table where nothing is said.
    """
    rounded = table.round({field.name: DIGITS for field in FIELDS if field.real})
    if crs is None or crs == table.crs:
        return rounded
    shapes = placed(table.geometry.to_numpy(), table.crs, crs)
    return rounded.set_geometry(shapes, crs=crs)


def without_empty(table: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Parcels without those optional columns that say nothing of any of them.

    The others are always there, and a table without a parcel has them all.
    """
    if table.empty:
        return table
    optional = [field.name for field in FIELDS if field.optional]
    empty = [name for name in optional if (table[name].isna() | (table[name] == "")).all()]
    return table.drop(columns=empty)
