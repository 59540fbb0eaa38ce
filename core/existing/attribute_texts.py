"""Attributes of a file with their texts decoded, whatever the file says of its code page.

GDAL hands the bytes of texts over as ISO-8859-1, which loses none of them.  A geometry is never
lost to a text: where nothing fits, letters are replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.existing.code_pages import is_single_byte, likely_code_page, spoken_code_page
from core.existing.labels_file import Value

_UTF8 = "utf-8"


@dataclass(frozen=True, slots=True)
class StatedTexts:
    """What a file says of its texts.

    Parameters
    ----------
    cpg, driver : str or None
        The code pages that its ``.cpg`` and the header of its ``.dbf`` name.
    widths : mapping of str to int
        Bytes of its text columns, by name as GDAL hands it over: a text as long as that may have
        been cut in the middle of a letter.
    mixed : bool
        Whether each text is looked at alone: the format is of UTF-8, and only some broke it.
    """

    cpg: str | None = None
    driver: str | None = None
    widths: Mapping[str, int] = field(default_factory=dict)
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class DecodedTexts:
    """Columns by their names, and a sentence where something had to be guessed; else empty."""

    columns: dict[str, list[Value]]
    note: str = ""


def decode_columns(columns: dict[str, list[Value]], stated: StatedTexts) -> DecodedTexts:
    """Decode the names and texts of columns.

    The order: what the ``.cpg`` says, what the header says, UTF-8, the usual code page of this
    machine's language; the first in which all of it is text.  Where all of it is UTF-8 and some
    of it is not plain ASCII, a code page of single bytes is not believed.

    Parameters
    ----------
    columns : dict
        Texts are bytes that were decoded as ISO-8859-1.
    """
    raw = {*_raw_texts(columns, stated)}
    if all(text.isascii() for text, _ in raw):
        return DecodedTexts(columns)
    guess = likely_code_page()
    if stated.mixed:
        return _each(columns, raw, guess)
    said = [page for page in (stated.cpg, stated.driver) if page]
    order = [*said, _UTF8, guess]
    if said and is_single_byte(said[0]) and _fits(raw, _UTF8):
        order.insert(0, _UTF8)
    fitting = next((page for page in order if _fits(raw, page)), None)
    page = fitting or (said[0] if said and said[0] != _UTF8 else guess)
    return DecodedTexts(_in_code_page(columns, stated, page), _note(stated, page, fitting))


def _raw_texts(
    columns: dict[str, list[Value]], stated: StatedTexts
) -> Iterator[tuple[bytes, bool]]:
    """Texts as bytes, and whether they may have been cut."""
    for name, values in columns.items():
        yield name.encode("latin-1", "replace"), False
        width = stated.widths.get(name, 0)
        for value in values:
            if isinstance(value, str):
                text = value.encode("latin-1", "replace")
                yield text, 0 < width <= len(text)


def _fits(raw: set[tuple[bytes, bool]], page: str) -> bool:
    try:
        for text, may_be_cut in raw:
            _decoded(text, page, may_be_cut)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(text: bytes, page: str, may_be_cut: bool) -> str:
    try:
        return text.decode(page)
    except UnicodeDecodeError as error:
        # The last letter is half there.
        if may_be_cut and error.start > len(text) - 4 and error.end >= len(text):
            return text[: error.start].decode(page)
        raise


def _in_code_page(
    columns: dict[str, list[Value]], stated: StatedTexts, page: str
) -> dict[str, list[Value]]:
    def text(value: str, width: int) -> str:
        raw = value.encode("latin-1", "replace")
        try:
            return _decoded(raw, page, 0 < width <= len(raw))
        except UnicodeDecodeError:
            return raw.decode(page, "replace")

    return {
        text(name, 0): [
            text(value, stated.widths.get(name, 0)) if isinstance(value, str) else value
            for value in values
        ]
        for name, values in columns.items()
    }


def _each(
    columns: dict[str, list[Value]], raw: set[tuple[bytes, bool]], guess: str
) -> DecodedTexts:
    def text(value: str) -> str:
        encoded = value.encode("latin-1", "replace")
        try:
            return encoded.decode(_UTF8)
        except UnicodeDecodeError:
            return encoded.decode(guess, "replace")

    decoded = {
        text(name): [text(value) if isinstance(value, str) else value for value in values]
        for name, values in columns.items()
    }
    if _fits(raw, _UTF8):
        return DecodedTexts(decoded)
    return DecodedTexts(
        decoded,
        f"Some of its texts are not UTF-8, as they should be; they were read as "
        f"{spoken_code_page(guess)}.",
    )


def _note(stated: StatedTexts, page: str, fitting: str | None) -> str:
    spoken = spoken_code_page(page)
    if fitting is None:
        return (
            f"Its texts fit no code page; they were read as {spoken}, and letters that could not "
            "be read are shown as \N{REPLACEMENT CHARACTER}."
        )
    if stated.cpg and page != stated.cpg:
        said = spoken_code_page(stated.cpg)
        return f"Its .cpg says {said}, but its texts are not: they were read as {spoken}."
    if stated.driver and not stated.cpg and page != stated.driver:
        said = spoken_code_page(stated.driver)
        return f"Its .dbf says {said}, but its texts are not: they were read as {spoken}."
    if not (stated.cpg or stated.driver) and page != _UTF8:
        return f"It does not say in which code page its texts are: they were read as {spoken}."
    return ""
