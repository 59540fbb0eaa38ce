"""Strategy ``apt``: the published procedure, step by step.

Source: the authors' published code for APT (arXiv:2310.10219).  Points are added one at a time and
stay; each step asks four times, feeding the low-resolution logits of the last answer back as
``mask_input`` (the very first question has none); single-mask output.  Then the model's threshold;
closing with a 3 x 3 square, twice dilated and twice eroded; holes, then objects, under 2,000 pixels
of a 512 x 512 image go.

Two things differ on purpose.  A tile here is any size, so the 2,000 pixels are scaled to the same
share of the tile.  And the published images with a single class are skipped; here a tile without
cropland is answered with none, and one that is all cropland is asked with positives alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.encode import (
    EncodedTile,
    encode_tile,
    prompts_for,
    sigmoid,
    to_prediction,
    without_positives,
)
from core.predict.prediction import StrategyOptions, TilePrediction
from core.prompts.auto import PromptOptions
from core.prompts.prompt import Prompt
from core.sam.protocol import Segmenter

REPEATS = 4
PUBLISHED_SMALL_PIXELS = 2000
PUBLISHED_IMAGE_PIXELS = 512 * 512


def apt(
    image: SceneImage,
    landcover: LandCoverTile,
    segmenter: Segmenter | None,
    options: StrategyOptions,
) -> TilePrediction:
    """The published procedure on one tile.

    The probability is the sigmoid of the last logits; where the published clean-up adds or removes
    cropland it is moved just across 0.5, so that the default threshold gives the published mask.
    """
    tile = encode_tile(image, landcover, segmenter, options)
    placing = PromptOptions("published", options.points_per_class)
    prompts = prompts_for(tile, placing, options.seed)
    nothing = without_positives(tile, prompts)
    if nothing is not None:
        return nothing
    last = deque(feed_cumulatively(tile, prompts.points), maxlen=1).pop()
    probability = published_probability(tile.upsample(last[None])[0])
    return to_prediction(tile, probability, prompts)


def feed_cumulatively(
    tile: EncodedTile, points: tuple[Prompt, ...], repeats: int = REPEATS
) -> Iterator[npt.NDArray[np.float32]]:
    """Low-resolution logits (256, 256) when each of ``points`` has been asked ``repeats`` times."""
    logits: npt.NDArray[np.float32] | None = None
    for count in range(1, len(points) + 1):
        for _ in range(repeats):
            mask_input = None if logits is None else logits[None]
            logits = tile.ask(points[:count], mask_input)
        if logits is not None:
            yield logits


def published_probability(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Sigmoid of logits, moved just across 0.5 where the published clean-up decides otherwise."""
    cleaned = published_clean_up(logits > 0)
    probability = sigmoid(logits)
    just_in, just_out = np.float32(0.501), np.float32(0.499)
    probability = np.where(cleaned, np.maximum(probability, just_in), probability)
    return np.where(cleaned, probability, np.minimum(probability, just_out))


def published_clean_up(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Closing, then small holes filled, then small objects removed (4 neighbours)."""
    square = np.ones((3, 3), dtype=np.bool_)
    closed = ndimage.binary_dilation(mask, square, iterations=2)
    # Beyond the edge counts as inside while eroding, or the closing would eat the image's rim.
    closed = ndimage.binary_erosion(closed, square, iterations=2, border_value=1)
    least = PUBLISHED_SMALL_PIXELS * mask.size / PUBLISHED_IMAGE_PIXELS
    filled = ~_large_parts(~closed, least)
    return _large_parts(filled, least)


def _large_parts(flags: npt.NDArray[np.bool_], least: float) -> npt.NDArray[np.bool_]:
    labels, count = ndimage.label(flags)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes >= least
    keep[0] = False
    kept: npt.NDArray[np.bool_] = keep[labels]
    return kept
