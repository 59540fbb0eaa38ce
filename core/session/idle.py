"""Memory that is given back once nobody has asked for anything for a while."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

from core.machine_memory import give_back_free_memory
from core.project.rest import Rest

IDLE_SECONDS = 600.0
"""A map that is seen always waits for changes; one that is hidden for so long begins anew."""


class Idle:
    """Calls what lets go of memory once nothing was asked for some time.

    Parameters
    ----------
    seconds : float
    clock : callable
        Seconds that never go back.
    """

    def __init__(
        self, seconds: float = IDLE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._releases: list[Callable[[], object]] = []
        self._lock = threading.Lock()
        self._last = clock()
        self._rest = Rest(self.look, seconds)

    def add(self, release: Callable[[], object]) -> None:
        """Have something called whenever memory is to be given back."""
        with self._lock:
            self._releases.append(release)

    def asked(self) -> None:
        """Somebody asks for something now."""
        with self._lock:
            self._last = self._clock()
        self._rest.begin()

    def look(self) -> bool:
        """Let go of everything if nobody has asked for so long; says whether that was so."""
        with self._lock:
            if self._clock() - self._last < self._seconds:
                return False
        self.release()
        return True

    def release(self) -> None:
        """Let go of everything now."""
        with self._lock:
            releases = list(self._releases)
        for release in releases:
            release()
        gc.collect()
        give_back_free_memory()


IDLE = Idle()
"""Of this process."""
