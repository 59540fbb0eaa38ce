"""Several processes of this machine, each with a model and its share of the processors.

A thread here waits for each process.  Not ``ProcessPoolExecutor``: there the death of one process
ends all, and one that is killed while it sends a long result leaves the others waiting for ever,
since they share a pipe (docs/decisions/036-who-maps-the-tiles.md).
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Pipe
from pathlib import Path
from types import TracebackType

from core.errors import CropMapError
from core.imagery.tile_plan import Tile
from core.mapping.engines.in_order import Results, in_order
from core.mapping.engines.tile_order import TileOrder
from core.mapping.tile_task import MapRun, TileResult
from core.processors import processors, thread_limits
from core.task import Cancelled

TRIES = 3
"""How often a tile is begun whose process is killed."""

_AHEAD = 4
"""Tiles a process that are begun or wait for one before them."""

_ROOT = Path(__file__).resolve().parents[3]

_log = logging.getLogger(__name__)


class ProcessPool:
    """Processes of this machine; one that is killed is replaced, and its tile tried again.

    Parameters
    ----------
    workers : int
        How many.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def results(self, run: MapRun, tiles: Sequence[Tile], cancelled: Cancelled) -> Results:
        """As :class:`core.mapping.engines.in_order.Engine` has it."""
        count = max(1, min(self.workers, len(tiles)))
        with _Crew(TileOrder.of(run), count) as crew:
            yield from in_order(tiles, crew.submit, lambda: count * _AHEAD, cancelled)


class _Crew:
    """The processes of one run and the threads that wait for them."""

    def __init__(self, order: TileOrder, count: int) -> None:
        self._order = order
        self._share = max(1, processors() // count)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="tiles")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._running: set[_Worker] = set()
        self._closed = False

    def __enter__(self) -> _Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every process, also in the midst of a tile: what it has finished is on the disk."""
        with self._lock:
            self._closed = True
            for worker in self._running:
                worker.kill()
        self._threads.shutdown(cancel_futures=True)

    def submit(self, tile: Tile) -> Future[TileResult]:
        return self._threads.submit(self._map, tile)

    def _map(self, tile: Tile) -> TileResult:
        for tried in range(1, TRIES + 1):
            worker = self._worker()
            answer = worker.ask(tile)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return answer
            status = self._dismiss(worker)
            if self._closed:
                break
            _log.warning(
                "The process that mapped tile %s ended with status %s (%s of %s tries).",
                *(tile.name, status, tried, TRIES),
            )
        raise CropMapError(
            f"The process that mapped tile {tile.name} was ended {TRIES} times, most often because "
            "memory ran out.",
            "Close other programs, or let fewer processes work at once, and run it again: what was "
            "finished is kept.",
        )

    def _worker(self) -> _Worker:
        """The process of the calling thread: the system ends it with the thread that started it."""
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            with self._lock:
                worker = self._own.worker = _Worker(self._order, self._share)
                self._running.add(worker)
                if self._closed:
                    worker.kill()
        return worker

    def _dismiss(self, worker: _Worker) -> int:
        self._own.worker = None
        with self._lock:
            self._running.discard(worker)
        return worker.kill()


class _Worker:
    """A process that maps one tile at a time, and the line to it."""

    def __init__(self, order: TileOrder, share: int) -> None:
        self._line, theirs = Pipe()
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                # -P: modules come from where they are installed, not from the folder of the run.
                [
                    *(sys.executable, "-P", "-m", "core.mapping.engines.tile_worker"),
                    *(str(theirs.fileno()), str(os.getpid())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **thread_limits(share), "PYTHONPATH": path},
                # Ctrl-C is for whoever started the run.
                start_new_session=True,
            )
        self._order: TileOrder | None = order

    def ask(self, tile: Tile) -> TileResult | Exception | None:
        """The result of a tile or what went wrong with it; None where the process has ended."""
        try:
            if self._order is not None:
                self._line.send(self._order)
                self._order = None
            self._line.send(tile)
            answer: TileResult | Exception = self._line.recv()
        except (EOFError, OSError):
            return None
        return answer

    def kill(self) -> int:
        """End the process, where it has not ended; its exit status."""
        self._process.kill()
        return self._process.wait()
