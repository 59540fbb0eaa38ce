"""The long work behind a tile: the model, the embedding, the automatic prediction, kept on disk."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import CancelledError
from core.imagery.scene import SceneImage
from core.label.answers import Answers
from core.label.click import TileViews
from core.label.make import predict_work
from core.label.work import Work
from core.predict.kept_prediction import Prediction
from core.predict.tile import TileInputs, TileMemory, embed_tile, segment_tile
from core.sam.protocol import Segmenter
from core.session.asking import ModelView
from core.session.models import ModelService
from core.session.place import TilePlace


@dataclass(slots=True, eq=False)
class SeenTile:
    """What a tile's next question need not look at again.

    Parameters
    ----------
    memory : TileMemory
        Embedding and classifier.
    view : ModelView or None
        What clicks are asked of; None before the model has seen the tile, and without a model.
    empty : bool
        The model looked, and the image holds nothing.
    """

    memory: TileMemory
    view: ModelView | None = None
    empty: bool = False

    def has_seen(self, model_key: str | None) -> bool:
        """Whether the model has seen all that it can: with none, or nothing to see, it has."""
        return model_key is None or self.view is not None or self.empty


@dataclass(slots=True, eq=False)
class Preparation:
    """The long work for one state of a tile, seen by those who wait; a newer one cancels it.

    Parameters
    ----------
    prediction : Prediction or None
        Where it is at hand, and only the embedding is missing.
    """

    place: TilePlace
    work: Work
    service: ModelService
    seen: SeenTile
    key: str
    stage: str = "Waiting for its turn"
    share: float | None = None
    cancelled: bool = False
    prediction: Prediction | None = None

    def run(self) -> Prediction:
        """Make the embedding and the automatic prediction, whichever is missing.

        Raises
        ------
        CancelledError
            Something newer was asked.
        CropMapError
            Why it cannot be made.
        """
        segmenter = self._segmenter()
        prediction = self.prediction or self.place.kept(self.work)
        if prediction is None:
            prediction = self._predict(segmenter)
        elif self.seen.view is None and segmenter is not None:
            self._tell("Reading the image", 0.5)
            self._see(segmenter)
        return prediction

    def _segmenter(self) -> Segmenter | None:
        if self.service.loaded is None and self.service.key is not None:
            self._tell("Loading the model", 0.02)
        return self.service.segmenter()

    def _see(self, segmenter: Segmenter | None) -> SceneImage:
        """The tile's pixels; where there is a model, it has seen them afterwards."""
        image = self.place.image()
        embedding = embed_tile(image, segmenter, self.seen.memory)
        self.seen.empty = segmenter is not None and embedding is None
        if embedding is not None and self.seen.view is None:
            segments = segment_tile(image, segmenter, self.seen.memory)
            views = TileViews(image.rgb, embedding, segments)
            self.seen.view = ModelView(views, Answers(self.place.frame))
        return image

    def _predict(self, segmenter: Segmenter | None) -> Prediction:
        if self.cancelled:
            raise CancelledError("Something newer was asked.", "")
        self._tell("Reading the image", 0.05)
        inputs = self.place.inputs(self._see(segmenter))
        placed = None
        if self.work.changes_prompts:
            untouched = Work(self.work.choices)
            placed = self.place.kept(untouched)
            if placed is None:
                placed = self._made(inputs, untouched, segmenter, None)
        return self._made(inputs, self.work, segmenter, placed)

    def _made(
        self,
        inputs: TileInputs,
        work: Work,
        segmenter: Segmenter | None,
        placed: Prediction | None,
    ) -> Prediction:
        if self.cancelled:
            raise CancelledError("Something newer was asked.", "")
        prediction = predict_work(
            inputs,
            work,
            segmenter,
            self.seen.memory,
            placed=placed,
            stage=self._tell,
            cancelled=lambda: self.cancelled,
        )
        self.place.keep(work, prediction)
        return prediction

    def _tell(self, stage: str, share: float) -> None:
        self.stage, self.share = stage, share
