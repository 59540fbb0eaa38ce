"""People are known by their names alone."""

from __future__ import annotations


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, whatever their case and blanks."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
