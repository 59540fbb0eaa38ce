"""GeoParquet: polygons and attributes of a Parquet file.

Source: GeoParquet 1.1 (https://geoparquet.org), geometries as WKB or in its own encodings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.parquet
import shapely
from pyproj import CRS

from core.errors import UnreadableLabelsError
from core.existing.geoarrow_shapes import is_native, read_native
from core.existing.labels_file import Value
from core.existing.stated_crs import crs_of_member
from core.existing.vector_formats import BoundsIn, Features, too_many, unreadable_file
from core.grid import Bounds
from core.parcels.outlines import Geometries
from core.parcels.wkb import read_each_wkb

_WKB = "WKB"
_ROWS_AT_ONCE = 20_000
_MOST_UNPACKED = 256 * 1024 * 1024
_MOST_COLUMNS = 255
_LONGEST_TEXT = 1000
_LIKELY_NAMES = ("geometry", "geom", "wkb_geometry", "the_geom", "wkb")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FAILURES = (pyarrow.ArrowException, ValueError, OSError, RuntimeError, KeyError, TypeError)


def read_geoparquet(path: Path, name: str, bounds_in: BoundsIn, most: int) -> Features:
    """Features of a GeoParquet file.

    Parameters
    ----------
    bounds_in : callable
        The scene's bounds in a CRS; of a file of more than ``most`` features only those inside
        are read.

    Raises
    ------
    UnreadableLabelsError
        Damaged, without geometries that can be read, or of more features than that.
    """
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            return _features(file, name, bounds_in, most)
    except _FAILURES as error:
        raise unreadable_file(name) from error


def _features(file: Any, name: str, bounds_in: BoundsIn, most: int) -> Features:
    schema = file.schema_arrow
    about = _about(schema.metadata)
    column = _geometry_column(schema, about)
    if column is None:
        raise UnreadableLabelsError(
            f"{name} is a Parquet table without geometries.",
            "Take a GeoParquet, or export it as a GeoPackage.",
        )
    stated = about.get("columns", {}).get(column)
    encoding = _encoding(schema.field(column).type, stated, name)
    crs = _crs(stated)
    total = int(file.metadata.num_rows)
    box = bounds_in(crs) if total > most and crs is not None else None
    if total > most and box is None:
        raise too_many(name, total, most)
    corners = _corner_columns(stated)
    titles = _attributes(schema, {column, *about.get("columns", {}), *corners[:1]})
    wanted = [column, *titles, *(corners[:1] if box is not None else [])]
    _refuse_large_groups(file.metadata, wanted, name)
    values: dict[str, list[Value]] = {title: [] for title in titles}
    blocks: list[npt.NDArray[np.object_]] = []
    unreadable: list[npt.NDArray[np.bool_]] = []
    kept = 0
    for batch in file.iter_batches(_ROWS_AT_ONCE, columns=wanted, use_threads=False):
        rows = batch if box is None else _near_by_corners(batch, corners, box)
        shapes = _shapes(rows.column(column), encoding)
        lost = np.array(rows.column(column).is_valid()) & shapely.is_missing(shapes)
        if box is not None:
            near = lost | _near(shapes, box)
            rows = rows.filter(pyarrow.array(near))
            shapes, lost = shapes[near], lost[near]
        blocks.append(shapes)
        unreadable.append(lost)
        for title in titles:
            values[title] += _values(rows.column(title))
        kept += len(shapes)
        if kept > most:
            raise too_many(name, kept, most)
    return Features(
        np.concatenate(blocks) if blocks else np.empty(0, dtype=object),
        np.concatenate(unreadable) if unreadable else np.empty(0, dtype=np.bool_),
        values,
        crs,
        total,
        total - kept,
    )


def _refuse_large_groups(metadata: Any, wanted: list[str], name: str) -> None:
    """A group of rows is unpacked at once: 18 kB of zeros packed well are 400 MB, several times."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = (group.column(place) for place in range(group.num_columns))
        unpacked = sum(
            one.total_uncompressed_size
            for one in columns
            if one.path_in_schema.partition(".")[0] in wanted
        )
        if unpacked > _MOST_UNPACKED:
            raise UnreadableLabelsError(
                f"{name} unpacks to {unpacked / 1e9:.1f} GB at once.",
                "Export it with smaller row groups, or cut out the part that you need.",
            )


