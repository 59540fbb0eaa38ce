"""Strategy ``apt``: the published procedure, step by step.

Source: the authors' published code for APT (arXiv:2310.10219).  Points are added one at a time and
stay; each step asks four times, feeding the low-resolution logits of the last answer back as
``mask_input`` (the very first question has none); single-mask output.  Then the model's threshold;
closing with a 3 x 3 square, twice dilated and twice eroded; holes, then objects, under 2,000 pixels
of a 512 x 512 image go.

Loop, prompts and clean-up give the bits that the authors' code gives, except where it was held
against it and differs on purpose:

- *Size.*  A tile here is any size, so the 2,000 pixels are scaled to the same share of the tile.
- *Scale.*  Theirs sees 512 px images enlarged twice; here a tile of up to 1,024 px is seen as it
  is, with a quarter of the prompts on the same ground.  ``StrategyOptions.published_scale`` looks
  as theirs does (``core.predict.published_scale``).
- *One class.*  Their images with a single class are skipped; here a tile without cropland is
  answered with none, and one that is all cropland is asked with positives alone.
- *Negatives where no grid point falls beside cropland.*  Theirs takes the boxes of the *cropland's*
  contours, and so asks with negatives on cropland; here they are those of what is not cropland.
- *Order of positives that come from contours.*  Theirs is the order in which OpenCV finds the
  contours; here the largest part goes first.  Only the order of feeding differs.
- *Class areas.*  Theirs computes in uint16, which overflows for twelve particular areas of a class
  in 512 x 512 px; here nothing does.
- *Discs.*  A branch of theirs (``union``) paints the prompts as discs of radius 8 into the image
  that the model sees, a leftover of debugging; here the model sees the image alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.encode import (
    EncodedTile,
    encode_tile,
    no_cropland,
    prompts_for,
    sigmoid,
    to_prediction,
)
from core.predict.prediction import StrategyOptions, TilePrediction
from core.predict.published_scale import at_published_scale
from core.prompts.auto import PromptOptions, round_ends
from core.prompts.prompt import Prompt, PromptSet
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
    if options.published_scale:
        return at_published_scale(apt, image, landcover, segmenter, options)
    tile = encode_tile(image, landcover, segmenter, options)
    placing = PromptOptions("published", options.points_per_class)
    prompts = prompts_for(tile, placing, options.seed)
    last = round_answers(tile, prompts)[-1]
    if last is None:
        return no_cropland(tile, prompts)
    return to_prediction(tile, round_probability(tile, last), prompts)


def round_answers(
    tile: EncodedTile, prompts: PromptSet, repeats: int = REPEATS
) -> tuple[npt.NDArray[np.float32] | None, ...]:
    """Low-resolution logits (256, 256) when each of the three rounds ends.

    None where nothing says cropland.  With 0 ``repeats`` nothing is fed back: all points of the
    rounds so far ask once.
    """
    ends = round_ends(len(prompts.positives), len(prompts.negatives))
    points = prompts.points if prompts.positives else ()
    if repeats == 0:
        return tuple(tile.ask(points[:end]) if points[:end] else None for end in ends)
    fed = enumerate(feed_cumulatively(tile, points, repeats), start=1)
    after = {number: logits for number, logits in fed if number in ends}
    return tuple(after.get(end) for end in ends)


def round_probability(
    tile: EncodedTile, low: npt.NDArray[np.float32], *, clean_up: bool = True
) -> npt.NDArray[np.float32]:
    """Probability on the tile's pixels of low-resolution logits; ``clean_up`` as published."""
    logits = tile.upsample(low[None])[0]
    return published_probability(logits) if clean_up else sigmoid(logits)


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
