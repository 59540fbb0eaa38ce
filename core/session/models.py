"""Models that all sessions share, and the queues in which their questions wait.

Each model has two threads: one answers people's clicks, one does the long work (loading, encoding,
the automatic prediction), so that a click never waits for somebody's next tile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from core.sam.added import added_checkpoint
from core.sam.protocol import Segmenter
from core.session.work_queue import WorkQueue


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
        Where first answers become final ones: people in turn, and the newest of each tile.
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
