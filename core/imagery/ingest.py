"""Bring a raster into a project as a COG of our own; a stranger's file never opens in here.

A process of its own (``core.imagery.ingest_worker``), with limits on memory, processor time and
file size, reads the file and writes the copy.  Whatever happens to it, one sentence comes back.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import errors
from core.errors import (
    CancelledError,
    CropMapError,
    DiskFullError,
    OutputError,
    RasterTooLargeError,
    UnreadableRasterError,
    storage_error,
)
from core.imagery.cog import PLAIN_NAME, SHARE_OF_PLAIN
from core.imagery.open import open_raster

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]

_log = logging.getLogger(__name__)

_MEBIBYTE = 1024 * 1024
_RESERVED_BYTES = 256 * _MEBIBYTE
_SMALL_PIXELS = 2048 * 2048
_LARGEST_BLOCK_PIXELS = 2048 * 2048
_POLL_SECONDS = 0.1
_LONGEST_LINE = 64 * 1024
_WORKER = "core.imagery.ingest_worker"
_ROOT = Path(__file__).resolve().parents[2]
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What the process that opens the file may use.

    Parameters
    ----------
    memory_bytes : int
        Address space; a raster of any size streams in a fraction of it.
    cpu_seconds : int
        Processor time.
    wall_seconds : float
        Time on the clock.
    file_bytes : int or None
        Largest file that may be written; None leaves the disk's free space as the limit.
    """

    memory_bytes: int = 4096 * _MEBIBYTE
    cpu_seconds: int = 3600
    wall_seconds: float = 7200.0
    file_bytes: int | None = None


UNTRUSTED = IngestLimits()
TRUSTED = IngestLimits(cpu_seconds=7 * 24 * 3600, wall_seconds=7 * 24 * 3600.0)
"""For files that the operator's own people placed on the server: large ones take their time."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the worker ended: its exit status and its last word, where it had one."""

    status: int
    word: dict[str, Any] | None


def needs_copy(path: str | Path) -> bool:
    """Whether a raster on this machine is too slow to look at where it lies.

    Read directly are rasters that are small, or stored in blocks and with overviews.  The file is
    opened in this process: only for files that are trusted.

    Raises
    ------
    InputError
        As for :func:`core.imagery.open.open_raster`.
    """
    with open_raster(path) as dataset:
        if dataset.width * dataset.height <= _SMALL_PIXELS:
            return False
        rows, columns = dataset.block_shapes[0]
        if columns == dataset.width or rows * columns > _LARGEST_BLOCK_PIXELS:
            return True
        factor = max([1, *dataset.overviews(1)])
        coarsest = (dataset.width / factor) * (dataset.height / factor)
        return bool(coarsest > _SMALL_PIXELS)


def ingest(
    source: Path,
    target: Path,
    *,
    crs: str | None = None,
    categorical: bool = False,
    progress: Progress = lambda share: None,
    cancelled: Cancelled = lambda: False,
    trusted: bool,
    limits: IngestLimits | None = None,
) -> Path:
    """Copy a raster to ``target`` as a COG: lossless, tiled, with overviews.

    All bands, their dtype, nodata value, mask, colour table, colour interpretation, descriptions
    and scales stay; a georeference from a world file or from the person goes into the file.

    Parameters
    ----------
    source : Path
        The raster; sidecars (world file, ``.prj``) lie beside it.
    target : Path
        The copy, ending with ``.tif``; replaced in one step at the very end.
    crs : str, optional
        The CRS as the person states it, for a file that has none.
    categorical : bool
        Whether the values are codes (land cover), which overviews must not average.  Rasters with
        a colour table always count as such.
    progress : callable
        Gets the share that is done, 0 to 1, never less than before.
    cancelled : callable
        Asked ten times a second; True ends the copy and leaves nothing behind.
    trusted : bool
        Whether the file comes from the operator's own machine: then only the memory is limited,
        and overviews or masks in sidecar files are read, too.
    limits : IngestLimits, optional
        Others than the usual ones.

    Raises
    ------
    InputError
        The raster cannot be used: see :func:`core.imagery.open.open_raster` and
        :func:`core.imagery.georeference.find_georeference`.
    DiskFullError
        No space for the copy.
    OutputError
        The folder of ``target`` cannot be written.
    CancelledError
        ``cancelled`` said so.
    """
    limits = limits or (TRUSTED if trusted else UNTRUSTED)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # On the same disk as the target, so that the last step is a rename.
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=".ingest-"))
    except OSError as error:
        raise storage_error(error, target) from error
    try:
        copy = work / "copy.tif"
        order = {
            "source": str(source.absolute()),
            "copy": str(copy),
            "crs": crs,
            "categorical": categorical,
            "trusted": trusted,
            "limits": {**asdict(limits), "file_bytes": _file_limit(limits, work)},
        }
        ended = _run(order, work, limits.wall_seconds, progress, cancelled, source.name)
        _raise_for(ended, source.name, target)
        _put(copy, target)
    except OSError as error:
        raise storage_error(error, target) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    progress(1.0)
    return target


def _file_limit(limits: IngestLimits, work: Path) -> int:
    # Room for the others who save meanwhile.
    free = max(0, shutil.disk_usage(work).free - _RESERVED_BYTES)
    return free if limits.file_bytes is None else min(free, limits.file_bytes)


def _put(copy: Path, target: Path) -> None:
    with open_raster(copy):
        pass
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    copy.replace(target)


