"""What a model answers on one tile when it is prompted in other ways than the strategies do.

The strategies themselves are called, with the points that they are to show and with their options,
so that a setting differs from its strategy in nothing but what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from core.grid import PixelPoint
from core.predict.apt import round_answers, round_probability
from core.predict.apt_plus import MIN_SPACING_M, apt_plus, draw_seeds
from core.predict.encode import EncodedTile, encode_tile, sigmoid
from core.predict.fields_apart import extent_on
from core.predict.joint import joint
from core.predict.per_field import (
    LEAST_CROPLAND_SHARE,
    Candidate,
    drop_overlapping,
    find_candidates,
)
from core.predict.prediction import StrategyOptions
from core.predict.tile import TileMemory, look_for_fields
from core.prompts.auto import PromptOptions, place_prompts, spread_draws, uniform_grid
from core.prompts.boxes import dense_prompt
from core.prompts.clean import clean_prompts
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import Segmenter, in_half
from core.study.experiments.ablation_settings import Prompting
from core.study.experiments.methods import classified, thresholded
from core.study.experiments.samples import Sample

Values = npt.NDArray[np.float32]


class PromptedAnswers:
    """One tile and its model; what settings share is asked once.

    Parameters
    ----------
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
        asking: Callable[[], None] = lambda: None,
    ) -> None:
        def cancelled() -> bool:
            asking()
            return False

        self._sample, self._segmenter = sample, segmenter
        self._placing = Placing(sample, seed)
        embedding = in_half(segmenter.embed(sample.image.rgb))
        image = sample.image
        fields = look_for_fields(image, segmenter, TileMemory())
        self._options = StrategyOptions(
            seed=seed,
            embedding=embedding,
            extent=None if fields is None else extent_on(fields, image.valid.shape),
            cancelled=cancelled,
        )
        self._tile = encode_tile(sample.image, sample.landcover, segmenter, self._options)
        self._rounds: dict[int, tuple[Values | None, ...]] = {}
        self._masks: dict[int, list[Candidate]] = {}

    def mask(self, prompting: Prompting) -> npt.NDArray[np.bool_]:
        """Cropland as a map would show it, bool (rows, columns)."""
        return thresholded(self.probability(prompting), self._sample)

    def probability(self, prompting: Prompting) -> Values:
        """Cropland probability, float32 (rows, columns); NaN where nothing is known."""
        image, landcover, seed = self._sample.image, self._sample.landcover, self._options.seed
        if prompting.strategy == "joint":
            (prompts,) = self._placing.draws(prompting, [seed])
            options = replace(self._options, prompts=prompts)
            return joint(image, landcover, self._segmenter, options).probability
        if prompting.strategy == "apt_plus":
            seeds = draw_seeds(seed, prompting.draws)
            options = replace(
                self._options,
                classified=classified(self._sample, seed),
                draw_prompts=tuple(self._placing.draws(prompting, seeds)),
                classifier_share=prompting.classifier_share,
            )
            return apt_plus(image, landcover, self._segmenter, options).probability
        own = self._apt(prompting) if prompting.strategy == "apt" else self._automatic(prompting)
        # As the strategies: where nothing says cropland there is none.
        values = np.float32(0) if own is None else own
        return np.where(self._tile.known, values, np.float32(np.nan))

    def _apt(self, prompting: Prompting) -> Values | None:
        repeats = prompting.repeats
        if repeats not in self._rounds:
            placing = PromptOptions("published", prompting.per_class)
            prompts = place_prompts(self._sample.landcover, placing)
            self._rounds[repeats] = round_answers(self._tile, prompts, repeats)
        low = self._rounds[repeats][prompting.rounds - 1]
        if low is None:
            return None
        return round_probability(self._tile, low, clean_up=prompting.clean_up)

    def _automatic(self, prompting: Prompting) -> Values | None:
        """Good masks of a grid of single points; the land cover may choose among them."""
        side = prompting.side
        if side not in self._masks:
            grid = self._placing.grid(side * side)
            found = find_candidates(self._tile, grid, by_landcover=False)
            self._masks[side] = drop_overlapping(found)
        chosen = [
            candidate.logits
            for candidate in self._masks[side]
            if not prompting.by_landcover or candidate.cropland_share >= LEAST_CROPLAND_SHARE
        ]
        # Masks hardly overlap: the highest logit is that of the mask in which a pixel is.
        return _on_pixels(self._tile, np.max(chosen, axis=0)) if chosen else None


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """Places points on one tile; draws that settings share are made once.

    Parameters
    ----------
    seed : int
        Of the classifier that cleans.
    """

    sample: Sample
    seed: int
    _spread: dict[tuple[int, float, int], PromptSet] = field(default_factory=dict)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Pixels that image and land cover know, (rows, columns); no blind point lies elsewhere."""
        return self.sample.image.valid & self.sample.landcover.valid

    def draws(self, asked: Prompting, seeds: Sequence[int]) -> list[PromptSet]:
        """What is asked: a set for each seed, or a single one where all would be the same."""
        if asked.mask == "alone":
            return [PromptSet(dense=dense_prompt(self.sample.landcover))]
        sets = self._places(asked, seeds)
        if asked.cleaned:
            own = classified(self.sample, self.seed)
            sets = [clean_prompts(prompts, own) for prompts in sets]
        if asked.labels == "positive only":
            sets = [replace(prompts, points=prompts.positives) for prompts in sets]
        if asked.labels == "exchanged":
            sets = [
                replace(s, points=tuple(replace(p, label=0 if p.label else 1) for p in s.points))
                for s in sets
            ]
        if asked.mask == "beside points":
            dense = dense_prompt(self.sample.landcover)
            sets = [replace(prompts, dense=dense) for prompts in sets]
        return sets

    def grid(self, count: int) -> PromptSet:
        """About ``count`` points on a regular grid, all called cropland."""
        known = self.known
        rows, columns = known.shape
        places = uniform_grid(rows, columns, count)
        kept = [place for place in places if known[int(place.row), int(place.column)]]
        return PromptSet(tuple(Prompt(place, 1) for place in kept))

    def _places(self, asked: Prompting, seeds: Sequence[int]) -> list[PromptSet]:
        landcover, count = self.sample.landcover, asked.per_class
        if asked.source == "published":
            return [place_prompts(landcover, PromptOptions("published", count))]
        if asked.source == "grid":
            return [self.grid(2 * count)]
        if asked.source == "spread":
            border_m = asked.border_m
            missing = [seed for seed in seeds if (count, border_m, seed) not in self._spread]
            placing = PromptOptions("spread", count, border_m, MIN_SPACING_M)
            made = spread_draws(landcover, placing, missing) if missing else []
            self._spread.update(
                {(count, border_m, seed): one for seed, one in zip(missing, made, strict=True)}
            )
            return [self._spread[count, border_m, seed] for seed in seeds]
        named = asked.source == "random labelled"
        return [self._anywhere(2 * count, seed, named=named) for seed in seeds]

    def _anywhere(self, count: int, seed: int, *, named: bool) -> PromptSet:
        """Random points, all called cropland, or ``named`` by the land cover."""
        rows, columns = np.nonzero(self.known)
        generator = np.random.default_rng(seed)
        chosen = generator.choice(len(rows), size=min(count, len(rows)), replace=False)
        cropland = self.sample.landcover.cropland
        return PromptSet(
            tuple(
                Prompt(
                    PixelPoint(float(columns[i]) + 0.5, float(rows[i]) + 0.5),
                    1 if not named or cropland[rows[i], columns[i]] else 0,
                )
                for i in chosen
            )
        )


def _on_pixels(tile: EncodedTile, logits: Values) -> Values:
    """Probability on the tile's pixels of logits (256, 256)."""
    return sigmoid(tile.upsample(logits[None])[0])
