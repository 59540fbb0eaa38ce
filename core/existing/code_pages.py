"""In which code page the texts of a dBASE table are: what its files say, and what is likely.

Sources: the language driver identifiers of dBASE and of Esri's shapefiles; the system code pages
of Windows by language.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Mapping

_UTF8 = "utf-8"

_BY_NUMBER = {
    65000: "utf-7",
    65001: _UTF8,
    936: "gb18030",
    54936: "gb18030",
    10000: "mac_roman",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10029: "mac_latin2",
    1200: "utf-16",
    20866: "koi8_r",
    21866: "koi8_u",
}
_NAMED = {
    "ansi": "cp1252",
    "big5": "cp950",
    "eucjp": "euc_jp",
    "euckr": "cp949",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "latin1": "iso8859_1",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "unicode": _UTF8,
    "utf8": _UTF8,
}
_LATIN = re.compile(r"(?:iso)?8859(\d{1,2})", re.IGNORECASE)
_NUMBER = re.compile(r"(?:cp|ms|windows|win|ansi|oem|dos|ibm|codepage)?(\d{3,5})", re.IGNORECASE)

_BY_DRIVER = {
    **dict.fromkeys((0x01, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x15, 0x18, 0x19, 0x1B), "cp437"),
    **dict.fromkeys((0x02, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x1A, 0x1D, 0x25, 0x37), "cp850"),
    **dict.fromkeys((0x03, 0x58, 0x59), "cp1252"),
    **dict.fromkeys((0x1F, 0x22, 0x23, 0x40, 0x64, 0x87), "cp852"),
    **dict.fromkeys((0x08, 0x17, 0x66), "cp865"),
    **dict.fromkeys((0x26, 0x65), "cp866"),
    **dict.fromkeys((0x13, 0x7B), "cp932"),
    **dict.fromkeys((0x4D, 0x7A), "gb18030"),
    **dict.fromkeys((0x4E, 0x79), "cp949"),
    **dict.fromkeys((0x4F, 0x78), "cp950"),
    **dict.fromkeys((0x50, 0x7C), "cp874"),
    **dict.fromkeys((0x6A, 0x86), "cp737"),
    **dict.fromkeys((0x6B, 0x88), "cp857"),
    **dict.fromkeys((0x1C, 0x6C), "cp863"),
    0x24: "cp860",
    0x67: "cp861",
    0x04: "mac_roman",
    0x96: "mac_cyrillic",
    0x97: "mac_latin2",
    0x98: "mac_greek",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
    0xCC: "cp1257",
}
"""Identifier 0x57 is the code page of whatever machine wrote the table, so it says nothing."""

_MULTIBYTE = frozenset({_UTF8, "gb18030", "cp932", "cp949", "cp950", "euc_jp", "utf-7", "utf-16"})

_OF_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg"), "cp1251"),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"), "cp1250"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256"),
    "el": "cp1253",
    "he": "cp1255",
    "ja": "cp932",
    "ko": "cp949",
    "th": "cp874",
    "vi": "cp1258",
    "zh": "gb18030",
}
_TRADITIONAL = ("zh_tw", "zh_hk", "zh_mo")


def code_page_named(stated: bytes) -> str | None:
    """The code page that the content of a ``.cpg`` file names; None where it names none.

    ``UTF-8``, ``1252``, ``ANSI 1251``, ``CP936``, ``ISO 88591``, ``LDID/201`` and the like.
    """
    text = stated.decode("ascii", "ignore").strip().lower()
    driver = re.fullmatch(r"ldid\s*/\s*(\d{1,3})", text)
    if driver:
        return code_page_of_driver(int(driver.group(1)))
    plain = re.sub(r"[^a-z0-9]", "", text)
    if plain in _NAMED:
        return _NAMED[plain]
    latin = _LATIN.fullmatch(plain)
    if latin:
        return _known(f"iso8859_{int(latin.group(1))}")
    number = _NUMBER.fullmatch(plain)
    if number is None:
        return None
    return _BY_NUMBER.get(int(number.group(1))) or _known(f"cp{int(number.group(1))}")


def code_page_of_driver(identifier: int) -> str | None:
    """The code page of a language driver identifier (byte 29 of a ``.dbf``)."""
    return _BY_DRIVER.get(identifier)


def likely_code_page(environment: Mapping[str, str] | None = None) -> str:
    """The code page that programs for Windows use in the language of this machine."""
    stated = os.environ if environment is None else environment
    named = (stated.get("LC_ALL") or stated.get("LC_CTYPE") or stated.get("LANG") or "").lower()
    if named.startswith(_TRADITIONAL):
        return "cp950"
    return _OF_LANGUAGE.get(re.split(r"[_.@-]", named)[0], "cp1252")


def is_single_byte(code_page: str) -> bool:
    """Whether each byte is a letter, so that hardly any text is not one in this code page."""
    return code_page not in _MULTIBYTE


def spoken_code_page(code_page: str) -> str:
    """A code page as people call it."""
    if code_page.startswith("iso8859_"):
        return f"ISO-8859-{code_page.rpartition('_')[2]}"
    if re.fullmatch(r"cp125\d", code_page):
        return f"Windows-{code_page[2:]}"
    return code_page.upper().replace("_", "-").replace("CP", "code page ")


def _known(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