def _run(
    order: dict[str, Any],
    work: Path,
    wall_seconds: float,
    progress: Progress,
    cancelled: Cancelled,
    name: str,
) -> _Ended:
    """Start the worker, pass its progress on, and end it where it must not go on."""
    reading, writing = os.pipe()
    try:
        # -P: modules come from this package's folder, never from the folder of the uploads.
        worker = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-P", "-m", _WORKER, str(writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
            env=_environment(work),
            cwd=work,
            start_new_session=True,
        )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    word: dict[str, Any] | None = None
    done = 0.0
    try:
        _tell(worker, order)
        deadline = time.monotonic() + wall_seconds
        for message in _messages(reading):
            if cancelled():
                raise CancelledError(
                    f"Bringing in {name} was cancelled.", "Nothing of it was kept."
                )
            if time.monotonic() > deadline:
                raise _too_slow(name)
            if message is not None and "progress" not in message:
                word = message
                continue
            told = _compressed(work) if message is None else message["progress"]
            if told > done:
                done = min(told, 0.999)
                progress(done)
        return _Ended(worker.wait(timeout=10.0), word)
    except subprocess.TimeoutExpired as error:
        raise _too_slow(name) from error
    finally:
        _kill(worker)
        os.close(reading)


def _compressed(work: Path) -> float:
    """The share that is done by the sizes of the files: GDAL's last call tells nothing itself."""
    sizes = {path.name: path.stat().st_size for path in work.glob("*.tif*") if path.is_file()}
    plain = sizes.pop(PLAIN_NAME, 0)
    if not plain or not sizes:
        return 0.0
    # The better compression outweighs the overviews.
    return SHARE_OF_PLAIN + (1 - SHARE_OF_PLAIN) * min(1.0, sum(sizes.values()) / plain)


def _tell(worker: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    if worker.stdin is None:
        raise AssertionError("unreachable: the pipe was asked for")
    try:
        worker.stdin.write(json.dumps(order).encode())
        worker.stdin.close()
    except BrokenPipeError:
        _log.warning("the ingest worker ended before it was told what to do")


def _messages(reading: int) -> Iterator[dict[str, Any] | None]:
    """What the worker says, line by line, and None every now and then; ends when it hangs up.

    The worker has read a stranger's file: what it says is bounded, and ignored where malformed.
    """
    os.set_blocking(reading, False)
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while True:
            if not selector.select(_POLL_SECONDS):
                yield None
                continue
            chunk = os.read(reading, 4096)
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            pending = pending[-_LONGEST_LINE:]
            for line in lines:
                yield _parsed(line)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
        if "progress" in message:
            return {"progress": float(message["progress"])}
    except (ValueError, TypeError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _kill(worker: subprocess.Popen[bytes]) -> None:
    """End the worker and whatever it started; nothing happens where it has ended."""
    if worker.poll() is None:
        try:
            os.killpg(worker.pid, signal.SIGKILL)
        except ProcessLookupError:
            _log.debug("the ingest worker ended by itself")
        worker.wait()


def _raise_for(ended: _Ended, name: str, target: Path) -> None:
    """Turn the worker's end into an error of ours; nothing where it did its work."""
    word = ended.word or {}
    if ended.status == 0 and word.get("done") is True:
        return
    if "error" in word:
        raise _told(word, target)
    if "trace" in word:
        _log.error("the ingest worker failed on %s:\n%s", name, str(word["trace"])[-4000:])
    else:
        _log.error("the ingest worker ended with status %s on %s", ended.status, name)
    if ended.status == -signal.SIGXCPU:
        raise _too_slow(name)
    # The system's own guard kills; a library that cannot go on without memory aborts.
    if word.get("memory") is True or ended.status in (-signal.SIGKILL, -signal.SIGABRT):
        raise RasterTooLargeError(
            f"{name} needs more memory than one file may take.",
            "Save it again as a tiled GeoTIFF (in QGIS: Export, Save As, TILED=YES).",
        )
    raise UnreadableRasterError(
        f"{name} could not be read: it is damaged, or not what it claims to be.",
        "Open it in QGIS and export it as a GeoTIFF.",
    )


def _told(word: dict[str, Any], target: Path) -> CropMapError:
    """The error that the worker met, of the same class."""
    kind = getattr(errors, str(word["error"]), None)
    if kind is DiskFullError:
        return DiskFullError(
            f"The disk is full: {target.name} could not be written to {target.parent}.",
            "Free some space and try again; nothing half-written was left.",
        )
    if kind is OutputError:
        return OutputError(
            f"{target.name} could not be written to {target.parent}.",
            "Check that you may write there, or choose another folder.",
        )
    if not (isinstance(kind, type) and issubclass(kind, CropMapError)):
        kind = UnreadableRasterError
    return kind(str(word.get("message", ""))[:1000], str(word.get("hint", ""))[:1000])


def _too_slow(name: str) -> RasterTooLargeError:
    return RasterTooLargeError(
        f"{name} takes longer to read than one file may.",
        "Cut out the part that you need, or have it placed on the server itself.",
    )


def _environment(work: Path) -> dict[str, str]:
    """A short list: credentials in this process's environment are none of a stranger's business."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    ours = {name: value for name, value in os.environ.items() if name.startswith("CROPMAP_MAX_")}
    return {
        **kept,
        **ours,
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(work),
        "CPL_TMPDIR": str(work),
        # Each thread of a numeric library reserves address space.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "GDAL_CACHEMAX": "256",
    }
