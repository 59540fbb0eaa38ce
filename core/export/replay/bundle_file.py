"""The replay bundle as a file: a zip of JSON that is read as something a stranger sent.

It holds ``replay.json`` (everything that the label came from), ``label.geojson`` (the label) and
``README.txt`` (for people).  Nothing in it is ever unpacked to disk or run; weights are named by
key and SHA-256 and taken from this machine alone.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from core.errors import InputError
from core.files import replacing
from core.imagery.scene_json import UnknownFacts
from core.outside import check_regular, parse_json

FORMAT: Final = 1
SUFFIX = ".cropmap-replay.zip"

_RECORD, _LABEL, _README = "replay.json", "label.geojson", "README.txt"
_MOST_BYTES = {_RECORD: 64 << 20, _LABEL: 512 << 20, _README: 64 << 10}
_PLAIN_BYTES, _MOST_TIMES = 8 << 20, 200
"""An entry of more bytes was packed to no less than so many times fewer: text packs 20 times."""

_EARLIEST, _LATEST = 1970, 9000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""One date for all entries, so that equal bundles are equal files."""

_HELP = """This is a replay bundle of CropMap: what one label came from, in one file.

Make the label again, with the same image (and land cover) at hand:

    cropmap replay BUNDLE.zip --scene IMAGE.tif --landcover LANDCOVER.tif --out again

It says whether the label is the same to the byte, and if not, what differs.

replay.json    image, land cover, model, choices, prompts, edits, versions
label.geojson  the label, in the CRS of the image; QGIS opens it
"""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _in_our_time(moment: datetime) -> datetime:
    """A moment that can be moved between time zones."""
    if not _EARLIEST <= moment.year <= _LATEST:
        raise ValueError("no time of an edit")
    return moment


_Moment = Annotated[datetime, Field(strict=False), AfterValidator(_in_our_time)]
_Text = Field(max_length=10_000)
_Hash = Field(pattern=r"^[0-9a-f]{64}$")


class SceneFacts(_Part):
    """The image as it was opened, without the folder it lay in."""

    name: str = _Text
    file: str = _Text
    fingerprint: str = _Hash
    crs: str = Field(max_length=100_000)
    crs_source: str = _Text
    transform: tuple[float, float, float, float, float, float] = Field(strict=False)
    width: int
    height: int
    working_factor: int = Field(ge=1, le=10_000)
    bands: tuple[int, int, int] = Field(strict=False)
    stretch_low: tuple[float, float, float] = Field(strict=False)
    stretch_high: tuple[float, float, float] = Field(strict=False)
    unknown: UnknownFacts = UnknownFacts()


class LandCoverFacts(_Part):
    """The land cover; ``sha256`` of the file is None where it was read over a network."""

    file: str = _Text
    product: str = _Text
    title: str = _Text
    crs: str | None = _Text
    nodata: list[float] | None = Field(default=None, max_length=64)
    fingerprint: str = _Hash
    sha256: str | None = _Hash


class ModelFacts(_Part):
    """The model by its key in the registry, and what ran it.

    ``architecture`` and ``file`` (the name it had where it came from) are there for a checkpoint of
    somebody's own, which no registry publishes.
    """

    key: str = _Text
    sha256: str = _Hash
    runtime: str = _Text
    device: str = _Text
    architecture: str = Field(default="", max_length=100)
    file: str = Field(default="", max_length=10_000)


class PromptFacts(_Part):
    """A point that was in force, in the scene's CRS."""

    id: str = _Text
    x: float
    y: float
    label: Literal[0, 1]
    origin: Literal["auto", "person"]


class EditFacts(_Part):
    """One entry of the edit log; ``data`` is in the scene's CRS."""

    kind: str = _Text
    data: dict[str, Any]
    author: str = _Text
    at: _Moment


class VerdictFacts(_Part):
    """What a reviewer said of the tile."""

    verdict: str = _Text
    reviewer: str = _Text
    comment: str = _Text
    at: _Moment | None


class TileFacts(_Part):
    """One tile: what went in, what people did, and the hash of what came out.

    ``pixels_sha256`` is over the stretched pixels as a model sees them, ``landcover_sha256`` over
    the land cover on their grid (None where the tile lies beside it).
    """

    name: str = _Text
    window: tuple[int, int, int, int] = Field(strict=False)
    pixels_sha256: str = _Hash
    landcover_sha256: str | None = _Hash
    choices: dict[str, str | bool | int | float]
    prompts: tuple[PromptFacts, ...] = Field(strict=False)
    edits: tuple[EditFacts, ...] = Field(strict=False)
    verdict: VerdictFacts
    parcels: int
    label_sha256: str = _Hash


