"""Which format a file of labels has, by its first bytes, and its parts under names of our own."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from core.errors import UnreadableLabelsError
from core.existing.labels_file import VECTOR_SUFFIXES, Kind

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""A shapefile's parts that are read; its indexes and metadata are not."""

MOST_BYTES = 2 * 1024**3
"""Of one part: a shapefile ends there, and nothing else may be larger."""

_OTHERS = frozenset(VECTOR_SUFFIXES) - {".shp", ".zip", ".kmz"}
"""Endings of files in a zip that are read beside shapefiles."""

_MOST_MEMBERS = 10_000
_BLOCK = 1024 * 1024
_STEM = "labels"
_ZIP = b"PK\x03\x04"
_SQLITE = b"SQLite format 3\x00"
_SHAPEFILE = b"\x00\x00\x27\x0a"
_PARQUET = b"PAR1"
_FLATGEOBUF = b"fgb"
_RECORD_SEPARATOR = "\x1e"
_KML = re.compile(r"<(\w+:)?kml\b|opengis\.net/kml|google\.com/kml")
_GML = "opengis.net/gml"


def is_zip(path: Path) -> bool:
    """Whether the file starts as a zip does."""
    return _start(path).startswith(_ZIP)


def kind_of(path: Path, name: str) -> Kind:
    """The format by the file's first bytes; its name counts for nothing.

    Raises
    ------
    UnreadableLabelsError
        None of those that are read.
    """
    start = _start(path)
    if start.startswith(_SQLITE):
        return "geopackage"
    if start.startswith(_SHAPEFILE):
        return "shapefile"
    if start.startswith(_PARQUET):
        return "geoparquet"
    if start.startswith(_FLATGEOBUF) and start[4:7] == _FLATGEOBUF:
        return "flatgeobuf"
    kind = _kind_of_text(_text(start))
    if kind is not None:
        return kind
    hint = (
        "Take a shapefile (zipped, or its .shp), a GeoPackage, GeoJSON, GeoParquet, FlatGeobuf, "
        "KML, GML or a mask GeoTIFF."
    )
    if path.suffix.lower() in PARTS[1:]:
        hint = "Name the .shp itself; its other parts are found next to it."
    raise UnreadableLabelsError(f"{name} is not a file of labels that can be read.", hint)


def beside(shapefile: Path, work: Path) -> Path:
    """The parts of a shapefile, whatever the case of their names, linked into ``work``.

    What GDAL writes beside it (an index that is missing) so stays out of the person's folder.
    """
    for part in sorted(shapefile.parent.iterdir()):
        same = part.stem.lower() == shapefile.stem.lower()
        if same and part.suffix.lower() in PARTS and part.is_file():
            link = work / f"{_STEM}{part.suffix.lower()}"
            if not link.is_symlink():
                link.symlink_to(part.resolve())
    return work / f"{_STEM}.shp"


def members_of(archive: Path, name: str) -> dict[str, dict[str, str]]:
    """Files of labels in a zip: by their path in it, their members by ending.

    A shapefile goes by its path without the ending.  JSON beside a shapefile is taken for notes.

    Raises
    ------
    UnreadableLabelsError
        No zip, or no file of labels in it.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _damaged_zip(name) from error
    if len(members) > _MOST_MEMBERS:
        raise UnreadableLabelsError(
            f"{name} holds {len(members):,} files, which no shapefile does.",
            "Zip only the parts of the shapefile.",
        )
    found: dict[str, dict[str, str]] = {}
    others: dict[str, dict[str, str]] = {}
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        ending = path.suffix.lower()
        if member.is_dir() or "__MACOSX" in path.parts:
            continue
        if ending in _OTHERS:
            others[str(path)] = {ending: member.filename}
        if ending not in PARTS:
            continue
        stem = str(path.with_suffix(""))
        found.setdefault(stem, {}).setdefault(ending, member.filename)
    layers = {stem: parts for stem, parts in found.items() if ".shp" in parts}
    if layers:
        others = {path: member for path, member in others.items() if ".json" not in member}
    if not layers and not others:
        raise UnreadableLabelsError(
            f"{name} holds no shapefile (.shp) and no other file of labels.",
            "Zip the parts of one shapefile; other files are taken as they are.",
        )
    return {**layers, **others}


def unpacked(archive: Path, parts: dict[str, str], work: Path, name: str) -> Path:
    """A file of a zip unpacked into ``work`` under our own names; never where it says.

    Raises
    ------
    UnreadableLabelsError
        Damaged, encrypted, or larger than any shapefile.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for ending, member in parts.items():
                _copy(opened, member, work / f"{_STEM}{ending}", name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged_zip(name) from error
    main = ".shp" if ".shp" in parts else next(iter(parts))
    return work / f"{_STEM}{main}"


def _copy(archive: zipfile.ZipFile, member: str, target: Path, name: str) -> None:
    # What the header says of the size is not believed.
    done = 0
    with archive.open(member) as source, target.open("wb") as file:
        while block := source.read(_BLOCK):
            done += len(block)
            if done > MOST_BYTES:
                raise UnreadableLabelsError(
                    f"{name} unpacks to more than a shapefile can hold (2 GB).",
                    "Cut out the part that you need.",
                )
            file.write(block)


def _damaged_zip(name: str) -> UnreadableLabelsError:
    return UnreadableLabelsError(
        f"{name} is a damaged or encrypted zip.", "Zip the shapefile again, without a password."
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16_384)


def _text(start: bytes) -> str:
    """The first bytes as text, good enough to tell formats apart."""
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"{\x00", "utf-16-le"),
        (b"<\x00", "utf-16-le"),
        (b"\x00{", "utf-16-be"),
        (b"\x00<", "utf-16-be"),
    ):
        if start.startswith(mark):
            return start.decode(encoding, "ignore")
    return start.decode("utf-8-sig", "ignore")


def _kind_of_text(text: str) -> Kind | None:
    begin = text.lstrip(_RECORD_SEPARATOR + "\ufeff \t\r\n")
    if begin.startswith("{"):
        return "geojson"
    if begin.startswith("<"):
        if _KML.search(begin):
            return "kml"
        if _GML in begin:
            return "gml"
    return None