def _about(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    stated = json.loads((metadata or {}).get(b"geo", b"{}"))
    columns = stated.get("columns") if isinstance(stated, dict) else None
    if not isinstance(columns, dict):
        return {}
    kept = {key: value for key, value in columns.items() if isinstance(value, dict)}
    return {**stated, "columns": kept}


def _geometry_column(schema: Any, about: dict[str, Any]) -> str | None:
    names = [about.get("primary_column"), *about.get("columns", {}), *_LIKELY_NAMES]
    return next((one for one in names if one in schema.names), None)


def _encoding(kind: Any, stated: Mapping[str, Any] | None, name: str) -> str:
    """How geometries are stored: ``WKB``, or an encoding of GeoParquet's own."""
    kind = getattr(kind, "storage_type", kind)
    if pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        return _WKB
    encoding = (stated or {}).get("encoding")
    if is_native(encoding, kind):
        return str(encoding)
    raise UnreadableLabelsError(
        f"{name} holds its geometries neither as WKB nor in an encoding of GeoParquet 1.1.",
        "Export it as a GeoPackage, or as GeoParquet with the encoding WKB.",
    )


def _shapes(column: Any, encoding: str) -> Geometries:
    if encoding == _WKB:
        return read_each_wkb(column.to_pylist())
    return read_native(getattr(column, "storage", column), encoding)


def _crs(stated: Mapping[str, Any] | None) -> CRS | None:
    if stated is None:  # Parquet that says nothing of geometries
        return None
    if "crs" not in stated:
        return CRS.from_authority("OGC", "CRS84")
    return crs_of_member(stated["crs"])


def _corner_columns(stated: Mapping[str, Any] | None) -> list[str]:
    """The struct with the bounding boxes and the names in it, in the order of ``_CORNERS``."""
    covering = (stated or {}).get("covering")
    box = covering.get("bbox") if isinstance(covering, dict) else None
    if not isinstance(box, dict):
        return []
    corners = [box.get(corner) for corner in _CORNERS]
    paths = [path for path in corners if isinstance(path, list) and len(path) == 2]
    if len(paths) != len(corners):
        return []
    return [str(paths[0][0]), *(str(path[1]) for path in paths)]


def _attributes(schema: Any, others: set[str]) -> list[str]:
    names = [field.name for field in schema if field.name not in others and _is_plain(field.type)]
    return list(dict.fromkeys(names))[:_MOST_COLUMNS]


def _is_plain(kind: Any) -> bool:
    types = pyarrow.types
    return not (types.is_binary(kind) or types.is_large_binary(kind) or types.is_struct(kind))


def _near_by_corners(batch: Any, corners: list[str], box: Bounds) -> Any:
    if not corners or corners[0] not in batch.schema.names:
        return batch
    struct = batch.column(corners[0])
    xmin, ymin, xmax, ymax = (
        np.asarray(struct.field(corner).to_numpy(zero_copy_only=False), dtype=np.float64)
        for corner in corners[1:]
    )
    # Not beyond it, rather than inside: a box that is not there says nothing.
    beyond = (xmin > box.right) | (xmax < box.left) | (ymin > box.top) | (ymax < box.bottom)
    return batch.filter(pyarrow.array(~beyond))


def _near(shapes: npt.NDArray[np.object_], box: Bounds) -> npt.NDArray[np.bool_]:
    left, bottom, right, top = shapely.bounds(shapes).T
    near: npt.NDArray[np.bool_] = (
        (left <= box.right) & (right >= box.left) & (bottom <= box.top) & (top >= box.bottom)
    )
    return near


def _values(column: Any) -> list[Value]:
    try:
        return [_plain(value) for value in column.to_pylist()]
    except UnicodeDecodeError:
        raw = column.cast(pyarrow.binary()).to_pylist()
        return [None if v is None else v.decode("utf-8", "replace")[:_LONGEST_TEXT] for v in raw]


def _plain(value: Any) -> Value:
    if isinstance(value, float):
        return None if np.isnan(value) else value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return json.dumps(value, default=str, ensure_ascii=False)[:_LONGEST_TEXT]
