"""Parcels that the seam of two tiles cut, put together again.

Each tile cuts at the seam with its own arithmetic.  On a rotated grid the two cuts differ in the
last digits, so that the pieces overlap or gape by less than a billionth of a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Polygonal = Polygon | MultiPolygon

REACH = 1e-4
"""Share of the least border within which two cuts are the same one."""

_MITRE = 5.0


def share_border(one: Polygonal, other: Polygonal, least: float) -> bool:
    """Whether two pieces have a border in common, or overlap, along more than ``least``."""
    shared = shapely.intersection(_grown(one, REACH * least), other)
    # What is shared is as thin as the reach: two of its sides are the border.
    return bool(max(shared.length / 2, shared.area**0.5) > least)


def united(pieces: Sequence[Polygonal], least: float) -> Polygonal | None:
    """The pieces as one shape without a slit at the seam; None where they make no area."""
    whole = shapely.union_all(list(pieces))
    if not isinstance(whole, Polygon):
        # Where the cuts gape: closed by a hair, which moves corners by far less than that.
        grown = shapely.union_all([_grown(piece, REACH * least) for piece in pieces])
        whole = _grown(grown, -REACH * least)
    # Both cuts of one edge leave a corner, too close for GEOS to cut the field again rightly.
    clean = shapely.remove_repeated_points(whole, REACH * least)
    whole = clean if clean.is_valid else whole
    return whole if isinstance(whole, Polygon | MultiPolygon) and not whole.is_empty else None


def _grown(shape: BaseGeometry, distance: float) -> BaseGeometry:
    grown: BaseGeometry = shape.buffer(distance, join_style="mitre", mitre_limit=_MITRE)
    return grown
