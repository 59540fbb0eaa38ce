"""The only place that replaces a file: written beside it, forced to the disk, then renamed.

An old file stays whole until the new one is; files of our own may carry their checksum.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyogrio.errors import DataSourceError
from rasterio.errors import RasterioError

from core.errors import OutputError, storage_error

_LEAST_FREE_BYTES = 1024 * 1024
_ABANDONED_AFTER_S = 24 * 3600
"""A half-written folder that nothing has touched for so long belongs to an export that died."""


def prepare_folder(folder: Path) -> Path:
    """Make the folder for results and prove that it can be written.

    Raises
    ------
    OutputError
        It cannot be made or written, or there is a file in its place.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except FileExistsError as error:
        raise OutputError(
            f"{folder} is a file, not a folder.", "Choose another folder for the results."
        ) from error
    except OSError as error:
        raise storage_error(error, folder) from error
    return folder


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name in a private folder beside ``path`` to write to; renamed to ``path`` at the end.

    Raises
    ------
    DiskFullError
        No space was left; ``path`` is as it was before.
    OutputError
        It could not be written for another reason.
    """
    try:
        aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=".writing-"))
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        target = aside / path.name
        yield target
        _force_to_disk(target)
        target.replace(path)
    except OSError as error:
        # GDAL's errors are no OSErrors with a number, but rasterio's and pyogrio's inherit from it.
        raise _told(error, path) from error
    except (RasterioError, DataSourceError, RuntimeError, sqlite3.Error) as error:
        raise _told(error, path) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def fresh_folder(folder: Path, *, marker: str) -> Iterator[Path]:
    """A private folder beside ``folder`` that takes its place, whole, at the end.

    Parameters
    ----------
    folder : Path
        New, empty, or made by an earlier call: then it holds a file of the name ``marker``.
    marker : str
        What the caller must write into the folder.

    Raises
    ------
    OutputError
        ``folder`` holds other things, or cannot be written; it is as it was before.
    DiskFullError
        No space was left; ``folder`` is as it was before.
    """
    _refuse_foreign(folder, marker)
    prefix = f".writing-{folder.name}-"
    prepare_folder(folder.parent)
    _sweep(folder.parent, prefix)
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
    except OSError as error:
        raise storage_error(error, folder) from error
    new = aside / folder.name
    try:
        new.mkdir()
        with _naming(str(new), folder):
            yield new
        for path in sorted(new.rglob("*")):
            if path.is_file():
                _force_to_disk(path)
        _take_place(new, folder, aside / "earlier")
    except OSError as error:
        raise _told(error, folder) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _naming(private: str, folder: Path) -> Iterator[None]:
    """Errors that name the folder that the person chose, not the private one."""
    try:
        yield
    except OutputError as error:
        told = error.message.replace(private, str(folder))
        raise type(error)(told, error.hint) from error


def _refuse_foreign(folder: Path, marker: str) -> None:
    """Nothing but an earlier export may be replaced."""
    if folder.is_file():
        raise OutputError(
            f"{folder} is a file, not a folder.", "Choose another folder for the results."
        )
    try:
        holds_other = folder.is_dir() and any(folder.iterdir()) and not (folder / marker).is_file()
    except OSError as error:
        raise storage_error(error, folder) from error
    if holds_other:
        raise OutputError(
            f"{folder} holds files that are no earlier export, so it was not replaced.",
            "Choose a new or an empty folder.",
        )


def _sweep(parent: Path, prefix: str) -> None:
    """Remove what exports that were killed have left behind."""
    oldest = time.time() - _ABANDONED_AFTER_S
    for path in parent.glob(f"{prefix}*"):
        touched = (inner.stat().st_mtime for inner in [path, *path.glob("*/"), *path.glob("*/*/")])
        if max(touched, default=0.0) < oldest:
            shutil.rmtree(path, ignore_errors=True)


def _take_place(new: Path, folder: Path, earlier: Path) -> None:
    """Put ``new`` where ``folder`` is; where that fails, ``folder`` is put back."""
    had_one = folder.exists()
    if had_one:
        folder.replace(earlier)
    try:
        new.replace(folder)
    except OSError:
        if had_one:
            earlier.replace(folder)
        raise


def safe_name(name: str, otherwise: str) -> str:
    """A name without what a file system may not take; ``otherwise`` where nothing is left."""
    return re.sub(r"[^\w.\-]+", "_", name).strip("._") or otherwise


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _force_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _told(error: Exception, path: Path) -> OutputError:
    if isinstance(error, OSError) and error.errno is not None:
        return storage_error(error, path)
    full = _no_room(path.parent)
    if full is not None:
        return storage_error(full, path)
    return OutputError(
        f"{path.name} could not be written to {path.parent}.",
        "Check that you may write there, or choose another folder.",
    )


def _no_room(folder: Path) -> OSError | None:
    """The system's error where it takes no more data: GDAL's and SQLite's own say less."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_LEAST_FREE_BYTES))
            probe.flush()
    except OSError as error:
        return error
    return None


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
