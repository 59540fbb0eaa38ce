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
from core.label.acceptance import Settling
from core.label.brush import brush
from core.label.correction_finish import Finish, finished
from core.label.correction_layer import Layer, ParcelChange
from core.label.correction_repair import repair
from core.label.correction_restore import restore
from core.label.correction_smooth import smooth
from core.label.correction_straighten import straighten
from core.label.correction_types import (
    CORRECTION_KINDS,
    Correction,
    FillAttributes,
    FillHoles,
    Judge,
    Reclassify,
    Repair,
    Restore,
    Signature,
    Signed,
    Smooth,
    SnapToNeighbours,
    Straighten,
    Tidying,
)
from core.label.drawn_corrections import (
    AreaAdd,
    AreaRemove,
    Merge,
    MoveBorder,
    ParcelDelete,
    Reshape,
    Split,
)
from core.label.shared_borders import move_border
from core.parcels.parcel import LandClass, Parcel, ParcelState

__all__ = [
    "CORRECTION_KINDS",
    "AreaAdd",
    "AreaRemove",
    "Correction",
    "FillAttributes",
    "FillHoles",
    "Judge",
    "LandClass",
    "Merge",
    "MoveBorder",
    "Parcel",
    "ParcelDelete",
    "ParcelState",
    "Reclassify",
    "Repair",
    "Reshape",
    "Restore",
    "Signature",
    "Signed",
    "Smooth",
    "SnapToNeighbours",
    "Split",
    "Straighten",
    "apply_corrections",
    "apply_to_layer",
    "brush",
]

_GAP_SNAPS = 2.0
"""Gaps and parcels that are narrower would be told as problems."""


def apply_corrections(
    parcels: Sequence[Parcel],
    corrections: Sequence[Correction | Signed],
    *,
    snap: float,
    extent: Polygon | None = None,
    least: float = 0.0,
) -> list[Parcel]:
    """Parcels after a person's corrections, applied one after the other.

    Parameters
    ----------
    parcels : sequence of Parcel
        With ids of their own, not overlapping.
    corrections : sequence of Correction or Signed
        In the coordinates of the parcels; one that hits nothing changes nothing.  Who signed one
        is the reviewer of every parcel that it changed or made, but for those of which somebody
        had said what they are: their reviewer is who said it, until somebody says it anew.
    snap : float
        Length, in units of the coordinates, that means nothing to a person: about a pixel.  Gaps
        up to it are closed where parcels are merged, splitting lines are drawn out by it, and
        what a correction leaves smaller than its square goes.
    extent : Polygon, optional
        The land that the parcels are of: borders along its edge are not smoothed.

    least : float
        Area of the smallest parcel of the project: of drawings that are tidy smaller pieces go.

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
        layer = apply_to_layer(layer, signed, snap, least)
    return list(Settling().settle(layer.parcels, layer.acceptances).parcels)


def apply_to_layer(layer: Layer, signed: Signed, snap: float, least: float = 0.0) -> Layer:
    """A layer after one correction; itself where it hits nothing.

    What was accepted and whether it still stands is not told by its parcels' states, but by
    :class:`core.label.acceptance.Settling`, of all parcels and acceptances together.

    Raises
    ------
    InputError
        GEOS cannot compute it.
    """
    change = correction_change(layer, signed, snap, least)
    return layer if change is None else layer.after(change)


def correction_change(
    layer: Layer, signed: Signed, snap: float, least: float
) -> ParcelChange | None:
    """What a correction does to a layer; None where it hits nothing.  As `apply_to_layer`."""
    correction = signed.correction
    try:
        # Where GEOS meets edges of hardly any length it divides by zero and copes; numpy warns.
        with np.errstate(all="ignore"):
            near = layer.reaching(_drawing(correction))
            change = _finished(near, correction, _change(near, signed, snap), snap, least)
    except GEOSException as error:
        raise InputError(
            "The correction meets borders that cannot be told apart.",
            "Draw it a little differently.",
        ) from error
    if change is None:
        return None
    said = isinstance(correction, Judge | Reclassify)
    return change.signed(signed.signature, said=said)


def looks_around_itself(correction: Correction) -> bool:
    """Whether all that a correction depends on is what lies around it.

    What people signed, or all parcels, may lie anywhere; and what is said of a parcel is told as
    fast as whether it would be the same.
    """
    match correction:
        case Smooth(None) | FillHoles(None) | Repair():
            return False
        case ParcelDelete() | Reclassify() | Judge() | FillAttributes() | Restore():
            return False
        case _:
            return True


def _change(layer: Layer, signed: Signed, snap: float) -> ParcelChange | None:
    change: ParcelChange | None
    correction = signed.correction
    match correction:
        case AreaAdd():
            change = edits.add(layer, correction.drawn, edits.new_id(correction), snap)
        case AreaRemove():
            change = edits.remove(layer, correction.drawn, snap)
        case Split(line):
            change = edits.split(layer, line, snap)
        case Merge(points):
            change = edits.merge(layer, points, snap)
        case Reshape(point):
            change = edits.reshape(layer, point, correction.drawn, snap)
        case MoveBorder(point):
            change = move_border(layer, point, *correction.moves, snap)
        case ParcelDelete() | Reclassify() | Judge() | FillAttributes():
            change = statements.say(layer, correction, signed.signature)
        case Restore(point):
            change = restore(layer, point, snap)
        case _:
            change = _tidied(layer, correction, snap)
    return change


def _tidied(layer: Layer, correction: Tidying, snap: float) -> ParcelChange | None:
    match correction:
        case Smooth(place, tolerance):
            return smooth(layer, place, tolerance, snap)
        case Straighten(point, tolerance, ground):
            return straighten(layer, point, tolerance, ground, snap)
        case FillHoles(place, max_area):
            return tidy.fill_holes(layer, place, max_area, snap)
        case SnapToNeighbours(point, tolerance):
            return tidy.snap_to_neighbours(layer, point, tolerance, snap)
        case Repair(place, width):
            return repair(layer, place, width, snap)


def _finished(
    layer: Layer,
    correction: Correction,
    change: ParcelChange | None,
    snap: float,
    least: float,
) -> ParcelChange | None:
    """A change without the crumbs and slits that a tidy drawing would leave."""
    if change is None or not isinstance(correction, AreaAdd | AreaRemove | Reshape):
        return change
    if not correction.tidy:
        return change
    finish = Finish(least, _GAP_SNAPS * snap)
    grows = not isinstance(correction, AreaRemove)
    return finished(layer, change, correction.drawn, finish, grows=grows)


def _drawing(correction: Correction) -> list[shapely.Geometry]:
    """The lines and areas of a correction."""
    match correction:
        case AreaAdd(shape) | AreaRemove(shape) | Split(shape) | Reshape(_, shape):
            return [shape]
        case MoveBorder(_, shape, before):
            return [shape, before]
        case _:
            return []
