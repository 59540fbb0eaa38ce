import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import InputError, WeightsError
from core.grid import PixelPoint
from core.prompts.prompt import Prompt
from core.sam.architectures import load_weights
from core.sam.device import choose_device
from core.sam.onnx_runtime import OnnxSegmenter
from core.sam.protocol import PromptBatch, to_batch, upsample_logits
from core.sam.torchvision_compat import non_maximum_suppression

from segment_anything import SamPredictor  # isort: skip  (after core.sam)


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (300, 421, 3), dtype=np.uint8)


PLACES = np.array([[[10, 20], [300, 140]], [[50, 60], [7, 290]]], dtype=np.float32)
LABELS = np.array([[1, 0], [1, 1]], dtype=np.int64)
BOXES = np.array([[5, 6, 200, 100], [0, 0, 420, 299]], dtype=np.float32)
NO_PLACES, NO_LABELS = PLACES[:, :0], LABELS[:, :0]
MASKS = np.random.default_rng(2).normal(0, 8, (2, 1, 256, 256)).astype(np.float32)

BATCHES = {
    "one query": PromptBatch(PLACES[:1], LABELS[:1]),
    "two queries": PromptBatch(PLACES, LABELS),
    "padded": PromptBatch(PLACES, np.array([[1, -1], [1, 0]], dtype=np.int64)),
    "points and boxes": PromptBatch(PLACES, LABELS, BOXES),
    "boxes": PromptBatch(NO_PLACES, NO_LABELS, BOXES),
    "masks": PromptBatch(NO_PLACES, NO_LABELS, None, MASKS),
    "points and masks": PromptBatch(PLACES, LABELS, None, MASKS),
    "all": PromptBatch(PLACES, LABELS, BOXES, MASKS),
    "nothing": PromptBatch(NO_PLACES[:1], NO_LABELS[:1]),
    "many points": PromptBatch(
        np.random.default_rng(3).uniform(0, 300, (1, 66, 2)).astype(np.float32),
        np.random.default_rng(4).integers(0, 2, (1, 66)),
    ),
}


@pytest.fixture(scope="module")
def onnx(toy, toy_graphs) -> OnnxSegmenter:
    return OnnxSegmenter(toy, toy_graphs, threads=1)


def test_torch_and_onnx_agree(toy, onnx, rgb, record_property) -> None:
    embedding, other = toy.embed(rgb), onnx.embed(rgb)
    np.testing.assert_allclose(embedding.features, other.features, atol=1e-4)
    assert (embedding.input_size, embedding.original_size) == (other.input_size, (300, 421))
    worst, spread = 0.0, np.inf
    for kind, batch in BATCHES.items():
        for multimask in (False, True):
            one = toy.decode(embedding, batch, multimask=multimask)
            two = onnx.decode(other, batch, multimask=multimask)
            queries = len(batch.labels)
            assert one.logits.shape == two.logits.shape == (queries, 1 + 2 * multimask, 256, 256)
            difference = float(np.abs(one.logits - two.logits).max())
            assert difference < 1e-5, kind
            worst, spread = max(worst, difference), min(spread, float(one.logits.std()))
            np.testing.assert_allclose(one.predicted_iou, two.predicted_iou, atol=1e-5)
    record_property("max_absolute_logit_difference", worst)
    record_property("smallest_logit_deviation", spread)
    print(f"torch and ONNX: max absolute logit difference {worst:.1e}")  # noqa: T201
    assert worst < 1e-3 * spread  # the bound above means something: logits are not all near zero


def test_every_prompt_matters_to_both_runtimes(toy, onnx, rgb) -> None:
    embedding = toy.embed(rgb)
    base = BATCHES["all"]
    changed = [
        replace(base, coordinates=base.coordinates + 30),
        replace(base, labels=1 - base.labels),
        replace(base, boxes=BOXES / 2),
        replace(base, boxes=None),
        replace(base, mask_input=-MASKS),
        replace(base, mask_input=None),
    ]
    for segmenter in (toy, onnx):
        before = segmenter.decode(embedding, base, multimask=False).logits
        for batch in changed:
            after = segmenter.decode(embedding, batch, multimask=False).logits
            assert np.abs(after - before).max() > 1e-3


