"""Corrections as plain values for JSON, and back; also a person's brush strokes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from core.errors import InputError
from core.label.correction_types import (
    MOST_POINTS,
    AreaAdd,
    AreaRemove,
    Correction,
    FillHoles,
    Judge,
    Merge,
    ParcelDelete,
    Reclassify,
    Repair,
    Reshape,
    Smooth,
    SnapToNeighbours,
    Split,
)

Position = list[float]

_STROKE_TOLERANCE = 0.05
"""Share of the brush's radius by which a stroke may be straightened: a hand shakes more."""


def brush(line: LineString, radius: float) -> Polygon:
    """The area that a round brush covers on its way along a line.

    Parameters
    ----------
    line : LineString
        A line of no length is a dab: a disc.
    radius : float
        In the units of the line.

    Raises
    ------
    InputError
        The radius is not a positive number, or the line has no place.
    """
    if not (math.isfinite(radius) and radius > 0):
        raise InputError("The brush needs a radius greater than 0.", "Choose a larger brush.")
    xy = shapely.get_coordinates(line)
    if len(xy) == 0 or not np.isfinite(xy).all():
        raise InputError("The brush stroke has no place.", "Draw it again.")
    straight = line.simplify(_STROKE_TOLERANCE * radius)
    area = straight.buffer(radius) if straight.length > 0 else Point(xy[0]).buffer(radius)
    if not isinstance(area, Polygon) or area.is_empty:
        raise InputError("The brush is too small for where it was used.", "Choose a larger brush.")
    return area


def correction_to_json(correction: Correction) -> tuple[str, dict[str, Any]]:
    """A correction's kind and its coordinates as lists; the keys are those of docs/app.md.

    Rings are closed (the last position repeats the first).  An area with holes has ``holes``
    beside its ``ring``.
    """
    match correction:
        case AreaAdd(area):
            made = "area_add", _area_to_json(area)
        case AreaRemove(area):
            made = "area_remove", _area_to_json(area)
        case Split(line):
            made = "split", {"line": _positions(line)}
        case Merge(points):
            made = "merge", {"points": [_positions(point)[0] for point in points]}
        case Reshape(point, polygon):
            rings = [_positions(ring) for ring in (polygon.exterior, *polygon.interiors)]
            made = "reshape", {**_at(point), "rings": rings}
        case ParcelDelete(point):
            made = "parcel_delete", _at(point)
        case Reclassify(point, land_class, reason):
            made = "reclassify", {**_at(point), "land_class": land_class, "reason": reason}
        case Judge(point, verdict, reason):
            made = "parcel_verdict", {**_at(point), "verdict": verdict, "reason": reason}
        case Smooth(point, tolerance):
            made = "smooth", {**_at(point), "tolerance": tolerance}
        case FillHoles(point, max_area):
            made = "fill_holes", {**_at(point), "max_area": max_area}
        case SnapToNeighbours(point, tolerance):
            made = "snap", {**_at(point), "tolerance": tolerance}
        case Repair(point, width):
            made = "repair", {**_at(point), "width": width}
    return made


def correction_from_json(kind: str, data: dict[str, Any]) -> Correction:
    """The correction of a kind: those of :func:`correction_to_json`, and ``brush``.

    Parameters
    ----------
    kind : str
    data : dict
        As in docs/app.md; keys that the kind does not know are ignored.

    Raises
    ------
    InputError
        The kind is unknown, something is missing or no position, or nothing sensible was drawn.
    """
    if kind not in _READERS:
        raise InputError(f"There is no correction of the kind '{kind}'.")
    return _READERS[kind](data)


def _at(point: Point | None) -> dict[str, Any]:
    return {} if point is None else {"point": _positions(point)[0]}


def _area_to_json(area: Polygon) -> dict[str, Any]:
    data: dict[str, Any] = {"ring": _positions(area.exterior)}
    if area.interiors:
        data["holes"] = [_positions(ring) for ring in area.interiors]
    return data


def _positions(shape: shapely.Geometry) -> list[Position]:
    positions: list[Position] = shapely.get_coordinates(shape).tolist()
    return positions


def _area_from_json(data: dict[str, Any]) -> Polygon:
    return _polygon([data.get("ring")], _read_list(data.get("holes", []), "holes"))


