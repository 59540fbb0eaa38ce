"""A shapefile's other parts: the index made again, the table's header, records that are damaged.

Source: ESRI Shapefile Technical Description (1998); the header of dBASE III tables.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.existing.attribute_texts import StatedTexts
from core.existing.code_pages import code_page_named, code_page_of_driver

_HEADER = 100
_RECORD_HEADER = 8
_DBF_FIELD = 32
_LONGEST_CPG = 64
_LEAST_WORDS = 2
"""Of a record's content: its kind, in words of two bytes."""
_MOST_FILLED = 512 * 1024**2


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """What the table says of its texts, and a sentence where it is damaged; else empty."""

    texts: StatedTexts
    note: str = ""


def prepare_index(shapefile: Path) -> None:
    """Make an index that is missing or of no use, beside a shapefile in our own folder."""
    index = shapefile.with_suffix(".shx")
    if index.exists() and _index_is_sound(index, shapefile.stat().st_size):
        return
    index.unlink(missing_ok=True)  # it may be a link to the person's own
    _write_index(shapefile, index)


def prepare_table(shapefile: Path) -> PreparedTable:
    """Read what the parts beside a shapefile say of its texts; its index is sound.

    A table that is cut short is filled up in our own folder, one that is none is left out: no
    geometry is lost with it.
    """
    table, stated = shapefile.with_suffix(".dbf"), shapefile.with_suffix(".cpg")
    cpg = None
    if stated.exists():
        with stated.open("rb") as file:
            cpg = code_page_named(file.read(_LONGEST_CPG))
    if not table.exists():
        return PreparedTable(
            StatedTexts(cpg),
            "It has no table of attributes (.dbf) beside it, so it has no columns.",
        )
    with table.open("rb") as file:
        start = file.read(_DBF_FIELD)
        if len(start) < _DBF_FIELD:
            return _without(table)
        header, length = struct.unpack_from("<HH", start, 8)
        fields = file.read(max(0, header - _DBF_FIELD))
    count = (shapefile.with_suffix(".shx").stat().st_size - _HEADER) // _RECORD_HEADER
    if length < 1 or header < _DBF_FIELD or len(fields) < header - _DBF_FIELD:
        return _without(table)
    texts = StatedTexts(cpg, code_page_of_driver(start[29]), _text_widths(fields))
    there = max(0, table.stat().st_size - header) // length
    if there >= count:
        return PreparedTable(texts)
    if length * count > _MOST_FILLED:
        return _without(table)
    _fill_up(table, header, length, count)
    return PreparedTable(
        texts,
        f"Its table of attributes (.dbf) is cut short: {count - there:,} of its {count:,} "
        "features have no attributes.",
    )


def damaged_records(shapefile: Path, missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which of the records without a geometry are not empty but damaged, bool (records,)."""
    damaged = np.zeros(len(missing), dtype=np.bool_)
    with shapefile.with_suffix(".shx").open("rb") as index, shapefile.open("rb") as file:
        for number in np.flatnonzero(missing).tolist():
            index.seek(_HEADER + _RECORD_HEADER * number)
            entry = index.read(_RECORD_HEADER)
            if len(entry) < _RECORD_HEADER:
                continue
            file.seek(2 * struct.unpack(">I", entry[:4])[0] + _RECORD_HEADER)
            damaged[number] = file.read(4) != b"\x00\x00\x00\x00"
    return damaged


def _index_is_sound(index: Path, size: int) -> bool:
    """Whether all of its entries lead into the file, one behind the other."""
    with index.open("rb") as file:
        file.seek(_HEADER)
        body = file.read()
    if len(body) % _RECORD_HEADER or (not body and size > _HEADER):
        return False
    starts = np.frombuffer(body, dtype=">u4").reshape(-1, 2)[:, 0].astype(np.int64) * 2
    return bool((starts >= _HEADER).all() and (starts < size).all())


def _write_index(shapefile: Path, index: Path) -> None:
    entries = []
    size = shapefile.stat().st_size
    with shapefile.open("rb") as file:
        header = bytearray(file.read(_HEADER))
        place = _HEADER
        while place + _RECORD_HEADER <= size:
            file.seek(place)
            _, words = struct.unpack(">II", file.read(_RECORD_HEADER))
            if words < _LEAST_WORDS:
                break
            entries.append(struct.pack(">II", place // 2, words))
            place += _RECORD_HEADER + 2 * words
    header[24:28] = struct.pack(">I", (_HEADER + _RECORD_HEADER * len(entries)) // 2)
    index.write_bytes(bytes(header) + b"".join(entries))


def _without(table: Path) -> PreparedTable:
    table.unlink()
    return PreparedTable(StatedTexts(), "Its table of attributes (.dbf) cannot be read.")


def _text_widths(fields: bytes) -> dict[str, int]:
    widths = {}
    for place in range(0, len(fields) - _DBF_FIELD + 1, _DBF_FIELD):
        one = fields[place : place + _DBF_FIELD]
        if one[0] == 0x0D:  # the end of the list
            break
        if one[11:12] == b"C":
            widths[one[:11].split(b"\0")[0].decode("latin-1")] = one[16]
    return widths


def _fill_up(table: Path, header: int, length: int, rows: int) -> None:
    whole = bytearray(table.read_bytes())
    struct.pack_into("<I", whole, 4, rows)
    whole += b" " * max(0, header + length * rows - len(whole))
    table.unlink()
    table.write_bytes(whole)
