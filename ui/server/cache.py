"""Pictures that are ready, shared by all sessions: bounded in bytes, and made once at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future


class PictureCache:
    """The least recently used pictures leave first; callers of one picture wait for one maker.

    Parameters
    ----------
    most_bytes : int
        Size of all pictures together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._ready: OrderedDict[Hashable, bytes] = OrderedDict()
        self._making: dict[Hashable, Future[bytes]] = {}

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The picture of this key, made by ``make`` where it is not ready.

        An error of ``make`` reaches all who wait for it and is not remembered.
        """
        with self._lock:
            ready = self._ready.get(key)
            if ready is not None:
                self._ready.move_to_end(key)
                return ready
            waiting = self._making.get(key)
            if waiting is None:
                ours: Future[bytes] = Future()
                self._making[key] = ours
        if waiting is not None:
            return waiting.result()
        try:
            made = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            ours.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._keep(key, made)
        ours.set_result(made)
        return made

    @property
    def size(self) -> int:
        """Bytes of all pictures that are kept."""
        with self._lock:
            return self._bytes

    def clear(self) -> None:
        """Let go of all pictures."""
        with self._lock:
            self._ready.clear()
            self._bytes = 0

    def _keep(self, key: Hashable, made: bytes) -> None:
        if len(made) > self._most_bytes:
            return
        self._ready[key] = made
        self._bytes += len(made)
        while self._bytes > self._most_bytes:
            _, gone = self._ready.popitem(last=False)
            self._bytes -= len(gone)
