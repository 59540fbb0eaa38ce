"""What every engine offers, and how results come in reading order whatever finishes first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Protocol

from core.imagery.tile_plan import Tile
from core.mapping.tile_task import MapRun, TileResult, map_one
from core.task import Cancelled, check

POLL_SECONDS = 0.1
"""How long an engine waits before it asks again whether the person has cancelled."""

Results = Generator[TileResult, None, None]
"""Of tiles in their order; whoever stops asking before the end closes it."""


class Engine(Protocol):
    """Who maps the tiles of a run."""

    def results(self, run: MapRun, tiles: Sequence[Tile], cancelled: Cancelled) -> Results:
        """The results of ``tiles`` in their order; only a few of them are held at a time.

        Whoever stops asking before the end closes the iterator: then the work ends as well.

        Raises
        ------
        CancelledError
            ``cancelled`` said so; finished tiles are kept.
        CropMapError
            What is wrong with a tile or with those who map it; likewise.
        """
        ...


class Pending(Protocol):
    """A result that may not be there yet."""

    def result(self, timeout: float) -> TileResult:
        """The result; TimeoutError where it is not there in time."""
        ...

    def done(self) -> bool:
        """Whether :meth:`result` returns or raises at once."""
        ...

    def cancel(self) -> object:
        """Nobody wants it any more."""
        ...


class OneProcess:
    """Tile after tile in this process."""

    def results(self, run: MapRun, tiles: Sequence[Tile], cancelled: Cancelled) -> Results:
        """As :class:`Engine` has it."""
        for done, tile in enumerate(tiles):
            check_stopped(cancelled, done, len(tiles))
            yield map_one(run, tile, cancelled)


def in_order(
    tiles: Sequence[Tile],
    submit: Callable[[Tile], Pending],
    at_once: Callable[[], int],
    cancelled: Cancelled,
) -> Results:
    """Results in the order of ``tiles``; those behind an unfinished one wait for it.

    Parameters
    ----------
    submit : callable
        Begins a tile elsewhere.
    at_once : callable
        How many tiles may be begun and not handed out yet: what memory is bounded by.

    Raises
    ------
    CancelledError
        ``cancelled`` said so.
    """
    pending: deque[Pending] = deque()
    waiting = iter(tiles)
    try:
        for done in range(len(tiles)):
            while len(pending) < max(1, at_once()):
                tile = next(waiting, None)
                if tile is None:
                    break
                pending.append(submit(tile))
            result = _awaited(pending[0], partial(check_stopped, cancelled, done, len(tiles)))
            pending.popleft()
            yield result
    finally:
        for one in pending:
            one.cancel()


def check_stopped(cancelled: Cancelled, done: int, total: int) -> None:
    """Raise a CancelledError where the person has cancelled a run of ``total`` tiles."""
    check(
        cancelled,
        f"{done} of {total} tiles are done and kept.",
        "Run the same command again to continue from there.",
    )


def _awaited(one: Pending, check_stop: Callable[[], None]) -> TileResult:
    while True:
        check_stop()
        try:
            return one.result(timeout=POLL_SECONDS)
        except TimeoutError:
            if one.done():
                # Finished in this very moment, or the work itself raised it.
                return one.result(timeout=POLL_SECONDS)
