"""Auxiliary XML beside a raster (``x.tif.aux.xml``): CRS, geotransform, nodata and statistics.

ArcGIS, QGIS and GDAL put there what a file itself does not hold, and each of them lets it win over
the file's own header.  GDAL is told not to look at it (``core/__init__.py``), because it would also
write such files, and follow what they name.  Here they are read by a parser that knows five
elements, takes text from them, and never opens anything: a document type, an entity, a path to a
grid, too deep or too large a file are refused.  Statistics count as evidence of nodata only
(:mod:`core.imagery.suspicion`), and those that do not make sense are left aside.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError

from core.crs import understood_crs
from core.errors import UnreadableRasterError
from core.held_files import is_held

LARGEST_BYTES = 16 * 1024 * 1024
"""Histograms and attribute tables make some of these files large; beyond this is none of them."""

_DEEPEST = 64
_LONGEST_TEXT = 100_000

_SRS = ("PAMDataset", "SRS")
_ARCGIS_WKT = ("PAMDataset", "Metadata", "GeodataXform", "SpatialReference", "WKT")
_GEOTRANSFORM = ("PAMDataset", "GeoTransform")
_NODATA = ("PAMDataset", "PAMRasterBand", "NoDataValue")
_WANTED = (_SRS, _ARCGIS_WKT, _GEOTRANSFORM, _NODATA)
_STATISTICS = ("PAMDataset", "PAMRasterBand", "Metadata", "MDI")
_STATISTICS_KEY = re.compile(r"STATISTICS_(MINIMUM|MAXIMUM|APPROXIMATE)")

_CODE = re.compile(r"(EPSG|ESRI):\d{1,7}")
_NAMES_A_FILE = re.compile(
    r"""(PARAMETERFILE\s*\[[^\]]*|(nad|geoid)?grids=[^\s"]*)[/\\]|\+init=""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the auxiliary XML of a raster says.

    Parameters
    ----------
    name : str
        Of the file.
    crs : CRS or None
    transform : Affine or None
        Of pixel corners (column, row) to world coordinates.
    nodata : tuple of float
        The nodata values of its bands, each once; NaN is left out, for it is unknown anyway.
    statistics : dict of int to (float, float)
        Lowest and highest known value of bands, counted from 1, where all pixels were looked at.
    """

    name: str
    crs: CRS | None = None
    transform: Affine | None = None
    nodata: tuple[float, ...] = ()
    statistics: dict[int, tuple[float, float]] = field(default_factory=dict, hash=False)


class _RefusedError(ValueError):
    """The file holds what no auxiliary XML needs."""


def sidecar_path(raster: str | Path) -> Path:
    """Where the auxiliary XML of a raster lies, if it has one."""
    return Path(f"{raster}.aux.xml")


def said_by_sidecar(path: Path) -> bytes:
    """What an auxiliary XML says of place and nodata, so that two of them can be compared.

    Nothing where it says neither, and where there is none; statistics do not count.

    Raises
    ------
    OSError
        It may not be read.
    """
    if not path.is_file() or is_held(path):
        return b""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return b"too large"
        texts, _ = _texts(path.read_bytes())
        texts[_NODATA] = [text for text in texts[_NODATA] if not math.isnan(_number(text))]
    except (expat.ExpatError, ValueError, LookupError, struct.error):
        return b"unreadable"
    return repr(texts).encode() if any(texts.values()) else b""


def read_sidecar(raster: str | Path) -> Sidecar | None:
    """The auxiliary XML beside a raster; None where there is none, and for a URL.

    Raises
    ------
    UnreadableRasterError
        There is one that cannot be read: what it would have said must not be lost in silence.
    """
    if "://" in str(raster):
        return None
    path = sidecar_path(raster)
    if not path.is_file() or is_held(path):
        return None
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _RefusedError("it is too large")
        return _parse(path.name, path.read_bytes())
    except (OSError, expat.ExpatError, CRSError, ValueError, LookupError, struct.error) as error:
        raise UnreadableRasterError(
            f"The file {path.name} beside the raster cannot be read, and may say where the raster "
            "lies or what is nodata.",
            "Export the raster once more, or move this file away.",
        ) from error


def _parse(name: str, body: bytes) -> Sidecar:
    texts, statistics = _texts(body)
    found = next((texts[place][0] for place in (_SRS, _ARCGIS_WKT) if texts[place]), None)
    place = texts[_GEOTRANSFORM]
    values = [_number(text) for text in texts[_NODATA]]
    return Sidecar(
        name,
        None if found is None else _crs(found),
        _transform(place[0]) if place else None,
        tuple(dict.fromkeys(value for value in values if not math.isnan(value))),
        _ranges(statistics),
    )


def _texts(
    body: bytes,
) -> tuple[dict[tuple[str, ...], list[str]], dict[int, dict[str, str]]]:
    """The texts of the elements that are wanted, in their order, and statistics by band."""
    found: dict[tuple[str, ...], list[str]] = {place: [] for place in _WANTED}
    statistics: dict[int, dict[str, str]] = {}
    where: list[str] = []
    parts: list[str] = []
    exact: list[str] = []
    band = 0
    key = ""

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal band, key
        where.append(tag)
        if tag == "PAMRasterBand":
            number = attributes.get("band", "")
            band = int(number) if number.isascii() and number.isdigit() else 0
        key = attributes.get("key", "")
        if len(where) > _DEEPEST or where[0] != "PAMDataset":
            raise _RefusedError("it is no auxiliary XML")
        parts.clear()
        exact[:] = [attributes["le_hex_equiv"]] if "le_hex_equiv" in attributes else []

    def text(part: str) -> None:
        if tuple(where) in found or _STATISTICS_KEY.fullmatch(key):
            parts.append(part)
            if sum(map(len, parts)) > _LONGEST_TEXT:
                raise _RefusedError("an element is too long")

    def end(_tag: str) -> None:
        here, words = tuple(where), "".join(parts).strip()
        if here == _STATISTICS and _STATISTICS_KEY.fullmatch(key):
            statistics.setdefault(band, {})[key.removeprefix("STATISTICS_")] = words
        elif here in found:
            hexadecimal = exact and here == _NODATA
            if words or hexadecimal:
                found[here].append(f"hex:{exact[0]}" if hexadecimal else words)
        where.pop()
        parts.clear()
        exact.clear()

    def refuse(*_: object) -> None:
        raise _RefusedError("it declares a document type")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.Parse(body, True)
    return found, statistics


def _ranges(statistics: dict[int, dict[str, str]]) -> dict[int, tuple[float, float]]:
    """Lowest and highest value by band, where they make sense and were taken of all pixels."""
    return {
        band: ends
        for band, said in statistics.items()
        if (ends := exact_range(said.get("MINIMUM"), said.get("MAXIMUM"), said.get("APPROXIMATE")))
    }


def exact_range(
    lowest: str | None, highest: str | None, approximate: str | None
) -> tuple[float, float] | None:
    """A band's lowest and highest value by its statistics; None where they cannot be relied on."""
    if lowest is None or highest is None or (approximate or "NO").upper() in ("YES", "1", "TRUE"):
        return None
    try:
        low, high = float(lowest), float(highest)
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low <= high else None


def _number(text: str) -> float:
    """A nodata value: in decimals, or exactly, as the eight bytes of a double."""
    if text.startswith("hex:"):
        return float(struct.unpack("<d", bytes.fromhex(text[4:]))[0])
    return float(text.replace(",", "."))


def _transform(text: str) -> Affine | None:
    c, a, b, f, d, e = (float(part) for part in text.split(","))
    if not all(map(math.isfinite, (a, b, c, d, e, f))) or a * e - b * d == 0:
        raise _RefusedError("its geotransform gives pixels without an area")
    found = Affine(a, b, c, d, e, f)
    return None if found.is_identity else found


def _crs(text: str) -> CRS | None:
    """The CRS of a text that is WKT or a code; other notations may name files."""
    if _NAMES_A_FILE.search(text):
        raise _RefusedError("its CRS names a file")
    crs = CRS.from_user_input(text) if _CODE.fullmatch(text) else CRS.from_wkt(text)
    return understood_crs(crs.to_wkt())
