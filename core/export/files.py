"""Output files: written aside, checked, then renamed; an old file stays whole until then."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyogrio.errors import DataSourceError
from rasterio.errors import RasterioError

from core.errors import DiskFullError, OutputError, storage_error

_FULL_DISK_WORDS = ("no space left", "write error", "file too large", "disk is full", "disk full")
_LEAST_FREE_BYTES = 1024 * 1024


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
    except (RasterioError, DataSourceError, RuntimeError) as error:
        raise _told(error, path) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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
    words = " ".join(str(e).lower() for e in (error, error.__cause__, error.__context__) if e)
    free = shutil.disk_usage(path.parent).free
    if free < _LEAST_FREE_BYTES or any(sign in words for sign in _FULL_DISK_WORDS):
        return DiskFullError(
            f"The disk is full: {path.name} could not be written to {path.parent}.",
            "Free some space or choose another folder; an earlier file there is unchanged.",
        )
    return OutputError(
        f"{path.name} could not be written to {path.parent}.",
        "Check that you may write there, or choose another folder.",
    )
