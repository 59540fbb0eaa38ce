"""The attribute table as files for GIS hold it: in their CRS, and rounded."""

from __future__ import annotations

import geopandas
from pyproj import CRS

from core.export.columns import FIELDS
from core.export.table_pages import TablePages
from core.parcels.lonlat import placed

DIGITS = 3
"""Decimal places of the numbers in files: 10 m2, a millimetre, a thousandth."""


def gis_table(table: TablePages, crs: CRS | None = None) -> TablePages:
    """Parcels for a file in ``crs``, with all columns.

    Parameters
    ----------
    table : TablePages
        Of :func:`core.export.table_pages.table_pages`.
    crs : CRS, optional
        That of the table where nothing is said.
    """
    target = table.crs if crs is None else crs

    def rounded(page: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
        page = page.round({field.name: DIGITS for field in FIELDS if field.real})
        if target == page.crs:
            return page
        return page.set_geometry(placed(page.geometry.to_numpy(), page.crs, target), crs=target)

    return table.changed(rounded, target)
