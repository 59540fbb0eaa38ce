"""The published procedure: what is asked, in which order, and what is made of the last answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit

from core.errors import CancelledError
from core.grid import PixelPoint
from core.predict.apt import apt, published_clean_up
from core.predict.prediction import StrategyOptions
from core.prompts.auto import PromptOptions, place_prompts
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import LOGIT_SIDE, Decoded, Embedding, PromptBatch
from tests.fakes import (
    ColourSegmenter,
    NumberingSegmenter,
    farmland_tile,
    iou,
    landcover_of,
    plain_image,
)

TILE = farmland_tile()
THREE = PromptSet(
    (
        Prompt(PixelPoint(10.5, 20.5), 1, "person"),
        Prompt(PixelPoint(40.5, 30.5), 1, "person"),
        Prompt(PixelPoint(31.5, 5.5), 0, "person"),
    )
)


def asked(options: StrategyOptions) -> NumberingSegmenter:
    segmenter = NumberingSegmenter()
    apt(TILE.image, TILE.landcover, segmenter, options)
    return segmenter


def test_about_33_points_of_each_class_are_fed() -> None:
    last = asked(StrategyOptions()).batches[-1]
    labels = last.labels[0]
    assert 25 <= (labels == 1).sum() <= 41
    assert 25 <= (labels == 0).sum() <= 41


def test_points_are_added_one_at_a_time_and_each_step_asks_four_times() -> None:
    segmenter = asked(StrategyOptions())
    placed = place_prompts(TILE.landcover, PromptOptions("published")).points
    assert len(segmenter.batches) == 4 * len(placed)
    for number, batch in enumerate(segmenter.batches):
        shown = placed[: number // 4 + 1]
        # The centre of the first pixel is (0, 0) for the model and (0.5, 0.5) on the grid.
        expected = [[p.point.column - 0.5, p.point.row - 0.5] for p in shown]
        np.testing.assert_array_equal(batch.coordinates, [expected])
        np.testing.assert_array_equal(batch.labels, [[p.label for p in shown]])
        assert batch.boxes is None


def test_rounds_show_positives_before_negatives_three_times() -> None:
    labels = asked(StrategyOptions()).batches[-1].labels[0]
    turns = np.flatnonzero(np.diff(labels)) + 1
    runs = [int(labels[start]) for start in (0, *turns)]
    assert runs == [1, 0, 1, 0, 1, 0]


def test_each_answer_is_fed_back_as_the_next_mask_input() -> None:
    batches = asked(StrategyOptions(prompts=THREE)).batches
    assert batches[0].mask_input is None
    for number, batch in enumerate(batches[1:], start=1):
        assert batch.mask_input is not None
        assert batch.mask_input.shape == (1, 1, LOGIT_SIDE, LOGIT_SIDE)
        assert batch.mask_input.dtype == np.float32
        # The n-th answer of this fake is n everywhere.
        assert (batch.mask_input == number).all()


def test_the_answer_is_always_a_single_mask_and_the_image_is_encoded_once() -> None:
    segmenter = asked(StrategyOptions())
    assert set(segmenter.multimasks) == {False}
    assert segmenter.embedded == 1


def test_a_persons_prompts_replace_the_placed_ones() -> None:
    segmenter = ColourSegmenter()
    prediction = apt(TILE.image, TILE.landcover, segmenter, StrategyOptions(prompts=THREE))
    assert len(segmenter.batches) == 12
    assert prediction.prompts is THREE
    assert iou(prediction.probability >= 0.5, TILE.truth) > 0.97


def test_an_all_cropland_tile_is_asked_with_positives_alone() -> None:
    segmenter = ColourSegmenter()
    landcover = landcover_of(np.ones((64, 64), dtype=np.bool_))
    prediction = apt(plain_image(64, 64), landcover, segmenter, StrategyOptions())
    assert set(segmenter.batches[-1].labels.ravel()) == {1}
    assert (prediction.probability > 0.5).all()


def test_a_tile_without_cropland_is_answered_without_a_question() -> None:
    segmenter = ColourSegmenter()
    landcover = landcover_of(np.zeros((64, 64), dtype=np.bool_))
    prediction = apt(plain_image(64, 64), landcover, segmenter, StrategyOptions())
    assert segmenter.batches == []
    assert (prediction.probability == 0).all()
    assert (prediction.uncertainty == 0).all()


class SpeckledSegmenter(ColourSegmenter):
    """Answers one field with a hole of 1 % of its area, and a speck far from it."""

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        logits = np.full((1, 1, LOGIT_SIDE, LOGIT_SIDE), -2.0, dtype=np.float32)
        logits[..., 16:176, 16:176] = 2.0
        logits[..., 80:96, 80:96] = -2.0
        logits[..., 224:236, 224:236] = 2.0
        return Decoded(logits, np.ones((1, 1), dtype=np.float32))


def test_the_default_threshold_gives_the_published_mask_and_the_rest_is_the_sigmoid() -> None:
    image, truth = plain_image(256, 256), np.zeros((256, 256), dtype=np.bool_)
    truth[16:176, 16:176] = True
    prediction = apt(image, landcover_of(truth), SpeckledSegmenter(), StrategyOptions())
    probability = prediction.probability
    # Bilinear steps blur a pixel on either side of the logits' edges, never more.
    assert iou(probability >= 0.5, truth) > 0.995
    assert (probability[84:92, 84:92] >= 0.5).all()
    assert (probability[226:234, 226:234] < 0.5).all()
    assert probability[40, 40] == pytest.approx(expit(2.0))
    assert probability[200, 40] == pytest.approx(expit(-2.0))


def box(rows: int, columns: int, side: int = 512) -> npt.NDArray[np.bool_]:
    flags = np.zeros((side, side), dtype=np.bool_)
    flags[100 : 100 + rows, 100 : 100 + columns] = True
    return flags


def test_objects_under_2000_pixels_of_a_512_image_go() -> None:
    assert not published_clean_up(box(39, 51)).any()
    np.testing.assert_array_equal(published_clean_up(box(40, 50)), box(40, 50))


def test_holes_under_2000_pixels_of_a_512_image_are_filled() -> None:
    assert published_clean_up(~box(39, 51)).all()
    np.testing.assert_array_equal(published_clean_up(~box(40, 50)), ~box(40, 50))


def test_holes_are_filled_before_objects_are_measured() -> None:
    ring = box(60, 60)
    ring[110:150, 110:150] = False
    np.testing.assert_array_equal(published_clean_up(ring), box(60, 60))


def test_the_least_size_is_the_same_share_of_a_tile_of_another_size() -> None:
    assert not published_clean_up(box(80, 99, side=1024)).any()
    assert published_clean_up(box(80, 100, side=1024)).any()


@pytest.mark.parametrize(("gap", "closed"), [(4, True), (5, False)])
def test_closing_bridges_gaps_of_four_pixels(gap: int, closed: bool) -> None:
    mask = np.zeros((512, 512), dtype=np.bool_)
    mask[100:200, 100:200] = True
    mask[100:200, 200 + gap : 300] = True
    cleaned = published_clean_up(mask)
    assert bool(cleaned[150, 200 : 200 + gap].all()) is closed


def test_closing_leaves_the_rim_of_the_image() -> None:
    mask = np.zeros((512, 512), dtype=np.bool_)
    mask[:100] = True
    np.testing.assert_array_equal(published_clean_up(mask), mask)


def test_a_cancelled_tile_stops_between_questions() -> None:
    segmenter = ColourSegmenter()
    options = StrategyOptions(cancelled=lambda: len(segmenter.batches) >= 5)
    with pytest.raises(CancelledError):
        apt(TILE.image, TILE.landcover, segmenter, options)
    assert len(segmenter.batches) == 5
