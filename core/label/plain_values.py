"""Plain values that anybody may have sent: which of them are numbers and texts, and which not."""

from __future__ import annotations

import math
from unicodedata import category

from core.errors import InputError

_LONGEST_SHOWN = 40


def plain_number(value: object) -> float | None:
    """The value as a finite float; None for everything else, a bool and an endless int included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def number_between(value: object, least: float, most: float) -> float | None:
    """The value as a float from ``least`` to ``most``; None for everything else."""
    number = plain_number(value)
    return number if number is not None and least <= number <= most else None


def is_text(text: str) -> bool:
    """Whether a text has neither control characters nor halves of a pair of surrogates.

    UTF-8 cannot hold the latter, so an answer in which one stands cannot be sent.
    """
    return not any(category(character) in ("Cc", "Cs") for character in text)


def shown(value: object) -> str:
    """A word of somebody else's, short and safe to print within a sentence."""
    if isinstance(value, str) and value and value.isprintable():
        return value[:_LONGEST_SHOWN]
    return "?"


def check(holds: bool, otherwise: str) -> None:
    """Raise :class:`~core.errors.InputError` with the sentence ``otherwise`` unless it holds."""
    if not holds:
        raise InputError(otherwise, "Nothing was changed.")
