"""Field boundaries after fiboa 0.3.0, which builds on Vecorel 0.1.0, as GeoParquet.

Sources: https://fiboa.org/specification/v0.3.0/ and https://vecorel.org/specification/v0.1.0/
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.parquet
import shapely

from core.attributes import NO_ATTRIBUTES, Attribute, AttributeSchema, columns_of
from core.crs import WGS84
from core.export.attribute_columns import named, stated
from core.export.geoparquet import GEOPARQUET_VERSION, geometry_told
from core.export.gis_table import DIGITS
from core.export.parcel_table import in_utc
from core.export.table_pages import TablePages
from core.files import replacing, slug
from core.label.labelled import LabelledParcel, LabelSource
from core.parcels.lonlat import in_lonlat

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
    parcels: Iterable[LabelledParcel],
    table: TablePages,
    source: LabelSource,
    imaged_at: datetime | None = None,
    schema: AttributeSchema = NO_ATTRIBUTES,
) -> int:
    """Write the field boundaries among some parcels in WGS 84; returns how many they are.

    Those that cross the 180 degree meridian are cut there.

    Parameters
    ----------
    parcels : iterable of LabelledParcel
        Those that are rejected, or are other land, are no boundaries and left out.
    table : TablePages
        Of all of them, as :func:`core.export.table_pages.table_pages` gives it.
    imaged_at : datetime, optional
        When the (last) image was taken, which is when the fields were seen; UTC where it has no
        time zone.  Where it is not known there is no ``determination:datetime``.
    schema : AttributeSchema
        The project's own attributes, which are properties of the file's own schema: fiboa's crop
        extension wants the address of a code list that others have agreed on.
    """
    kept = table.changed(_boundaries, WGS84)
    geo = geometry_told(_geo(), kept)
    layout = _schema(_collection(source, imaged_at, schema), geo, schema)
    own = (parcel for parcel in parcels if is_boundary(parcel))
    count = 0
    with (
        replacing(path) as aside,
        pyarrow.parquet.ParquetWriter(aside, layout, compression="zstd") as writer,
    ):
        for rows in kept:
            page = list(itertools.islice(own, len(rows)))
            columns = {**_fiboa_columns(page, rows, source), **_own_columns(page)}
            columns |= _attributes(page, schema)
            writer.write_table(pyarrow.table(columns, schema=layout))
            count += len(page)
    return count


def _boundaries(page: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """The rows of a table that :func:`is_boundary` says yes to, in longitude and latitude."""
    rows = page[(page["status"] != "rejected") & (page["class"] != "other")]
    return rows.set_geometry(in_lonlat(rows.geometry.to_numpy(), page.crs), crs=WGS84)


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


def _attributes(parcels: Sequence[LabelledParcel], schema: AttributeSchema) -> dict[str, Any]:
    said = [dict(parcel.attributes) for parcel in parcels]
    columns: dict[str, Any] = {}
    for one in schema.attributes:
        values = [stated(one, each.get(one.key)) for each in said]
        dates = one.kind == "date"
        columns[one.key] = [date.fromisoformat(str(v)) if dates and v else v for v in values]
        if one.kind == "choice":
            _, name = columns_of(one)
            columns[name] = [text or None for text in named(one, values)]
    return columns


_TYPES: dict[str, tuple[str, pyarrow.DataType]] = {
    "choice": ("string", pyarrow.string()),
    "text": ("string", pyarrow.string()),
    "yes_no": ("boolean", pyarrow.bool_()),
    "number": ("double", pyarrow.float64()),
    "date": ("date", pyarrow.date32()),
}
"""By kind of attribute: what it is to Vecorel, and to Parquet."""


def _type_of(attribute: Attribute, column: str) -> tuple[str, pyarrow.DataType]:
    return _TYPES[attribute.kind if column == attribute.key else "text"]


def _schema(collection: dict[str, Any], geo: str, schema: AttributeSchema) -> pyarrow.Schema:
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
        *(
            pyarrow.field(column, _type_of(one, column)[1])
            for one in schema.attributes
            for column in columns_of(one)
        ),
    ]
    return pyarrow.schema(columns, metadata={"collection": json.dumps(collection), "geo": geo})


def _collection(
    source: LabelSource, imaged_at: datetime | None, schema: AttributeSchema
) -> dict[str, Any]:
    """What holds for all fields, as Vecorel wants it in the file's metadata."""
    name = slug(source.scene_name, "fields")
    collection: dict[str, Any] = {
        "schemas": {name: [VECOREL_SCHEMA, FIBOA_SCHEMA]},
        "collection": name,
        "schemas:custom": {
            "$schema": _SCHEMA_LANGUAGE,
            "required": [],
            "collection": {},
            "properties": _OWN_PROPERTIES
            | {
                column: {"type": _type_of(one, column)[0]}
                for one in schema.attributes
                for column in columns_of(one)
            },
        },
    }
    if imaged_at is not None:
        moment = in_utc(imaged_at).isoformat(timespec="milliseconds")
        collection["determination:datetime"] = moment.replace("+00:00", "Z")
    return collection


def _geo() -> dict[str, Any]:
    """GeoParquet's own metadata; without a CRS named, coordinates are longitude, latitude.

    The column ``bbox`` is not named as a covering: that must not be nullable where the geometry
    is not, and to Vecorel it must be.
    """
    return {
        "version": GEOPARQUET_VERSION,
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB"}},
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
