"""Geometries in GeoParquet's own encodings: nested lists of coordinates instead of WKB.

Source: GeoParquet 1.1, native encodings after GeoArrow (https://geoparquet.org).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import shapely
from shapely import GeometryType

from core.parcels.outlines import Geometries

_KINDS = {
    "point": (GeometryType.POINT, 0),
    "linestring": (GeometryType.LINESTRING, 1),
    "polygon": (GeometryType.POLYGON, 2),
    "multipoint": (GeometryType.MULTIPOINT, 1),
    "multilinestring": (GeometryType.MULTILINESTRING, 2),
    "multipolygon": (GeometryType.MULTIPOLYGON, 3),
}
"""By the name of the encoding: the kind of geometry, and how many lists lie in each other."""

_UNSOUND = (shapely.GEOSException, ValueError, IndexError)


def is_native(encoding: object, kind: Any) -> bool:
    """Whether a column of this Arrow type holds geometries as the encoding says.

    Parameters
    ----------
    encoding : object
        As the file states it, whatever that is.
    """
    if not isinstance(encoding, str) or encoding not in _KINDS:
        return False
    for _ in range(_KINDS[encoding][1]):
        if not (pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)):
            return False
        kind = kind.value_type
    if pyarrow.types.is_fixed_size_list(kind):
        return bool(kind.list_size >= 2 and pyarrow.types.is_floating(kind.value_type))
    if not pyarrow.types.is_struct(kind):
        return False
    return all(
        kind.get_field_index(axis) >= 0
        and pyarrow.types.is_floating(kind.field(kind.get_field_index(axis)).type)
        for axis in "xy"
    )


def read_native(column: Any, encoding: str) -> Geometries:
    """Geometries of a column, flat: object (rows,), None where there is none or it is unsound.

    Rings that are not closed are closed.

    Raises
    ------
    ValueError
        The lists reach beyond what the file holds.
    """
    column.validate(full=True)
    shapes: Geometries
    try:
        shapes = _shapes(column, encoding)
    except _UNSOUND:
        # One geometry is unsound, and costs no other.
        shapes = np.array([_alone(column.slice(i, 1), encoding) for i in range(len(column))])
    shapes[~np.asarray(column.is_valid())] = None
    return shapes


def _alone(row: Any, encoding: str) -> Any:
    try:
        return _shapes(row, encoding)[0]
    except _UNSOUND:
        return None


def _shapes(column: Any, encoding: str) -> Geometries:
    kind, depth = _KINDS[encoding]
    offsets = []
    for _ in range(depth):
        ends = np.asarray(column.offsets, dtype=np.int64)
        offsets.append(ends - ends[0])
        column = column.values.slice(ends[0], ends[-1] - ends[0])
    if not len(column) and not depth:
        return np.empty(0, dtype=object)
    found: Geometries = shapely.from_ragged_array(
        kind, _coordinates(column), tuple(reversed(offsets)) or None
    )
    return found


def _coordinates(column: Any) -> npt.NDArray[np.float64]:
    """X and y (coordinates, 2); NaN where one is missing."""
    if pyarrow.types.is_struct(column.type):
        parts = dict(zip((field.name for field in column.type), column.flatten(), strict=True))
        axes = [parts[axis].to_numpy(zero_copy_only=False) for axis in "xy"]
        return np.stack(axes, axis=1).astype(np.float64)
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(flat.reshape(-1, column.type.list_size)[:, :2], dtype=np.float64)
