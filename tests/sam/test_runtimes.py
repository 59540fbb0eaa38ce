import numpy as np
import pytest
import torch

from core.errors import InputError, WeightsError
from core.sam.architectures import build, load_weights, mobile_sam_names
from core.sam.device import choose_device
from core.sam.onnx_runtime import OnnxSegmenter
from core.sam.protocol import PromptBatch, upsample_logits
from core.sam.torchvision_compat import non_maximum_suppression

from segment_anything import SamPredictor  # isort: skip  (after core.sam)


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (300, 421, 3), dtype=np.uint8)


def batches(logits: np.ndarray | None = None) -> list[PromptBatch]:
    places = np.array([[[10, 20], [300, 140]], [[50, 60], [7, 290]]], dtype=np.float32)
    labels = np.array([[1, 0], [1, 1]], dtype=np.int64)
    boxes = np.array([[5, 6, 200, 100], [0, 0, 420, 299]], dtype=np.float32)
    return [
        PromptBatch(places[:1], labels[:1]),
        PromptBatch(places, labels),
        PromptBatch(places, labels, boxes),
        PromptBatch(places, labels, None, logits),
    ]


def test_torch_and_onnx_agree(toy, rgb, tmp_path, record_property) -> None:
    onnx = OnnxSegmenter(toy, tmp_path, threads=1)
    embedding, other = toy.embed(rgb), onnx.embed(rgb)
    worst = float(np.abs(embedding.features - other.features).max())
    low = toy.decode(embedding, batches()[1], multimask=False).logits
    for batch in batches(low):
        for multimask in (False, True):
            one = toy.decode(embedding, batch, multimask=multimask)
            two = onnx.decode(other, batch, multimask=multimask)
            assert one.logits.shape == two.logits.shape
            worst = max(worst, float(np.abs(one.logits - two.logits).max()))
            np.testing.assert_allclose(one.predicted_iou, two.predicted_iou, atol=1e-4)
    record_property("max_absolute_logit_difference", worst)
    print(f"torch and ONNX: max absolute logit difference {worst:.2e}")  # noqa: T201
    assert worst < 1e-4


def test_torch_runtime_equals_the_published_predictor(toy, rgb) -> None:
    predictor = SamPredictor(toy.model)
    predictor.set_image(rgb)
    batch = batches()[0]
    full, quality, low = predictor.predict(
        point_coords=batch.coordinates[0],
        point_labels=batch.labels[0],
        multimask_output=True,
        return_logits=True,
    )
    embedding = toy.embed(rgb)
    decoded = toy.decode(embedding, batch, multimask=True)
    np.testing.assert_allclose(decoded.logits[0], low, atol=1e-4)
    np.testing.assert_allclose(decoded.predicted_iou[0], quality, atol=1e-4)
    np.testing.assert_allclose(upsample_logits(decoded.logits, embedding)[0], full, atol=1e-4)


def test_published_names_of_mobile_sam_fit_the_architecture() -> None:
    model = build("mobile_sam")
    published = {}
    for name, tensor in model.state_dict().items():
        published[_published_name(name)] = tensor + 1.0
    published["image_encoder.norm_head.weight"] = torch.zeros(320)
    published["image_encoder.head.bias"] = torch.zeros(1000)
    assert "image_encoder.layers.0.downsample.conv1.c.weight" in published
    assert "image_encoder.layers.1.blocks.0.attn.attention_biases" in published
    assert "image_encoder.layers.1.blocks.0.local_conv.bn.running_mean" in published
    assert "image_encoder.patch_embed.seq.2.bn.weight" in published
    renamed = mobile_sam_names(published)
    assert set(renamed) == set(model.state_dict())
    load_weights(model, published, "mobile_sam")


def _published_name(name: str) -> str:
    """The way back, written from the published names."""
    if not name.startswith("image_encoder.") or ".neck." in name:
        return name
    parts = name.split(".")
    if parts[1] == "patch_embed":
        parts[2:3] = {"conv1": ["seq", "0"], "conv2": ["seq", "2"]}[parts[2]]
    if parts[1] == "stages":
        layer = int(parts[2]) - (parts[3] == "downsample")
        parts[1:3] = ["layers", str(layer)]
    return ".".join("c" if part == "conv" else part for part in parts)


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
