"""Hectares of cropland by what people say grows there, and by their other choices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.attributes import AttributeSchema, Choice, Value
from core.label.tile_label import Label

Sums = Mapping[tuple[str, Value], float]
"""Hectares by the key of an attribute and a value of it."""


@dataclass(frozen=True, slots=True)
class ValueArea:
    """Cropland of which people say one thing.

    Parameters
    ----------
    name : str
        What they say, in words.
    colour : str
        ``#rrggbb``; empty for none.
    """

    name: str
    colour: str
    hectares: float


@dataclass(frozen=True, slots=True)
class AttributeAreas:
    """Cropland by one attribute.

    Parameters
    ----------
    name : str
        Of the attribute.
    rows : tuple of ValueArea
        The largest first, without what nobody said of any parcel.
    unsaid_ha : float
        Cropland of which nobody said anything.
    """

    name: str
    rows: tuple[ValueArea, ...]
    unsaid_ha: float


def sums_of(label: Label, pixel_ha: float) -> dict[tuple[str, Value], float]:
    """Hectares of a tile's cropland by attribute and value."""
    sums: dict[tuple[str, Value], float] = defaultdict(float)
    for parcel in label.parcels:
        if parcel.is_cropland:
            for key, value in parcel.attributes:
                sums[key, value] += parcel.polygon.area * pixel_ha
    return sums


def added(all_sums: Iterable[Sums]) -> dict[tuple[str, Value], float]:
    """The sums of several tiles together."""
    total: dict[tuple[str, Value], float] = defaultdict(float)
    for sums in all_sums:
        for said, hectares in sums.items():
            total[said] += hectares
    return total


def attribute_areas(
    schema: AttributeSchema, sums: Sums, cropland_ha: float
) -> tuple[AttributeAreas, ...]:
    """Cropland by each attribute that has a list, or is yes or no.

    Parameters
    ----------
    cropland_ha : float
        All cropland, said anything of or not.
    """
    found = []
    for one in schema.attributes:
        if one.kind not in ("choice", "yes_no"):
            continue
        rows = [
            _row(one.choice(value), value, hectares)
            for (key, value), hectares in sums.items()
            if key == one.key and isinstance(value, bool) == (one.kind == "yes_no")
        ]
        rows.sort(key=lambda row: (-row.hectares, row.name))
        unsaid = cropland_ha - sum(row.hectares for row in rows)
        found.append(AttributeAreas(one.name, tuple(rows), max(0.0, unsaid)))
    return tuple(found)


def _row(choice: Choice | None, value: Value, hectares: float) -> ValueArea:
    """A code that left the list names itself."""
    if choice is not None:
        return ValueArea(choice.name, choice.colour, hectares)
    words = ("Yes" if value else "No") if isinstance(value, bool) else str(value)
    return ValueArea(words, "", hectares)
