"""What holds for every strategy, and the single question of ``joint``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import CancelledError, InputError, Remedy
from core.predict.joint import joint
from core.predict.names import STRATEGY_NAMES, WITHOUT_MODEL
from core.predict.prediction import StrategyOptions
from core.predict.strategies import STRATEGIES
from core.prompts.auto import PromptOptions, place_prompts
from core.prompts.prompt import PromptSet
from tests.fakes import ColourSegmenter, farmland_tile, iou, landcover_of, plain_image

TILE = farmland_tile()
PROMPTED = sorted(set(STRATEGIES) - {WITHOUT_MODEL})


def test_the_strategies_of_the_design_are_all_there() -> None:
    assert set(STRATEGIES) == {"classifier", "apt", "joint", "per_field", "apt_plus"}
    assert tuple(STRATEGIES) == STRATEGY_NAMES


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_probability_and_uncertainty_are_whole_and_in_range(name: str) -> None:
    # Right land cover: only cleaning strategies can bear mistakes (see the ensemble's tests).
    landcover = landcover_of(TILE.truth)
    prediction = STRATEGIES[name](
        TILE.image, landcover, ColourSegmenter(), StrategyOptions(draws=2)
    )
    for values in (prediction.probability, prediction.uncertainty):
        assert values.shape == TILE.truth.shape
        assert values.dtype == np.float32
        assert ((values >= 0) & (values <= 1)).all()
    assert iou(prediction.probability >= 0.5, TILE.truth) > 0.93


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_what_image_or_land_cover_does_not_know_is_nan(name: str) -> None:
    seen, known = np.ones_like(TILE.truth), np.ones_like(TILE.truth)
    seen[:, :6] = False
    known[60:] = False
    image = replace(TILE.image, valid=seen)
    landcover = replace(
        TILE.landcover,
        valid=known,
        cropland_fraction=np.where(known, TILE.landcover.cropland_fraction, np.nan),
    )
    prediction = STRATEGIES[name](image, landcover, ColourSegmenter(), StrategyOptions(draws=2))
    missing = ~(seen & known)
    np.testing.assert_array_equal(np.isnan(prediction.probability), missing)
    np.testing.assert_array_equal(np.isnan(prediction.uncertainty), missing)
    if prediction.instances is not None:
        assert not prediction.instances[missing].any()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_seed_makes_every_strategy_reproducible(name: str) -> None:
    options = StrategyOptions(seed=11, draws=2)
    first, second = (
        STRATEGIES[name](TILE.image, TILE.landcover, ColourSegmenter(), options) for _ in range(2)
    )
    np.testing.assert_array_equal(first.probability, second.probability)
    np.testing.assert_array_equal(first.uncertainty, second.uncertainty)
    assert first.prompts.points == second.prompts.points


@pytest.mark.parametrize("name", PROMPTED)
def test_however_many_questions_the_image_is_encoded_once(name: str) -> None:
    segmenter = ColourSegmenter()
    STRATEGIES[name](TILE.image, TILE.landcover, segmenter, StrategyOptions(draws=2))
    assert segmenter.embedded == 1
    assert segmenter.batches


@pytest.mark.parametrize("name", PROMPTED)
def test_a_single_class_is_handled_not_skipped(name: str) -> None:
    for cropland in (True, False):
        landcover = landcover_of(np.full((64, 64), cropland))
        prediction = STRATEGIES[name](
            plain_image(64, 64), landcover, ColourSegmenter(), StrategyOptions(draws=2)
        )
        assert ((prediction.probability >= 0.5) == cropland).all()


@pytest.mark.parametrize("name", PROMPTED)
def test_without_a_model_the_message_says_what_to_do(name: str) -> None:
    with pytest.raises(InputError, match="needs a model") as caught:
        STRATEGIES[name](TILE.image, TILE.landcover, None, StrategyOptions())
    assert caught.value.remedy is Remedy.CHOOSE_MODEL


@pytest.mark.parametrize("name", PROMPTED)
def test_a_cancelled_tile_asks_nothing(name: str) -> None:
    segmenter = ColourSegmenter()
    with pytest.raises(CancelledError):
        STRATEGIES[name](
            TILE.image, TILE.landcover, segmenter, StrategyOptions(cancelled=lambda: True)
        )
    assert segmenter.batches == []


def test_the_classifier_needs_no_model_and_asks_none() -> None:
    segmenter = ColourSegmenter()
    with_model = STRATEGIES[WITHOUT_MODEL](TILE.image, TILE.landcover, segmenter, StrategyOptions())
    without = STRATEGIES[WITHOUT_MODEL](TILE.image, TILE.landcover, None, StrategyOptions())
    assert segmenter.embedded == 0
    np.testing.assert_array_equal(with_model.probability, without.probability)


def test_joint_asks_once_with_all_published_points() -> None:
    segmenter = ColourSegmenter()
    prediction = joint(TILE.image, TILE.landcover, segmenter, StrategyOptions())
    placed = place_prompts(TILE.landcover, PromptOptions("published"))
    (batch,) = segmenter.batches
    assert prediction.prompts.points == placed.points
    assert batch.labels.tolist() == [[p.label for p in placed.points]]
    assert batch.mask_input is None
    assert segmenter.multimasks == [False]


def test_negatives_alone_draw_nothing() -> None:
    placed = place_prompts(TILE.landcover, PromptOptions("published"))
    options = StrategyOptions(prompts=PromptSet(placed.negatives))
    segmenter = ColourSegmenter()
    prediction = joint(TILE.image, TILE.landcover, segmenter, options)
    assert (prediction.probability == 0).all()
    assert segmenter.batches == []


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_no_generator_takes_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match=str(seed)):
        StrategyOptions(seed=seed)


def test_an_ensemble_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="0 prompt draws"):
        StrategyOptions(draws=0)