@pytest.mark.parametrize("shape", [(300, 421), (421, 300), (1024, 1024), (40, 1200)])
@pytest.mark.parametrize("multimask", [False, True])
def test_torch_runtime_equals_the_published_predictor(toy, shape, multimask) -> None:
    rgb = np.random.default_rng(5).integers(0, 255, (*shape, 3), dtype=np.uint8)
    predictor = SamPredictor(toy.model)
    predictor.set_image(rgb)
    full, quality, low = predictor.predict(
        point_coords=PLACES[0],
        point_labels=LABELS[0],
        box=BOXES[0],
        mask_input=MASKS[0],
        multimask_output=multimask,
        return_logits=True,
    )
    embedding = toy.embed(rgb)
    batch = PromptBatch(PLACES[:1], LABELS[:1], BOXES[:1], MASKS[:1])
    decoded = toy.decode(embedding, batch, multimask=multimask)
    np.testing.assert_allclose(decoded.logits[0], low, atol=1e-4)
    np.testing.assert_allclose(decoded.predicted_iou[0], quality, atol=1e-4)
    np.testing.assert_allclose(upsample_logits(decoded.logits, embedding)[0], full, atol=1e-4)


def test_a_query_does_not_depend_on_the_others_in_its_batch(toy, rgb) -> None:
    embedding = toy.embed(rgb)
    both = toy.decode(embedding, BATCHES["points and boxes"], multimask=True).logits
    second = PromptBatch(PLACES[1:], LABELS[1:], BOXES[1:])
    alone = toy.decode(embedding, second, multimask=True).logits
    np.testing.assert_allclose(both[1:], alone, atol=1e-5)


def test_several_threads_get_the_answers_of_one(toy, onnx, rgb) -> None:
    images = [rgb, rgb[::-1].copy(), rgb[:, ::-1].copy(), 255 - rgb]
    for segmenter in (toy, onnx):

        def answer(image: np.ndarray, segmenter=segmenter) -> np.ndarray:
            return segmenter.decode(
                segmenter.embed(image), BATCHES["two queries"], multimask=False
            ).logits

        alone = [answer(image) for image in images]
        with ThreadPoolExecutor(4) as pool:
            for one, many in zip(alone, pool.map(answer, images), strict=True):
                np.testing.assert_allclose(one, many, atol=1e-6)


def test_prompts_of_a_tile_become_the_models_coordinates() -> None:
    # The centre of a grid's first pixel is (0.5, 0.5); Segment Anything calls it (0, 0).
    prompts = (
        Prompt(PixelPoint(0.5, 0.5), 1, "auto"),
        Prompt(PixelPoint(column=11.0, row=4.5), 0, "person"),
    )
    batch = to_batch(prompts, MASKS[0])
    np.testing.assert_array_equal(batch.coordinates, [[[0, 0], [10.5, 4]]])
    np.testing.assert_array_equal(batch.labels, [[1, 0]])
    np.testing.assert_array_equal(batch.mask_input, MASKS[:1])
    assert to_batch(()).coordinates.shape == (1, 0, 2)


def test_weights_of_another_architecture_are_refused(toy) -> None:
    with pytest.raises(WeightsError, match="do not fit"):
        load_weights(toy.model, {"nothing": torch.zeros(1)}, "vit_b")


def test_devices(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    with pytest.raises(InputError, match="cuda"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    with pytest.raises(InputError, match="tpu"):
        choose_device("tpu")


def test_suppression_keeps_the_better_of_two_boxes() -> None:
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]], dtype=torch.float32)
    kept = non_maximum_suppression(boxes, torch.tensor([0.5, 0.9, 0.7]), 0.5)
    assert kept.tolist() == [1, 2]


def test_the_runtime_is_told_not_to_report_to_its_makers() -> None:
    # Left to itself it asked for an address outside eight seconds after a model was loaded.
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
