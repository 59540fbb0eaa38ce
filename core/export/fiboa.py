"""Field boundaries after fiboa 0.3.0, which builds on Vecorel 0.1.0, as GeoParquet.

Sources: https://fiboa.org/specification/v0.3.0/ and https://vecorel.org/specification/v0.1.0/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.parquet
import shapely

from core.crs import WGS84
from core.export.geoparquet import GEOPARQUET_VERSION
from core.export.gis_table import DIGITS
from core.export.parcel_table import in_utc
from core.files import replacing, slug
from core.label.labelled import LabelledParcel, LabelSource
from core.parcels.lonlat import in_lonlat, lonlat_bounds

VECOREL_SCHEMA = "https://vecorel.org/specification/v0.1.0/schema.yaml"
FIBOA_SCHEMA = "https://fiboa.org/specification/v0.3.0/schema.yaml"
_SCHEMA_LANGUAGE = "https://vecorel.org/sdl/v0.2.0/schema.json"

_LARGEST_AREA_M2 = 1e9
_LONGEST_PERIMETER_M = 125_000.0
"""Measures beyond these are not allowed; they are left empty, the geometry counts."""

_CORNERS = ("xmin", "ymin", "xmax", "ymax")

_OWN_PROPERTIES = {
    "class": {"type": "string", "enum": ["cropland", "unsure"]},
    "status": {"type": "string", "enum": ["auto", "accepted", "changed", "corrected", "unsure"]},
    "reason": {"type": "string"},
    "score": {"type": "float"},
    "reviewer": {"type": "string"},
    "review_datetime": {"type": "date-time"},
}


def is_boundary(parcel: LabelledParcel) -> bool:
    """Whether a parcel is a field boundary to others: neither rejected nor called other land."""
    return parcel.state != "rejected" and parcel.land_class != "other"


def write_fiboa(
    path: Path,
    parcels: Sequence[LabelledParcel],
    table: geopandas.GeoDataFrame,
    source: LabelSource,
    imaged_at: datetime | None = None,
) -> int:
    """Write the field boundaries among some parcels in WGS 84; returns how many they are.

    Those that cross the 180 degree meridian are cut there.

    Parameters
    ----------
    parcels : sequence of LabelledParcel
        Those that are rejected, or are other land, are no boundaries and left out.
    table : GeoDataFrame
        Of all of them, as :func:`core.export.parcel_table.parcels_table` gives it.
    imaged_at : datetime, optional
        When the (last) image was taken, which is when the fields were seen; UTC where it has no
        time zone.  Where it is not known there is no ``determination:datetime``.
    """
    kept = [parcel for parcel in parcels if is_boundary(parcel)]
    mask = np.array([is_boundary(parcel) for parcel in parcels], dtype=np.bool_)
    rows = table[mask]
    rows = rows.set_geometry(in_lonlat(rows.geometry.to_numpy(), table.crs), crs=WGS84)
    columns = pyarrow.table(
        {**_fiboa_columns(kept, rows, source), **_own_columns(kept)},
        schema=_schema(_collection(source, imaged_at), rows.geometry.to_numpy()),
    )
    with replacing(path) as aside:
        pyarrow.parquet.write_table(columns, aside, compression="zstd")
    return len(kept)


def _fiboa_columns(
    parcels: Sequence[LabelledParcel], rows: geopandas.GeoDataFrame, source: LabelSource
) -> dict[str, Any]:
    lonlat = rows.geometry.to_numpy()
    return {
        "id": [parcel.id for parcel in parcels],
        "geometry": shapely.to_wkb(lonlat, include_srid=False),
        "bbox": _boxes(lonlat),
        "metrics:area": _within(rows["area_ha"].to_numpy() * 10_000.0, _LARGEST_AREA_M2),
        "metrics:perimeter": _within(rows["perimeter_m"].to_numpy(), _LONGEST_PERIMETER_M),
        "determination:method": [_method(parcel) for parcel in parcels],
        "determination:details": [_details(parcel, source) for parcel in parcels],
    }


def _own_columns(parcels: Sequence[LabelledParcel]) -> dict[str, Any]:
    times = [None if p.reviewed_at is None else in_utc(p.reviewed_at) for p in parcels]
    return {
        "class": [parcel.land_class for parcel in parcels],
        "status": [parcel.state for parcel in parcels],
        "reason": [parcel.reason or None for parcel in parcels],
        "score": [None if np.isnan(p.score) else round(p.score, DIGITS) for p in parcels],
        "reviewer": [parcel.reviewer or None for parcel in parcels],
        "review_datetime": times,
    }


def _schema(collection: dict[str, Any], lonlat: npt.NDArray[np.object_]) -> pyarrow.Schema:
    text, real = pyarrow.string(), pyarrow.float32()
    corners = [pyarrow.field(name, real, nullable=False) for name in _CORNERS]
    columns = [
        # Vecorel requires these two, so they must not be nullable.
        pyarrow.field("id", text, nullable=False),
        pyarrow.field("geometry", pyarrow.binary(), nullable=False),
        pyarrow.field("bbox", pyarrow.struct(corners)),
        pyarrow.field("metrics:area", real),
        pyarrow.field("metrics:perimeter", real),
        pyarrow.field("determination:method", text),
        pyarrow.field("determination:details", text),
        pyarrow.field("class", text),
        pyarrow.field("status", text),
        pyarrow.field("reason", text),
        pyarrow.field("score", real),
        pyarrow.field("reviewer", text),
        pyarrow.field("review_datetime", pyarrow.timestamp("ms", tz="UTC")),
    ]
    metadata = {"collection": json.dumps(collection), "geo": json.dumps(_geo(lonlat))}
    return pyarrow.schema(columns, metadata=metadata)


def _collection(source: LabelSource, imaged_at: datetime | None) -> dict[str, Any]:
    """What holds for all fields, as Vecorel wants it in the file's metadata."""
    name = slug(source.scene_name, "fields")
    collection: dict[str, Any] = {
        "schemas": {name: [VECOREL_SCHEMA, FIBOA_SCHEMA]},
        "collection": name,
        "schemas:custom": {
            "$schema": _SCHEMA_LANGUAGE,
            "required": [],
            "collection": {},
            "properties": _OWN_PROPERTIES,
        },
    }
    if imaged_at is not None:
        moment = in_utc(imaged_at).isoformat(timespec="milliseconds")
        collection["determination:datetime"] = moment.replace("+00:00", "Z")
    return collection


