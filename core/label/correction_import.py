"""Labels that a person took over from a file, as one edit: they stand where the model's stood.

The edit holds the parcels as one compressed block of WKB: 10,000 parcels as lists of positions
would be read anew, number by number, with every click.
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

import numpy as np
import shapely
from shapely import GeometryCollection, MultiPolygon, Polygon

from core.errors import InputError
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, polygons_of, shape_of
from core.parcels.parcel import LandClass, Parcel, ParcelState

LABELS_IMPORT = "labels_import"
"""Kind of the edit."""

_LEVEL = 6
_MOST_BYTES = 512 * 1024**2
"""Of one tile's parcels as WKB; a bundle of a stranger may hold anything."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelsImport:
    """Parcels from a file, which take the place of the automatic ones.

    Parameters
    ----------
    source : str
        Name of the file.
    parcels : tuple of Parcel
        With ids of their own.
    area : Polygon, MultiPolygon or None
        Where the file says what is there; elsewhere the automatic parcels stay.  None: everywhere.
    """

    source: str
    parcels: tuple[Parcel, ...]
    area: Shape | None = None

    def over(self, automatic: Sequence[Parcel]) -> list[Parcel]:
        """The parcels, with what is left of the automatic ones beside ``area``."""
        if self.area is None:
            return list(self.parcels)
        left = [piece for parcel in automatic for piece in self._beside(parcel, self.area)]
        taken = frozenset(parcel.id for parcel in left)
        return [*left, *with_own_ids(self.parcels, taken)]

    @staticmethod
    def _beside(parcel: Parcel, area: Shape) -> list[Parcel]:
        if not area.intersects(parcel.polygon):
            return [parcel]
        overlay = Overlay.around([parcel.polygon, area])
        pieces = polygons_of(overlay.difference(parcel.polygon, area))
        return [replace(parcel, polygon=shape_of(pieces))] if pieces else []


def with_own_ids(
    parcels: Sequence[Parcel], taken: frozenset[str] = frozenset()
) -> tuple[Parcel, ...]:
    """The parcels, each with an id of its own: F7, and where that is taken F7.1, F7.2 ..."""
    used = set(taken)
    return tuple(replace(parcel, id=_free(parcel.id, used)) for parcel in parcels)


def import_to_json(labels: LabelsImport) -> dict[str, Any]:
    """An import as plain values."""
    said = [_said(parcel) for parcel in labels.parcels]
    sayings = sorted({tuple(entry) for entry in said}, key=repr)
    places = {entry: place for place, entry in enumerate(sayings)}
    scores = [None if math.isnan(p.score) else p.score for p in labels.parcels]
    return {
        "source": labels.source,
        "ids": [parcel.id for parcel in labels.parcels],
        "scores": scores if any(score is not None for score in scores) else [],
        "said": [places[tuple(entry)] for entry in said],
        "sayings": [list(entry) for entry in sayings],
        "shapes": _packed([parcel.polygon for parcel in labels.parcels]),
        "area": None if labels.area is None else _packed([labels.area]),
    }


def import_from_json(
    data: dict[str, Any], move: Callable[[Geometries], Geometries]
) -> LabelsImport:
    """The inverse of :func:`import_to_json`, with every shape moved to other coordinates.

    Raises
    ------
    InputError
        Not what :func:`import_to_json` makes.
    """
    try:
        shapes = move(_unpacked(data["shapes"]))
        scores = data["scores"] or [None] * len(shapes)
        sayings = [_heard(entry) for entry in data["sayings"]]
        parcels = tuple(
            Parcel(name, shape, math.nan if score is None else float(score), *sayings[place])
            for name, shape, score, place in zip(
                data["ids"], shapes, scores, data["said"], strict=True
            )
        )
        area = None if data["area"] is None else move(_unpacked(data["area"]))[0]
        return LabelsImport(str(data["source"]), parcels, area)
    except (KeyError, IndexError, TypeError, ValueError, zlib.error) as error:
        raise InputError("The labels that were taken over cannot be read.") from error


def _said(parcel: Parcel) -> list[Any]:
    at = parcel.reviewed_at.isoformat() if parcel.reviewed_at else ""
    return [parcel.state, parcel.land_class, parcel.reason, parcel.reviewer, at, parcel.edited]


def _heard(entry: list[Any]) -> list[Any]:
    state, land_class, reason, reviewer, at, edited = entry
    if state not in get_args(ParcelState) or land_class not in get_args(LandClass):
        raise ValueError("no state or class of a parcel")
    return [state, land_class, reason, reviewer, datetime.fromisoformat(at) if at else None, edited]


def _packed(shapes: Sequence[Shape]) -> str:
    wkb = shapely.to_wkb(GeometryCollection(list(shapes)))
    return base64.b64encode(zlib.compress(bytes(wkb), _LEVEL)).decode("ascii")


def _unpacked(text: str) -> Geometries:
    try:
        stream = zlib.decompressobj()
        wkb = stream.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
        if not stream.eof:
            raise ValueError("cut short, or too large")
        whole = shapely.from_wkb(wkb)
    except (binascii.Error, shapely.errors.GEOSException) as error:
        raise ValueError("not a block of shapes") from error
    parts = shapely.get_parts(whole)
    areas = all(isinstance(part, Polygon | MultiPolygon) for part in parts)
    if not (areas and shapely.is_valid(parts).all()):
        raise ValueError("a shape without area")
    shapes: Geometries = np.asarray(parts, dtype=object)
    return shapes


def _free(name: str, taken: set[str]) -> str:
    """The name, or the first of name.1, name.2 ... that is not taken; takes it."""
    free, number = name, 0
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    taken.add(free)
    return free