class ReplayRecord(_Part):
    """``replay.json``."""

    format: Literal[1]
    made: _Moment
    project: str = _Text
    scene: SceneFacts
    landcover: LandCoverFacts | None
    model: ModelFacts | None
    settings: dict[str, str | bool | int | float | None]
    tile_size: int
    tile_halo: int
    tiles: tuple[TileFacts, ...] = Field(strict=False)
    label_sha256: str = _Hash
    software: dict[str, str]
    machine: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds."""

    record: ReplayRecord
    label: bytes


_DAMAGED = (
    *(OSError, EOFError, ValueError, OverflowError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What the zip module raises on bytes that were changed."""


def write_bundle(path: Path, bundle: Bundle) -> None:
    """Write a bundle in place of an earlier one.

    Raises
    ------
    OutputError
        It cannot be written; the earlier one is whole.
    """
    # What was not said is left out, so that earlier versions read the bundle, too.
    record = bundle.record.model_dump(mode="json", exclude_unset=True)
    bodies = {
        _README: _HELP.encode(),
        _RECORD: json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False).encode(),
        _LABEL: bundle.label,
    }
    with replacing(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in bodies.items():
            entry = zipfile.ZipInfo(name, _FIRST_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)


def read_bundle(path: Path) -> Bundle:
    """Read a bundle that may come from anybody.

    Raises
    ------
    InputError
        No bundle, damaged, too large, of a newer version, or with anything else inside.
    """
    try:
        check_regular(path, f"The bundle {path.name}")
        if path.stat().st_size > sum(_MOST_BYTES.values()):
            _refuse(path, "it is larger than any bundle")
        with zipfile.ZipFile(path) as archive:
            entries = _checked_entries(archive, path)
            bodies = {name: _read(archive, entry, path) for name, entry in entries.items()}
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", "Check the name.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder.", "Name the bundle in it.") from error
    except _DAMAGED as error:
        _refuse(path, "it is no zip file, or a damaged download", error)
    record = _parse(bodies[_RECORD], path)
    if hashlib.sha256(bodies[_LABEL]).hexdigest() != record.label_sha256:
        _refuse(path, "its label is not the one that it describes")
    return Bundle(record, bodies[_LABEL])


def _checked_entries(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    listed = archive.infolist()
    names = [entry.filename for entry in listed]
    if len(set(names)) != len(names) or not {_RECORD, _LABEL} <= set(names):
        _refuse(path, f"it does not hold one {_RECORD} and one {_LABEL}")
    strange = sorted(set(names) - set(_MOST_BYTES))
    if strange:
        _refuse(path, f"it holds something else, too: {strange[0][:60]}")
    for entry in listed:
        if entry.compress_type not in _METHODS or entry.flag_bits & 1:
            _refuse(path, "it is packed in a way that bundles are not")
        if entry.file_size > max(_PLAIN_BYTES, entry.compress_size * _MOST_TIMES):
            _refuse(path, f"{entry.filename} in it claims more than was packed")
    return {entry.filename: entry for entry in listed}


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> bytes:
    """An entry's bytes; no more is unpacked than its kind may have, whatever its header says."""
    most = _MOST_BYTES[entry.filename]
    with archive.open(entry) as file:
        body = file.read(most + 1)
    if len(body) > most:
        _refuse(path, f"{entry.filename} in it is larger than {most >> 20} MB")
    return body


def _parse(body: bytes, path: Path) -> ReplayRecord:
    try:
        raw = parse_json(body)
    except ValueError as error:
        _refuse(path, f"{_RECORD} in it is no JSON that can be read", error)
    found = raw.get("format") if isinstance(raw, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise InputError(
            f"{path.name} is a replay bundle of a newer version ({found}, known is {FORMAT}).",
            "Update CropMap.",
        )
    try:
        return ReplayRecord.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        _refuse(path, f"{_RECORD} in it does not say what it must ({_first(error)})", error)


def _first(error: Exception) -> str:
    """Where a record is wrong first, without repeating what a stranger wrote there."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"][:4])
        return f"{place}: {first['type']}"
    return "too deep"


def _refuse(path: Path, why: str, error: Exception | None = None) -> NoReturn:
    raise InputError(
        f"{path.name} is no replay bundle that can be used: {why}.",
        "Ask for the bundle once more.",
    ) from error
