"""Which features of a file are cropland: an attribute and its values, guessed and changeable."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import get_args

from core.errors import InputError
from core.existing.class_words import Meaning, column_kind, meaning_of, says_yes_or_no
from core.existing.labels_file import LabelsFile, Value
from core.existing.questions import ClassQuestion, listed
from core.parcels.parcel import LandClass

_MOST_VALUES = 100
"""An attribute of more is a name or a number, not a class."""

EMPTY = "(empty)"

_OWN_COLUMNS = frozenset({"field_id", "class", "status"})
_BESIDE_THEM = (frozenset({"tile", "reviewer"}), frozenset({"method", "land_cover"}))
"""In our own files; columns that would be empty are left out, so either pair will do."""


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


@dataclass(frozen=True, slots=True)
class ReadingAnswers:
    """What somebody said of a file of polygons, where the file itself leaves it open.

    Parameters
    ----------
    layer : str or None
        Which of several.
    classes : ClassChoice or None
        Which features are cropland; None leaves it to their names.
    """

    layer: str | None = None
    classes: ClassChoice | None = None


def is_own(file: LabelsFile) -> bool:
    """Whether the file was written by this program: then classes, states and reviewers stay."""
    names = set(file.columns)
    return names >= _OWN_COLUMNS and any(names >= pair for pair in _BESIDE_THEM)


def class_columns(file: LabelsFile) -> list[str]:
    """Attributes with few enough values to be classes, in the file's order."""
    return [name for name in file.columns if 0 < len(set(_texts(file, name))) <= _MOST_VALUES]


def values_of(file: LabelsFile, column: str) -> dict[str, int]:
    """How many features have which value, the most frequent first."""
    return dict(Counter(_texts(file, column)).most_common())


def guess(file: LabelsFile) -> ClassChoice:
    """The choice that the names suggest; without a sign of classes, all of it is cropland.

    An attribute tells classes apart only where one of its values is clearly cropland and another
    clearly is not: one of crop names (wheat, maize) does not.  Where :func:`class_question` asks,
    it is what is clear of the answer.
    """
    if is_own(file):
        return ClassChoice("class", frozenset({"cropland"}))
    sorted_out = _sorted_out(file)
    clear = next((one for one in sorted_out if not _is_open(one)), None)
    found = clear or next(iter(sorted_out), None)
    return ClassChoice(found.column, frozenset(found.cropland)) if found else ClassChoice()


def class_question(file: LabelsFile) -> ClassQuestion | None:
    """What has to be asked about the classes of a file; None where their names are clear."""
    if is_own(file):
        return None
    sorted_out = _sorted_out(file)
    if any(not _is_open(one) for one in sorted_out):
        return None
    return next(iter(sorted_out), None)


def choice_of(file: LabelsFile, choice: ClassChoice) -> ClassChoice:
    """A choice that somebody states, checked against the file.

    Raises
    ------
    InputError
        The file has no such attribute, or the attribute has no such value.
    """
    if choice.column is None:
        return choice
    if choice.column not in file.columns:
        raise InputError(
            f"{file.name} has no attribute {choice.column}.",
            f"It has {listed(list(file.columns)) or 'none'}.",
        )
    values = values_of(file, choice.column)
    missing = sorted(choice.cropland - values.keys())
    if missing or not choice.cropland:
        raise InputError(
            f"The attribute {choice.column} of {file.name} never is "
            f"{listed(missing) or 'what was named'}.",
            f"It is {listed(list(values))}.",
        )
    return choice


def parse_choice(text: str) -> ClassChoice:
    """A choice as a person types it: ``landuse=arable,fallow``.

    Where a value has a comma, semicolons part the values.

    Raises
    ------
    InputError
        It has no attribute or no value.
    """
    column, _, values = text.partition("=")
    parts = values.split(";" if ";" in values else ",")
    kept = frozenset(value.strip() for value in parts if value.strip())
    if not column.strip() or not kept:
        raise InputError(
            f"{text} does not say which attribute has which values on cropland.",
            "Write it as ATTRIBUTE=VALUE,VALUE, such as landuse=arable,fallow.",
        )
    return ClassChoice(column.strip(), kept)


def _sorted_out(file: LabelsFile) -> list[ClassQuestion]:
    """Attributes that tell classes apart, or should by their names; ``class`` first."""
    found = []
    for name in sorted(class_columns(file), key=lambda name: name != "class"):
        kind = column_kind(name)
        if kind is None:
            continue
        values = [value for value in values_of(file, name) if value != EMPTY]
        meanings = _meanings(values)
        crops, others, unclear = (
            tuple(value for value in values if meanings[value] == one)
            for one in ("cropland", "other", "unclear")
        )
        asked = (*unclear, EMPTY) if EMPTY in values_of(file, name) else unclear
        one = ClassQuestion(name, crops, others, asked)
        named = kind == "class" or (kind == "kind" and bool(crops))
        numbers = all(says_yes_or_no(value) != "unclear" for value in values)
        told_apart = bool(crops and others)
        doubtful = named and len(unclear) > (0 if crops else 1) and not numbers
        if told_apart or doubtful or (others and not crops and not numbers):
            found.append(one)
    return found


def _meanings(values: list[str]) -> dict[str, Meaning]:
    answers = {value: says_yes_or_no(value) for value in values}
    if "unclear" not in answers.values():
        return answers
    return {value: meaning_of(value) for value in values}


def _is_open(one: ClassQuestion) -> bool:
    return bool(one.unclear) or not one.cropland


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
