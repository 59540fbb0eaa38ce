import numpy as np
import pytest

from core.grid import PixelPoint
from core.label.click import (
    CLOSER_SIDE,
    CLOSER_SIDES,
    Question,
    TileViews,
    _RecentLooks,
    answer,
)
from core.predict.fields_apart import FieldSegments
from core.prompts.prompt import BoxPrompt, Prompt
from core.sam.cache import CachedSegmenter, EmbeddingCache
from core.sam.protocol import LOGIT_SIDE, Decoded, Embedding, PromptBatch, in_half
from tests.fakes import ColourSegmenter

GREEN, BROWN = (60, 140, 50), (150, 110, 80)


def tile(side: int = 600) -> np.ndarray:
    """A green field on brown ground, 10 % to 60 % of the way across and 20 % to 70 % down."""
    rgb = np.full((side, side, 3), BROWN, dtype=np.uint8)
    rgb[side // 5 : side * 7 // 10, side // 10 : side * 6 // 10] = GREEN
    return rgb


def views(segmenter: ColourSegmenter, rgb: np.ndarray) -> TileViews:
    return TileViews(rgb, in_half(segmenter.embed(rgb)))


def point(column: float, row: float, label: int = 1) -> Prompt:
    return Prompt(PixelPoint(column, row), label, "person")


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    return float((mask & truth).sum() / (mask | truth).sum())


def test_all_looks_answer_on_the_tiles_pixels() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    probability = answer(views(segmenter, rgb), Question((point(200, 300),)), segmenter)
    assert probability.shape == (600, 600)
    assert iou(probability >= 0.5, (rgb == GREEN).all(-1)) > 0.97
    whole, *closer = (batch.coordinates[0, 0] for batch in segmenter.batches)
    # The others are asked where the point lies in the closer looks.
    assert len(closer) == len(CLOSER_SIDES)
    for place, side in zip(closer, CLOSER_SIDES, strict=True):
        assert ((whole - place) % 32 == 0).all()
        assert (place >= 0).all()
        assert (place < side).all()


def test_closer_looks_are_shared_by_neighbours_and_few_are_kept_of_all_tiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.label.click._RECENT", _RecentLooks(6))
    segmenter, rgb = ColourSegmenter(), tile()
    seen, other = views(segmenter, rgb), views(segmenter, rgb)
    segmenter.embedded = 1
    for column in (300, 301, 302):
        answer(seen, Question((point(column, 300),)), segmenter)
    assert segmenter.embedded == 3
    for column in (300, 340, 372, 404, 300):
        answer(seen, Question((point(column, 300),)), segmenter)
    assert segmenter.embedded == 11
    for column in (300, 340, 372):
        answer(other, Question((point(column, 300),)), segmenter)
    assert not seen.at_hand(PixelPoint(300, 300))
    assert other.at_hand(PixelPoint(300, 300))


def test_the_final_answer_asks_the_whole_tile_no_second_time() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    seen, question = views(segmenter, rgb), Question((point(300, 300),))
    first = answer(seen, question, segmenter, closely=False)
    while seen.take_look(question.place, segmenter):
        assert segmenter.embedded <= 3
    assert len(segmenter.batches) == 1
    final = answer(seen, question, segmenter)
    assert len(segmenter.batches) == 3
    assert np.array_equal(first, answer(seen, question, segmenter, closely=False))
    assert np.array_equal(final, answer(views(segmenter, rgb), question, segmenter))


def test_points_beyond_the_closer_look_are_asked_of_the_whole_alone() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    question = Question((point(100, 300), point(350, 300, 0), point(590, 590, 0)))
    answer(views(segmenter, rgb), question, segmenter)
    # Each click is asked for its own field: by three looks, by two and by one.
    assert [batch.labels.tolist() for batch in segmenter.batches] == [[[1]]] * 6


def test_of_several_clicks_the_new_one_alone_is_asked() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    seen, first, second = views(segmenter, rgb), point(200, 300), point(210, 280, 0)
    answer(seen, Question((first,)), segmenter)
    before = len(segmenter.batches)
    late = answer(seen, Question((first, second)), segmenter)
    assert len(segmenter.batches) == 2 * before
    fresh = answer(views(segmenter, rgb), Question((first, second)), segmenter)
    assert np.array_equal(late, fresh)


@pytest.mark.parametrize("side", [64, CLOSER_SIDE, CLOSER_SIDE + 31])
def test_a_small_tile_is_seen_once(side) -> None:
    segmenter, rgb = ColourSegmenter(), tile(side)
    probability = answer(views(segmenter, rgb), Question((point(side / 3, side / 2),)), segmenter)
    assert probability.shape == (side, side)
    assert segmenter.embedded == 1


def test_a_box_is_the_field_in_its_middle_cut_at_the_box() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    box = BoxPrompt(100, 200, 300, 400, "person")
    probability = answer(views(segmenter, rgb), Question(box=box), segmenter)
    expected = np.zeros((600, 600), dtype=bool)
    expected[200:400, 100:300] = True
    assert iou(probability >= Question(box=box).least, expected) > 0.97


@pytest.mark.parametrize("place", [(0, 0), (599.9, 599.9), (0, 599.9)])
def test_a_click_at_the_corner_stays_on_the_tile(place) -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    probability = answer(views(segmenter, rgb), Question((point(*place),)), segmenter)
    assert np.isfinite(probability).all()


def test_not_closely_the_whole_tile_alone_is_asked() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    seen, question = views(segmenter, rgb), Question((point(200, 300),))
    assert not seen.at_hand(question.place)
    first = answer(seen, question, segmenter, closely=False)
    assert (segmenter.embedded, len(segmenter.batches)) == (1, 1)
    assert iou(first >= 0.5, (rgb == GREEN).all(-1)) > 0.95
    answer(seen, question, segmenter)
    assert seen.at_hand(question.place)
    assert not seen.at_hand(PixelPoint(500, 300))


def test_a_small_tile_is_always_at_hand() -> None:
    segmenter, rgb = ColourSegmenter(), tile(CLOSER_SIDE)
    assert views(segmenter, rgb).at_hand(PixelPoint(10, 10))


def test_closer_looks_are_not_kept_on_disk(tmp_path) -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    cached = CachedSegmenter(segmenter, EmbeddingCache(tmp_path, 2**30))
    answer(views(cached, rgb), Question((point(200, 300),)), cached)
    assert segmenter.embedded == 3
    assert len(list(tmp_path.glob("*.embedding"))) == 1


def test_a_negative_click_takes_its_own_field_away() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    rgb[300:, :] = (rgb[300:, :] * 0.95).astype(np.uint8)
    seen = views(segmenter, rgb)
    green = rgb[..., 1] > rgb[..., 0]
    alone = answer(seen, Question((point(200, 200),)), segmenter) >= 0.5
    assert iou(alone, green) > 0.95
    clicks = Question((point(200, 200), point(200, 400, 0)))
    upper = green.copy()
    upper[300:] = False
    assert iou(answer(seen, clicks, segmenter) >= 0.5, upper) > 0.9


def _halves(side: int = 600) -> FieldSegments:
    """The field map tells two fields apart at column 200, and sees nothing above row 60."""
    numbers = np.ones((side // 2, side // 2), dtype=np.int32)
    numbers[:, 100:] = 2
    numbers[:30] = 0
    return FieldSegments(numbers, 2)


def test_the_field_map_says_where_a_clicked_field_ends() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    seen = TileViews(rgb, in_half(segmenter.embed(rgb)), _halves())
    mask = answer(seen, Question((point(100, 300),)), segmenter) >= Question((point(0, 0),)).least
    expected = np.zeros((600, 600), dtype=bool)
    expected[60:, :200] = True
    np.testing.assert_array_equal(mask, expected)


def test_a_model_that_sees_something_else_is_believed() -> None:
    class OneCorner(ColourSegmenter):
        def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
            logits = np.full((1, 1, LOGIT_SIDE, LOGIT_SIDE), -8.0, dtype=np.float32)
            logits[..., 200:210, 200:210] = 8.0
            return Decoded(logits, np.ones((1, 1), dtype=np.float32))

    segmenter, rgb = OneCorner(), tile()
    plain = answer(views(segmenter, rgb), Question((point(480, 480),)), segmenter, closely=False)
    seen = TileViews(rgb, in_half(segmenter.embed(rgb)), _halves())
    asked = answer(seen, Question((point(480, 480),)), segmenter, closely=False)
    np.testing.assert_array_equal(asked, plain)


def test_beside_what_the_field_map_sees_the_model_answers_alone() -> None:
    segmenter, rgb = ColourSegmenter(), tile()
    seen = TileViews(rgb, in_half(segmenter.embed(rgb)), _halves())
    above, alone = (
        answer(v, Question((point(300, 30),)), segmenter) for v in (seen, views(segmenter, rgb))
    )
    np.testing.assert_array_equal(above, alone)
