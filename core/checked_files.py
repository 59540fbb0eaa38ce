"""Files of our own that carry their checksum: written atomically, never served when damaged."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from core.errors import storage_error


def write_checked(path: Path, body: bytes) -> None:
    """Write ``body`` with its SHA-256 in front, atomically.

    Raises
    ------
    OutputError
        The disk is full or the folder cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).digest())
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error


def read_checked(path: Path) -> bytes | None:
    """What :func:`write_checked` wrote, or None where it is missing or damaged."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, body = raw[:32], raw[32:]
    return body if len(digest) == 32 and hashlib.sha256(body).digest() == digest else None
