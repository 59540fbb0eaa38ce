"""A Segment Anything of toy size with random weights: the real code paths in milliseconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.sam.architectures import assemble
from core.sam.onnx_export import export_model
from core.sam.torch_runtime import TorchSegmenter

# After `core.sam`, which makes torchvision loadable beside a CPU torch.
from segment_anything.modeling import ImageEncoderViT  # isort: skip


@pytest.fixture(scope="session")
def toy() -> TorchSegmenter:
    torch.manual_seed(0)
    encoder = ImageEncoderViT(
        img_size=1024,
        patch_size=16,
        embed_dim=16,
        depth=1,
        num_heads=2,
        out_chans=32,
        window_size=8,
        use_rel_pos=True,
        global_attn_indexes=(),
    )
    return TorchSegmenter(assemble(encoder, 1024, 32), "toy", "0" * 64, torch.device("cpu"))


@pytest.fixture(scope="session")
def toy_graphs(toy: TorchSegmenter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its ONNX graphs, made once; a copy is whole where its folder is called ``graphs``, too."""
    folder = tmp_path_factory.mktemp("toy") / "graphs"
    export_model(toy.model, folder)
    return folder
