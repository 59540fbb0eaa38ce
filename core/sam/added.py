"""Checkpoints of people's own: the records of those that were added to this machine.

Each lies in ``own`` below the folder of the weights, as ``NAME.json`` beside the file itself,
which is the person's file byte for byte: its SHA-256 is the one that results and bundles name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from core.record_files import UnreadableRecordError, read_record
from core.settings import get_settings

OWN_ARCHITECTURES = ("vit_b", "vit_l", "vit_h", "mobile_sam")
"""What a checkpoint of one's own may be."""

OWN_SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".safetensors")
"""Endings under which checkpoints are kept; the content decides how a file is read."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_NOT_NAMES = ("none",)


@dataclass(frozen=True, slots=True)
class AddedCheckpoint:
    """The record of a checkpoint that a person added.

    Parameters
    ----------
    key : str
        The name under which it is asked for.
    architecture : str
        One of ``OWN_ARCHITECTURES``.
    file_name : str
        In the folder of the record.
    sha256 : str
        Of the file as the person gave it.
    source_name : str
        The file's name where it came from.
    added_on : str
        Date, ISO 8601.
    """

    FORMAT: ClassVar[int] = 1

    key: str
    architecture: str
    file_name: str
    size_bytes: int
    sha256: str
    source_name: str
    added_on: str


def own_folder() -> Path:
    """Folder of the checkpoints of people's own."""
    return get_settings().weights_folder / "own"


def is_name(text: str) -> bool:
    """Whether a checkpoint may be called so: letters, digits, dashes and underscores."""
    return _NAME.fullmatch(text) is not None and text.lower() not in _NOT_NAMES


def name_from(path: Path) -> str:
    """The name of a checkpoint that a file's own name gives; may be empty."""
    return re.sub(r"[^A-Za-z0-9]+", "_", path.stem).strip("_")[:60]


def record_path(key: str) -> Path:
    """Where the record of a checkpoint is, or would be."""
    return own_folder() / f"{key}.json"


def added_checkpoints() -> dict[str, AddedCheckpoint]:
    """The records by name; one that cannot be read is left out (``weights verify`` names it)."""
    found = (checkpoint_of(path) for path in sorted(own_folder().glob("*.json")))
    return {one.key: one for one in found if one is not None}


def added_checkpoint(key: str) -> AddedCheckpoint | None:
    """The record of one checkpoint; None where there is none of this name that can be read."""
    return checkpoint_of(record_path(key)) if is_name(key) else None


def checkpoint_of(path: Path) -> AddedCheckpoint | None:
    """The record in a file; None where it is missing, cannot be read, or is none of ours."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return _read(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=256)
def _read(path: Path, modified_ns: int, size: int) -> AddedCheckpoint | None:
    """Read once for each state of the file: keys of predictions ask for it again and again."""
    try:
        record = read_record(path, AddedCheckpoint)
    except UnreadableRecordError:
        return None
    return record if record is not None and _is_sound(record, path) else None


def _is_sound(record: AddedCheckpoint, path: Path) -> bool:
    """Whether the record names itself and a file beside it, and nothing elsewhere."""
    return (
        is_name(record.key)
        and record.key == path.stem
        and record.file_name in {record.key + suffix for suffix in OWN_SUFFIXES}
        and record.architecture in OWN_ARCHITECTURES
        and re.fullmatch(r"[0-9a-f]{64}", record.sha256) is not None
    )
