"""The small model that ships: its file, both runtimes, and what its masks are worth.

Golden masks are on farmland that cropmap makes, so that they need no data from elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.errors import ChecksumError, MissingWeightsError
from core.farmland import generate
from core.sam import weights
from core.sam.architectures import assemble
from core.sam.cache import CachedSegmenter, EmbeddingCache
from core.sam.load import load_segmenter
from core.sam.onnx_runtime import OnnxSegmenter
from core.sam.protocol import PromptBatch, upsample_logits
from core.sam.registry import DEFAULT_MODEL, get_model
from core.sam.small import (
    EMBEDDING_CHANNELS,
    KEY_CHANNELS,
    KEY_FINE,
    KEY_MIDDLE,
    build_small,
    fold,
    unfold,
)
from core.sam.torch_runtime import TorchSegmenter
from core.sam.weights import is_present, verify, weights_path
from tests.fakes import iou

_SPEC = get_model(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def small() -> TorchSegmenter:
    segmenter = load_segmenter(DEFAULT_MODEL, runtime="torch", device="cpu")
    assert isinstance(segmenter, TorchSegmenter)
    return segmenter


@pytest.fixture(scope="module")
def onnx() -> OnnxSegmenter:
    segmenter = load_segmenter(DEFAULT_MODEL, runtime="onnx", threads=1)
    assert isinstance(segmenter, OnnxSegmenter)
    return segmenter


@pytest.fixture(scope="module")
def farmland():
    return generate(4242, size=512, gsd_m=2.0)


def _click(column: float, row: float, label: int = 1) -> PromptBatch:
    return PromptBatch(
        np.array([[[column, row]]], dtype=np.float32), np.array([[label]], dtype=np.int64)
    )


def _interior(parcels: np.ndarray, number: int) -> tuple[float, float]:
    """Column and row of a field's innermost pixel."""
    rows, columns = ndimage.find_objects((parcels == number).astype(np.int8))[0]
    field = parcels[rows, columns] == number
    depth = ndimage.distance_transform_edt(np.pad(field, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(columns.start + column), float(rows.start + row)


def _clicks(places: list[tuple[float, float]]) -> PromptBatch:
    """One question for each place."""
    return PromptBatch(
        np.array(places, dtype=np.float32)[:, None], np.ones((len(places), 1), dtype=np.int64)
    )


def _best(segmenter, embedding, batch: PromptBatch) -> np.ndarray:
    """The mask of each question that the model rates best."""
    answer = segmenter.decode(embedding, batch, multimask=True)
    best = answer.predicted_iou.argmax(axis=1)
    chosen = answer.logits[np.arange(len(best)), best]
    return upsample_logits(chosen, embedding) > 0


def _large_fields(parcels: np.ndarray, least: int = 1000) -> list[int]:
    numbers, counts = np.unique(parcels[parcels > 0], return_counts=True)
    return [int(n) for n, count in zip(numbers, counts, strict=True) if count >= least]


class TestFile:
    def test_the_weights_are_the_registered_ones(self) -> None:
        path = weights_path(_SPEC)
        body = path.read_bytes()
        assert hashlib.sha256(body).hexdigest() == _SPEC.sha256
        assert len(body) == _SPEC.size_bytes <= 20_000_000
        assert path.suffix == ".safetensors"
        assert is_present(_SPEC)
        assert verify(_SPEC) == path

    def test_it_holds_half_precision_and_every_tensor(self) -> None:
        state = weights.load_state(weights_path(_SPEC))
        assert state.keys() == build_small().state_dict().keys()
        kinds = {tensor.dtype for tensor in state.values() if tensor.is_floating_point()}
        assert kinds == {torch.float16}
        assert all(torch.isfinite(t).all() for t in state.values() if t.is_floating_point())

    def test_it_needs_no_network(self, monkeypatch) -> None:
        monkeypatch.setattr("urllib.request.urlopen", None)
        assert weights.fetch(_SPEC) == weights_path(_SPEC)

    def test_a_missing_or_changed_file_is_told_in_a_sentence(self, tmp_path, monkeypatch) -> None:
        monkeypatch.setattr(weights, "_SHIPPED", tmp_path)
        with pytest.raises(MissingWeightsError, match="came with the application") as missing:
            verify(_SPEC)
        assert "Install cropmap again" in missing.value.hint
        Path(tmp_path / _SPEC.file_name).write_bytes(b"something else")
        with pytest.raises(ChecksumError) as changed:
            verify(_SPEC)
        assert "Install cropmap again" in changed.value.hint

    def test_its_name_never_claims_to_be_sam(self) -> None:
        assert "small" in _SPEC.title.lower()
        assert "not Meta's SAM" in _SPEC.title
        assert not _SPEC.title.lower().startswith("segment anything")


class TestShapes:
    def test_fold_and_unfold_are_inverse(self) -> None:
        generator = torch.Generator().manual_seed(0)
        levels = (
            torch.randn(2, KEY_CHANNELS, 8, 8, generator=generator),
            torch.randn(2, KEY_MIDDLE, 16, 16, generator=generator),
            torch.randn(2, KEY_FINE, 32, 32, generator=generator),
            torch.randn(2, 3, 64, 64, generator=generator),
        )
        folded = fold(*levels)
        assert folded.shape == (2, EMBEDDING_CHANNELS, 8, 8)
        for there, back in zip(levels, unfold(folded), strict=True):
            assert torch.equal(there, back)

    def test_embedding_and_logits(self, small, farmland) -> None:
        embedding = small.embed(farmland.rgb[:350])
        assert embedding.features.shape == (1, EMBEDDING_CHANNELS, 64, 64)
        assert embedding.input_size == (350, 512)
        answer = small.decode(embedding, _click(250, 150), multimask=True)
        assert answer.logits.shape == (1, 3, 256, 256)
        assert answer.predicted_iou.shape == (1, 3)

    def test_queries_of_a_batch_do_not_touch_each_other(self, small, farmland) -> None:
        embedding = small.embed(farmland.rgb)
        places = np.array([[[50, 50]], [[350, 150]], [[200, 450]]], dtype=np.float32)
        labels = np.ones((3, 1), dtype=np.int64)
        together = small.decode(embedding, PromptBatch(places, labels), multimask=True)
        for i in range(3):
            alone = small.decode(
                embedding, PromptBatch(places[i : i + 1], labels[:1]), multimask=True
            )
            np.testing.assert_allclose(together.logits[i], alone.logits[0], atol=1e-3)


class TestRuntimes:
    def test_torch_and_onnx_agree(self, small, onnx, farmland, record_property) -> None:
        one, other = small.embed(farmland.rgb), onnx.embed(farmland.rgb)
        np.testing.assert_allclose(one.features, other.features, atol=2e-3)
        box = np.array([[50, 60, 200, 190]], dtype=np.float32)
        none = np.zeros((1, 0, 2), dtype=np.float32), np.zeros((1, 0), dtype=np.int64)
        first = small.decode(one, _click(250, 150), multimask=False).logits
        batches = [
            _click(250, 150),
            PromptBatch(*none, boxes=box),
            replace(_click(250, 150), mask_input=first),
            PromptBatch(
                np.random.default_rng(1).uniform(0, 511, (1, 66, 2)).astype(np.float32),
                np.random.default_rng(2).integers(0, 2, (1, 66)),
            ),
        ]
        worst = 0.0
        for batch in batches:
            for multimask in (False, True):
                a = small.decode(one, batch, multimask=multimask)
                b = onnx.decode(one, batch, multimask=multimask)
                worst = max(worst, float(np.abs(a.logits - b.logits).max()))
                np.testing.assert_allclose(a.predicted_iou, b.predicted_iou, atol=1e-3)
        record_property("largest logit difference", worst)
        assert worst < 5e-3

    def test_a_cached_embedding_gives_the_same_mask(self, small, farmland, tmp_path) -> None:
        cached = CachedSegmenter(small, EmbeddingCache(tmp_path, 100_000_000))
        fresh, again = cached.embed(farmland.rgb), cached.embed(farmland.rgb)
        np.testing.assert_array_equal(fresh.features, again.features)
        click = _click(*_interior(farmland.parcels, _large_fields(farmland.parcels)[3]))
        plain = _best(small, small.embed(farmland.rgb), click)
        assert iou(_best(cached, again, click), plain) > 0.99


class TestFields:
    def test_torch_and_onnx_see_the_same_fields(self, small, onnx, farmland) -> None:
        one, other = small.field_map(farmland.rgb, 2.0), onnx.field_map(farmland.rgb, 2.0)
        for band in ("extent", "boundary", "depth"):
            np.testing.assert_allclose(getattr(one, band), getattr(other, band), atol=2e-3)

    def test_its_borders_lie_on_the_fields_borders(self, small, farmland) -> None:
        found = small.field_map(farmland.rgb, 2.0)
        parcels = farmland.parcels
        inside = ndimage.minimum_filter(parcels, 15) == ndimage.maximum_filter(parcels, 15)
        touching = (parcels[:, 1:] != parcels[:, :-1]) & (
            np.minimum(parcels[:, 1:], parcels[:, :-1]) > 0
        )
        on_border, calm = found.boundary[:, 1:][touching].mean(), found.boundary[inside].mean()
        assert on_border > 3 * calm
        assert iou(found.extent > 0.5, parcels > 0) > 0.75

    def test_another_model_asks_the_small_one(self, small) -> None:
        other = TorchSegmenter(
            assemble(_Nothing(), 64, 32), "other", "", torch.device("cpu"), small
        )
        alone = TorchSegmenter(assemble(_Nothing(), 64, 32), "other", "", torch.device("cpu"))
        rgb = np.zeros((40, 40, 3), dtype=np.uint8)
        found = other.field_map(rgb, 2.0)
        assert found is not None
        assert found.extent.shape == (40, 40)
        assert alone.field_map(rgb, 2.0) is None


class _Nothing(torch.nn.Module):
    img_size = 64


class TestMasks:
    def test_a_click_draws_its_field(self, small, farmland) -> None:
        numbers = _large_fields(farmland.parcels)
        clicks = _clicks([_interior(farmland.parcels, n) for n in numbers])
        masks = _best(small, small.embed(farmland.rgb), clicks)
        ious = [iou(m, farmland.parcels == n) for m, n in zip(masks, numbers, strict=True)]
        assert len(ious) > 15
        assert np.mean(ious) > 0.70
        assert np.median(ious) > 0.80

    def test_the_rating_knows_good_from_bad(self, small, farmland) -> None:
        embedding = small.embed(farmland.rgb)
        numbers = _large_fields(farmland.parcels, least=125)
        clicks = _clicks([_interior(farmland.parcels, n) for n in numbers])
        answer = small.decode(embedding, clicks, multimask=True)
        reached = [
            iou(mask, farmland.parcels == number)
            for number, logits in zip(numbers, answer.logits, strict=True)
            for mask in upsample_logits(logits, embedding) > 0
        ]
        rated = answer.predicted_iou.ravel()
        assert np.corrcoef(rated, reached)[0, 1] > 0.4
        assert np.abs(rated - reached).mean() < 0.25


class TestInvariance:
    @pytest.mark.parametrize("axis", [0, 1])
    def test_a_flipped_image_and_click_give_the_flipped_mask(self, small, farmland, axis) -> None:
        flipped_rgb = np.ascontiguousarray(np.flip(farmland.rgb, axis))
        here, there = small.embed(farmland.rgb), small.embed(flipped_rgb)
        places = [_interior(farmland.parcels, n) for n in _large_fields(farmland.parcels)[:12]]
        mirrored = [(c, 511 - r) if axis == 0 else (511 - c, r) for c, r in places]
        masks = _best(small, here, _clicks(places))
        others = np.flip(_best(small, there, _clicks(mirrored)), axis + 1)
        agreement = [iou(mask, other) for mask, other in zip(masks, others, strict=True)]
        assert np.mean(agreement) > 0.80

    def test_the_order_of_points_does_not_matter(self, small, farmland) -> None:
        embedding = small.embed(farmland.rgb)
        places = np.random.default_rng(0).uniform(0, 511, (1, 20, 2)).astype(np.float32)
        labels = np.random.default_rng(1).integers(0, 2, (1, 20))
        one = small.decode(embedding, PromptBatch(places, labels), multimask=False)
        other = small.decode(
            embedding,
            PromptBatch(places[:, ::-1].copy(), labels[:, ::-1].copy()),
            multimask=False,
        )
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-3)

    def test_the_same_question_has_the_same_answer(self, small, farmland) -> None:
        embedding = small.embed(farmland.rgb)
        first, second = (
            small.decode(embedding, _click(150, 200), multimask=True).logits for _ in range(2)
        )
        np.testing.assert_array_equal(first, second)
