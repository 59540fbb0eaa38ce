"""Rows of a project as they are read: a stranger or a failing disk may have written anything.

Every row is looked at once, where it is read, and what follows can rely on its types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from core.errors import ProjectError, Remedy
from core.outside import is_deeper, is_plain_name
from core.project.records import VERDICTS

_LARGEST_SIDE = 16_384
_FARTHEST = 2**40


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_place(value: object) -> bool:
    return isinstance(value, int) and abs(value) < _FARTHEST


def _is_side(value: object) -> bool:
    return isinstance(value, int) and 0 < value <= _LARGEST_SIDE


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and not is_deeper(value)


def _is_figures(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(v, int | float) for v in value.values())


def _is_time(value: object) -> bool:
    return isinstance(value, datetime)


def _is_verdict(value: object) -> bool:
    return value in VERDICTS


Kind = tuple[Callable[[object], bool], str]

_TEXT: Final[Kind] = (_is_text, "a text")
_NUMBER: Final[Kind] = (_is_number, "a number")
_NAME: Final[Kind] = (is_plain_name, "a name")
_PLACE: Final[Kind] = (_is_place, "a place in a scene")
_SIDE: Final[Kind] = (_is_side, "the side of a tile")
_OBJECT: Final[Kind] = (_is_object, "an object of JSON")
_FIGURES: Final[Kind] = (_is_figures, "an object of numbers")
_TIME: Final[Kind] = (_is_time, "a time")
_VERDICT: Final[Kind] = (_is_verdict, "a verdict")


def _or_none(kind: Kind) -> Kind:
    test, word = kind
    return (lambda value: value is None or test(value)), word


Kinds = Mapping[str, Kind]

PROJECT: Final[Kinds] = {"id": _NAME, "name": _TEXT}
SCENE: Final[Kinds] = {
    "id": _NAME,
    "name": _TEXT,
    "scene": _OBJECT,
    "landcover": _or_none(_OBJECT),
    "settings": _OBJECT,
    "version": _NUMBER,
    "added_at": _TIME,
}
TILE: Final[Kinds] = {
    "id": _NUMBER,
    "scene_id": _NAME,
    "name": _NAME,
    "position": _NUMBER,
    **dict.fromkeys(("window_column", "window_row"), _PLACE),
    **dict.fromkeys(("window_width", "window_height"), _SIDE),
    "figures": _FIGURES,
    "verdict": _VERDICT,
    "reviewer": _TEXT,
    "comment": _TEXT,
    "verdict_at": _or_none(_TIME),
    "verdict_head": _or_none(_NUMBER),
    **dict.fromkeys(("verdict_version", "log_version", "head", "tip"), _NUMBER),
    **dict.fromkeys(("last_sequence", "edit_count", "revision"), _NUMBER),
    **dict.fromkeys(("link", "seal"), _TEXT),
}
EDIT: Final[Kinds] = {
    "sequence": _NUMBER,
    "kind": _TEXT,
    "data": _OBJECT,
    "author": _TEXT,
    "at": _TIME,
}
JOURNAL: Final[Kinds] = {
    "at": _TIME,
    "author": _TEXT,
    "scene_id": _TEXT,
    "tile": _or_none(_TEXT),
    "action": _TEXT,
    "detail": _OBJECT,
}
SECOND_REVIEW: Final[Kinds] = {
    "scene_id": _NAME,
    "name": _NAME,
    "drawn_at": _TIME,
    "drawn_by": _TEXT,
    "seed": _NUMBER,
    "first_verdict": _or_none(_VERDICT),
    "second_verdict": _or_none(_VERDICT),
    **{
        f"{which}_{column}": _or_none(_TEXT)
        for which in ("first", "second")
        for column in ("reviewer", "comment")
    },
    **{f"{which}_at": _or_none(_TIME) for which in ("first", "second")},
    **{f"{which}_head": _or_none(_NUMBER) for which in ("first", "second")},
    "first_version": _or_none(_NUMBER),
}


def check_row(table: str, place: object, row: Any, kinds: Kinds) -> None:
    """Raise unless the columns of a row are of these kinds.

    Parameters
    ----------
    place : object
        Names the row in its table.

    Raises
    ------
    ProjectError
        One is not; the message names table, row and column.
    """
    for column, (test, word) in kinds.items():
        if not test(getattr(row, column)):
            raise ProjectError(
                f"The project is damaged: in its table {table}, row {str(place)[:40]}, "
                f"{column} is not {word}.",
                remedy=Remedy.RESTORE_BACKUP,
            )
