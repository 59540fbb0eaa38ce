"""Processes of the app and the command line, forked from one that has imported everything."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from core.settings import get_settings

_CONTEXT = get_context("forkserver")
_PRELOADED = "benchmarks.torture.preloaded"
_CONTEXT.set_forkserver_preload([_PRELOADED])

PIPE = _CONTEXT.Pipe
_LOOK_S = 0.25


class Forked:
    """One such process: its log, its end, and the most memory that it and its children took.

    Parameters
    ----------
    work : callable
        A function of a module, and what it is called with.
    log : Path
        Gets what the process prints, to both streams.
    environment : mapping
        Variables beside those of this process; read anew as settings.
    """

    def __init__(
        self, work: Callable[..., None], log: Path, environment: Mapping[str, str], *given: Any
    ) -> None:
        self.log = log
        self._process: BaseProcess = ForkServerProcess(
            target=_run, args=(work, str(log), dict(environment), given)
        )
        self._process.start()
        self.peak_mb = 0
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def pid(self) -> int:
        """Its number in the system."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        return self._process.is_alive()

    def wait(self, seconds: float) -> int | None:
        """Its exit status, negative for a signal; None where it goes on."""
        self._process.join(seconds)
        status = self._process.exitcode
        if status is not None:
            self._ended.set()
        return status

    def kill(self) -> int | None:
        """End it and its children at once, as the power does."""
        for one in [*_children(self.pid), self.pid]:
            with suppress(ProcessLookupError):
                os.kill(one, 9)
        return self.wait(10)

    def stop(self) -> int | None:
        """Ask it to end; its status."""
        self._process.terminate()
        status = self.wait(10)
        return self.kill() if status is None else status

    def stacks(self) -> str:
        """What all its threads are doing, for a process that hangs."""
        before = len(self.said())
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)
        wait_until(lambda: "thread 0x" in self.said()[before:], 5)
        return self.said()[before:]

    def said(self) -> str:
        """All that it printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self.peak_mb = max(self.peak_mb, _megabytes(self.pid))


def _run(
    work: Callable[..., None], log: str, environment: dict[str, str], given: tuple[Any, ...]
) -> None:
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    # There already; where it could not be loaded before the fork, this says why.
    import_module(_PRELOADED)
    os.environ.update(environment)
    get_settings.cache_clear()
    try:
        work(*given)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _megabytes(pid: int) -> int:
    """Resident memory of a process and its children, what they share with others included."""
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return int(total >> 20)


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether something came true in time."""
    stop = time.monotonic() + seconds
    while not true():
        if time.monotonic() > stop:
            return False
        time.sleep(0.02)
    return True
