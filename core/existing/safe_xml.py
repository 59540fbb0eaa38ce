"""XML of strangers: no document type, no entity of its own, nothing that it refers to is opened."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from core.errors import UnreadableLabelsError
from core.existing.code_pages import likely_code_page, spoken_code_page
from core.existing.stated_crs import crs_of_text

_MOST_BYTES = 512 * 1024**2
_DECLARED = re.compile(r"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*?\?>""")
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}

Start = Callable[[str, dict[str, str]], Any]


@dataclass(frozen=True, slots=True)
class XmlText:
    """A file's XML in UTF-8, and a sentence where its encoding had to be guessed; else empty."""

    body: bytes
    note: str = ""


def read_xml(path: Path, name: str) -> XmlText:
    """The XML of a file, whatever its encoding.

    Raises
    ------
    UnreadableLabelsError
        Too much of it.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UnreadableLabelsError(
            f"{name} is larger than 512 MB, too much for XML.",
            "Save it as a GeoPackage, or cut out the part that you need.",
        )
    raw = path.read_bytes()
    stated = next((page for mark, page in _BOMS.items() if raw.startswith(mark)), None)
    declared = _DECLARED.match(raw[:400].decode("latin-1"))
    if stated is None and declared:
        stated = _text_encoding(declared.group(1))
    for page in dict.fromkeys((stated or "utf-8", "utf-8")):
        try:
            return XmlText(_plain(raw.decode(page)))
        except UnicodeDecodeError:
            continue
    page = likely_code_page()
    return XmlText(
        _plain(raw.decode(page, "replace")),
        f"Its texts are not in the encoding that it declares; they were read as "
        f"{spoken_code_page(page)}.",
    )


def walk_xml(
    text: XmlText,
    name: str,
    start: Start,
    end: Callable[[str], Any],
    words: Callable[[str], Any],
) -> None:
    """Call back for every element's start and end and for its words.

    Raises
    ------
    UnreadableLabelsError
        No XML, or one that has a document type.
    """

    def refuse(*_: Any) -> None:
        raise UnreadableLabelsError(
            f"{name} declares a document type (DOCTYPE), which may lead to other files.",
            "Take that line out, or export the file again.",
        )

    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = words
    try:
        parser.Parse(text.body, True)
    except expat.ExpatError as error:
        raise UnreadableLabelsError(
            f"{name} is damaged or cut short: it is not whole XML.", "Export it again."
        ) from error


def write_without_references(text: XmlText, name: str, target: Path) -> None:
    """Write the XML without schemas, links to elsewhere, and CRSs that are no names.

    Raises
    ------
    UnreadableLabelsError
        As for :func:`walk_xml`.
    """
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']

    def start(tag: str, attributes: dict[str, str]) -> None:
        kept = [
            f" {key}={quoteattr(value)}"
            for key, value in attributes.items()
            if not _leads_elsewhere(key, value)
        ]
        parts.append(f"<{tag}{''.join(kept)}>")

    walk_xml(
        text,
        name,
        start,
        lambda tag: parts.append(f"</{tag}>"),
        lambda words: parts.append(escape(words)),
    )
    target.write_text("".join(parts), encoding="utf-8")


def _leads_elsewhere(key: str, value: str) -> bool:
    plain = key.rpartition(":")[2]
    if plain in ("schemaLocation", "noNamespaceSchemaLocation"):
        return True
    if plain == "srsName":
        return crs_of_text(value) is None
    return plain == "href" and not value.startswith("#")


def _plain(text: str) -> bytes:
    """In UTF-8, without a declaration that says something else."""
    return _DECLARED.sub("", text.removeprefix("\ufeff")).encode("utf-8", "replace")


def _text_encoding(name: str) -> str | None:
    try:
        codecs.lookup(name)
        "".encode(name)
    except LookupError:
        return None
    return name
