"""Text from files and people, made harmless for HTML and for Markdown."""

from __future__ import annotations

import string

_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in string.punctuation}
"""A character reference is literal text in HTML, in Markdown and inside a JavaScript template."""


def escape(text: object) -> str:
    """``text`` with every ASCII punctuation mark as a numeric character reference.

    The one function through which text passes before it reaches HTML, folium or Streamlit's
    Markdown.  Markup needs punctuation in all of them (``<``, ``${``, ``](``, ``:red[``), so none
    is let through, and what is shown is what was written.
    """
    return str(text).translate(_ENTITIES)


def count(number: int, one: str, many: str = "") -> str:
    """``1 tile``, ``12 tiles``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def hectares(value: float | None) -> str:
    """An area with as many digits as it is worth: ``0.42 ha``, ``41.2 ha``, ``1,250 ha``."""
    if value is None:
        return "–"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:,.{digits}f} ha"


def file_size(size: int) -> str:
    """A file's size: ``12 kB``, ``41 MB``, ``2.6 GB``."""
    if size >= 1e9:
        return f"{size / 1e9:,.1f} GB"
    return f"{round(size / 1e6):,} MB" if size >= 999_500 else f"{max(1, round(size / 1e3)):,} kB"


def escape_colour(colour: str) -> str:
    """A ``#rrggbb`` colour, or grey for anything else."""
    digits = colour.removeprefix("#")
    good = len(digits) == 6 and all(d in "0123456789abcdefABCDEF" for d in digits)
    return f"#{digits}" if good else "#888888"