def _geo(lonlat: npt.NDArray[np.object_]) -> dict[str, Any]:
    """GeoParquet's own metadata; without a CRS named, coordinates are longitude, latitude.

    The column ``bbox`` is not named as a covering: that must not be nullable where the geometry
    is not, and to Vecorel it must be.
    """
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted({shape.geom_type for shape in lonlat}),
    }
    if len(lonlat):
        column["bbox"] = lonlat_bounds(lonlat, WGS84)
    return {
        "version": GEOPARQUET_VERSION,
        "primary_column": "geometry",
        "columns": {"geometry": column},
    }


def _boxes(lonlat: npt.NDArray[np.object_]) -> list[dict[str, float]]:
    """Bounding boxes in single precision, rounded outward so that they still contain all."""
    bounds = shapely.bounds(lonlat).reshape(-1, 4)
    low = np.nextafter(bounds[:, :2].astype(np.float32), np.float32(-np.inf))
    high = np.nextafter(bounds[:, 2:].astype(np.float32), np.float32(np.inf))
    return [dict(zip(_CORNERS, row, strict=True)) for row in np.hstack([low, high]).tolist()]


def _within(values: npt.NDArray[np.float64], most: float) -> list[float | None]:
    return [round(float(value), DIGITS) if 0 < value <= most else None for value in values]


def _method(parcel: LabelledParcel) -> str:
    """Fiboa's word for how the outline came about."""
    return "manual" if parcel.state == "corrected" else "auto-imagery"


def _details(parcel: LabelledParcel, source: LabelSource) -> str:
    drawn = (
        f"Drawn from {source.image_source} by cropmap, strategy {source.method}, model "
        f"{source.model}, prompts from {source.land_cover}"
    )
    if parcel.state == "corrected":
        return f"{drawn}; corrected by a person."
    return f"{drawn}; {'accepted by a person' if parcel.vouched else 'not accepted by a person'}."
