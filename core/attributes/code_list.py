"""Lists of codes and names to choose from: a short one of ours, and anybody's from a CSV."""

from __future__ import annotations

import csv
import io

from core.attributes.attribute_schema import MOST_CHOICES, Choice
from core.errors import InputError

COMMON_CROPS = (
    Choice("wheat", "Wheat", "#e69f00"),
    Choice("barley", "Barley", "#f6c85f"),
    Choice("maize", "Maize", "#f0e442"),
    Choice("rice", "Rice", "#56b4e9"),
    Choice("other_cereals", "Other cereals", "#c9a227"),
    Choice("soybean", "Soybean", "#009e73"),
    Choice("other_pulses", "Beans, peas and other pulses", "#7bc8a4"),
    Choice("rapeseed", "Rapeseed", "#d4d400"),
    Choice("sunflower", "Sunflower", "#ffb000"),
    Choice("potatoes", "Potatoes", "#a0522d"),
    Choice("sugar_beet", "Sugar beet", "#b5739d"),
    Choice("sugar_cane", "Sugar cane", "#8fbc5a"),
    Choice("cotton", "Cotton", "#dcdcdc"),
    Choice("vegetables", "Vegetables", "#cc79a7"),
    Choice("fodder", "Fodder crops", "#6b8e23"),
    Choice("pasture", "Pasture and meadow", "#9acd32"),
    Choice("orchard", "Orchard", "#8b3a62"),
    Choice("vineyard", "Vineyard", "#7b3294"),
    Choice("fallow", "Fallow", "#999999"),
    Choice("other", "Other crop", "#0072b2"),
)
"""Common crops under codes of our own; a list that others have agreed on comes as a CSV."""

_MOST_BYTES = 1_000_000
_CODE = ("code", "id", "value")
_NAME = ("name", "label", "title", "crop")
_COLOUR = ("colour", "color")
_HINT = "Write a first line with code,name or code,name,colour, then one line for each choice."


def read_code_list(body: bytes) -> tuple[Choice, ...]:
    """The choices of a CSV with the columns code, name and, if it likes, colour.

    Parameters
    ----------
    body : bytes
        UTF-8, with commas, semicolons or tabs between the columns.  Empty lines do not count.

    Raises
    ------
    InputError
        It is no such table; the message names the line.
    """
    if len(body) > _MOST_BYTES:
        raise InputError("The list is larger than 1 MB.", "Leave out what does not occur.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("The list is not in UTF-8.", "Save it as 'CSV UTF-8'.") from error
    lines = text.splitlines()
    if not lines:
        raise InputError("The list is empty.", _HINT)
    delimiter = max(",;\t", key=lines[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"The list is no CSV: {error}.", _HINT) from error
    head = [cell.strip().lower() for cell in rows[0]]
    code, name, colour = (_place(head, names) for names in (_CODE, _NAME, _COLOUR))
    if code is None or name is None:
        raise InputError("The list's first line names no columns code and name.", _HINT)
    choices = []
    for number, row in enumerate(rows[1:], start=2):
        cells = [" ".join(cell.split()) for cell in row]
        if not any(cells):
            continue
        if len(cells) <= max(code, name):
            raise InputError(f"Line {number} of the list has no code or no name.", _HINT)
        painted = "" if colour is None or len(cells) <= colour else cells[colour].lower()
        try:
            choices.append(Choice(cells[code], cells[name], painted))
        except InputError as error:
            raise InputError(f"Line {number} of the list: {error.message}", error.hint) from error
        if len(choices) > MOST_CHOICES:
            raise InputError(
                f"The list has more than {MOST_CHOICES:,} codes.",
                "Leave those out that do not occur in the project.",
            )
    if not choices:
        raise InputError("The list has no line with a code and a name.", _HINT)
    return tuple(choices)


def _place(head: list[str], names: tuple[str, ...]) -> int | None:
    return next((head.index(name) for name in names if name in head), None)
