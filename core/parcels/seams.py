"""Parcels that the seam of two tiles cut, put together again.

Each tile cuts at the seam with its own arithmetic.  On a rotated grid the two cuts differ in the
last digits, so that the pieces overlap or gape by less than a billionth of a pixel: only on a
lattice is what GEOS makes of them right.
"""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.parcels.overlay import Overlay

Polygonal = Polygon | MultiPolygon

REACH = 1e-4
"""Share of the least border within which two cuts are the same one."""

_MITRE = 5.0

_TIP = 0.5
"""A piece whose border is longer than this share of its size's root lies on it: the tip of a field
that hardly crosses the seam."""

_NO_TIP = 1e-2
"""Share of the least border that rounding may show where pieces meet at a corner."""


def share_border(one: Polygonal, other: Polygonal, least: float) -> bool:
    """Whether two pieces have a border in common, or overlap, along more than ``least``.

    The border of a small tip may be shorter.
    """
    grown = _grown(one, REACH * least)
    shared = Overlay.around([grown, other]).intersection(grown, other)
    tip = max(_NO_TIP * least, _TIP * min(one.area, other.area) ** 0.5)
    # What is shared is as thin as the reach: two of its sides are the border.
    return bool(max(shared.length / 2, shared.area**0.5) > min(least, tip))


def united(pieces: Sequence[Polygonal], least: float) -> Polygonal | None:
    """The pieces as one shape without a slit at the seam; None where they make no area."""
    overlay = Overlay.around(pieces)
    whole = overlay.union(pieces)
    if not isinstance(whole, Polygon):
        # Where the cuts gape: closed by a hair, which moves corners by far less than that.
        grown = overlay.union([_grown(piece, REACH * least) for piece in pieces])
        whole = _grown(grown, -REACH * least)
    # Both cuts of one edge leave a corner: one is enough.
    clean = shapely.remove_repeated_points(whole, REACH * least)
    whole = clean if clean.is_valid else whole
    return whole if isinstance(whole, Polygon | MultiPolygon) and not whole.is_empty else None


def _grown(shape: BaseGeometry, distance: float) -> BaseGeometry:
    grown: BaseGeometry = shape.buffer(distance, join_style="mitre", mitre_limit=_MITRE)
    return grown
