"""An experiment's cells done side by side, each in a process, with progress and a way to stop."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.errors import CancelledError, CropMapError, Remedy
from core.files import prepare_folder
from core.processors import processors
from core.study.experiments.cells import Cell, Context, do, done
from core.task import Cancelled, Progress, never, silent

STAGE = "Steps"
_PERMILLE = 1000
_POLL_SECONDS = 0.2

_shared: dict[str, Any] = {}
"""Of a worker's process: the queue of its progress and the event that stops it."""


@dataclass(slots=True)
class _Meter:
    """Progress over cells of different cost."""

    total: float
    tell: Progress
    finished: float = 0.0
    begun: dict[str, float] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def reached(self, key: str, cost: float) -> None:
        """So much of a cell is done; told late, after its end, it counts no more."""
        if key not in self.ended:
            self.begun[key] = cost

    def end(self, key: str, cost: float) -> None:
        self.ended.add(key)
        self.begun.pop(key, None)
        self.finished += cost

    def shown(self) -> None:
        share = (self.finished + sum(self.begun.values())) / self.total if self.total else 1.0
        self.tell(STAGE, round(share * _PERMILLE), _PERMILLE)


def run_cells(
    cells: Sequence[Cell],
    folder: Path,
    *,
    jobs: int | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> None:
    """Do the cells that are not kept in ``folder`` yet.

    Parameters
    ----------
    jobs : int, optional
        Processes; by default as many as processors.  1 stays in this process.

    Raises
    ------
    CancelledError
        ``cancelled`` said so; finished cells are kept.
    CropMapError
        Of the first cell that failed; finished cells are kept.
    """
    prepare_folder(folder)
    wanted = list({cell.key: cell for cell in cells}.values())
    missing = [cell for cell in wanted if done(cell, folder) is None]
    total = sum(cell.cost for cell in wanted)
    meter = _Meter(total, progress, total - sum(cell.cost for cell in missing))
    meter.shown()
    workers = min(jobs or processors(), max(1, len(missing)))
    if workers == 1:
        _here(missing, folder, meter, cancelled)
    else:
        # The longest first, so that no processor idles at the end beside a long one.
        _beside(sorted(missing, key=lambda cell: -cell.cost), folder, workers, meter, cancelled)


def _here(cells: Sequence[Cell], folder: Path, meter: _Meter, cancelled: Cancelled) -> None:
    for cell in cells:
        key, cost = cell.key, cell.cost

        def step(share: float, key: str = key, cost: float = cost) -> None:
            if cancelled():
                raise _stopped()
            meter.reached(key, share * cost)
            meter.shown()

        step(0.0)
        do(cell, Context(folder, step))
        meter.end(key, cost)
        meter.shown()


def _beside(
    cells: list[Cell], folder: Path, workers: int, meter: _Meter, cancelled: Cancelled
) -> None:
    spawning = multiprocessing.get_context("spawn")
    told: Any = spawning.Queue()
    stop = spawning.Event()
    threads = max(1, processors() // workers)
    with (
        _stopping(stop),
        ProcessPoolExecutor(workers, spawning, _prepare, (told, stop, threads)) as pool,
    ):
        running = {pool.submit(_in_worker, cell, folder): cell for cell in cells}
        try:
            while running:
                ended, _ = wait(running, _POLL_SECONDS, return_when=FIRST_COMPLETED)
                _hear(told, meter)
                for future in ended:
                    cell = running.pop(future)
                    _result(future)
                    meter.end(cell.key, cell.cost)
                meter.shown()
                if cancelled():
                    raise _stopped()
        except BaseException:
            stop.set()
            for future in running:
                future.cancel()
            raise


def _hear(told: Any, meter: _Meter) -> None:
    while True:
        try:
            key, cost = told.get_nowait()
        except queue.Empty:
            return
        meter.reached(key, cost)


def _result(future: Future[None]) -> None:
    try:
        future.result()
    except BrokenProcessPool as error:
        raise CropMapError(
            "A process of the experiment ended unexpectedly, most often because memory ran out.",
            "Close other programs; what is finished is kept.",
            Remedy.FEWER_PROCESSES,
        ) from error


@contextmanager
def _stopping(stop: Any) -> Iterator[None]:
    """Whatever ends the block, workers are told to stop."""
    try:
        yield
    finally:
        stop.set()


def _prepare(told: Any, stop: Any, threads: int) -> None:
    # Ctrl-C is the parent's: it lets cells end at a good place.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    _shared.update(told=told, stop=stop)
    _end_with_parent(multiprocessing.parent_process())


def _end_with_parent(parent: Any) -> None:
    """A worker whose parent was killed would work on for nobody."""

    def watch() -> None:
        parent.join()
        os._exit(1)

    if parent is not None:
        threading.Thread(target=watch, daemon=True).start()


def _in_worker(cell: Cell, folder: Path) -> None:
    key = cell.key

    def step(share: float) -> None:
        if _shared["stop"].is_set():
            raise _stopped()
        _shared["told"].put((key, share * cell.cost))

    step(0.0)
    do(cell, Context(folder, step))


def _stopped() -> CancelledError:
    return CancelledError("Finished steps are kept; the same command goes on from there.")
