"""Files that a person names or sends: stored inside the project, and made quick to work from."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from core.allowed_folders import check_allowed
from core.errors import InputError, storage_error
from core.imagery import needs_copy
from core.project import Project
from core.session import copy_into, safe_stem
from core.task import Cancelled, Progress

SIDECARS = (".tfw", ".tifw", ".jgw", ".pgw", ".j2w", ".wld", ".prj", ".aux.xml")
RASTERS = (".tif", ".tiff", ".jp2", ".png", ".jpg", ".jpeg")

_AUXILIARY = ".aux.xml"
_BLOCK = 8 * 1024 * 1024
_SHARES = 100_000
"""Steps of a share; so many that they are told in percent."""


class Upload(Protocol):
    """A file that a browser sent."""

    name: str
    size: int

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""

    def seek(self, offset: int, /) -> int:
        """Go to a place."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a raster comes from: a path or URL, or files that a browser sent.

    Parameters
    ----------
    stored : Path or None
        The uploaded raster once it is on the disk, so that a question about it needs no second
        upload.
    """

    path: str = ""
    uploads: tuple[Upload, ...] = ()
    stored: Path | None = None


def store(
    project: Project,
    source: Source,
    progress: Progress,
    *,
    wanted: Sequence[str] = RASTERS,
    sidecars: Sequence[str] = SIDECARS,
) -> Source:
    """Write what a browser sent into a folder of its own inside the project.

    Parameters
    ----------
    wanted, sidecars : sequence of str
        Endings of the file itself, and of those that may come along.

    Raises
    ------
    InputError
        None of the files is what is wanted.
    OutputError
        They cannot be written.
    """
    if not source.uploads or source.stored is not None:
        return source
    main = next((u for u in source.uploads if suffix_of(u) in wanted), None)
    if main is None:
        what = "raster" if wanted is RASTERS else "file of labels"
        raise InputError(
            f"No {what} is among the uploaded files.",
            f"Send one that ends with {', '.join(wanted)}, and what belongs to it.",
        )
    folder = project.folder / "uploads" / uuid.uuid4().hex
    stem = safe_stem(main.name)
    try:
        folder.mkdir(parents=True)
        for upload in source.uploads:
            if upload is main or suffix_of(upload) in sidecars:
                _write(upload, folder / f"{stem}{_ending(upload, main)}", progress)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise storage_error(error, folder / main.name) from error
    return replace(source, uploads=(), stored=folder / f"{stem}{suffix_of(main)}")


def usable(
    project: Project,
    source: Source,
    progress: Progress,
    cancelled: Cancelled,
    *,
    crs: str | None = None,
    categorical: bool = False,
    folder: str = "",
) -> str:
    """The path from which the app may work: the file itself, or a copy of ours in the project.

    What a browser sent is always copied, by a process of its own; a file on this machine only
    where it is too slow to look at.  ``folder`` of the project holds the copy.
    """
    trusted = source.stored is None
    if trusted and not source.path:
        raise InputError("No file is named yet.", "Type its path, or upload it.")
    if trusted and "://" not in source.path:
        check_allowed(Path(source.path))
    if trusted and ("://" in source.path or not needs_copy(source.path)):
        return source.path
    original = Path(source.path) if source.stored is None else source.stored
    kind = folder or ("landcover" if categorical else "imagery")
    stage = "Making a copy that is quick to look at" if trusted else "Checking and copying the file"
    copy = copy_into(
        project,
        original,
        kind,
        crs=crs,
        categorical=categorical,
        trusted=trusted,
        progress=lambda share: progress(stage, round(share * _SHARES), _SHARES),
        cancelled=cancelled,
    )
    return str(copy)


@dataclass(frozen=True, slots=True)
class FileAtHand:
    """A file that can be read, and the name that it had where it came from."""

    path: Path
    name: str


@contextmanager
def at_hand(source: Source, folder: Path, progress: Progress) -> Iterator[FileAtHand]:
    """The one file that a person named or sent; what was sent lies in ``folder`` for so long.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    if not source.uploads:
        path = Path(source.path)
        yield FileAtHand(path, path.name)
        return
    upload = source.uploads[0]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=folder, prefix="upload-")
    except OSError as error:
        raise storage_error(error, folder) from error
    with scratch as name:
        path = Path(name) / "file"
        try:
            _write(upload, path, progress)
        except OSError as error:
            raise storage_error(error, path) from error
        yield FileAtHand(path, Path(upload.name).name)


def discard(source: Source) -> None:
    """Remove an uploaded file of which the project has its own copy now."""
    if source.stored is not None:
        shutil.rmtree(source.stored.parent, ignore_errors=True)


def _write(upload: Upload, path: Path, progress: Progress) -> None:
    upload.seek(0)
    done = 0
    with path.open("wb") as file:
        while block := upload.read(_BLOCK):
            file.write(block)
            done += len(block)
            progress("Storing the upload", done, max(upload.size, 1))


def suffix_of(upload: Upload) -> str:
    """The ending of a file's name in lower case, with its dot; ``.aux.xml`` is one."""
    name = upload.name.lower()
    return _AUXILIARY if name.endswith(_AUXILIARY) else Path(name).suffix


def _ending(upload: Upload, main: Upload) -> str:
    """What follows the stem: auxiliary XML has the whole name of its raster before its own."""
    ending = suffix_of(upload)
    return suffix_of(main) + ending if ending == _AUXILIARY else ending