def _polygon(shells: list[Any], holes: list[Any]) -> Polygon:
    """A polygon of rings, which may be open; a hole of fewer than 3 points is none."""
    if not shells:
        raise InputError("The outline has no points.", "Draw around the area.")
    shell = _read_positions(shells[0], "ring")
    if _distinct(shell) < 3:
        raise InputError("The outline has fewer than 3 different points.", "Draw around the area.")
    inner = [_read_positions(hole, "holes") for hole in holes]
    return Polygon(shell, [hole for hole in inner if _distinct(hole) >= 3])


def _distinct(positions: list[Position]) -> int:
    return len({(x, y) for x, y in positions})


def _read_line(data: dict[str, Any], least: int) -> LineString:
    positions = _read_positions(data.get("line"), "line")
    if len(positions) < least:
        raise InputError("The line has too few points.", "Draw it again.")
    return LineString(positions if len(positions) > 1 else positions * 2)


def _read_point(data: dict[str, Any]) -> Point:
    return Point(_read_position(data.get("point"), "point"))


def _read_place(data: dict[str, Any]) -> Point | None:
    """The point of a correction that means all parcels without one."""
    return None if data.get("point") is None else _read_point(data)


def _read_positions(value: object, name: str) -> list[Position]:
    values = _read_list(value, name)
    if len(values) > MOST_POINTS:
        raise InputError(
            f"The drawing has {len(values):,} points; {MOST_POINTS:,} are the most.",
            "Draw it in several strokes.",
        )
    return [_read_position(position, name) for position in values]


def _read_position(value: object, name: str) -> Position:
    pair = _read_list(value, name)
    if len(pair) != 2:
        raise InputError(f"A position of '{name}' is not a pair of numbers.")
    return [_read_number(number, name) for number in pair]


def _read_list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InputError(f"The correction lacks its '{name}'.")
    return list(value)


def _read_number(value: object, name: str) -> float:
    # bool is an int in Python, and an int may be beyond every float.
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise InputError(f"The correction's '{name}' holds something that is not a number.")


def _read_flag(data: dict[str, Any], name: str) -> bool:
    value = data.get(name)
    if not isinstance(value, bool):
        raise InputError(f"The correction lacks its '{name}'.")
    return value


def _read_text(data: dict[str, Any], name: str, default: str | None = None) -> Any:
    """A text on one line; which words are known is for the correction's own type to say."""
    value = data.get(name, default)
    if not isinstance(value, str):
        raise InputError(f"The correction lacks its '{name}'.")
    return " ".join(value.split())


def _read_reclassify(data: dict[str, Any]) -> Correction:
    return Reclassify(
        _read_point(data), _read_text(data, "land_class"), _read_text(data, "reason", "")
    )


def _read_judge(data: dict[str, Any]) -> Correction:
    return Judge(_read_point(data), _read_text(data, "verdict"), _read_text(data, "reason", ""))


def _read_fill(data: dict[str, Any]) -> Correction:
    area = data.get("max_area")
    return FillHoles(_read_place(data), None if area is None else _read_number(area, "max_area"))


def _read_brush(data: dict[str, Any]) -> Correction:
    area = brush(_read_line(data, least=1), _read_number(data.get("radius"), "radius"))
    return AreaAdd(area) if _read_flag(data, "add") else AreaRemove(area)


def _read_merge(data: dict[str, Any]) -> Correction:
    positions = _read_positions(data.get("points"), "points")
    return Merge(tuple(Point(position) for position in positions))


def _read_reshape(data: dict[str, Any]) -> Correction:
    rings = _read_list(data.get("rings"), "rings")
    return Reshape(_read_point(data), _polygon(rings[:1], rings[1:]))


_READERS: dict[str, Callable[[dict[str, Any]], Correction]] = {
    "area_add": lambda data: AreaAdd(_area_from_json(data)),
    "area_remove": lambda data: AreaRemove(_area_from_json(data)),
    "brush": _read_brush,
    "split": lambda data: Split(_read_line(data, least=2)),
    "merge": _read_merge,
    "parcel_delete": lambda data: ParcelDelete(_read_point(data)),
    "reshape": _read_reshape,
    "reclassify": _read_reclassify,
    "parcel_verdict": _read_judge,
    "smooth": lambda data: Smooth(
        _read_place(data), _read_number(data.get("tolerance"), "tolerance")
    ),
    "fill_holes": _read_fill,
    "snap": lambda data: SnapToNeighbours(
        _read_point(data), _read_number(data.get("tolerance"), "tolerance")
    ),
    "repair": lambda data: Repair(_read_place(data), _read_number(data.get("width"), "width")),
}

CORRECTION_KINDS = tuple(kind for kind in _READERS if kind != "brush")
"""Kinds that are stored: a brush stroke is stored as the area that it covers."""
