"""Strategy ``apt_plus``: cleaned prompts, an ensemble of draws, and their spread.

First the image's own classifier finds the land cover's mistakes; points that it clearly denies go.
Then several seeded draws of points ask the model once each.  The mean of the draws' probabilities,
averaged with the classifier's own, is the result; the draws' spread, or the two means' disagreement
where that is larger, is the uncertainty.  A model and a classifier fail in different
places: the one at textures that it has never seen, the other at fields whose land cover is wrong.
So the model counts as much as it heeds its prompts, half at most: one that draws over the points
that it was told are not cropland does not know this landscape (``docs/decisions/018``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.grid import pixel_of
from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.classifier import classify
from core.predict.encode import EncodedTile, encode_tile, no_cropland, sigmoid, to_prediction
from core.predict.prediction import StrategyOptions, TilePrediction
from core.prompts.auto import PromptOptions, spread_draws
from core.prompts.clean import clean_prompts
from core.prompts.prompt import PromptSet
from core.sam.protocol import Segmenter

MIN_SPACING_M = 20.0
MOST_MODEL_SHARE = 0.5
"""Weight in the mean of a model that heeds every prompt; half, because neither it nor the
classifier is known to be better beforehand."""

MOST_EXTENT_SHARE = 0.5
"""Weight in the mean of a field map that agrees with the land cover."""

FULL_WORTH = 0.5
LEAST = 0.5
"""Likelihood from which the field map calls a pixel cropland."""


def apt_plus(
    image: SceneImage,
    landcover: LandCoverTile,
    segmenter: Segmenter | None,
    options: StrategyOptions,
) -> TilePrediction:
    """The default strategy where a model is at hand."""
    tile = encode_tile(image, landcover, segmenter, options)
    own = options.classified
    if own is None:
        own = classify(image, landcover, options.seed).probability
    draws = options.draw_prompts
    if draws is None:
        draws = tuple(clean_prompts(prompts, own) for prompts in _draws(tile))
    first, share = draws[0], options.classifier_share
    if share == 1.0:
        alone = with_extent(tile, blended(own, np.zeros_like(own), share))
        return to_prediction(tile, alone, first)
    lows = [low for prompts in draws if (low := tile.ask_with(prompts)) is not None]
    answers = [sigmoid(low) for low in lows]
    if not answers:
        return no_cropland(tile, first)
    mean, spread = mean_and_spread(tile, answers)
    # The spread of values in 0 to 1 is at most 0.5; disagreement of the two counts as much.
    unsure = np.clip(np.maximum(2.0 * spread, np.abs(np.nan_to_num(own) - mean)), 0.0, 1.0)
    blend = blended(own, mean, classifier_share(mean, draws) if share is None else share)
    blend = with_extent(tile, blend)
    return to_prediction(tile, blend, first, spread=unsure.astype(np.float32))


def mean_and_spread(
    tile: EncodedTile, answers: Sequence[npt.NDArray[np.float32]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Mean and standard deviation of probabilities (256, 256), on the tile's pixels."""
    stack = np.stack(answers)
    return _on_pixels(tile, stack.mean(axis=0)), _on_pixels(tile, stack.std(axis=0))


def classifier_share(mean: npt.NDArray[np.float32], draws: Sequence[PromptSet]) -> float:
    """Weight of the classifier, 0.5 to 1: the less the model heeds its prompts, the more.

    How far it heeds them is Youden's index of its answer at the prompts' own points (Youden 1950,
    doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3): the share of positive points
    inside it and that of negative points outside it, less one; 0 is what chance, or a mask of
    everything, has.  Of points of one class alone, twice their share less one.

    Parameters
    ----------
    mean : float32 (rows, columns)
        Probability that the model gives, on the tile's pixels.
    draws : sequence of PromptSet
        What it was asked with.
    """
    points = [point for prompts in draws for point in prompts.points]
    positive = np.array([p.label == 1 for p in points], dtype=np.bool_)
    if not points:
        return 1.0 - MOST_MODEL_SHARE
    inside = np.array([mean[pixel_of(p.point, mean.shape)] >= 0.5 for p in points])
    heeded = [(inside == positive)[own].mean() for own in (positive, ~positive) if own.any()]
    index = 2.0 * float(np.mean(heeded)) - 1.0
    return 1.0 - MOST_MODEL_SHARE * max(0.0, index)


def blended(
    own: npt.NDArray[np.float32], mean: npt.NDArray[np.float32], share: float
) -> npt.NDArray[np.float32]:
    """The classifier's probability and the draws' mean, float32 (rows, columns), as one.

    Parameters
    ----------
    share : float
        Weight of the classifier's, 0 to 1.
    """
    return (share * np.nan_to_num(own, nan=0.0) + (1.0 - share) * mean).astype(np.float32)


def with_extent(tile: EncodedTile, probability: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The other two voices with that of the field map, float32 (rows, columns).

    It counts as much as it is worth on this image: Youden's index of its cropland against the land
    cover's, which knows nothing of it.  A land cover is wrong in clumps, so the best network stays
    below 1; at half of it or more the field map has its full weight.
    """
    extent = tile.options.extent
    if extent is None:
        return probability
    crop = tile.landcover.cropland
    groups = [extent[tile.known & flags] >= LEAST for flags in (crop, ~crop)]
    if any(group.size == 0 for group in groups):
        worth = 1.0 if not tile.known.any() else _one_class_worth(groups)
    else:
        worth = float(groups[0].mean() - groups[1].mean())
    weight = MOST_EXTENT_SHARE * min(1.0, max(0.0, worth) / FULL_WORTH)
    mixed = (1.0 - weight) * probability + weight * extent
    return np.asarray(mixed, dtype=np.float32)


def _one_class_worth(groups: list[npt.NDArray[np.bool_]]) -> float:
    """Of a tile that the land cover calls all cropland, or none: how far the field map agrees."""
    crop, other = groups
    agrees = crop.mean() if crop.size else 1.0 - other.mean()
    return float(2.0 * agrees - 1.0)


def _draws(tile: EncodedTile) -> list[PromptSet]:
    """Prompt sets of the ensemble; the person's prompts, where given, are the only draw."""
    options = tile.options
    if options.prompts is not None:
        return [options.prompts]
    placing = PromptOptions(
        "spread", options.points_per_class, options.min_border_distance_m, MIN_SPACING_M
    )
    return spread_draws(tile.landcover, placing, draw_seeds(options.seed, options.draws))


def draw_seeds(seed: int, draws: int) -> range:
    """Seeds of the ensemble's draws; those of two runs differ."""
    return range(seed * 1000, seed * 1000 + draws)


def _on_pixels(tile: EncodedTile, low: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Low-resolution values (256, 256) on the tile's pixels."""
    full: npt.NDArray[np.float32] = tile.upsample(low[None].astype(np.float32))[0]
    return full.clip(0.0, 1.0)
