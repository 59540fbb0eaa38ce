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
from typing import Any, ClassVar, get_args

import numpy as np
import shapely
from shapely import GeometryCollection, MultiPolygon, Polygon

from core.errors import InputError
from core.label.drawing_checks import FARTHEST
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits
from core.label.plain_values import plain_number
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, array_of, polygons_of, shape_of
from core.parcels.parcel import LandClass, Parcel, ParcelState
from core.parcels.wkb import read_wkb

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

    kind: ClassVar[str] = LABELS_IMPORT

    source: str
    parcels: tuple[Parcel, ...]
    area: Shape | None = None

    @classmethod
    def from_json(cls, read: EditReader) -> LabelsImport:
        """The labels that JSON describes, in native pixels."""
        return import_from_json(dict(read.data), read.units.shapes_to_native)

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """Labels in native pixels as plain values."""
        moved = units.shapes_from_native(array_of([parcel.polygon for parcel in self.parcels]))
        parcels = tuple(
            replace(parcel, polygon=shape)
            for parcel, shape in zip(self.parcels, moved, strict=True)
        )
        area = None if self.area is None else units.shapes_from_native(array_of([self.area]))[0]
        return import_to_json(LabelsImport(self.source, parcels, area))

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
    """An import as plain values, in the coordinates that it is in.

    What most parcels share, their review, stands once in ``sayings``, to which ``said`` points.
    """
    reviews = [_review_to_json(parcel) for parcel in labels.parcels]
    different = sorted({tuple(review) for review in reviews}, key=repr)
    places = {review: place for place, review in enumerate(different)}
    scores = [None if math.isnan(p.score) else p.score for p in labels.parcels]
    return {
        "source": _storable(labels.source),
        "ids": [_storable(parcel.id) for parcel in labels.parcels],
        "scores": scores if any(score is not None for score in scores) else [],
        "said": [places[tuple(review)] for review in reviews],
        "sayings": [list(review) for review in different],
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
        shapes = _moved(_unpacked(data["shapes"]), move)
        scores = data["scores"] or [None] * len(shapes)
        reviews = [_review_from_json(review) for review in data["sayings"]]
        parcels = tuple(
            Parcel(_text(name), shape, _score(score), *_at(reviews, place))
            for name, shape, score, place in zip(
                data["ids"], shapes, scores, data["said"], strict=True
            )
        )
        area = None if data["area"] is None else _moved(_unpacked(data["area"]), move)[0]
        return LabelsImport(_text(data["source"]), parcels, area)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise InputError("The imported labels cannot be read.") from error


def _review_to_json(parcel: Parcel) -> list[Any]:
    at = parcel.reviewed_at.isoformat() if parcel.reviewed_at else ""
    reason, reviewer = _storable(parcel.reason), _storable(parcel.reviewer)
    return [parcel.state, parcel.land_class, reason, reviewer, at, parcel.edited]


def _review_from_json(review: list[Any]) -> list[Any]:
    state, land_class, reason, reviewer, at, edited = review
    if state not in get_args(ParcelState) or land_class not in get_args(LandClass):
        raise ValueError("no state or class of a parcel")
    if not isinstance(edited, bool):
        raise TypeError("neither edited nor not")
    when = datetime.fromisoformat(at) if at else None
    return [state, land_class, _text(reason), _text(reviewer), when, edited]


def _at(reviews: list[list[Any]], place: object) -> list[Any]:
    if isinstance(place, bool) or not isinstance(place, int) or place < 0:
        raise TypeError("no place in a list")
    return reviews[place]


def _score(score: object) -> float:
    if score is None:
        return math.nan
    number = plain_number(score)
    if number is None:
        raise TypeError("no score")
    return number


def _text(text: object) -> str:
    """A text that can be sent on: UTF-8 cannot hold halves of a pair of surrogates."""
    if not isinstance(text, str):
        raise TypeError("no text")
    text.encode()
    return text


def _storable(text: str) -> str:
    """A file's text, with a mark where its name or a value was no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _moved(shapes: Geometries, move: Callable[[Geometries], Geometries]) -> Geometries:
    moved = move(shapes)
    if not (np.abs(shapely.get_coordinates(moved)) < FARTHEST).all():
        raise ValueError("a shape without a place")
    return moved


def _packed(shapes: Sequence[Shape]) -> str:
    wkb = shapely.to_wkb(GeometryCollection(list(shapes)))
    return base64.b64encode(zlib.compress(bytes(wkb), _LEVEL)).decode("ascii")


def _unpacked(text: str) -> Geometries:
    try:
        stream = zlib.decompressobj()
        wkb = stream.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
        if not stream.eof:
            raise ValueError("cut short, or too large")
    except binascii.Error as error:
        raise ValueError("not a block of shapes") from error
    parts = shapely.get_parts(read_wkb(wkb))
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
