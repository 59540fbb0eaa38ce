"""A person's corrections on top of predicted parcels: applied in order, the same each time.

Everything here is pure and planar.  The coordinates may be pixels of a grid or world coordinates,
as long as parcels, corrections and ``snap`` agree.  Two parcels that only touch stay apart, and no
correction makes parcels overlap beyond the rounding of coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely import Polygon
from shapely.errors import GEOSException

from core.errors import InputError
from core.label import correction_edits as edits
from core.label import correction_statements as statements
from core.label import correction_tidy as tidy
from core.label.correction_json import (
    CORRECTION_KINDS,
    brush,
    correction_from_json,
    correction_to_json,
)
from core.label.correction_layer import Edit, Layer
from core.label.correction_repair import repair
from core.label.correction_smooth import smooth
from core.label.correction_types import (
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
    Signature,
    Signed,
    Smooth,
    SnapToNeighbours,
    Split,
)
from core.parcels.parcel import LandClass, Parcel, ParcelState
from core.parcels.shapes import drawn_area

__all__ = [
    "CORRECTION_KINDS",
    "AreaAdd",
    "AreaRemove",
    "Correction",
    "FillHoles",
    "Judge",
    "LandClass",
    "Merge",
    "Parcel",
    "ParcelDelete",
    "ParcelState",
    "Reclassify",
    "Repair",
    "Reshape",
    "Signature",
    "Signed",
    "Smooth",
    "SnapToNeighbours",
    "Split",
    "apply_corrections",
    "apply_to_layer",
    "brush",
    "correction_from_json",
    "correction_to_json",
]


def apply_corrections(
    parcels: Sequence[Parcel],
    corrections: Sequence[Correction | Signed],
    *,
    snap: float,
    extent: Polygon | None = None,
) -> list[Parcel]:
    """Parcels after a person's corrections, applied one after the other.

    Parameters
    ----------
    parcels : sequence of Parcel
        With ids of their own, not overlapping.
    corrections : sequence of Correction or Signed
        In the coordinates of the parcels; one that hits nothing changes nothing.  Who signed one
        is the reviewer of every parcel that it changed or made.
    snap : float
        Length, in units of the coordinates, that means nothing to a person: about a pixel.  Gaps
        up to it are closed where parcels are merged, splitting lines are drawn out by it, and
        what a correction leaves smaller than its square goes.
    extent : Polygon, optional
        The land that the parcels are of: borders along its edge are not smoothed.

    Returns
    -------
    list of Parcel
        In the order of ``parcels``; the pieces of one stand in its place, new ones at the end.
        An untouched parcel is the same object.  A changed one keeps its id, as does the largest
        of merged ones; the pieces of F7 are F7.1, F7.2 and so on, from left to right; a new
        one's id is made of its correction.  So ids do not depend on whether corrections were
        applied at once or one by one, nor on later ones.

    Raises
    ------
    InputError
        GEOS cannot compute a correction.  None is known that does this.
    """
    if not (math.isfinite(snap) and snap >= 0):
        raise ValueError(f"snap must be a length, not {snap}")
    layer = Layer(list(parcels), extent)
    for one in corrections:
        signed = one if isinstance(one, Signed) else Signed(one, Signature())
        layer = apply_to_layer(layer, signed, snap)
    return layer.parcels


def apply_to_layer(layer: Layer, signed: Signed, snap: float) -> Layer:
    """A layer after one correction, as :func:`apply_corrections` has it; itself where none hits.

    Raises
    ------
    InputError
        GEOS cannot compute it.
    """
    correction = signed.correction
    try:
        # Where GEOS meets edges of hardly any length it divides by zero and copes; numpy warns.
        with np.errstate(all="ignore"):
            edit = _edit(layer.reaching(_drawing(correction)), correction, snap)
    except GEOSException as error:
        raise InputError(
            "The correction meets borders that cannot be told apart.",
            "Draw it a little differently.",
        ) from error
    return layer if edit is None else layer.after(edit.signed(signed.signature))


def _edit(layer: Layer, correction: Correction, snap: float) -> Edit | None:
    edit: Edit | None
    match correction:
        case AreaAdd(area):
            edit = edits.add(layer, drawn_area(area), edits.new_id(correction), snap)
        case AreaRemove(area):
            edit = edits.remove(layer, drawn_area(area), snap)
        case Split(line):
            edit = edits.split(layer, line, snap)
        case Merge(points):
            edit = edits.merge(layer, points, snap)
        case Reshape(point, polygon):
            edit = edits.reshape(layer, point, drawn_area(polygon), snap)
        case ParcelDelete():
            edit = statements.delete(layer, correction)
        case Reclassify():
            edit = statements.reclassify(layer, correction)
        case Judge():
            edit = statements.judge(layer, correction)
        case Smooth(place, tolerance):
            edit = smooth(layer, place, tolerance, snap)
        case FillHoles(place, max_area):
            edit = tidy.fill_holes(layer, place, max_area, snap)
        case SnapToNeighbours(point, tolerance):
            edit = tidy.snap_to_neighbours(layer, point, tolerance, snap)
        case Repair(place, width):
            edit = repair(layer, place, width, snap)
    return edit


def _drawing(correction: Correction) -> list[shapely.Geometry]:
    """The lines and areas of a correction."""
    match correction:
        case AreaAdd(shape) | AreaRemove(shape) | Split(shape) | Reshape(_, shape):
            return [shape]
        case _:
            return []
