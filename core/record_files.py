"""Records that we keep in files of our own: JSON with a format number, read by a schema.

A record is a dataclass with a class variable ``FORMAT``.  What is missing is absent; what is there
and cannot be read is said, by name, and kept as it is.  Mistakes of our own code are neither.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.errors import InputError
from core.files import move, replacing


class UnreadableRecordError(InputError):
    """A record of ours that is damaged, or of a newer version; its file is left as it is."""


class StoredRecord(Protocol):
    """A dataclass that is kept in a file."""

    FORMAT: ClassVar[int]


R = TypeVar("R", bound=StoredRecord)


def record_to_json(record: StoredRecord) -> bytes:
    """A record as UTF-8; a number that is none is null."""
    kind = type(record)
    plain = json.loads(TypeAdapter(kind).dump_json(record))
    return (
        json.dumps({"format": kind.FORMAT, **plain}, indent=1, ensure_ascii=False) + "\n"
    ).encode()


def write_record(path: Path, record: StoredRecord) -> None:
    """Put a record into its file; one there that cannot be read is kept beside it.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    set_aside_unreadable(path, type(record))
    with replacing(path) as aside:
        aside.write_bytes(record_to_json(record))


def set_aside_unreadable(path: Path, kind: type[StoredRecord]) -> None:
    """Give a record that cannot be read another name, so that a new one does not take its place."""
    try:
        read_record(path, kind)
    except UnreadableRecordError:
        number = 1
        while (free := path.with_name(f"{path.stem}.unreadable-{number}{path.suffix}")).exists():
            number += 1
        move(path, free)


def read_record(path: Path, kind: type[R]) -> R | None:
    """The record in a file; None where there is no file.

    Records of older formats, and those without a number, are read by the same schema.

    Raises
    ------
    UnreadableRecordError
        Damaged, of a newer version, or not readable at all.
    """
    try:
        body = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, (error.strerror or "unknown reason").lower()) from error
    try:
        plain: Any = json.loads(body)
    except ValueError as error:
        raise _unreadable(path, "it is damaged") from error
    number = plain.get("format", 1) if isinstance(plain, dict) else None
    if not isinstance(number, int):
        raise _unreadable(path, "it is damaged")
    if number > kind.FORMAT:
        raise _unreadable(path, "a newer version of CropMap wrote it", "Update CropMap to read it.")
    try:
        return TypeAdapter(kind).validate_python(plain)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise _unreadable(
            path, f"it is damaged at {place}" if place else "it is damaged"
        ) from error


def _unreadable(path: Path, reason: str, hint: str = "") -> UnreadableRecordError:
    return UnreadableRecordError(
        f"The record {path.parent.name}/{path.name} cannot be read ({reason}); it is kept as it "
        "is.",
        hint or "Repair the file, or move it away.",
    )
