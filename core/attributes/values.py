"""Values that people give to a parcel, by the keys of a project's attributes.

What an attribute is, only the schema says, which may change; a value is kept as it was given.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from unicodedata import category

from core.errors import InputError

Value = str | float | bool

Values = tuple[tuple[str, Value], ...]
"""Of one parcel, each key once, in the order of the keys."""

Change = tuple[tuple[str, Value | None], ...]
"""New values by key, in the order of the keys; None takes one away."""

NO_VALUES: Values = ()

LONGEST_KEY = 32
LONGEST_TEXT = 500
"""Characters of a value: a sentence or two."""

_MOST_VALUES = 64
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def is_key(key: object) -> bool:
    """Whether something can be the key of an attribute: small letters, digits and _."""
    return isinstance(key, str) and len(key) <= LONGEST_KEY and _KEY.fullmatch(key) is not None


def changed(values: Values, change: Change) -> Values:
    """The values after a change."""
    after: dict[str, Value | None] = {**dict(values), **dict(change)}
    return tuple((key, value) for key, value in sorted(after.items()) if value is not None)


def agreed(several: Sequence[Values]) -> Values:
    """What parcels that become one say together: values of which none says another one.

    A parcel that says nothing does not disagree.
    """
    said: dict[str, Value] = {}
    against: set[str] = set()
    for values in several:
        for key, value in values:
            if said.setdefault(key, value) != value:
                against.add(key)
    return tuple((key, value) for key, value in sorted(said.items()) if key not in against)


def contradict(one: Values, other: Values) -> bool:
    """Whether both say something of the same attribute, and not the same."""
    said = dict(one)
    return any(said.get(key, value) != value for key, value in other)


def read_change(raw: object) -> Change:
    """A change from JSON that anybody may have sent; null takes a value away.

    Raises
    ------
    InputError
        A key or value is none, or there are too many.
    """
    if not isinstance(raw, Mapping) or not 0 < len(raw) <= _MOST_VALUES:
        raise InputError("The edit gives no attributes.", "Nothing was changed.")
    for key in raw:
        if not is_key(key):
            raise InputError("The edit names an attribute that none can have.")
    return tuple((key, None if raw[key] is None else _value(raw[key])) for key in sorted(raw))


def read_values(raw: object) -> Values:
    """Values from JSON that :func:`changed` made; none where there is nothing.

    Raises
    ------
    InputError
        As for :func:`read_change`.
    """
    return changed(NO_VALUES, read_change(raw)) if raw else NO_VALUES


def _value(raw: object) -> Value:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int | float):
        return _number(raw)
    if not isinstance(raw, str) or not raw.strip():
        raise InputError("The value of an attribute is neither text, number nor yes or no.")
    text = " ".join(raw.split())
    if len(text) > LONGEST_TEXT:
        raise InputError(
            f"The value has {len(text):,} characters; {LONGEST_TEXT} are the most.",
            "Make it shorter.",
        )
    if any(category(character) in ("Cc", "Cs") for character in text):
        raise InputError("The value has characters that are no text.", "Write it again.")
    return text


def _number(raw: int | float) -> float:
    try:
        number = float(raw)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError("The value of an attribute is a number without end.", "Write it again.")
    return number
