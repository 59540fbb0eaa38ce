"""What a model answers on one tile when it is prompted in other ways than the strategies do.

Composed of the strategies' own parts, so that a setting differs from its strategy in nothing but
what it says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import numpy as np
import numpy.typing as npt

from core.predict.apt import feed_cumulatively, published_probability
from core.predict.apt_plus import blended, classifier_share, draw_seeds, mean_and_spread
from core.predict.encode import EncodedTile, encode_tile, sigmoid
from core.predict.per_field import (
    LEAST_CROPLAND_SHARE,
    Candidate,
    drop_overlapping,
    find_candidates,
)
from core.predict.prediction import StrategyOptions
from core.prompts.auto import PromptOptions, place_prompts, round_ends
from core.prompts.prompt import PromptSet
from core.sam.protocol import PromptBatch, Segmenter
from core.study.experiments.methods import classified, thresholded
from core.study.experiments.placing import Placing
from core.study.experiments.promptings import Apt, AptPlus, Everything, Joint, Prompting
from core.study.experiments.samples import Sample

Values = npt.NDArray[np.float32]


def _go_on() -> None:
    return None


class Answers:
    """One tile and its model; what settings share is asked once.

    Parameters
    ----------
    segmenter : Segmenter
        Best one that remembers embeddings.
    seed : int
        Of the draws and of the classifier.
    asking : callable
        Called before each question; raises ``CancelledError`` where the person has cancelled.
    """

    def __init__(
        self,
        sample: Sample,
        segmenter: Segmenter,
        seed: int = 0,
        asking: Callable[[], None] = _go_on,
    ) -> None:
        def cancelled() -> bool:
            asking()
            return False

        self.sample, self.seed = sample, seed
        self.placing = Placing(sample, seed)
        options = StrategyOptions(seed=seed, cancelled=cancelled)
        self.tile = encode_tile(sample.image, sample.landcover, segmenter, options)
        self._fed: dict[int, tuple[Values | None, ...]] = {}
        self._automatic: dict[int, list[Candidate]] = {}

    def mask(self, prompting: Prompting) -> npt.NDArray[np.bool_]:
        """Cropland as a map would show it, bool (rows, columns)."""
        return thresholded(self.probability(prompting), self.sample)

    def probability(self, prompting: Prompting) -> Values:
        """Cropland probability, float32 (rows, columns); NaN where nothing is known."""
        found = self._answer(prompting)
        known = self.tile.known
        # As the strategies: where nothing says cropland there is none.
        return np.where(known, np.float32(0) if found is None else found, np.float32(np.nan))

    def _answer(self, prompting: Prompting) -> Values | None:
        match prompting:
            case Joint():
                return self._joint(prompting)
            case AptPlus():
                return self._apt_plus(prompting)
            case Apt():
                return self._apt(prompting)
            case Everything():
                return self._everything(prompting)
        assert_never(prompting)

    def _joint(self, prompting: Joint) -> Values | None:
        (prompts,) = self.placing.draws(prompting.points, [self.seed])
        logits = _ask(self.tile, prompts)
        return None if logits is None else self._on_pixels(logits)

    def _apt_plus(self, prompting: AptPlus) -> Values | None:
        own = classified(self.sample, self.seed)
        if prompting.classifier_share == 1.0:
            return blended(own, np.zeros_like(own), 1.0)
        draws = self.placing.draws(prompting.points, draw_seeds(self.seed, prompting.draws))
        answers = [_ask(self.tile, prompts) for prompts in draws]
        probabilities = [sigmoid(logits) for logits in answers if logits is not None]
        if not probabilities:
            return None
        mean, _ = mean_and_spread(self.tile, probabilities)
        share = prompting.classifier_share
        return blended(own, mean, classifier_share(mean, draws) if share is None else share)

    def _apt(self, prompting: Apt) -> Values | None:
        if prompting.repeats not in self._fed:
            self._fed[prompting.repeats] = self._after_rounds(prompting.repeats)
        low = self._fed[prompting.repeats][prompting.rounds - 1]
        if low is None:
            return None
        if not prompting.clean_up:
            return self._on_pixels(low)
        return published_probability(self.tile.upsample(low[None])[0])

    def _after_rounds(self, repeats: int) -> tuple[Values | None, ...]:
        """Logits (256, 256) when each of the three rounds ends."""
        prompts = place_prompts(self.sample.landcover, PromptOptions("published"))
        ends = round_ends(len(prompts.positives), len(prompts.negatives))
        points = prompts.points if prompts.positives else ()
        if repeats == 0:
            rounds = [points[:end] for end in ends]
            return tuple(self.tile.ask(shown) if shown else None for shown in rounds)
        fed = enumerate(feed_cumulatively(self.tile, points, repeats), start=1)
        after = {number: logits for number, logits in fed if number in ends}
        return tuple(after.get(end) for end in ends)

    def _everything(self, prompting: Everything) -> Values | None:
        chosen = [
            candidate.logits
            for candidate in self._masks(prompting.side)
            if not prompting.by_landcover or candidate.cropland_share >= LEAST_CROPLAND_SHARE
        ]
        # Masks hardly overlap: the highest logit is that of the mask in which a pixel is.
        return self._on_pixels(np.max(chosen, axis=0)) if chosen else None

    def _masks(self, side: int) -> list[Candidate]:
        """Good masks of a grid of single points; the land cover has no say."""
        if side not in self._automatic:
            grid = self.placing.grid(side * side)
            found = find_candidates(self.tile, grid, by_landcover=False)
            self._automatic[side] = drop_overlapping(found)
        return self._automatic[side]

    def _on_pixels(self, logits: Values) -> Values:
        """Probability on the tile's pixels of logits (256, 256)."""
        return sigmoid(self.tile.upsample(logits[None])[0])


def _ask(tile: EncodedTile, prompts: PromptSet) -> Values | None:
    """Logits (256, 256) of one question; None where nothing in it says cropland."""
    if prompts.dense is None:
        return tile.ask(prompts.points) if prompts.positives else None
    if prompts.points:
        return tile.ask(prompts.points, prompts.dense[None])
    # A mask alone comes with a padding point, as Segment Anything's own ONNX decoder wants it.
    batch = PromptBatch(
        np.zeros((1, 1, 2), dtype=np.float32),
        np.full((1, 1), -1, dtype=np.int64),
        mask_input=prompts.dense[None, None],
    )
    logits: Values = tile.decode(batch).logits[0, 0]
    return logits
