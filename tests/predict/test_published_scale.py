"""The scale of the authors' code: what the model sees at once, and what is made of its answers."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import InputError
from core.grid import PixelPoint
from core.imagery.validity import BY_HEADER
from core.label.choices import Choices
from core.mapping import MapOptions
from core.predict import published_scale
from core.predict.apt import apt
from core.predict.key import prediction_key
from core.predict.predict_options import PredictOptions
from core.predict.prediction import StrategyOptions
from core.predict.published_scale import published_windows
from core.predict.tile import TileInputs, TileMemory, predict_tile
from core.prompts.auto import PromptOptions, place_prompts
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import Embedding
from tests.fakes import ColourSegmenter, iou, landcover_of, plain_image


class Watched(ColourSegmenter):
    """Remembers the sizes of the images that it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, int]] = []

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        self.seen.append(rgb.shape[:2])
        return super().embed(rgb)


def scene(rows: int, columns: int):
    """An image with a green stripe down its middle, its land cover, and the truth."""
    truth = np.zeros((rows, columns), dtype=np.bool_)
    truth[:, columns // 4 : columns * 3 // 4] = True
    image = plain_image(rows, columns)
    image = replace(
        image, rgb=np.where(truth[..., None], (60, 140, 50), (150, 110, 80)).astype(np.uint8)
    )
    return image, landcover_of(truth), truth


AT_SCALE = StrategyOptions(points_per_class=1, published_scale=True)


@pytest.fixture
def smaller(monkeypatch) -> None:
    """Windows of 64 px instead of 512: the same in a sixty-fourth of the time."""
    monkeypatch.setattr(published_scale, "PUBLISHED_SIDE", 64)


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(1024, 1024), (512, 512), (300, 200), (513, 512), (700, 1025), (1, 2000), (1, 1)],
)
def test_windows_are_512_px_and_answer_for_every_pixel_once(rows, columns) -> None:
    count = np.zeros((rows, columns), dtype=int)
    windows = published_windows(rows, columns)
    for window in windows:
        seen, answered = window.seen, window.answered
        assert (seen.height, seen.width) == (min(rows, 512), min(columns, 512))
        assert seen.row <= answered.row
        assert answered.row_stop <= seen.row_stop <= rows
        assert seen.column <= answered.column
        assert answered.column_stop <= seen.column_stop <= columns
        count[answered.slices] += 1
    assert (count == 1).all()
    assert len(windows) == -(-rows // 512) * -(-columns // 512)


def test_a_tile_is_seen_in_four_images_with_prompts_of_their_own(smaller) -> None:
    image, landcover, truth = scene(128, 128)
    segmenter = Watched()
    found = apt(image, landcover, segmenter, AT_SCALE)
    assert segmenter.seen == [(64, 64)] * 4
    assert iou(found.probability >= 0.5, truth) > 0.97
    # The corner of the land cover, seen as an image of its own, has these prompts.
    corner = replace(
        landcover,
        cropland_fraction=landcover.cropland_fraction[:64, :64],
        valid=landcover.valid[:64, :64],
        classes=landcover.classes[:64, :64],
        grid=landcover.grid.scaled(64, 64),
    )
    placed = place_prompts(corner, PromptOptions("published", 1)).points
    assert found.prompts.points[: len(placed)] == placed
    assert segmenter.batches[0].labels.shape[1] == 1
    for quarter in range(4):
        top, left = quarter // 2 * 64, quarter % 2 * 64
        inside = [
            one
            for one in found.prompts.points
            if top <= one.point.row < top + 64 and left <= one.point.column < left + 64
        ]
        assert len(inside) == len(found.prompts.points) // 4


def test_a_small_tile_is_what_it_is_without_the_option() -> None:
    image, landcover, _ = scene(64, 80)
    one = apt(image, landcover, ColourSegmenter(), StrategyOptions(points_per_class=1))
    other = apt(
        image,
        landcover,
        ColourSegmenter(),
        AT_SCALE,
    )
    np.testing.assert_array_equal(one.probability, other.probability)
    assert one.prompts.points == other.prompts.points


def test_what_is_not_known_stays_unknown_and_overlaps_ask_nothing_twice(smaller) -> None:
    image, landcover, truth = scene(80, 70)
    known = np.ones_like(truth)
    known[:, :9] = False
    found = apt(replace(image, valid=known), landcover, ColourSegmenter(), AT_SCALE)
    np.testing.assert_array_equal(np.isnan(found.probability), ~known)
    np.testing.assert_array_equal(np.isnan(found.uncertainty), ~known)
    assert len(set(found.prompts.points)) == len(found.prompts.points)


def test_a_persons_prompts_are_asked_where_they_lie(smaller) -> None:
    image, landcover, _ = scene(64, 128)
    given = PromptSet(
        (Prompt(PixelPoint(30.5, 9.5), 1, "person"), Prompt(PixelPoint(90.5, 20.5), 1, "person"))
    )
    segmenter = ColourSegmenter()
    found = apt(image, landcover, segmenter, replace(AT_SCALE, prompts=given))
    assert found.prompts is given
    asked = [batch.coordinates.tolist() for batch in segmenter.batches]
    assert asked == [[[[30, 9]]]] * 4 + [[[[26, 20]]]] * 4


def test_the_spine_takes_the_option_and_leaves_the_kept_embedding_alone(smaller) -> None:
    image, landcover, truth = scene(70, 70)
    frame = SimpleNamespace(core=image.grid.extent, core_grid=image.grid)
    inputs = TileInputs(image, landcover, frame)  # type: ignore[arg-type]
    memory, segmenter = TileMemory(), Watched()
    options = PredictOptions("apt", 1, published_scale=True)
    found = predict_tile(inputs, options, segmenter, memory)
    assert segmenter.seen == [(64, 64)] * 4
    assert memory.embedding is None
    assert iou(found.probability >= 125, truth) > 0.97
    again = predict_tile(inputs, replace(options, remaining=found.prompts), Watched(), memory)
    assert again.prompts == found.prompts


def key(options: PredictOptions) -> str:
    stub = SimpleNamespace(
        fingerprint="scene",
        bands=(1, 2, 3),
        working_factor=1,
        unknown=BY_HEADER,
        stretch=SimpleNamespace(to_json=dict),
    )
    tile = SimpleNamespace(name="tile", window="window", cores=())
    return prediction_key(stub, "land cover", tile, options, "weights")  # type: ignore[arg-type]


def test_it_is_part_of_the_key_where_it_decides_and_nowhere_else() -> None:
    plain, scaled = Choices(strategy="apt"), Choices(strategy="apt", published_scale=True)
    assert key(plain.prediction) != key(scaled.prediction)
    other = Choices(strategy="joint")
    assert key(other.prediction) == key(replace(other, published_scale=True).prediction)


def test_it_is_a_choice_of_apt_alone() -> None:
    assert MapOptions(strategy="apt", published_scale=True).choices.prediction.published_scale
    MapOptions(strategy="apt", published_scale=True).check_strategy()
    with pytest.raises(InputError, match="belongs to the strategy 'apt', not to 'apt_plus'"):
        MapOptions(published_scale=True).check_strategy()
    with pytest.raises(InputError, match="true or false"):
        Choices().changed({"published_scale": "yes"})
    # A choice that was not made is not named: earlier versions read what is kept.
    assert "published_scale" not in Choices().to_json()
    assert Choices(published_scale=True).to_json()["published_scale"] is True
