"""MobileSAM's published names and layout, written down again here and compared with ours."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from core.sam.architectures import TinyVitEncoder, build, load_weights, mobile_sam_names
from core.sam.cache import CachedSegmenter, EmbeddingCache
from core.sam.load import load_segmenter
from core.sam.protocol import PromptBatch
from core.sam.registry import MODELS
from core.settings import get_settings

BLOCKS = (2, 2, 6, 2)
WIDTHS = (64, 128, 160, 320)
HEADS = (2, 4, 5, 10)
WINDOWS = (7, 7, 14, 7)
NORM = ("weight", "bias")
BATCH_NORM = (*NORM, "running_mean", "running_var", "num_batches_tracked")


def published_encoder_names() -> Iterator[str]:
    """Names in the encoder of the published file (Zhang et al. 2023, arXiv:2306.14289)."""
    convolutions = [f"patch_embed.seq.{place}" for place in (0, 2)]
    for layer, count in enumerate(BLOCKS):
        blocks = [f"layers.{layer}.blocks.{block}" for block in range(count)]
        if layer == 0:
            convolutions += [f"{b}.conv{n}" for b, n in product(blocks, (1, 2, 3))]
        else:
            convolutions += [f"{b}.local_conv" for b in blocks]
            yield from (f"{b}.attn.attention_biases" for b in blocks)
            parts = ("attn.norm", "attn.qkv", "attn.proj", "mlp.norm", "mlp.fc1", "mlp.fc2")
            yield from (f"{b}.{part}.{n}" for b, part, n in product(blocks, parts, NORM))
        if layer < 3:
            convolutions += [f"layers.{layer}.downsample.conv{n}" for n in (1, 2, 3)]
    yield from (f"{c}.c.weight" for c in convolutions)
    yield from (f"{c}.bn.{n}" for c, n in product(convolutions, BATCH_NORM))
    yield from ("neck.0.weight", "neck.1.weight", "neck.1.bias")
    yield from ("neck.2.weight", "neck.3.weight", "neck.3.bias")
    yield from (f"{part}.{n}" for part, n in product(("norm_head", "head"), NORM))


def published_state(seed: int = 0) -> dict[str, Tensor]:
    """A file with the published names and random tensors that change what they touch."""
    generator = torch.Generator().manual_seed(seed)
    model = build("mobile_sam")
    ours = model.state_dict()
    theirs = {}
    for name in (f"image_encoder.{n}" for n in published_encoder_names()):
        renamed = mobile_sam_names({name: torch.zeros(1)})
        shape = ours[next(iter(renamed))].shape if renamed else (1,)
        theirs[name] = _random(name, shape, generator)
    theirs.update({k: v for k, v in ours.items() if not k.startswith("image_encoder.")})
    return theirs


def _random(name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    values = torch.randn(shape, generator=generator)
    if name.endswith("running_var"):
        return 0.5 + values.abs()
    if len(shape) == 1:
        return (0.1 if name.endswith(("bias", "running_mean")) else 1.0) + 0.1 * values
    return values / max(1, values[0].numel()) ** 0.5


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    return published_state()


def test_the_published_names_are_ours_one_to_one(published) -> None:
    assert len(set(published_encoder_names())) == len(list(published_encoder_names()))
    model = build("mobile_sam")
    renamed = mobile_sam_names(published)
    assert set(renamed) == set(model.state_dict())
    unused = [name for name in published if name.startswith("image_encoder.") and "head." in name]
    assert len(renamed) == len(published) - len(unused) == len(published) - 4
    load_weights(model, published, "mobile_sam")
    for name, tensor in mobile_sam_names(published).items():
        assert torch.equal(model.state_dict()[name], tensor)


class Published:
    """The encoder as its paper lays it out, straight from the published names."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        self.state = state

    def __getitem__(self, name: str) -> Tensor:
        return self.state[f"image_encoder.{name}"]

    def convolution(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        kernel = self[f"{name}.c.weight"]
        groups = x.shape[1] // kernel.shape[1]
        x = F.conv2d(x, kernel, None, stride, kernel.shape[-1] // 2, 1, groups)
        mean, variance, scale, shift = (
            self[f"{name}.bn.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (variance + 1e-5).sqrt() * scale + shift

    def dense(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self[f"{name}.weight"], self[f"{name}.bias"])

    def norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self[f"{name}.weight"], self[f"{name}.bias"])

    def channel_norm(self, x: Tensor, name: str) -> Tensor:
        last = x.movedim(1, -1)
        weight, bias = self[f"{name}.weight"], self[f"{name}.bias"]
        return F.layer_norm(last, last.shape[-1:], weight, bias, eps=1e-6).movedim(-1, 1)

    def attention(self, x: Tensor, name: str, heads: int, window: int) -> Tensor:
        """One window: x is (pixels of the window in rows, channels)."""
        width = x.shape[1] // heads
        mixed = self.dense(self.norm(x, f"{name}.norm"), f"{name}.qkv")
        rows, columns = (grid.flatten() for grid in np.mgrid[:window, :window])
        # Biases are counted by |row difference| x |column difference|, rows first.
        offsets = np.abs(rows[:, None] - rows) * window + np.abs(columns[:, None] - columns)
        answers = []
        for head in range(heads):
            own = mixed[:, head * 3 * width : (head + 1) * 3 * width]
            query, key, value = own.split(width, dim=1)
            likeness = query @ key.T / width**0.5 + self[f"{name}.attention_biases"][head][offsets]
            answers.append(likeness.softmax(dim=1) @ value)
        return self.dense(torch.cat(answers, dim=1), f"{name}.proj")

    def block(self, x: Tensor, name: str, heads: int, window: int) -> Tensor:
        channels, height, width = x.shape[1:]
        padded = F.pad(x, (0, -width % window, 0, -height % window))
        attended = torch.zeros_like(padded)
        for row in range(0, padded.shape[2], window):
            for column in range(0, padded.shape[3], window):
                part = np.s_[0, :, row : row + window, column : column + window]
                pixels = padded[part].reshape(channels, -1).T
                answer = self.attention(pixels, f"{name}.attn", heads, window)
                attended[part] = answer.T.reshape(channels, window, window)
        x = x + attended[:, :, :height, :width]
        x = self.convolution(x, f"{name}.local_conv").movedim(1, -1)
        hidden = F.gelu(self.dense(self.norm(x, f"{name}.mlp.norm"), f"{name}.mlp.fc1"))
        return (x + self.dense(hidden, f"{name}.mlp.fc2")).movedim(-1, 1)

    def mobile_block(self, x: Tensor, name: str) -> Tensor:
        wide = F.gelu(self.convolution(x, f"{name}.conv1"))
        wide = F.gelu(self.convolution(wide, f"{name}.conv2"))
        return F.gelu(x + self.convolution(wide, f"{name}.conv3"))

    def __call__(self, image: Tensor) -> Tensor:
        x = F.gelu(self.convolution(image, "patch_embed.seq.0", stride=2))
        x = self.convolution(x, "patch_embed.seq.2", stride=2)
        for layer, count in enumerate(BLOCKS):
            for block in range(count):
                name = f"layers.{layer}.blocks.{block}"
                if layer == 0:
                    x = self.mobile_block(x, name)
                else:
                    x = self.block(x, name, HEADS[layer], WINDOWS[layer])
            if layer < 3:
                name = f"layers.{layer}.downsample"
                # 64 x 64 features from 1024 pixels: the last merging does not shrink.
                stride = 1 if layer == 2 else 2
                x = F.gelu(self.convolution(x, f"{name}.conv1"))
                x = F.gelu(self.convolution(x, f"{name}.conv2", stride))
                x = self.convolution(x, f"{name}.conv3")
        x = self.channel_norm(F.conv2d(x, self["neck.0.weight"]), "neck.1")
        return self.channel_norm(F.conv2d(x, self["neck.2.weight"], padding=1), "neck.3")


def test_the_encoder_is_the_published_one(published) -> None:
    encoder = TinyVitEncoder().eval()
    ours = mobile_sam_names(
        {name: tensor for name, tensor in published.items() if name.startswith("image_encoder.")}
    )
    encoder.load_state_dict({k.removeprefix("image_encoder."): v for k, v in ours.items()})
    image = torch.randn(1, 3, 256, 192, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, answer = Published(published)(image), encoder(image)
    assert answer.shape == (1, 256, 16, 12)
    torch.testing.assert_close(answer, expected, atol=1e-4, rtol=1e-4)


@pytest.fixture
def spec(published, tmp_path, monkeypatch) -> Iterator[None]:
    """MobileSAM with random weights in a file of the published form, registered and in place."""
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path))
    get_settings.cache_clear()
    folder = get_settings().weights_folder
    folder.mkdir()
    path = folder / "mobile_sam.pt"
    torch.save(published, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    random = replace(MODELS["mobile_sam"], size_bytes=path.stat().st_size, sha256=digest)
    monkeypatch.setitem(MODELS, "mobile_sam", random)
    yield
    get_settings.cache_clear()


def test_both_runtimes_from_one_weights_file(spec, tmp_path, record_property) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (64, 48, 3), dtype=np.uint8)
    batch = PromptBatch(
        np.array([[[10, 20], [30, 14]], [[5, 6], [40, 60]]], dtype=np.float32),
        np.array([[1, 0], [1, 1]]),
    )
    torch_model = load_segmenter("mobile_sam", runtime="torch", device="cpu")
    onnx_model = load_segmenter("mobile_sam", device="cpu")  # the default on a CPU
    assert (tmp_path / "onnx").is_dir()
    one, two = torch_model.embed(rgb), onnx_model.embed(rgb)
    assert one.features.shape == (1, 256, 64, 64)
    np.testing.assert_allclose(one.features, two.features, atol=1e-3)
    logits = [
        model.decode(embedding, batch, multimask=True).logits
        for model, embedding in ((torch_model, one), (onnx_model, two))
    ]
    worst = float(np.abs(logits[0] - logits[1]).max())
    record_property("max_absolute_logit_difference", worst)
    print(f"MobileSAM, torch and ONNX: max absolute logit difference {worst:.1e}")  # noqa: T201
    assert worst < 1e-3
    assert worst < 1e-2 * logits[0].std()

    cache = EmbeddingCache(tmp_path / "embeddings", 10**9)
    cached = load_segmenter("mobile_sam", runtime="torch", device="cpu", cache=cache)
    assert isinstance(cached, CachedSegmenter)
    assert cached.name == "mobile_sam"
    assert cached.weights_hash == MODELS["mobile_sam"].sha256
