"""One question for each field: what is asked, what is kept, and the parcels that result."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import CancelledError
from core.grid import PixelPoint
from core.predict.encode import encode_tile
from core.predict.per_field import (
    NEGATIVES_EACH,
    QUERIES_AT_ONCE,
    Candidate,
    drop_overlapping,
    find_candidates,
    per_field,
    stability,
)
from core.predict.prediction import StrategyOptions
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import LOGIT_SIDE, Decoded, Embedding, PromptBatch
from tests.fakes import ColourSegmenter, farmland_tile, iou, landcover_of, plain_image

TILE = farmland_tile()
ON_FIRST, ON_SECOND = PixelPoint(12.5, 40.5), PixelPoint(48.5, 20.5)
BESIDE = (PixelPoint(31.5, 30.5), PixelPoint(2.5, 2.5), PixelPoint(62.5, 62.5))


def run(segmenter: ColourSegmenter, prompts: PromptSet | None = None) -> npt.NDArray[np.int32]:
    options = StrategyOptions(prompts=prompts)
    instances = per_field(TILE.image, TILE.landcover, segmenter, options).instances
    assert instances is not None
    return instances


def test_each_field_becomes_one_parcel() -> None:
    options = StrategyOptions()
    prediction = per_field(TILE.image, TILE.landcover, ColourSegmenter(), options)
    instances = prediction.instances
    assert instances is not None
    assert instances.dtype == np.int32
    numbers = [n for n in np.unique(instances) if n]
    assert len(numbers) == 2
    best = [max(iou(instances == n, TILE.fields == f) for n in numbers) for f in (1, 2)]
    assert min(best) > 0.95
    np.testing.assert_array_equal(instances > 0, prediction.probability >= 0.5)
    assert iou(prediction.probability >= 0.5, TILE.truth) > 0.95


def test_the_image_is_encoded_once_and_queries_go_in_chunks_with_three_masks() -> None:
    segmenter = ColourSegmenter()
    options = StrategyOptions()
    prediction = per_field(TILE.image, TILE.landcover, segmenter, options)
    count = len(prediction.prompts.positives)
    assert count > QUERIES_AT_ONCE
    assert segmenter.embedded == 1
    assert len(segmenter.batches) == math.ceil(count / QUERIES_AT_ONCE)
    assert sum(len(batch.labels) for batch in segmenter.batches) == count
    assert set(segmenter.multimasks) == {True}


def test_a_query_is_one_positive_and_its_nearest_negatives() -> None:
    segmenter = ColourSegmenter()
    prediction = per_field(TILE.image, TILE.landcover, segmenter, StrategyOptions())
    negatives = np.array([(p.point.column, p.point.row) for p in prediction.prompts.negatives])
    queries = [
        (places, labels)
        for batch in segmenter.batches
        for places, labels in zip(batch.coordinates, batch.labels, strict=True)
    ]
    for positive, (places, labels) in zip(prediction.prompts.positives, queries, strict=True):
        own = np.array([positive.point.column, positive.point.row])
        np.testing.assert_array_equal(labels, [1, *[0] * NEGATIVES_EACH])
        np.testing.assert_allclose(places[0] + 0.5, own)
        shown = np.hypot(*(places[1:] + 0.5 - own).T)
        nearest = np.sort(np.hypot(*(negatives - own).T))[:NEGATIVES_EACH]
        np.testing.assert_allclose(shown, nearest, rtol=1e-5)


def test_a_persons_point_without_negatives_is_asked_alone() -> None:
    segmenter = ColourSegmenter()
    instances = run(segmenter, PromptSet((Prompt(ON_FIRST, 1, "person"),)))
    assert segmenter.batches[0].labels.tolist() == [[1]]
    assert iou(instances == 1, TILE.fields == 1) > 0.95


def test_two_points_on_one_field_give_one_parcel() -> None:
    negatives = tuple(Prompt(place, 0) for place in BESIDE)
    twice = (Prompt(ON_SECOND, 1), Prompt(PixelPoint(40.5, 44.5), 1))
    instances = run(ColourSegmenter(), PromptSet((*twice, *negatives)))
    assert set(np.unique(instances)) == {0, 1}


def test_a_mask_that_the_land_cover_denies_is_dropped() -> None:
    # A "positive" on the brown ground beside the fields: its part is a fifth cropland at most.
    prompts = PromptSet((Prompt(BESIDE[0], 1), Prompt(ON_FIRST, 0)))
    assert not run(ColourSegmenter(), prompts).any()


class GradedSegmenter(ColourSegmenter):
    """Answers a centred square of 128 of 256 pixels with the given steepness and estimate."""

    logit: float = 4.0
    estimate: float = 0.9

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        logits = np.full((1, 1, LOGIT_SIDE, LOGIT_SIDE), -self.logit, dtype=np.float32)
        logits[..., 64:192, 64:192] = self.logit
        return Decoded(logits, np.array([[self.estimate]], dtype=np.float32))


@pytest.mark.parametrize(
    ("logit", "estimate", "kept"),
    [(4.0, 0.9, 1), (4.0, 0.3, 0), (0.5, 0.9, 0)],
    ids=["good", "low predicted IoU", "unstable"],
)
def test_quality_decides_what_is_kept(logit: float, estimate: float, kept: int) -> None:
    segmenter = GradedSegmenter()
    segmenter.logit, segmenter.estimate = logit, estimate
    landcover = landcover_of(np.ones((64, 64), dtype=np.bool_))
    tile = encode_tile(plain_image(64, 64), landcover, segmenter, StrategyOptions())
    prompts = PromptSet((Prompt(PixelPoint(32.0, 32.0), 1),))
    assert len(find_candidates(tile, prompts)) == kept


def test_quality_is_the_product_of_its_three_parts() -> None:
    half = np.zeros((64, 64), dtype=np.bool_)
    half[:, :44] = True  # three quarters of the answer's columns 16 to 47 minus four
    tile = encode_tile(
        plain_image(64, 64), landcover_of(half), GradedSegmenter(), StrategyOptions()
    )
    (candidate,) = find_candidates(tile, PromptSet((Prompt(PixelPoint(32.0, 32.0), 1),)))
    assert candidate.quality == pytest.approx(0.9 * 1.0 * 28 / 32, rel=1e-3)


def test_without_the_land_cover_a_mask_beside_cropland_counts_as_much() -> None:
    nowhere = landcover_of(np.zeros((64, 64), dtype=np.bool_))
    tile = encode_tile(plain_image(64, 64), nowhere, GradedSegmenter(), StrategyOptions())
    prompts = PromptSet((Prompt(PixelPoint(32.0, 32.0), 1),))
    assert find_candidates(tile, prompts) == []
    (candidate,) = find_candidates(tile, prompts, by_landcover=False)
    assert candidate.quality == pytest.approx(0.9)
    assert candidate.cropland_share == 0


def test_without_the_land_cover_the_whole_tile_is_never_a_field() -> None:
    class WholeSegmenter(GradedSegmenter):
        def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
            logits = np.full((1, 1, LOGIT_SIDE, LOGIT_SIDE), 4.0, dtype=np.float32)
            return Decoded(logits, np.array([[0.9]], dtype=np.float32))

    everywhere = landcover_of(np.ones((64, 64), dtype=np.bool_))
    tile = encode_tile(plain_image(64, 64), everywhere, WholeSegmenter(), StrategyOptions())
    prompts = PromptSet((Prompt(PixelPoint(32.0, 32.0), 1),))
    assert len(find_candidates(tile, prompts)) == 1
    assert find_candidates(tile, prompts, by_landcover=False) == []


def test_a_kept_mask_of_low_quality_is_cropland_still_and_alone() -> None:
    segmenter = GradedSegmenter()
    segmenter.estimate = 0.55
    half, square = np.zeros((64, 64), dtype=np.bool_), np.zeros((64, 64), dtype=np.bool_)
    half[:, :44] = True
    square[16:48, 16:48] = True
    prompts = PromptSet((Prompt(PixelPoint(32.0, 32.0), 1),))
    options = StrategyOptions(prompts=prompts)
    prediction = per_field(plain_image(64, 64), landcover_of(half), segmenter, options)
    np.testing.assert_array_equal(prediction.probability >= 0.5, square)
    np.testing.assert_array_equal(prediction.instances == 1, square)


def test_a_tile_that_is_one_field_is_mapped_but_no_mask_swallows_a_mixed_tile() -> None:
    everywhere = landcover_of(np.ones((64, 64), dtype=np.bool_))
    prediction = per_field(plain_image(64, 64), everywhere, ColourSegmenter(), StrategyOptions())
    assert (prediction.probability >= 0.5).all()
    mostly = np.ones((64, 64), dtype=np.bool_)
    mostly[:, 40:] = False
    prompts = PromptSet((Prompt(ON_FIRST, 1),))
    options = StrategyOptions(prompts=prompts)
    prediction = per_field(plain_image(64, 64), landcover_of(mostly), ColourSegmenter(), options)
    assert (prediction.probability < 0.5).all()


def test_a_tile_that_is_not_square_keeps_its_fields_in_place() -> None:
    image, flags = plain_image(32, 64), np.zeros((32, 64), dtype=np.bool_)
    flags[8:28, 36:60] = True
    image.rgb[flags] = (20, 200, 20)
    prompts = PromptSet((Prompt(PixelPoint(48.5, 16.5), 1), Prompt(PixelPoint(5.5, 5.5), 0)))
    options = StrategyOptions(prompts=prompts)
    prediction = per_field(image, landcover_of(flags), ColourSegmenter(), options)
    assert iou(prediction.probability >= 0.5, flags) > 0.95


def test_stability_is_the_iou_between_logits_above_one_and_above_minus_one() -> None:
    logits = np.array([[5.0, 1.5, 0.5], [-0.5, -1.5, -5.0]], dtype=np.float32)
    assert stability(logits) == pytest.approx(2 / 4)
    assert stability(np.full((2, 2), -9.0, dtype=np.float32)) == 0.0


def candidate(rows: slice, quality: float) -> Candidate:
    logits = np.full((LOGIT_SIDE, LOGIT_SIDE), -4.0, dtype=np.float32)
    logits[rows] = 4.0
    return Candidate(logits, quality)


def test_the_better_of_two_overlapping_masks_stays() -> None:
    poor, good = candidate(slice(0, 100), 0.6), candidate(slice(20, 110), 0.9)
    apart = candidate(slice(150, 200), 0.5)
    kept = drop_overlapping([poor, apart, good])
    assert kept == [good, apart]


def test_a_small_mask_inside_a_better_one_goes_and_touching_ones_stay() -> None:
    field, inside = candidate(slice(0, 100), 0.9), candidate(slice(10, 20), 0.8)
    neighbour = candidate(slice(95, 200), 0.7)
    assert drop_overlapping([inside, field, neighbour]) == [field, neighbour]


def test_a_cancelled_tile_stops_between_chunks() -> None:
    segmenter = ColourSegmenter()
    options = StrategyOptions(cancelled=lambda: bool(segmenter.batches))
    with pytest.raises(CancelledError):
        per_field(TILE.image, TILE.landcover, segmenter, options)
    assert len(segmenter.batches) == 1
