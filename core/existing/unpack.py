"""Which format a file of labels has, by its first bytes, and its parts under names of our own."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from core.errors import UnreadableLabelsError
from core.existing.labels_file import Kind

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""A shapefile's parts that are read; its indexes and metadata are not."""

MOST_BYTES = 2 * 1024**3
"""Of one part: a shapefile ends there, and nothing else may be larger."""

_MOST_MEMBERS = 10_000
_BLOCK = 1024 * 1024
_STEM = "labels"
_ZIP = b"PK\x03\x04"
_SQLITE = b"SQLite format 3\x00"
_SHAPEFILE = b"\x00\x00\x27\x0a"
_BOM = b"\xef\xbb\xbf"


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
    if start.removeprefix(_BOM).lstrip().startswith(b"{"):
        return "geojson"
    hint = "Take a shapefile (zipped, or its .shp), a GeoPackage, a GeoJSON or a mask GeoTIFF."
    if path.suffix.lower() in PARTS[1:]:
        hint = "Name the .shp itself; its other parts are found beside it."
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


def layers_in_zip(archive: Path, name: str) -> dict[str, dict[str, str]]:
    """Shapefiles of a zip: by their path in it without the ending, their members by ending.

    Raises
    ------
    UnreadableLabelsError
        No zip, or no shapefile in it.
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
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        ending = path.suffix.lower()
        if member.is_dir() or ending not in PARTS or "__MACOSX" in path.parts:
            continue
        stem = str(path.with_suffix(""))
        found.setdefault(stem, {}).setdefault(ending, member.filename)
    layers = {stem: parts for stem, parts in found.items() if ".shp" in parts}
    if not layers:
        raise UnreadableLabelsError(
            f"{name} holds no shapefile (.shp).",
            "Zip the parts of one shapefile; a GeoPackage or GeoJSON is taken as it is.",
        )
    return layers


def unpacked(archive: Path, parts: dict[str, str], work: Path, name: str) -> Path:
    """A shapefile of a zip unpacked into ``work`` under our own names; never where it says.

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
    return work / f"{_STEM}.shp"


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
        return file.read(4096)
