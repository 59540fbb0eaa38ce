"""Results come in reading order, a few are held, and a person who cancels is heard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from core.errors import CancelledError
from core.mapping.engines.in_order import in_order
from core.task import never


class Later:
    """A result that is there after it was asked for a number of times."""

    def __init__(self, value: object, asked: int = 0) -> None:
        self.value, self.left, self.cancelled = value, asked, False

    def result(self, timeout: float) -> object:
        self.left -= 1
        if self.left >= 0:
            raise TimeoutError
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def done(self) -> bool:
        return self.left <= 0

    def cancel(self) -> None:
        self.cancelled = True


class Elsewhere:
    """Counts what was begun and not handed out yet."""

    def __init__(self, later: Callable[[int], Later]) -> None:
        self.later, self.begun = later, list[Later]()

    def submit(self, tile: int) -> Later:
        self.begun.append(self.later(tile))
        return self.begun[-1]


def test_the_order_is_that_of_the_tiles_and_few_are_held() -> None:
    # The first of each three takes longest.
    elsewhere = Elsewhere(lambda tile: Later(tile, asked=5 if tile % 3 == 0 else 0))
    handed = []
    for result in in_order(range(10), elsewhere.submit, lambda: 4, never):
        handed.append(result)
        assert len(elsewhere.begun) - len(handed) <= 3
    assert handed == list(range(10))


def test_whoever_cancels_is_heard_while_a_tile_takes_long() -> None:
    elsewhere = Elsewhere(lambda tile: Later(tile, asked=10**9 if tile == 2 else 0))
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 20

    with pytest.raises(CancelledError, match=r"2 of 6 tiles are done and kept"):
        list(in_order(range(6), elsewhere.submit, lambda: 3, cancelled))
    assert [one.cancelled for one in elsewhere.begun[2:]] == [True] * 3


def test_what_went_wrong_with_a_tile_ends_the_others_even_a_timeout_of_its_own() -> None:
    elsewhere = Elsewhere(lambda tile: Later(TimeoutError("no answer") if tile == 1 else tile))
    with pytest.raises(TimeoutError, match="no answer"):
        list(in_order(range(4), elsewhere.submit, lambda: 2, never))


def test_who_stops_asking_ends_what_was_begun() -> None:
    elsewhere = Elsewhere(Later)
    with closing(in_order(range(9), elsewhere.submit, lambda: 4, never)) as results:
        assert next(results) == 0
    assert all(one.cancelled for one in elsewhere.begun[1:])
