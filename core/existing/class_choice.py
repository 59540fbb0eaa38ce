"""Which features of a file are cropland: an attribute and its values, guessed and changeable."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import get_args

from core.existing.labels_file import LabelsFile, Value
from core.parcels.parcel import LandClass

_MOST_VALUES = 100
"""An attribute of more is a name or a number, not a class."""

EMPTY = "(empty)"

_OWN_COLUMNS = frozenset({"field_id", "class", "status", "tile", "reviewer"})

_CLASS_WORDS = re.compile(
    r"^(land_?(class|cover|use)|class(_?name)?|klass(e)?|crop(s|land)?|culture|kultur|nutzung|"
    r"lulc|lc|type|typ|label|category)$",
    re.IGNORECASE,
)
_CROPLAND = re.compile(r"crop|arable|acker|field|cultivat|tillage|labour|cultivo|agric", re.I)
_NO_CROPLAND = re.compile(
    r"^(non?[-_ ]|not )|grass|gr[uü]n|meadow|wiese|pasture|prairie|forest|wald|tree|wood|bosque|"
    r"water|wasser|agua|built|urban|siedl|road|bare|shrub|wetland|other|sonst",
    re.IGNORECASE,
)
_YES, _NO = {"1", "true", "yes"}, {"0", "false", "no"}


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """What counts as cropland.

    Parameters
    ----------
    column : str or None
        The attribute that says it; None where every feature is cropland.
    cropland : frozenset of str
        Its values, as :func:`text_of` writes them, that mean cropland.
    """

    column: str | None = None
    cropland: frozenset[str] = frozenset()


def is_own(file: LabelsFile) -> bool:
    """Whether the file was written by this program: then classes, states and reviewers stay."""
    return set(file.columns) >= _OWN_COLUMNS


def class_columns(file: LabelsFile) -> list[str]:
    """Attributes with few enough values to be classes, in the file's order."""
    return [name for name in file.columns if 0 < len(set(_texts(file, name))) <= _MOST_VALUES]


def values_of(file: LabelsFile, column: str) -> dict[str, int]:
    """How many features have which value, the most frequent first."""
    return dict(Counter(_texts(file, column)).most_common())


def guess(file: LabelsFile) -> ClassChoice:
    """The choice that the names suggest; without a sign of classes, all of it is cropland.

    An attribute tells classes apart only where one of its values is clearly cropland and another
    clearly is not: one of crop names (wheat, maize) does not.
    """
    if is_own(file):
        return ClassChoice("class", frozenset({"cropland"}))
    named = [name for name in class_columns(file) if _CLASS_WORDS.match(name)]
    for column in sorted(named, key=lambda name: name != "class"):
        values = values_of(file, column)
        cropland = frozenset(value for value in values if _means_cropland(value))
        if cropland and any(_means_none(value) for value in values):
            return ClassChoice(column, cropland)
    return ClassChoice()


def class_of(file: LabelsFile, choice: ClassChoice, place: int) -> LandClass | None:
    """What a feature is; None where it is left out, because it is no cropland."""
    if choice.column is None:
        return "cropland"
    value = text_of(file.columns[choice.column][place])
    if value in choice.cropland:
        return "cropland"
    if choice.column == "class" and is_own(file):
        return next((known for known in get_args(LandClass) if known == value), None)
    return None


def text_of(value: Value) -> str:
    """An attribute's value as it is shown and compared."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _texts(file: LabelsFile, column: str) -> list[str]:
    return [text_of(value) for value in file.columns[column]]


def _means_cropland(value: str) -> bool:
    said = bool(_CROPLAND.search(value)) and not _NO_CROPLAND.search(value)
    return said or value.lower() in _YES


def _means_none(value: str) -> bool:
    return bool(_NO_CROPLAND.search(value)) or value.lower() in _NO
