"""Rasters kept open between small reads: opening one costs more than reading one map tile.

A GDAL dataset serves one thread at a time, so each borrower has one to himself; what is idle is
bounded in number and in age, and a file that was replaced is opened again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import rasterio
from rasterio.errors import CRSError, RasterioError
from rasterio.io import DatasetReader

from core.imagery.open import damaged, open_dataset

_MOST_IDLE = 16
_IDLE_SECONDS = 60.0

_Signature = tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class _Idle:
    path: str
    signature: _Signature
    dataset: DatasetReader
    since: float


class RasterPool:
    """Open datasets, lent to one thread at a time.

    Parameters
    ----------
    most_idle : int
        Idle datasets that are kept; the one that waits longest goes first.
    idle_seconds : float
        Age at which an idle one is closed, by a timer where nobody comes any more.
    """

    def __init__(self, most_idle: int = _MOST_IDLE, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._most_idle = most_idle
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._idle: OrderedDict[int, _Idle] = OrderedDict()
        self._numbers = count()
        self._timer: threading.Timer | None = None

    @contextmanager
    def borrow(self, path: str | Path, *, what: str = "scene") -> Iterator[DatasetReader]:
        """A dataset of this file for the calling thread alone, given back at the end.

        Parameters and errors as for :func:`core.imagery.open.open_raster`.
        """
        name = str(path)
        signature = _signature(name)
        dataset = self._take(name, signature) or open_dataset(name, what=what)
        try:
            # GDAL's error handling belongs to a thread, and this one may not be the opener.
            with rasterio.Env():
                yield dataset
        except (RasterioError, CRSError, UnicodeDecodeError) as error:
            dataset.close()
            raise damaged(name, what) from error
        except BaseException:
            # Whatever happened inside, the dataset's state is not known any more.
            dataset.close()
            raise
        self._give_back(_Idle(name, signature, dataset, time.monotonic()))

    def close(self) -> None:
        """Close what is idle; what is lent is closed when it comes back too old."""
        with self._lock:
            waiting = list(self._idle.values())
            self._idle.clear()
            self._stop_timer()
        for entry in waiting:
            entry.dataset.close()

    @property
    def idle(self) -> int:
        """How many datasets wait."""
        with self._lock:
            return len(self._idle)

    def _take(self, path: str, signature: _Signature) -> DatasetReader | None:
        """The idle dataset of this file that was used last; older versions of it are closed."""
        found: DatasetReader | None = None
        stale: list[_Idle] = []
        with self._lock:
            for number, entry in reversed(list(self._idle.items())):
                if entry.path != path:
                    continue
                if entry.signature != signature:
                    stale.append(self._idle.pop(number))
                elif found is None:
                    found = self._idle.pop(number).dataset
        for entry in stale:
            entry.dataset.close()
        return found

    def _give_back(self, entry: _Idle) -> None:
        with self._lock:
            self._idle[next(self._numbers)] = entry
            old = self._overdue()
            if self._timer is None:
                self._start_timer()
        for surplus in old:
            surplus.dataset.close()

    def _overdue(self) -> list[_Idle]:
        """Take out what is too old or too much; the caller holds the lock and closes them."""
        oldest = time.monotonic() - self._idle_seconds
        out = []
        for number, entry in list(self._idle.items()):
            if len(self._idle) > self._most_idle or entry.since <= oldest:
                out.append(self._idle.pop(number))
        return out

    def _start_timer(self) -> None:
        self._timer = threading.Timer(self._idle_seconds, self._sweep)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self) -> None:
        with self._lock:
            old = self._overdue()
            self._timer = None
            if self._idle:
                self._start_timer()
        for entry in old:
            entry.dataset.close()


def _signature(path: str) -> _Signature:
    """What changes when a file is replaced or written to; None for a URL or a missing file."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


POOL = RasterPool()
"""The pool of this process."""
