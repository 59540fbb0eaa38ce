"""What comes from outside is looked at here before anything else is done with it.

Files are regular files of a bounded size, JSON is bounded in its size and depth, and names are
names, not paths.
"""

from __future__ import annotations

import json
import stat
from itertools import chain
from pathlib import Path
from typing import Any, Final, NoReturn

from core.errors import InputError

MOST_DEPTH: Final = 32
"""Levels of JSON; what is stored here has eight at most."""

_LONGEST_NAME = 200
_NO_NAMES = frozenset({"", ".", ".."})
_NOT_IN_NAMES = frozenset("/\\:")


def check_regular(path: Path, what: str, error: type[InputError] = InputError) -> None:
    """Raise unless a path is that of a regular file.

    A device never ends, and a pipe waits for ever.

    Parameters
    ----------
    what : str
        What the file is to the person, with its name.
    error : type
        The error to raise.

    Raises
    ------
    OSError
        It cannot be looked at.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise error(f"{what} is a folder, not a file.", "Name a file on this machine.")
    if not stat.S_ISREG(mode):
        raise error(f"{what} is a device or a pipe, not a file.", "Name a file on this machine.")


def parse_json(body: str | bytes, *, most_depth: int = MOST_DEPTH) -> Any:
    """JSON that anybody may have written.

    Raises
    ------
    ValueError
        It is none, is nested deeper than ``most_depth``, or holds numbers that JSON does not know.
    """
    try:
        value = json.loads(body, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if is_deeper(value, most_depth):
        raise ValueError("nested too deep")
    return value


def is_deeper(value: Any, most_depth: int = MOST_DEPTH) -> bool:
    """Whether plain values are nested in more levels of lists and dictionaries."""
    level = [value] if isinstance(value, list | dict) else []
    for _ in range(most_depth):
        inner = chain.from_iterable(
            entry.values() if isinstance(entry, dict) else entry for entry in level
        )
        level = [entry for entry in inner if isinstance(entry, list | dict)]
        if not level:
            return False
    return True


def is_plain_name(text: object) -> bool:
    """Whether a text can name a file in a folder, and never leads out of it."""
    return (
        isinstance(text, str)
        and text not in _NO_NAMES
        and len(text) <= _LONGEST_NAME
        and text.isprintable()
        and not _NOT_IN_NAMES.intersection(text)
    )


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
