"""An experiment's cells done side by side, each in a process, with progress and a way to stop."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import torch

from core.errors import CancelledError, CropMapError, Remedy
from core.files import prepare_folder
from core.processors import processors
from core.study.experiments.cells import Cell, Context, kept_result, run_cell
from core.task import Cancelled, Progress, never, silent

STAGE = "Steps"
_PERMILLE = 1000
_POLL_SECONDS = 0.2

_shared: dict[str, Any] = {}
"""Of a worker's process: the queue of its progress and the event that stops it."""

Reached = Callable[[str, float], None]
"""Told the key of a cell and the share of it that is done."""


def run_cells(
    cells: tuple[Cell, ...] | list[Cell],
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
    wanted = {cell.key: cell for cell in cells}
    missing = {key: cell for key, cell in wanted.items() if kept_result(cell, folder) is None}
    shares = {key: 0.0 if key in missing else 1.0 for key in wanted}
    total = sum(cell.cost for cell in wanted.values()) or 1.0

    def reached(key: str, share: float) -> None:
        # What a process says late, after the end of a cell, counts no more.
        shares[key] = max(shares[key], share)

    def show() -> None:
        whole = sum(shares[key] * cell.cost for key, cell in wanted.items()) / total
        progress(STAGE, round((whole if wanted else 1.0) * _PERMILLE), _PERMILLE)

    show()
    workers = min(jobs or processors(), max(1, len(missing)))
    if workers > 1:
        _side_by_side(missing, folder, workers, reached, show, cancelled)
        return

    def step(key: str, share: float) -> None:
        if cancelled():
            raise _stopped()
        reached(key, share)
        show()

    for key, cell in missing.items():
        step(key, 0.0)
        run_cell(cell, Context(folder, partial(step, key)))
        reached(key, 1.0)
        show()


def _side_by_side(
    cells: Mapping[str, Cell],
    folder: Path,
    workers: int,
    reached: Reached,
    show: Callable[[], None],
    cancelled: Cancelled,
) -> None:
    spawning = multiprocessing.get_context("spawn")
    messages: Any = spawning.Queue()
    stop = spawning.Event()
    threads = max(1, processors() // workers)
    with ProcessPoolExecutor(workers, spawning, _prepare, (messages, stop, threads)) as pool:
        # The longest first, so that no processor idles at the end beside a long one.
        longest_first = sorted(cells.items(), key=lambda item: -item[1].cost)
        running = {pool.submit(_in_worker, cell, folder): key for key, cell in longest_first}
        try:
            while running:
                ended, _ = wait(running, _POLL_SECONDS, return_when=FIRST_COMPLETED)
                _read_messages(messages, reached)
                for future in ended:
                    key = running.pop(future)
                    _raise_failure(future)
                    reached(key, 1.0)
                show()
                if cancelled():
                    raise _stopped()
        finally:
            # Whatever ends it, workers are told to stop before the pool waits for them.
            stop.set()
            for future in running:
                future.cancel()


def _read_messages(messages: Any, reached: Reached) -> None:
    while True:
        try:
            reached(*messages.get_nowait())
        except queue.Empty:
            return


def _raise_failure(future: Future[None]) -> None:
    try:
        future.result()
    except BrokenProcessPool as error:
        raise CropMapError(
            "A process of the experiment ended unexpectedly, most often because memory ran out.",
            "Close other programs; what is finished is kept.",
            Remedy.FEWER_PROCESSES,
        ) from error


def _prepare(messages: Any, stop: Any, threads: int) -> None:
    # Ctrl-C is the parent's: it lets cells end at a good place.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    _shared.update(messages=messages, stop=stop)
    parent: Any = multiprocessing.parent_process()

    def end_with_parent() -> None:
        """A worker whose parent was killed would work on for nobody."""
        parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _in_worker(cell: Cell, folder: Path) -> None:
    key = cell.key

    def step(share: float) -> None:
        if _shared["stop"].is_set():
            raise _stopped()
        _shared["messages"].put((key, share))

    step(0.0)
    run_cell(cell, Context(folder, step))


def _stopped() -> CancelledError:
    return CancelledError("Finished steps are kept; the same command goes on from there.")
