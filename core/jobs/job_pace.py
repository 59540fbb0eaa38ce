"""How fast steps follow one another, told so that a person can plan."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

_STEPS = 9
_LEAST = 2


class JobPace:
    """Steps a second, from the last steps of one stage.

    The median of the last steps counts: work that goes on finds many tiles at hand, which take no
    time, and the first of the others waits for the model.

    Parameters
    ----------
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage = ""
        self._done, self._at = 0, 0.0
        self._took: deque[float] = deque(maxlen=_STEPS)

    def step(self, stage: str, done: int) -> float:
        """Take note of a step; the steps a second, 0 where that cannot be told yet."""
        now = self._clock()
        if stage != self._stage or done < self._done:
            self._stage, self._done, self._at = stage, done, now
            self._took.clear()
        elif done > self._done:
            self._took.append((now - self._at) / (done - self._done))
            self._done, self._at = done, now
        seconds = median(self._took) if len(self._took) >= _LEAST else 0.0
        return 1.0 / seconds if seconds > 0 else 0.0
