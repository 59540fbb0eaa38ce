"""What a correction may not be: without a place, without an area, of a word that nobody knows."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Point, Polygon

from core.errors import InputError
from core.label.plain_values import is_text
from core.parcels.overlay import Shape, polygons_of, shape_of
from core.parcels.shapes import drawn_area

LONGEST_REASON = 500
"""Characters of a reason: two sentences, not a letter."""

MOST_POINTS = 20_000
"""Points of one drawing; a hand makes hundreds."""

FARTHEST = 1e9
"""Larger coordinates lie in no CRS; their areas would leave the range of numbers."""

_THINNEST = 1e-9
"""Area over squared length below which a ring is a line that was walked back."""


def check_place(point: Point | None) -> None:
    """Refuse a point without a place; None means all parcels."""
    if point is not None:
        check_coordinates(point)


def check_length(length: float, name: str) -> None:
    """Refuse lengths and areas that are not greater than 0."""
    if not 0 < length < FARTHEST:  # nor is NaN
        raise InputError(f"{name} must be a number greater than 0.", "Choose a larger one.")


def check_word(word: str, known: tuple[str, ...], name: str) -> None:
    """Refuse words that are not known."""
    if word not in known:
        raise InputError(f"A parcel's {name} is one of: {', '.join(known)}.", "Choose one of them.")


def check_reason(reason: str, name: str = "reason") -> None:
    """Refuse reasons, or what else goes by the ``name``, that are too long, or no text."""
    if len(reason) > LONGEST_REASON:
        raise InputError(
            f"The {name} has {len(reason)} characters; {LONGEST_REASON} are the most.",
            "Make it shorter.",
        )
    if not is_text(reason):
        raise InputError(f"The {name} has characters that are no text.", "Write it again.")


def checked_area(area: Polygon) -> Shape:
    """The area that a drawn polygon encloses; refused where it encloses none."""
    check_coordinates(area)
    found = drawn_area(area)
    if found.area <= _THINNEST * found.length**2:
        raise InputError("The outline that was drawn encloses no area.", "Draw around the area.")
    return found


def seen_shape(polygons: list[Polygon]) -> Shape | None:
    """The shape of a parcel that somebody saw, sound whatever rounding did; None for no polygon.

    Raises
    ------
    InputError
        It encloses no area.
    """
    if not polygons:
        return None
    sound = [
        polygon if polygon.is_valid and polygon.area > 0 else checked_area(polygon)
        for polygon in polygons
    ]
    return shape_of([part for shape in sound for part in polygons_of(shape)])


def check_coordinates(shape: shapely.Geometry) -> None:
    """Refuse shapes without points, with too many, or with coordinates that are no numbers."""
    xy = shapely.get_coordinates(shape)
    if len(xy) == 0:
        raise InputError("Nothing was drawn.", "Draw it again.")
    if len(xy) > MOST_POINTS:
        raise InputError(
            f"The drawing has {len(xy):,} points; {MOST_POINTS:,} are the most.",
            "Draw it in several strokes.",
        )
    if not (np.abs(xy) < FARTHEST).all():  # nor is NaN
        raise InputError("The drawing has a point without a place.", "Draw it again.")
