"""A process with limits that opens a stranger's file, watched from here.

The process is a module of ours (``core.imagery.limited_worker`` is its side of the talk) with
limits on memory, processor time and file size.  Whatever happens to it, one sentence comes back.
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
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core import errors
from core.errors import (
    CropMapError,
    DiskFullError,
    InputError,
    OutputError,
)
from core.task import Cancelled, ShareProgress, check, never, silent_share

_log = logging.getLogger(__name__)

_MEBIBYTE = 1024 * 1024
_RESERVED_BYTES = 256 * _MEBIBYTE
_POLL_SECONDS = 0.1
_LONGEST_LINE = 64 * 1024
_ROOT = Path(__file__).resolve().parents[2]
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True, slots=True)
class Limits:
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


@dataclass(frozen=True, slots=True)
class Words:
    """What is said where the process ends badly.

    Parameters
    ----------
    unreadable, too_large : type
        The errors for a file that cannot be read, and for one that takes too much.
    instead, less : str
        Hints for the two: another way to bring the file, and how to make it smaller.
    lighter : str
        Hint for a file that takes too much memory.
    """

    unreadable: type[InputError]
    too_large: type[InputError]
    instead: str
    less: str
    lighter: str


@dataclass(frozen=True, slots=True)
class Task:
    """One file for a process of its own.

    Parameters
    ----------
    worker : str
        The module that the process runs.
    order : dict
        JSON that the module understands; ``limits`` and ``parent`` are added to it.
    work : Path
        A private folder, in which the process runs and writes.
    name : str
        What a person calls the file.
    target : Path
        What is to come of it, for the messages about the disk.
    environment : mapping
        Variables beyond the short list that every such process gets.
    looked_up : callable, optional
        Asked every now and then how much is done, where the process cannot say.
    """

    worker: str
    order: Mapping[str, Any]
    work: Path
    name: str
    target: Path
    words: Words
    limits: Limits
    environment: Mapping[str, str] = field(default_factory=dict)
    looked_up: Callable[[], float] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How the worker ended: its exit status and its last word, where it had one."""

    status: int
    word: dict[str, Any] | None


def run_limited(
    task: Task,
    *,
    progress: ShareProgress = silent_share,
    cancelled: Cancelled = never,
) -> dict[str, Any]:
    """Let a process of its own do a task; its last word where it did it.

    Raises
    ------
    CropMapError
        What the process says, or why it ended; :class:`CancelledError` where ``cancelled``
        said so.
    OSError
        The process cannot be started, or the folder ``task.work`` is not usable.
    """
    ended = _run(task, progress, cancelled)
    return outcome(ended, task)


def _file_limit(limits: Limits, work: Path) -> int:
    # Room for the others who save meanwhile.
    free = max(0, shutil.disk_usage(work).free - _RESERVED_BYTES)
    return free if limits.file_bytes is None else min(free, limits.file_bytes)


def _run(task: Task, progress: ShareProgress, cancelled: Cancelled) -> Ended:
    """Start the worker, pass its progress on, and end it where it must not go on."""
    file_bytes = _file_limit(task.limits, task.work)
    limits = {**asdict(task.limits), "file_bytes": file_bytes}
    reading, writing = os.pipe()
    try:
        # -P: modules come from this package's folder, never from the folder of the uploads.
        worker = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-P", "-m", task.worker, str(writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
            env={**own_environment(task.work), **task.environment},
            cwd=task.work,
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
        _tell(worker, {**task.order, "limits": limits, "parent": os.getpid()})
        deadline = time.monotonic() + task.limits.wall_seconds
        for message in _messages(reading):
            check(cancelled, f"Bringing in {task.name} was cancelled.", "Nothing of it was kept.")
            if time.monotonic() > deadline:
                raise _too_slow(task)
            if message is not None and "progress" not in message:
                word = message
                continue
            told = _looked_up(task) if message is None else message["progress"]
            if told > done:
                done = min(told, 0.999)
                progress(done)
        return Ended(worker.wait(timeout=10.0), word)
    except subprocess.TimeoutExpired as error:
        raise _too_slow(task) from error
    finally:
        _kill(worker)
        os.close(reading)


def _looked_up(task: Task) -> float:
    return 0.0 if task.looked_up is None else task.looked_up()


def _tell(worker: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    if worker.stdin is None:
        raise AssertionError("unreachable: the pipe was asked for")
    try:
        worker.stdin.write(json.dumps(order).encode())
        worker.stdin.close()
    except BrokenPipeError:
        _log.warning("the worker ended before it was told what to do")


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
                yield parsed(line)


def parsed(line: bytes) -> dict[str, Any] | None:
    """One line of the worker; None where it is no object."""
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
            _log.debug("the worker ended by itself")
        worker.wait()


def outcome(ended: Ended, task: Task) -> dict[str, Any]:
    """The worker's last word where it did its work; otherwise its end as an error of ours."""
    word = ended.word or {}
    if ended.status == 0 and word.get("done") is True:
        return word
    if "error" in word:
        raise _told(word, task)
    if "trace" in word:
        _log.error("%s failed on %s:\n%s", task.worker, task.name, str(word["trace"])[-4000:])
    else:
        _log.error("%s ended with status %s on %s", task.worker, ended.status, task.name)
    if ended.status == -signal.SIGXCPU:
        raise _too_slow(task)
    # The system's own guard kills; a library that cannot go on without memory aborts.
    if word.get("memory") is True or ended.status in (-signal.SIGKILL, -signal.SIGABRT):
        raise task.words.too_large(
            f"{task.name} needs more memory than one file may take.", task.words.lighter
        )
    raise task.words.unreadable(
        f"{task.name} could not be read: it is damaged, or not what it claims to be.",
        task.words.instead,
    )


def _told(word: dict[str, Any], task: Task) -> CropMapError:
    """The error that the worker met, of the same class."""
    kind = getattr(errors, str(word["error"]), None)
    target = task.target
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
        kind = task.words.unreadable
    return kind.from_json(word)


def _too_slow(task: Task) -> InputError:
    return task.words.too_large(
        f"{task.name} takes longer to read than one file may.", task.words.less
    )


def own_environment(work: Path) -> dict[str, str]:
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
