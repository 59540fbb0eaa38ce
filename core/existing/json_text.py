"""JSON as text, whatever its encoding, and features that stand one a line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UnreadableLabelsError
from core.existing.code_pages import likely_code_page, spoken_code_page

_RECORD_SEPARATOR = "\x1e"
"""Before each feature of RFC 8142."""

_LOOKED_AT = 5
"""Lines of which one must be a feature, where a file holds one a line."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A file's text, and a sentence where its encoding had to be guessed; else empty."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Values that stand one a line, with the numbers of their lines; None for what is no JSON."""

    values: list[Any]
    numbers: list[int]


def read_json_text(path: Path) -> JsonText:
    """The text of a file in UTF-8, UTF-16 or UTF-32, or else in this machine's code page."""
    raw = path.read_bytes()
    # The name of the encoding follows from the zeros among the first bytes (RFC 4627).
    encoding = json.detect_encoding(raw)
    try:
        return JsonText(raw.decode(encoding).removeprefix("\ufeff"))
    except UnicodeDecodeError:
        page = likely_code_page()
        return JsonText(
            raw.decode(page, "replace"),
            f"It is not UTF-8, as GeoJSON has to be; it was read as {spoken_code_page(page)}.",
        )


def parse_json(text: str, name: str) -> Any | JsonLines:
    """The document, or its lines where each is a document.

    Raises
    ------
    UnreadableLabelsError
        Neither.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = _lines(text)
        if lines is not None:
            return lines
        raise UnreadableLabelsError(
            f"{name} is damaged or cut short: it is not whole JSON.", "Export it again."
        ) from error


def _lines(text: str) -> JsonLines | None:
    filled = [
        (number, line.strip(_RECORD_SEPARATOR + " \t\r"))
        for number, line in enumerate(text.split("\n"), start=1)
    ]
    filled = [(number, line) for number, line in filled if line]
    if not any(_is_feature(_value(line)) for _, line in filled[:_LOOKED_AT]):
        return None
    if "FeatureCollection" in filled[0][1]:  # cut short, one feature a line
        return None
    return JsonLines([_value(line) for _, line in filled], [number for number, _ in filled])


def _is_feature(value: Any) -> bool:
    return isinstance(value, dict) and ("geometry" in value or "coordinates" in value)


def _value(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
