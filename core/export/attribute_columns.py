"""A project's own attributes as columns of the table: their names, types and values."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence

import pandas

from core.attributes import Attribute, AttributeSchema, Value, columns_of
from core.export.columns import FIELDS, TableColumn
from core.label.labelled import LabelledParcel

SHORT = 10
"""Characters of a name in a shapefile."""

_MEANINGS = {
    "choice": "code",
    "yes_no": "true, false, or empty where nobody said",
    "text": "text",
    "number": "number",
    "date": "date, ISO 8601 as text",
}


def table_columns(schema: AttributeSchema) -> tuple[TableColumn, ...]:
    """All columns of a project's table: those of every project, then its own."""
    return (*FIELDS, *own_columns(schema))


def own_columns(schema: AttributeSchema) -> tuple[TableColumn, ...]:
    """The columns of the attributes, with names for shapefiles that nothing else has.

    They are there also where they are empty throughout: somebody may fill them in elsewhere.
    """
    taken = {field.short for field in FIELDS}
    made = []
    for one in schema.attributes:
        for name in columns_of(one):
            meaning = _MEANINGS[one.kind] if name == one.key else "name of the code"
            short = _short(name, taken)
            taken.add(short)
            made.append(TableColumn(name, short, f"{one.name}: {meaning}"))
    return tuple(made)


def own_values(
    parcels: Sequence[LabelledParcel], schema: AttributeSchema
) -> dict[str, pandas.Series]:
    """The values of the attributes by column; each has its type also without any parcel."""
    said = [dict(parcel.attributes) for parcel in parcels]
    columns: dict[str, pandas.Series] = {}
    for one in schema.attributes:
        values = [stated(one, each.get(one.key)) for each in said]
        columns[one.key] = _typed(one, values)
        if one.kind == "choice":
            _, name = columns_of(one)
            columns[name] = pandas.Series(list(named(one, values)), dtype="str")
    return columns


def stated(attribute: Attribute, value: Value | None) -> Value | None:
    """A value where it is of the attribute's kind; of a code that left the list it is kept.

    The kind may be another one than when it was said: an attribute was taken away, and one of the
    same key was made.
    """
    if value is None or attribute.takes(value):
        return value
    return value if attribute.kind == "choice" and isinstance(value, str) else None


def named(attribute: Attribute, codes: Iterable[Value | None]) -> Iterable[str]:
    """The names of some codes; a code that has none (any more) names itself."""
    for code in codes:
        choice = attribute.choice(code)
        yield choice.name if choice is not None else "" if code is None else str(code)


def _typed(attribute: Attribute, values: list[Value | None]) -> pandas.Series:
    if attribute.kind == "yes_no":
        return pandas.Series(values, dtype="boolean")
    if attribute.kind == "number":
        return pandas.Series([math.nan if v is None else v for v in values], dtype="float64")
    return pandas.Series(["" if v is None else v for v in values], dtype="str")


def _short(name: str, taken: Collection[str]) -> str:
    """A name of at most 10 characters: ``crop_name``, ``yield_t_ha``, ``irrigated2``."""
    plain = re.sub(r"[^a-z0-9_]", "", name)
    short, number = plain[:SHORT], 1
    while short in taken:
        number += 1
        short = f"{plain[: SHORT - len(str(number))]}{number}"
    return short
