"""Texts of a shapefile in every code page, whatever its other parts say of it."""

from pathlib import Path

import pytest

from core.existing.attribute_texts import StatedTexts, decode_columns
from core.existing.code_pages import code_page_named, code_page_of_driver, likely_code_page
from tests.existing.conftest import fields, read_here, table, write

DRIVER_BYTE = 29


def shapefile(folder: Path, grid, texts, encoding: str, cpg: str | None, driver: int = 0) -> Path:
    """A shapefile whose texts, ``.cpg`` and header each say what they like."""
    path = write(folder / "a.shp", table(grid, fields(), crop=texts), encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    raw = bytearray(path.with_suffix(".dbf").read_bytes())
    raw[DRIVER_BYTE] = driver
    path.with_suffix(".dbf").write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("texts", "encoding", "cpg", "driver"),
    [
        (["Rüben", "Öl"], "cp1252", "UTF-8", 0),  # the .cpg lies
        (["Rüben", "Öl"], "utf-8", "1252", 0),  # and the other way round
        (["пашня", "луг"], "cp1251", None, 0xC9),
        (["пашня", "луг"], "cp866", None, 0x65),
        (["orná půda", "žito"], "cp1250", None, 0xC8),
        (["耕地", "林地"], "gbk", None, 0x4D),
        (["café", "prés"], "cp850", None, 0x02),
        (["пашня", "луг"], "cp1251", "UTF-8", 0xC9),
        (["пашня", "луг"], "cp1251", "ANSI 1251\r\n", 0x57),
        (["пашня", "луг"], "utf-8", None, 0x57),
        (["пашня", "耕地"], "utf-8", "UTF-8", 0x03),
    ],
)
def test_the_right_letters(tmp_path, utm, texts, encoding, cpg, driver) -> None:
    file = read_here(shapefile(tmp_path, utm, texts, encoding, cpg, driver), utm)
    assert file.columns["crop"] == texts
    assert len(file.shapes) == 2
    lies = (cpg, encoding) in {("UTF-8", "cp1252"), ("1252", "utf-8"), ("UTF-8", "cp1251")}
    assert any(note.startswith("Its .cpg says") for note in file.notes) == lies


def test_no_geometry_is_lost_to_a_text() -> None:
    nothing_fits = b"\x81\x8d\xff\xfe".decode("latin-1")
    decoded = decode_columns({"a": [nothing_fits, 3]}, StatedTexts("utf-8"))
    assert decoded.columns["a"][1] == 3
    assert "\N{REPLACEMENT CHARACTER}" in decoded.columns["a"][0]
    assert "fit no code page" in decoded.note


def test_a_text_that_was_cut_in_the_midst_of_a_letter() -> None:
    raw = "пашня".encode()[:-1].decode("latin-1")
    cut = decode_columns({"a": [raw]}, StatedTexts("utf-8", widths={"a": 9}))
    assert (cut.columns, cut.note) == ({"a": ["пашн"]}, "")
    # Shorter than its column it was not cut, so it is not UTF-8.
    assert decode_columns({"a": [raw]}, StatedTexts("utf-8", widths={"a": 80})).note


def test_a_geopackage_with_one_text_that_is_not_utf8() -> None:
    texts = [
        text.encode(page).decode("latin-1") for text, page in (("耕地", "utf-8"), ("Öl", "cp1252"))
    ]
    decoded = decode_columns({"a": texts}, StatedTexts(mixed=True))
    assert decoded.columns["a"] == ["耕地", "Öl"]
    assert "Some of its texts" in decoded.note


@pytest.mark.parametrize(
    ("stated", "page"),
    [
        (b"UTF-8", "utf-8"),
        (b"\xef\xbb\xbfutf8\r\n", "utf-8"),
        (b"65001", "utf-8"),
        (b"1252", "cp1252"),
        (b"ANSI 1251", "cp1251"),
        (b"OEM 850", "cp850"),
        (b"CP936", "gb18030"),
        (b"GBK", "gb18030"),
        (b"88591", "iso8859-1"),
        (b"ISO-8859-2", "iso8859-2"),
        (b"ISO 8859-15", "iso8859-15"),
        (b"LDID/201", "cp1251"),
        (b"Big5", "cp950"),
        (b"rot13", None),
        (b"", None),
        (b"9999", None),
    ],
)
def test_names_of_code_pages(stated, page) -> None:
    assert code_page_named(stated) == page


def test_code_pages_of_drivers_and_languages() -> None:
    assert code_page_of_driver(0x57) is None
    pages = {"ru_RU.UTF-8": "cp1251", "pl": "cp1250", "zh_CN": "gb18030", "zh_TW.Big5": "cp950"}
    for language, page in pages.items():
        assert likely_code_page({"LANG": language}) == page
    assert likely_code_page({"LC_ALL": "el_GR", "LANG": "ru_RU"}) == "cp1253"
    assert likely_code_page({"LANG": "C"}) == "cp1252"
