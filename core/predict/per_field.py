"""Strategy ``per_field``: one question for each positive point, kept where the answer is good.

Each positive point asks with its nearest negatives and gets three candidate masks.  A candidate
counts by the model's predicted IoU, by its stability (IoU of the masks at logits above -1 and +1,
as Segment Anything's mask generator measures it) and by the share of it that the land cover calls
cropland.  What overlaps a better one is dropped; the rest are parcels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import PromptBatch, Segmenter

QUERIES_AT_ONCE = 8
NEGATIVES_EACH = 4
LEAST_PREDICTED_IOU = 0.5
LEAST_STABILITY = 0.7
LEAST_CROPLAND_SHARE = 0.5
MOST_OVERLAP = 0.5
_WHOLE_TILE_SHARE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One mask.

    Parameters
    ----------
    logits : float32 (256, 256)
        Low resolution.
    quality : float
        0 to 1.
    cropland_share : float
        Share of it that the land cover calls cropland.
    """

    logits: npt.NDArray[np.float32]
    quality: float
    cropland_share: float = 1.0


def per_field(
    image: SceneImage,
    landcover: LandCoverTile,
    segmenter: Segmenter | None,
    options: StrategyOptions,
) -> TilePrediction:
    """Parcels one by one; probability is the best parcel's at each pixel."""
    tile = encode_tile(image, landcover, segmenter, options)
    placing = PromptOptions("spread", options.points_per_class, options.min_border_distance_m, 20.0)
    prompts = prompts_for(tile, placing, options.seed)
    nothing = without_positives(tile, prompts)
    if nothing is not None:
        return nothing
    kept = drop_overlapping(find_candidates(tile, prompts))
    probability = np.zeros(tile.known.shape, dtype=np.float32)
    instances = np.zeros(tile.known.shape, dtype=np.int32)
    for number, candidate in enumerate(kept, start=1):
        own = sigmoid(tile.upsample(candidate.logits[None])[0]) * np.float32(candidate.quality)
        # Quality scales a mask's weight against other masks, not its own inside to below 0.5.
        own = np.where(own > 0.5 * candidate.quality, np.maximum(own, 0.5), own)
        better = own > probability
        instances[better & (own >= 0.5)] = number
        probability = np.maximum(probability, own)
    return to_prediction(tile, probability, prompts, instances=instances)


def find_candidates(
    tile: EncodedTile, prompts: PromptSet, *, by_landcover: bool = True
) -> list[Candidate]:
    """The best acceptable mask of each positive point, in chunks that fit in memory.

    Without ``by_landcover`` the land cover has no say in which mask is acceptable or best.
    """
    fraction = np.nan_to_num(tile.landcover.cropland_fraction, nan=0.0)
    found = []
    positives = prompts.positives
    for start in range(0, len(positives), QUERIES_AT_ONCE):
        chunk = positives[start : start + QUERIES_AT_ONCE]
        decoded = tile.decode(_queries(chunk, prompts.negatives), multimask=True)
        side = decoded.logits.shape[-1]
        cropland = _low_resolution(tile, fraction, side)
        inside = _low_resolution(tile, np.ones_like(fraction), side) > 0
        for logits, predicted_iou in zip(decoded.logits, decoded.predicted_iou, strict=True):
            best = _best(logits, predicted_iou, cropland, inside, by_landcover=by_landcover)
            if best is not None:
                found.append(best)
    return found


def drop_overlapping(candidates: list[Candidate]) -> list[Candidate]:
    """Best first; one goes when its IoU with a better one, or its share in it, is over a half."""
    kept: list[Candidate] = []
    masks: list[npt.NDArray[np.bool_]] = []
    for candidate in sorted(candidates, key=lambda c: -c.quality):
        mask = candidate.logits > 0
        shares = [float((mask & other).sum()) / min(mask.sum(), other.sum()) for other in masks]
        if max(shares, default=0.0) <= MOST_OVERLAP:
            kept.append(candidate)
            masks.append(mask)
    return kept


def stability(logits: npt.NDArray[np.float32]) -> float:
    """IoU of the masks at logits above +1 and above -1."""
    wide = int((logits > -1.0).sum())
    return int((logits > 1.0).sum()) / wide if wide else 0.0


def _queries(positives: tuple[Prompt, ...], negatives: tuple[Prompt, ...]) -> PromptBatch:
    """One row for each positive: itself, then its nearest negatives."""
    count = min(NEGATIVES_EACH, len(negatives))
    places = np.array([(n.point.column, n.point.row) for n in negatives]).reshape(-1, 2)
    coordinates = np.zeros((len(positives), 1 + count, 2), dtype=np.float32)
    labels = np.zeros((len(positives), 1 + count), dtype=np.int64)
    labels[:, 0] = 1
    for row, positive in enumerate(positives):
        own = np.array([positive.point.column, positive.point.row])
        nearest = np.argsort(np.hypot(*(places - own).T), kind="stable")[:count]
        coordinates[row] = np.vstack([own, places[nearest]]) - 0.5
    return PromptBatch(coordinates, labels)


def _best(
    logits: npt.NDArray[np.float32],
    predicted_iou: npt.NDArray[np.float32],
    cropland: npt.NDArray[np.float32],
    inside: npt.NDArray[np.bool_],
    *,
    by_landcover: bool,
) -> Candidate | None:
    best: Candidate | None = None
    for mask_logits, estimate in zip(logits, predicted_iou, strict=True):
        mask = (mask_logits > 0) & inside
        if not mask.any():
            continue
        share, steady = float(cropland[mask].mean()), stability(mask_logits)
        good = estimate >= LEAST_PREDICTED_IOU and steady >= LEAST_STABILITY
        # A mask of the whole tile is rarely a field, unless the land cover says so as well.
        meant = by_landcover and share >= _WHOLE_TILE_SHARE
        whole = mask.sum() > _WHOLE_TILE_SHARE * inside.sum() and not meant
        if not good or whole or (by_landcover and share < LEAST_CROPLAND_SHARE):
            continue
        quality = float(min(1.0, max(0.0, estimate))) * steady * (share if by_landcover else 1.0)
        if best is None or quality > best.quality:
            best = Candidate(mask_logits, quality, share)
    return best


def _low_resolution(
    tile: EncodedTile, values: npt.NDArray[np.float32], side: int
) -> npt.NDArray[np.float32]:
    """Nearest values in the square frame of the logits; 0 in the padding."""
    frame = np.zeros((side, side), dtype=np.float32)
    scale = side / tile.embedding.input_side
    height, width = (max(1, round(n * scale)) for n in tile.embedding.input_size)
    rows = ((np.arange(height) + 0.5) / height * values.shape[0]).astype(np.int64)
    columns = ((np.arange(width) + 0.5) / width * values.shape[1]).astype(np.int64)
    frame[:height, :width] = values[rows[:, None], columns[None, :]]
    return frame
