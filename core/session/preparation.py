"""The long work behind a tile: the model, the embedding, the automatic prediction, kept on disk."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import CancelledError
from core.label.work import Work
from core.predict.kept import AutoPrompt, Base, load_base, save_base
from core.project import Project
from core.sam.protocol import Segmenter
from core.sam.registry import DEFAULT_MODEL
from core.session.automatic import (
    AUTO,
    TileMemory,
    base_key,
    base_path,
    embed_tile,
    predict_base,
)
from core.session.models import ModelService
from core.session.opened import OpenedScene


@dataclass(frozen=True, slots=True)
class TilePlace:
    """One tile of one scene of a project, and the model that looks at it."""

    project: Project
    opened: OpenedScene
    tile: str

    @property
    def model_key(self) -> str | None:
        """The scene's model; None works without one."""
        return self.model_of(self.opened)

    @staticmethod
    def model_of(opened: OpenedScene) -> str | None:
        """Key of the model that a scene is looked at with."""
        key: str | None = opened.record.settings.get("model", DEFAULT_MODEL)
        return key

    def key(self, work: Work) -> str:
        """Names the automatic prediction that this work stands on."""
        return base_key(self.opened, self.tile, work.choices, work.denied, self.model_key)

    def kept(self, work: Work) -> Base | None:
        """The prediction for this work from disk, where it is there."""
        changed = _changes_prompts(work)
        path = base_path(self.project.folder, self.opened.record.id, self.tile, changed=changed)
        return load_base(path, self.key(work))

    def keep(self, base: Base, *, changed: bool) -> None:
        """Keep a prediction on disk."""
        path = base_path(self.project.folder, self.opened.record.id, self.tile, changed=changed)
        save_base(path, base)


@dataclass(slots=True, eq=False)
class Preparation:
    """The long work for one state of a tile, seen by those who wait; a newer one cancels it."""

    place: TilePlace
    work: Work
    service: ModelService
    memory: TileMemory
    key: str
    stage: str = "Waiting for its turn"
    share: float | None = None
    cancelled: bool = False
    base: Base | None = None

    def run(self) -> Base:
        """Make the embedding and the automatic prediction, whichever is missing.

        Raises
        ------
        CancelledError
            Something newer was asked.
        CropMapError
            Why it cannot be made.
        """
        segmenter = self._segmenter()
        base = self.base if self.base is not None else self.place.kept(self.work)
        if base is None:
            remaining = self._remaining(segmenter)
            base = self._predict(segmenter, self.key, remaining)
            self.place.keep(base, changed=remaining is not None)
        elif self.memory.views is None:
            self._tell("Reading the image", 0.5)
            embed_tile(self.place.opened, self.place.tile, segmenter, self.memory)
        return base

    def _segmenter(self) -> Segmenter | None:
        if self.service.loaded is None and self.service.key is not None:
            self._tell("Loading the model", 0.02)
        return self.service.segmenter()

    def _remaining(self, segmenter: Segmenter | None) -> tuple[AutoPrompt, ...] | None:
        """The automatic prompts that the person left; None where none was touched."""
        if not _changes_prompts(self.work):
            return None
        untouched = Work(self.work.choices)
        placed = self.place.kept(untouched)
        if placed is None:
            placed = self._predict(segmenter, self.place.key(untouched), None)
            self.place.keep(placed, changed=False)
        return tuple(p for p in placed.prompts if p.id not in self.work.denied)

    def _predict(
        self, segmenter: Segmenter | None, key: str, remaining: tuple[AutoPrompt, ...] | None
    ) -> Base:
        if self.cancelled:
            raise CancelledError("Something newer was asked.", "")
        return predict_base(
            self.place.opened,
            self.place.tile,
            self.work.choices,
            segmenter,
            self.memory,
            key=key,
            remaining=remaining,
            stage=self._tell,
            cancelled=lambda: self.cancelled,
        )

    def _tell(self, stage: str, share: float) -> None:
        self.stage, self.share = stage, share


def _changes_prompts(work: Work) -> bool:
    return any(name.startswith(AUTO) for name in work.denied)
