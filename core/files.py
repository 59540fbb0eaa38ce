"""The only place that replaces a file: written beside it, forced to the disk, then renamed.

An old file stays whole until the new one is; files of our own may carry their checksum.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import OutputError, storage_error
from core.private_folders import (
    EARLIER,
    PREFIX,
    force_names_to_disk,
    give_name,
    new_set,
    private_folder,
    swap_set,
    sweep,
    sweep_once,
    take_place,
)

_LEAST_FREE_BYTES = 1024 * 1024
_LONGEST_NAME = 200
_LOCK = ".cropmap.lock"
"""In a folder for results: the file that the run that writes there has locked."""


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
        with private_folder(path.parent) as aside:
            target = aside / path.name
            yield target
            put_in_place(target, path)
    except OSError as error:
        # GDAL's errors are no OSErrors with a number, but rasterio's and pyogrio's inherit from it.
        raise _told(error, path) from error
    except _writers_errors() as error:
        raise _told(error, path) from error


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
    prepare_folder(folder.parent)
    try:
        with private_folder(folder.parent) as aside:
            new = aside / folder.name
            new.mkdir()
            with _naming(str(new), folder):
                yield new
            take_place(new, folder, aside / EARLIER)
    except OSError as error:
        raise _told(error, folder) from error


@contextmanager
def together(folder: Path, *, leaving: Sequence[str] = ()) -> Iterator[Path]:
    """An empty private folder whose files take their names in ``folder`` at the end, all or none.

    After a kill in the midst of that, whoever writes into ``folder`` next finishes it.

    Parameters
    ----------
    folder : Path
        It exists; what else lies there stays.
    leaving : sequence of str
        Patterns of files of an earlier set that go where no new one has their name.

    Raises
    ------
    DiskFullError
        No space was left; all files are as they were before.
    OutputError
        They cannot be written, or one cannot be replaced; likewise.
    """
    try:
        with private_folder(folder) as aside:
            new = new_set(aside)
            with _naming(str(new), folder):
                yield new
            swap_set(aside, leaving)
    except OSError as error:
        raise _told(error, _named(error, folder)) from error


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """An empty folder on the disk of ``beside`` for work whose result gets that name.

    It goes at the end, and after a kill when its neighbours are next written.

    Raises
    ------
    OSError
        It cannot be made.
    """
    with private_folder(beside.parent) as aside:
        scratch = aside / beside.name
        scratch.mkdir()
        yield scratch


def put_in_place(new: Path, target: Path) -> None:
    """Force a finished file or folder to the disk, then let it take the name ``target``.

    A file replaces an earlier one; a folder takes a name that is free.

    Raises
    ------
    OSError
        ``target`` cannot be written; it is as it was before.
    """
    give_name(new, target)


def move(path: Path, target: Path) -> None:
    """Let a file take a name in the same file system, without opening it.

    Raises
    ------
    OSError
        It cannot; both are as they were before.
    """
    path.replace(target)
    force_names_to_disk(target.parent)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keep every other run out of a folder for results, which is made where it is missing.

    Raises
    ------
    OutputError
        Another run is writing into it, or it cannot be written.
    """
    prepare_folder(folder)
    path = folder / _LOCK
    busy = OutputError(
        f"Another run is writing into {folder}.", "Wait for it or choose another folder."
    )
    with locked(path, busy):
        try:
            sweep(folder)
            yield
        finally:
            # While it is held: whoever opened it meanwhile finds it gone and makes another.
            path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, busy: OutputError, patience_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file at a path, in a folder that is there.

    Raises
    ------
    OutputError
        ``busy`` where somebody else holds it for longer than ``patience_s``; or it cannot be
        written.
    """
    lock = FileLock(path, timeout=patience_s, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise busy from error
    except NotImplementedError:
        pass  # a file system without locks: nobody can be told
    except OSError as error:
        raise storage_error(error, path.parent) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _naming(private: str, folder: Path) -> Iterator[None]:
    """Errors that name the folder that the person chose, not the private one."""
    try:
        yield
    except OutputError as error:
        told = error.message.replace(private, str(folder))
        raise type(error)(told, error.hint, error.remedy, error.facts) from error


def _named(error: OSError, folder: Path) -> Path:
    """The file of a folder that an error is about, or else the folder."""
    named = Path(str(error.filename2 or error.filename or folder))
    inside = named.is_relative_to(folder) and PREFIX not in str(named)
    return named if inside else folder


def _refuse_foreign(folder: Path, marker: str) -> None:
    """Nothing but an earlier export may be replaced."""
    if folder.is_file():
        raise OutputError(
            f"{folder} is a file, not a folder.", "Choose another folder for the results."
        )
    try:
        holds_other = folder.is_dir() and _holds_any(folder) and not (folder / marker).is_file()
    except OSError as error:
        raise storage_error(error, folder) from error
    if holds_other:
        raise OutputError(
            f"{folder} holds files that are no earlier export, so it was not replaced.",
            "Choose a new or an empty folder.",
        )


def _holds_any(folder: Path) -> bool:
    return any(path.name != _LOCK for path in folder.iterdir())


def safe_name(name: str, otherwise: str, most: int = _LONGEST_NAME) -> str:
    """A name without what a file system may not take; ``otherwise`` where nothing is left.

    Dots stay: ``41.4814N_88.8422W`` is a name, and no part of it an ending.

    Parameters
    ----------
    most : int
        Bytes of UTF-8 that it may have, so that there is room for an ending.
    """
    plain = re.sub(r"[^\w.\-]+", "_", name).encode()[:most].decode(errors="ignore")
    return plain.strip("._") or otherwise


def slug(name: str, otherwise: str) -> str:
    """A name in small letters without accents, digits and hyphens alone: ``grosse-farm``."""
    plain = unicodedata.normalize("NFKD", name).replace("ß", "ss")
    small = plain.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", small).strip("-") or otherwise


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


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


def _writers_errors() -> tuple[type[Exception], ...]:
    """What those who write raise beside OSErrors; pyogrio's are RuntimeErrors.

    Rasterio's only where somebody has loaded it: that takes long, and most never need it.
    """
    loaded = sys.modules.get("rasterio.errors")
    return (RuntimeError, sqlite3.Error, *((loaded.RasterioError,) if loaded else ()))


def _no_room(folder: Path) -> OSError | None:
    """The system's error where it takes no more data: GDAL's and SQLite's own say less."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_LEAST_FREE_BYTES))
            probe.flush()
    except OSError as error:
        return error
    return None


def write_whole(path: Path, body: bytes) -> None:
    """Write a small file in place of an earlier one, at once and for good.

    Raises
    ------
    OutputError
        The disk is full or the folder cannot be written; ``path`` is as it was before.
    """
    try:
        sweep_once(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=PREFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        force_names_to_disk(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error


def write_checked(path: Path, body: bytes, name: str) -> None:
    """Write ``body`` with its SHA-256 in front, as :func:`write_whole` does.

    Parameters
    ----------
    name : str
        What the file is of, which goes into the sum: one that is put in another's place is not
        whole.  Empty where there is no other.
    """
    write_whole(path, _sum_of(body, name) + body)


def read_checked(path: Path, name: str) -> bytes | None:
    """What :func:`write_checked` wrote for ``name``; None where it is missing or damaged."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, body = raw[:32], raw[32:]
    return body if len(digest) == 32 and _sum_of(body, name) == digest else None


def name_in_folder(path: Path) -> str:
    """The last two parts of a path: what a kept file is of, wherever the folder above is moved."""
    return f"{path.parent.name}/{path.name}"


def _sum_of(body: bytes, name: str) -> bytes:
    digest = hashlib.sha256(f"{name}\0".encode() if name else b"")
    digest.update(body)
    return digest.digest()
