"""Text from files and people, made harmless for HTML and for Markdown."""

from __future__ import annotations

import re
import string

_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in string.punctuation}
"""A character reference is literal text in HTML, in Markdown and inside a JavaScript template."""

_WORD_JOINER = "\u2060"
"""It has no width and breaks no line."""

_SEEN_AFTER_PARSING = re.compile(
    r"""
      \bwww(?=\.)                                  # www.example.org
    | \b[a-z][a-z0-9+.-]*(?=://)                   # https://example.org
    | (?<=[-.\w+])@(?=[-\w])                      # name@example.org
    | :(?=[-+/\w]+:)                              # :bug: and :material/bug:
    | (?:(?<=\s)|(?<=^))[-<>~](?=[->=])            # arrows and dashes that stand alone
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Beginnings of what Streamlit's Markdown looks for in the text that it has parsed, where character
references are characters again: links, emoji, icons, and marks that it draws as others."""


def escape(text: object) -> str:
    """``text`` with every ASCII punctuation mark as a numeric character reference.

    The one function through which text passes before it reaches HTML, folium or Streamlit's
    Markdown.  Markup needs punctuation in all of them (``<``, ``${``, ``](``, ``:red[``), so none
    is let through, and what is shown is what was written.  Links without markup, emoji and the like
    are found by Streamlit only after the references have become characters again; a word joiner,
    which nobody sees, stands in their midst.
    """
    joined = _SEEN_AFTER_PARSING.sub(lambda found: found.group() + _WORD_JOINER, str(text))
    return joined.translate(_ENTITIES)


def count(number: int, one: str, many: str = "") -> str:
    """``1 tile``, ``12 tiles``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


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
