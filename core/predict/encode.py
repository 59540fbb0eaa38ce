"""What the promptable strategies share: an embedded tile, decoding, and probability from logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from core.errors import CancelledError, InputError, Remedy
from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.prediction import StrategyOptions, TilePrediction
from core.prompts.auto import PromptOptions, place_prompts
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import (
    Decoded,
    Embedding,
    PromptBatch,
    Segmenter,
    in_full,
    in_half,
    to_batch,
    upsample_logits,
)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedTile:
    """A tile with its embedding; every decode goes through here and none encodes again."""

    image: SceneImage
    landcover: LandCoverTile
    segmenter: Segmenter
    embedding: Embedding
    options: StrategyOptions

    def decode(self, batch: PromptBatch, *, multimask: bool = False) -> Decoded:
        """Answer a batch, unless the person has cancelled.

        Raises
        ------
        CancelledError
            The person has cancelled.
        """
        if self.options.cancelled():
            raise CancelledError("The tile was left before its mask was ready.")
        return self.segmenter.decode(self.embedding, batch, multimask=multimask)

    def ask(
        self, prompts: tuple[Prompt, ...], mask_input: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.float32]:
        """Low-resolution logits (256, 256) of one query with all ``prompts``."""
        logits: npt.NDArray[np.float32] = self.decode(to_batch(prompts, mask_input)).logits[0, 0]
        return logits

    def ask_with(self, prompts: PromptSet) -> npt.NDArray[np.float32] | None:
        """Low-resolution logits (256, 256) of one question; None where nothing says cropland.

        A dense prompt comes beside the points, or alone where there is none.
        """
        if prompts.dense is None:
            return self.ask(prompts.points) if prompts.positives else None
        if prompts.points:
            return self.ask(prompts.points, prompts.dense[None])
        # A mask alone comes with a padding point, as Segment Anything's own ONNX decoder wants it.
        batch = PromptBatch(
            np.zeros((1, 1, 2), dtype=np.float32),
            np.full((1, 1), -1, dtype=np.int64),
            mask_input=prompts.dense[None, None],
        )
        logits: npt.NDArray[np.float32] = self.decode(batch).logits[0, 0]
        return logits

    def upsample(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Logits on the tile's pixels."""
        return upsample_logits(logits, self.embedding)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Pixels that both the image and the land cover know."""
        return self.image.valid & self.landcover.valid


def encode_tile(
    image: SceneImage,
    landcover: LandCoverTile,
    segmenter: Segmenter | None,
    options: StrategyOptions,
) -> EncodedTile:
    """A tile with its embedding: the one in ``options`` where it is at hand, else a new one.

    A new one is rounded to half precision, in which embeddings are kept: the answer is the same
    bits whether it was at hand or not.  That changes a mask by less than 0.05 % IoU.

    Raises
    ------
    InputError
        There is no model.
    """
    if segmenter is None:
        raise InputError("This strategy needs a model.", remedy=Remedy.CHOOSE_MODEL)
    kept = options.embedding
    embedding = in_half(segmenter.embed(image.rgb)) if kept is None else kept
    return EncodedTile(image, landcover, segmenter, in_full(embedding), options)


def prompts_for(tile: EncodedTile, placing: PromptOptions, seed: int) -> PromptSet:
    """The person's prompts where given, else placed from the land cover."""
    if tile.options.prompts is not None:
        return tile.options.prompts
    return place_prompts(tile.landcover, placing, seed)


def to_prediction(
    tile: EncodedTile,
    probability: npt.NDArray[np.float32],
    prompts: PromptSet,
    *,
    spread: npt.NDArray[np.float32] | None = None,
    instances: npt.NDArray[np.int32] | None = None,
) -> TilePrediction:
    """A prediction that is NaN where the tile knows nothing.

    Without a ``spread`` of its own (0 to 1), uncertainty is how near the probability is to 0.5.
    """
    final = np.where(tile.known, probability, np.nan).astype(np.float32)
    unsure = 1.0 - np.abs(2.0 * final - 1.0) if spread is None else spread
    unsure = np.where(tile.known, unsure, np.nan).astype(np.float32)
    numbers = None if instances is None else np.where(tile.known, instances, 0).astype(np.int32)
    return TilePrediction(final, unsure, numbers, prompts)


def sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probability of logits."""
    probability: npt.NDArray[np.float32] = expit(logits).astype(np.float32)
    return probability


def without_positives(tile: EncodedTile, prompts: PromptSet) -> TilePrediction | None:
    """The answer where no point says cropland, there is none to draw; None where one does."""
    return None if prompts.positives else no_cropland(tile, prompts)


def no_cropland(tile: EncodedTile, prompts: PromptSet) -> TilePrediction:
    """The answer that there is none."""
    return to_prediction(tile, np.zeros(tile.known.shape, dtype=np.float32), prompts)
