"""The queue in which a model's questions wait: urgent ones first, and people in turn.

- A question with a ``key`` takes the place of the one with the same key that still waits: the
  newest click or pointer wins, and whoever waited for the older one is told so.
- The same question is asked once: whoever puts it while it waits, or while it is being answered,
  is given that answer.
- Among equally urgent questions people take turns, so that somebody who asks much does not make
  the others wait; and nobody is overtaken again and again by what is more urgent.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, TypeVar

from core.errors import CancelledError

Answer = TypeVar("Answer")

_MOST_OVERTAKEN = 8
"""So many more urgent questions may go before one that somebody waits for."""


class Urgency(IntEnum):
    """Who goes first."""

    CLICK = 0
    """The first answer to a click."""
    HOVER = 1
    """The first answer for the pointer."""
    FINAL = 2
    """The final answer to a click."""
    CLOSER = 3
    """The final answer for the pointer."""
    TILE = 4
    AHEAD = 5
    BATCH = 6


class Unfinished(Enum):
    """What work returns that has done one part of itself, and is to be called again."""

    AGAIN = "again"


AGAIN = Unfinished.AGAIN
"""More urgent work goes between the parts."""


@dataclass(slots=True, eq=False)
class _Waiter:
    answer: Future[Any]
    key: str | None


@dataclass(slots=True, eq=False)
class _Waiting:
    urgency: Urgency
    turn: int
    number: int
    work: Callable[[], Any]
    question: Hashable | None
    waiters: list[_Waiter] = field(default_factory=list)
    overtaken: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """The least goes first."""
        return self.urgency, self.turn, self.number


class WorkQueue:
    """One thread that does one thing after another."""

    def __init__(self, name: str) -> None:
        self._waiting: list[_Waiting] = []
        self._running: _Waiting | None = None
        self._numbers = itertools.count()
        self._turns: dict[tuple[Urgency, str], int] = {}
        self._turn: dict[Urgency, int] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(
        self,
        work: Callable[[], Answer | Unfinished],
        urgency: Urgency,
        key: str | None = None,
        *,
        who: str = "",
        question: Hashable | None = None,
    ) -> Future[Answer]:
        """Do ``work`` when its turn comes.

        The future raises ``CancelledError`` where other work with the same ``key`` came later and
        this one had not begun, or stood between two of its parts.

        Parameters
        ----------
        who : str
            The person who waits: people take turns.
        question : hashable, optional
            Equal ones are answered by the same work.
        """
        waiter = _Waiter(Future(), key)
        with self._changed:
            same = self._same(question)
            place = self._drop_older(key, same)
            if same is None:
                turn = place if place is not None else self._next_turn(urgency, who)
                same = _Waiting(urgency, turn, next(self._numbers), work, question)
                self._waiting.append(same)
            elif urgency < same.urgency:
                same.urgency, same.turn = urgency, self._next_turn(urgency, who)
            same.waiters.append(waiter)
            self._changed.notify()
        return waiter.answer

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)

    def _same(self, question: Hashable | None) -> _Waiting | None:
        if question is None:
            return None
        known = [*self._waiting, *([self._running] if self._running else [])]
        return next((item for item in known if item.question == question), None)

    def _drop_older(self, key: str | None, same: _Waiting | None) -> int | None:
        """Tell those who wait under this key that something newer came; the turn they had."""
        turn = None
        for item in [item for item in self._waiting if key is not None and item is not same]:
            gone = [waiter for waiter in item.waiters if waiter.key == key]
            for waiter in gone:
                item.waiters.remove(waiter)
                waiter.answer.set_exception(CancelledError("Something newer was asked.", ""))
            if gone and not item.waiters:
                self._waiting.remove(item)
                turn = item.turn
        return turn

    def _next_turn(self, urgency: Urgency, who: str) -> int:
        """One after the person's last turn, but not before those who are served now."""
        last = self._turns.get((urgency, who), -1)
        turn = max(self._turn.get(urgency, 0), last + 1)
        self._turns[urgency, who] = turn
        return turn

    def _run(self) -> None:
        while True:
            # No name here holds what was done, and with it a tile, until the next comes.
            self._do(self._next())

    def _next(self) -> _Waiting:
        with self._changed:
            while not self._waiting:
                self._turns.clear()
                self._turn.clear()
                self._changed.wait()
            item = min(self._waiting, key=lambda one: one.rank)
            tired = [one for one in self._waiting if one.overtaken >= _MOST_OVERTAKEN]
            if tired:
                item = min(tired, key=lambda one: one.rank)
            self._waiting.remove(item)
            for other in self._waiting:
                if item.urgency < other.urgency <= Urgency.TILE:
                    other.overtaken += 1
            self._turn[item.urgency] = max(self._turn.get(item.urgency, 0), item.turn)
            self._running = item
            return item

    def _do(self, item: _Waiting) -> None:
        answer, error = None, None
        try:
            answer = item.work()
        except BaseException as raised:  # noqa: BLE001  (handed to whoever waits for it)
            error = raised
        with self._changed:
            self._running = None
            if answer is AGAIN:
                self._waiting.append(item)
                return
        # Nobody joins it any more.
        for waiter in item.waiters:
            if not waiter.answer.set_running_or_notify_cancel():
                continue
            if error is not None:
                waiter.answer.set_exception(error)
            else:
                waiter.answer.set_result(answer)
