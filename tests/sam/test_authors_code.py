"""Our runtimes held against the authors' own code, from weights file to answer."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.sam import architectures, load
from core.sam.add import add_weights
from core.sam.architectures import TinyVitEncoder, assemble, build, load_weights, mobile_sam_names
from core.sam.load import load_segmenter
from core.sam.protocol import PromptBatch, Segmenter
from core.sam.registry import MODELS
from core.sam.torch_runtime import TorchSegmenter
from core.settings import get_settings
from tests.sam import authors
from tests.sam.own_models import narrow

RGB = np.random.default_rng(0).integers(0, 255, (64, 48, 3), dtype=np.uint8)
PLACES = np.array([[10, 20], [30, 14], [5, 60]], dtype=np.float32)
LABELS = np.array([1, 0, 1], dtype=np.int64)
BOX = np.array([4, 6, 40, 50], dtype=np.float32)

FEATURES, LOGITS = 2e-5, 1e-4
"""Largest difference of features, which are of size 1, and of logits as a share of their spread."""


@pytest.fixture
def home(tmp_path, monkeypatch, cache_with_graphs) -> Iterator[None]:
    """A folder of the test's own for weights."""
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(cache_with_graphs(tmp_path / "cache")))
    monkeypatch.delenv("CROPMAP_WEIGHTS_DIR", raising=False)
    get_settings.cache_clear()
    get_settings().weights_folder.mkdir()
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def mobile():
    return authors.mobile_sam()


def worst(segmenter: Segmenter, model: authors.Sam) -> tuple[float, float]:
    """Largest difference of features, and of logits as a share of their spread."""
    predictor = authors.SamPredictor(model)
    predictor.set_image(RGB)
    embedding = segmenter.embed(RGB)
    apart = float(np.abs(embedding.features - predictor.features.numpy()).max())
    for box in (None, BOX):
        _, quality, theirs = predictor.predict(PLACES, LABELS, box, multimask_output=True)
        batch = PromptBatch(PLACES[None], LABELS[None], None if box is None else box[None])
        ours = segmenter.decode(embedding, batch, multimask=True)
        share = float(np.abs(ours.logits[0] - theirs).max() / theirs.std())
        np.testing.assert_allclose(ours.predicted_iou[0], quality, atol=1e-3, rtol=1e-3)
    return apart, share


def test_mobile_sams_published_names_are_ours_one_to_one(mobile) -> None:
    published, model = mobile.state_dict(), build("mobile_sam")
    renamed = mobile_sam_names(published)
    assert set(renamed) == set(model.state_dict())
    # The classification head that its encoder was taught with is not used.
    assert len(renamed) == len(published) - 4
    sizes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    assert {name: tensor.shape for name, tensor in renamed.items()} == sizes


def test_both_mobile_sam_runtimes_answer_as_the_authors_code(mobile, home, monkeypatch) -> None:
    path = get_settings().weights_folder / "mobile_sam.pt"
    torch.save(mobile.state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    size = path.stat().st_size
    known = replace(MODELS["mobile_sam"], size_bytes=size, sha256=digest)
    monkeypatch.setitem(MODELS, "mobile_sam", known)
    own = {"mobile_sam": ours_at_256}
    monkeypatch.setattr(load, "build", lambda name: own.get(name, lambda: build(name))())
    for runtime in ("torch", "onnx"):
        segmenter = load_segmenter("mobile_sam", runtime=runtime, device="cpu")
        assert segmenter.weights_hash == digest
        features, logits = worst(segmenter, mobile)
        print(f"MobileSAM, {runtime}: {features:.1e}, {logits:.1e}")  # noqa: T201
        assert features < FEATURES
        assert logits < LOGITS


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_a_vit_b_of_ones_own_answers_as_the_authors_code(
    home, tmp_path, monkeypatch, runtime
) -> None:
    """A training checkpoint in half precision, trained in parallel, as it comes out of training."""
    monkeypatch.setattr(architectures, "sam_model_registry", {"vit_b": narrow})
    model = authors.narrow_vit()
    halves = {f"module.{name}": value.half() for name, value in model.state_dict().items()}
    torch.save({"model": halves, "epoch": 7, "optimizer": {"lr": 0.1}}, tmp_path / "mine.pth")
    model.load_state_dict(
        {name: value.half().float() for name, value in model.state_dict().items()}
    )
    added = add_weights(tmp_path / "mine.pth", "vit_b", "fields")
    built: list[str] = []
    real = load._in_torch
    monkeypatch.setattr(
        load, "_in_torch", lambda spec, *rest: built.append(spec.key) or real(spec, *rest)
    )
    segmenter = load_segmenter("fields", runtime=runtime, device="cpu")
    assert segmenter.weights_hash == added.spec.sha256
    features, logits = worst(segmenter, model)
    print(f"ViT-B, {runtime}: {features:.1e}, {logits:.1e}")  # noqa: T201
    assert features < FEATURES
    assert logits < LOGITS
    # The small model, whose field map it borrows, comes with the first question about fields.
    assert built == ["fields"]
    for _ in range(2):
        assert segmenter.field_map(RGB, 2.0).extent.shape == RGB.shape[:2]
    assert built == ["fields", "cropmap_small"]


def ours_at_256() -> architectures.Sam:
    return assemble(TinyVitEncoder(authors.SIDE), authors.SIDE, 256).eval()


def blue_first(segmenter: TorchSegmenter) -> None:
    model = segmenter.model
    model.pixel_mean, model.pixel_std = model.pixel_mean.flip(0), model.pixel_std.flip(0)


def biases_columns_first(segmenter: TorchSegmenter) -> None:
    for module in segmenter.model.image_encoder.modules():
        order = getattr(module, "attention_bias_idxs", None)
        if order is not None:
            side = round(len(order) ** 0.5)
            module.attention_bias_idxs = order % side * side + order // side


def norms_of_another_library(segmenter: TorchSegmenter) -> None:
    for module in segmenter.model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 1e-3


def tanh_for_gelu(segmenter: TorchSegmenter) -> None:
    for module in segmenter.model.image_encoder.modules():
        if isinstance(module, torch.nn.GELU):
            module.approximate = "tanh"


@pytest.fixture(scope="module")
def right(mobile) -> TorchSegmenter:
    model = ours_at_256()
    load_weights(model, mobile.state_dict(), "mobile_sam")
    return TorchSegmenter(model, "mobile_sam", "0" * 64, torch.device("cpu"))


@pytest.mark.parametrize(
    "mistake", [blue_first, biases_columns_first, norms_of_another_library, tanh_for_gelu]
)
def test_a_planted_mistake_is_seen(
    mobile, right, mistake: Callable[[TorchSegmenter], None]
) -> None:
    wrong = TorchSegmenter(copy.deepcopy(right.model), "x", "0" * 64, torch.device("cpu"))
    mistake(wrong)
    assert worst_features(wrong, mobile) > 5 * FEATURES


def worst_features(segmenter: TorchSegmenter, model: authors.Sam) -> float:
    predictor = authors.SamPredictor(model)
    predictor.set_image(RGB)
    return float(np.abs(segmenter.embed(RGB).features - predictor.features.numpy()).max())
