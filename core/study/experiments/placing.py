"""Where the points of an ablation's settings lie, and which of them are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

import numpy as np
import numpy.typing as npt

from core.grid import PixelPoint
from core.predict.apt_plus import MIN_SPACING_M
from core.prompts.auto import PromptOptions, place_prompts, spread_draws, uniform_grid
from core.prompts.boxes import dense_prompt
from core.prompts.clean import clean_prompts
from core.prompts.prompt import Prompt, PromptSet
from core.study.experiments.methods import classified
from core.study.experiments.promptings import Points
from core.study.experiments.samples import Sample


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

    def draws(self, points: Points, seeds: Sequence[int]) -> list[PromptSet]:
        """What is asked: a set for each seed, or a single one where all would be the same."""
        if points.mask == "alone":
            return [PromptSet(dense=dense_prompt(self.sample.landcover))]
        sets = self._places(points, seeds)
        if points.cleaned:
            own = classified(self.sample, self.seed)
            sets = [clean_prompts(prompts, own) for prompts in sets]
        if points.labels == "positive only":
            sets = [replace(prompts, points=prompts.positives) for prompts in sets]
        if points.labels == "exchanged":
            sets = [_exchanged(prompts) for prompts in sets]
        if points.mask == "beside points":
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

    def _places(self, points: Points, seeds: Sequence[int]) -> list[PromptSet]:
        count = points.per_class
        match points.source:
            case "published":
                return [place_prompts(self.sample.landcover, PromptOptions("published", count))]
            case "spread":
                return self._on_classes(count, points.border_m, seeds)
            case "grid":
                return [self.grid(2 * count)]
            case "random":
                return [self._anywhere(2 * count, seed) for seed in seeds]
            case "random labelled":
                return [self._labelled(self._anywhere(2 * count, seed)) for seed in seeds]
        assert_never(points.source)

    def _on_classes(self, count: int, border_m: float, seeds: Sequence[int]) -> list[PromptSet]:
        placing = PromptOptions("spread", count, border_m, MIN_SPACING_M)
        missing = [seed for seed in seeds if (count, border_m, seed) not in self._spread]
        made = spread_draws(self.sample.landcover, placing, missing) if missing else []
        for seed, prompts in zip(missing, made, strict=True):
            self._spread[count, border_m, seed] = prompts
        return [self._spread[count, border_m, seed] for seed in seeds]

    def _anywhere(self, count: int, seed: int) -> PromptSet:
        rows, columns = np.nonzero(self.known)
        generator = np.random.default_rng(seed)
        chosen = generator.choice(len(rows), size=min(count, len(rows)), replace=False)
        return PromptSet(
            tuple(
                Prompt(PixelPoint(float(columns[i]) + 0.5, float(rows[i]) + 0.5), 1) for i in chosen
            )
        )

    def _labelled(self, prompts: PromptSet) -> PromptSet:
        cropland = self.sample.landcover.cropland
        return PromptSet(
            tuple(
                replace(one, label=1 if cropland[int(one.point.row), int(one.point.column)] else 0)
                for one in prompts.points
            )
        )


def _exchanged(prompts: PromptSet) -> PromptSet:
    turned = tuple(replace(one, label=0 if one.label else 1) for one in prompts.points)
    return replace(prompts, points=turned)
