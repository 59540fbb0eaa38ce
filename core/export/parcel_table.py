"""Labelled parcels, what they were made from, and their attribute table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import geopandas
import numpy as np
import pandas
from pyproj import CRS

from core.attributes import NO_ATTRIBUTES, AttributeSchema
from core.export.attribute_columns import own_values, table_columns
from core.label.labelled import LabelledParcel, LabelSource
from core.parcels.polygons import geodesic_measures


def parcels_table(
    parcels: Sequence[LabelledParcel],
    crs: CRS,
    source: LabelSource,
    schema: AttributeSchema = NO_ATTRIBUTES,
) -> geopandas.GeoDataFrame:
    """The attribute table in ``crs``, the CRS of the parcels.

    Its columns are those of :func:`core.export.attribute_columns.table_columns`, each with its type
    also where there is no parcel.
    """
    geometries = np.empty(len(parcels), dtype=object)
    geometries[:] = [parcel.geometry for parcel in parcels]
    measures = geodesic_measures(geometries, crs)
    columns = {
        "field_id": _texts([parcel.id for parcel in parcels]),
        "class": _texts([parcel.land_class for parcel in parcels]),
        "status": _texts([parcel.state for parcel in parcels]),
        "reason": _texts([parcel.reason for parcel in parcels]),
        "area_ha": measures.area_m2 / 10_000.0,
        "perimeter_m": measures.perimeter_m,
        "score": np.array([parcel.score for parcel in parcels], dtype=np.float64),
        "method": _texts([source.method] * len(parcels)),
        "image_source": _texts([source.image_source] * len(parcels)),
        "model": _texts([source.model] * len(parcels)),
        "land_cover": _texts([source.land_cover] * len(parcels)),
        "positive_prompts": _counts([parcel.positive_prompts for parcel in parcels]),
        "negative_prompts": _counts([parcel.negative_prompts for parcel in parcels]),
        "reviewer": _texts([parcel.reviewer for parcel in parcels]),
        "review_date": _texts([_iso(parcel.reviewed_at) for parcel in parcels]),
        "tile": _texts([parcel.tile for parcel in parcels]),
        **own_values(parcels, schema),
    }
    table = geopandas.GeoDataFrame(columns, geometry=geometries, crs=crs)
    return table[[column.name for column in table_columns(schema)] + ["geometry"]]


def in_utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a time zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _texts(values: list[str]) -> pandas.Series:
    return pandas.Series(values, dtype="str")


def _counts(values: list[int | None]) -> pandas.api.extensions.ExtensionArray:
    """Counts, of which one that is not known is not 0."""
    return pandas.array(values, dtype="Int64")


def _iso(moment: datetime | None) -> str:
    """A moment in UTC to the second, 20 characters; empty for none."""
    return "" if moment is None else in_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
