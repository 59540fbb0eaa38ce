"""Shapes of an edit as plain values for its JSON."""

from __future__ import annotations

from typing import Any

import shapely
from shapely import Point, Polygon

from core.label.edit_units import EditUnits


def positions_json(shape: shapely.Geometry, units: EditUnits) -> list[list[float]]:
    """All positions of a shape, in order."""
    xy = units.positions_from_native(shapely.get_coordinates(shape))
    positions: list[list[float]] = xy.tolist()
    return positions


def rings_json(polygon: Polygon, units: EditUnits) -> list[list[list[float]]]:
    """The rings of a polygon, the outer one first; the last position of each repeats its first."""
    return [positions_json(ring, units) for ring in (polygon.exterior, *polygon.interiors)]


def area_json(area: Polygon, units: EditUnits) -> dict[str, Any]:
    """The ``ring`` of a polygon, and its ``holes`` where it has any."""
    shell, *holes = rings_json(area, units)
    return {"ring": shell, "holes": holes} if holes else {"ring": shell}


def place_json(point: Point | None, units: EditUnits) -> dict[str, Any]:
    """The ``point`` of an edit; nothing for one that means all parcels."""
    return {} if point is None else {"point": positions_json(point, units)[0]}


def tidy_json(tidy: bool) -> dict[str, bool]:
    """The mark of an edit that leaves no rims, crumbs and slits; nothing for one that may."""
    return {"tidy": True} if tidy else {}
