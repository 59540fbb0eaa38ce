"""The ensemble: cleaned prompts, one decode a draw, mean and spread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from core.grid import PixelPoint
from core.predict.apt_plus import apt_plus, classifier_share
from core.predict.classifier import classify
from core.predict.prediction import StrategyOptions, TilePrediction
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import LOGIT_SIDE, Decoded, Embedding, PromptBatch
from tests.fakes import ColourSegmenter, farmland_tile, iou, landcover_of, plain_image

TILE = farmland_tile()


def run(segmenter: ColourSegmenter, **options: object) -> TilePrediction:
    return apt_plus(TILE.image, TILE.landcover, segmenter, StrategyOptions(**options))  # type: ignore[arg-type]


def test_each_draw_costs_one_decode_and_the_image_is_encoded_once() -> None:
    segmenter = ColourSegmenter()
    run(segmenter, draws=4)
    assert segmenter.embedded == 1
    assert len(segmenter.batches) == 4
    assert set(segmenter.multimasks) == {False}
    shown = {batch.coordinates.tobytes() for batch in segmenter.batches}
    assert len(shown) == 4


def test_the_land_covers_mistakes_are_mended() -> None:
    prediction = run(ColourSegmenter())
    before = iou(TILE.landcover.cropland, TILE.truth)
    after = iou(prediction.probability >= 0.5, TILE.truth)
    assert before < 0.9
    assert after > 0.95


def test_no_point_that_the_image_denies_is_shown() -> None:
    segmenter = ColourSegmenter()
    run(segmenter, min_border_distance_m=0.0)
    for batch in segmenter.batches:
        columns, rows = (batch.coordinates[0].T + 0.5).astype(int)
        wrong = TILE.truth[rows, columns] != (batch.labels[0] == 1)
        # The shifted border leaves a few; the two clumps of 64 px would leave many more.
        assert wrong.mean() < 0.06


def test_the_same_seed_gives_the_same_result_and_another_other_prompts() -> None:
    one, same = run(ColourSegmenter(), seed=5), run(ColourSegmenter(), seed=5)
    np.testing.assert_array_equal(one.probability, same.probability)
    assert one.prompts.points == same.prompts.points
    assert run(ColourSegmenter(), seed=6).prompts.points != one.prompts.points


class AlternatingSegmenter(ColourSegmenter):
    """Answers cropland on the left, and on the right in every second draw only."""

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        self.batches.append(batch)
        logits = np.full((1, 1, LOGIT_SIDE, LOGIT_SIDE), 8.0, dtype=np.float32)
        if len(self.batches) % 2:
            logits[..., 128:] = -8.0
        return Decoded(logits, np.ones((1, 1), dtype=np.float32))


def test_probability_is_the_mean_with_the_classifier_and_spread_is_uncertainty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.predict.apt_plus.classifier_share", lambda mean, draws: 0.75)
    prediction = run(AlternatingSegmenter(), draws=2)
    own = classify(TILE.image, TILE.landcover, 0).probability
    expected = 0.75 * own[:, 40:] + 0.25 * 0.5
    np.testing.assert_allclose(prediction.probability[:, 40:], expected, atol=2e-3)
    assert (prediction.uncertainty[:, 40:] > 0.99).all()
    on_field = TILE.fields[:, :24] == 1
    assert np.median(prediction.uncertainty[:, :24][on_field]) < 0.2


def points(label: int, *rows: int) -> tuple[Prompt, ...]:
    return tuple(Prompt(PixelPoint(3.5, row + 0.5), label) for row in rows)


UPPER_HALF = np.repeat([0.9, 0.1], 8)[:, None] * np.ones((1, 16), dtype=np.float32)


@pytest.mark.parametrize(
    ("positive", "negative", "share"),
    [
        ((1, 5), (9, 15), 0.5),  # every prompt is heeded
        ((1, 5), (2, 15), 0.75),  # one of two negative points is drawn over
        ((1, 5, 6, 7), (2, 3), 1.0),  # as a mask of everything would
        ((9,), (1,), 1.0),  # the opposite of what was asked
        ((1, 9), (9, 1), 1.0),  # no better than chance
        ((1, 2), (), 0.5),
        ((1, 2, 3, 9), (), 0.75),
        ((), (9, 16), 0.5),  # a point on the far edge counts for the last pixel
    ],
)
def test_a_model_counts_as_far_as_it_heeds_its_prompts(positive, negative, share) -> None:
    draws = [PromptSet(points(1, *positive)), PromptSet(points(0, *negative))]
    assert classifier_share(UPPER_HALF, draws) == pytest.approx(share)


def test_a_model_that_draws_everything_changes_nothing() -> None:
    class Everywhere(ColourSegmenter):
        def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
            logits = np.full((1, 1, LOGIT_SIDE, LOGIT_SIDE), 8.0, dtype=np.float32)
            return Decoded(logits, np.ones((1, 1), dtype=np.float32))

    own = classify(TILE.image, TILE.landcover, 0).probability
    np.testing.assert_allclose(run(Everywhere()).probability, own, atol=1e-6)


def test_uncertainty_shows_where_model_and_classifier_disagree() -> None:
    prediction = run(AlternatingSegmenter(), draws=1)
    ground = (TILE.fields == 0)[:, :24]
    own = classify(TILE.image, TILE.landcover, 0).probability
    np.testing.assert_allclose(
        prediction.uncertainty[:, :24][ground], (1 - own[:, :24])[ground], atol=2e-3
    )


def test_a_persons_prompts_are_the_only_draw_and_stay() -> None:
    wrong = Prompt(PixelPoint(31.5, 30.5), 1, "person")
    prompts = PromptSet((Prompt(PixelPoint(12.5, 40.5), 1, "person"), wrong))
    segmenter = ColourSegmenter()
    prediction = run(segmenter, prompts=prompts)
    assert len(segmenter.batches) == 1
    assert prediction.prompts.points == prompts.points


def answers(prediction: TilePrediction) -> npt.NDArray[np.bool_]:
    return prediction.probability >= 0.5


@pytest.mark.parametrize("cropland", [True, False])
def test_a_single_class_is_answered(cropland: bool) -> None:
    segmenter = ColourSegmenter()
    landcover = landcover_of(np.full((64, 64), cropland))
    prediction = apt_plus(plain_image(64, 64), landcover, segmenter, StrategyOptions())
    assert (answers(prediction) == cropland).all()
    assert bool(segmenter.batches) is cropland
