"""Models that all sessions share, and the queues in which their questions wait.

Each model has two threads: one answers people's clicks, one does the long work (loading, encoding,
the automatic prediction), so that a click never waits for somebody's next tile.  A question with a
key replaces the one with the same key that still waits: the newest click wins.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from core.errors import CancelledError
from core.sam.added import added_checkpoint
from core.sam.protocol import Segmenter

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Urgency(IntEnum):
    """Who goes first."""

    CLICK = 0
    HOVER = 1
    CLOSER = 2
    TILE = 3
    AHEAD = 4
    BATCH = 5


@dataclass(order=True, slots=True)
class _Waiting(Generic[Answer]):
    urgency: Urgency
    number: int
    work: Callable[[], Answer] = field(compare=False)
    answer: Future[Answer] = field(compare=False)
    key: str | None = field(compare=False)


class WorkQueue:
    """One thread that does one thing after another, the most urgent first."""

    def __init__(self, name: str) -> None:
        self._waiting: list[_Waiting[object]] = []
        self._newest: dict[str, _Waiting[object]] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(
        self, work: Callable[[], Answer], urgency: Urgency, key: str | None = None
    ) -> Future[Answer]:
        """Do ``work`` when its turn comes.

        The future raises ``CancelledError`` where work with the same ``key`` came later and this
        one had not begun.
        """
        answer: Future[Answer] = Future()
        with self._changed:
            item = _Waiting(urgency, next(self._numbers), work, answer, key)
            if key is not None:
                older = self._newest.get(key)
                if older is not None:
                    self._drop(older)
                self._newest[key] = item  # type: ignore[assignment]
            heapq.heappush(self._waiting, item)  # type: ignore[misc]
            self._changed.notify()
        return answer

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)

    def _drop(self, item: _Waiting[object]) -> None:
        if item in self._waiting:
            self._waiting.remove(item)
            heapq.heapify(self._waiting)
            item.answer.set_exception(CancelledError("Something newer was asked.", ""))

    def _run(self) -> None:
        while True:
            # No name here holds what was done, and with it a tile, until the next comes.
            _do(self._next())

    def _next(self) -> _Waiting[object]:
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            item = heapq.heappop(self._waiting)
            if item.key is not None and self._newest.get(item.key) is item:
                del self._newest[item.key]
            return item


def _do(item: _Waiting[object]) -> None:
    if not item.answer.set_running_or_notify_cancel():
        return
    try:
        item.answer.set_result(item.work())
    except BaseException as error:  # noqa: BLE001  (handed to whoever waits for it)
        item.answer.set_exception(error)


@dataclass(slots=True)
class ModelService:
    """One model and its two queues; the model is loaded by the first who needs it."""

    key: str | None
    clicks: WorkQueue
    tiles: WorkQueue
    _load: Callable[[str], Segmenter]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _segmenter: Segmenter | None = None

    @property
    def loaded(self) -> Segmenter | None:
        """The model, if it is ready."""
        segmenter = self._segmenter
        return None if segmenter is None or _is_another_now(segmenter) else segmenter

    def segmenter(self) -> Segmenter | None:
        """The model, loaded now if need be (seconds); None for the service without a model.

        Raises
        ------
        WeightsError
            The weights are not here, or not the published ones.
        """
        if self.key is None:
            return None
        with self._lock:
            if self._segmenter is None or _is_another_now(self._segmenter):
                self._segmenter = self._load(self.key)
            return self._segmenter

    def release(self) -> None:
        """Let go of the model, unless somebody waits for it."""
        with self._lock:
            if not len(self.clicks) and not len(self.tiles):
                self._segmenter = None


def _is_another_now(segmenter: Segmenter) -> bool:
    """Whether a person has put another checkpoint of their own under this model's name."""
    added = added_checkpoint(segmenter.name)
    return added is not None and added.sha256 != segmenter.weights_hash


class Models:
    """Every model in use in this process.

    Attributes
    ----------
    refinements : WorkQueue
        Where first answers become final ones, in turn and the newest of each tile.
    """

    def __init__(self, load: Callable[[str], Segmenter] | None = None) -> None:
        self._load = load or _load
        self._services: dict[str | None, ModelService] = {}
        self._lock = threading.Lock()
        self.refinements = WorkQueue("refinements")

    def service(self, key: str | None) -> ModelService:
        """The queues of a model; ``None`` is the work that needs no model."""
        with self._lock:
            if key not in self._services:
                name = key or "no model"
                self._services[key] = ModelService(
                    key, WorkQueue(f"{name}: clicks"), WorkQueue(f"{name}: tiles"), self._load
                )
            return self._services[key]

    def release(self) -> None:
        """Let go of the models that nobody waits for; the next who needs one loads it anew."""
        with self._lock:
            services = list(self._services.values())
        for service in services:
            service.release()


def _load(key: str) -> Segmenter:
    # torch takes seconds to import: only once a model is needed.
    from core.sam.load import load_cached  # noqa: PLC0415

    return load_cached(key)
