"""What is done once nothing was written for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from weakref import WeakMethod

from core.errors import CropMapError

_LOG = logging.getLogger(__name__)


class Rest:
    """Calls a function after some seconds of rest; one thread, and only while it waits.

    Parameters
    ----------
    work : bound method
        Returns whether it is done; otherwise it is called again after as many seconds.
    seconds : float
        How long the rest has to be.
    """

    def __init__(self, work: Callable[[], bool], seconds: float) -> None:
        # Weak, so that this keeps nothing open that everybody else has let go.
        self._work, self._seconds = WeakMethod(work), seconds
        self._last = 0.0
        self._ended = False
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Something was written: the rest begins anew."""
        with self._lock:
            self._last = time.monotonic()
            # A thread of the process that this one was forked from is not alive here.
            if not self._ended and not (self._timer and self._timer.is_alive()):
                self._wait(self._seconds)

    def end(self) -> None:
        """Wait no longer."""
        with self._lock:
            self._ended = True
            if self._timer is not None:
                self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._look)
        timer.daemon = True
        timer.name = "rest"
        try:
            timer.start()
        except RuntimeError as error:
            _LOG.warning("No thread waits for a rest: %s", error)
        else:
            self._timer = timer

    def _look(self) -> None:
        with self._lock:
            left = self._last + self._seconds - time.monotonic()
            if self._ended:
                return
            if left > 0:
                self._wait(left)
                return
            self._timer = None
        if not self._done():
            with self._lock:
                if not self._ended and self._timer is None:
                    self._wait(self._seconds)

    def _done(self) -> bool:
        work = self._work()
        try:
            return work is None or work()
        except CropMapError as error:
            _LOG.warning("What is done at rest failed: %s", error)
            return True
