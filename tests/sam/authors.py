"""The authors' own code, for tests alone: ``mobilesam-mirror`` (Apache-2.0), with random weights.

Small, so that it costs little: images of 256 px, and two narrow blocks in Segment Anything's ViT.
What is held against it takes the same sizes and its own ways.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import torch
from timm.models import _registry

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (before torchvision, as theirs is)

# Their TinyViT takes the names that timm's own has, and ours is built on timm's.
_timms = dict(_registry._model_entrypoints)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mobile_sam import SamPredictor
    from mobile_sam.modeling import (
        ImageEncoderViT,
        MaskDecoder,
        PromptEncoder,
        Sam,
        TinyViT,
        TwoWayTransformer,
    )
_registry._model_entrypoints.clear()
_registry._model_entrypoints.update(_timms)

__all__ = ["NARROW_VIT", "SIDE", "SamPredictor", "mobile_sam", "narrow_vit", "randomise"]

SIDE = 256
NARROW_VIT: dict[str, Any] = {
    "img_size": SIDE,
    "patch_size": 16,
    "embed_dim": 96,
    "depth": 2,
    "num_heads": 3,
    "mlp_ratio": 4,
    "norm_layer": partial(torch.nn.LayerNorm, eps=1e-6),
    "qkv_bias": True,
    "use_rel_pos": True,
    "global_attn_indexes": [1],
    "window_size": 14,
    "out_chans": 256,
}
"""Segment Anything's ViT as ``build_sam_vit_b`` makes it, but for size, width and blocks."""


class _SmallerTinyViT(TinyViT):  # type: ignore[misc]
    """The authors' encoder for images of another size: they write 64 x 64 features down."""

    def forward_features(self, image: Any) -> Any:
        x = self.patch_embed(image)
        for layer in self.layers:
            x = layer(x)
        x = x.view(len(x), SIDE // 16, SIDE // 16, -1).permute(0, 3, 1, 2)
        return self.neck(x)


def mobile_sam(seed: int = 0) -> Sam:
    """The authors' MobileSAM as ``build_sam_vit_t`` makes it, at 256 px."""
    encoder = _SmallerTinyViT(
        img_size=SIDE,
        in_chans=3,
        num_classes=1000,
        embed_dims=[64, 128, 160, 320],
        depths=[2, 2, 6, 2],
        num_heads=[2, 4, 5, 10],
        window_sizes=[7, 7, 14, 7],
        mlp_ratio=4.0,
        drop_rate=0.0,
        drop_path_rate=0.0,
        use_checkpoint=False,
        mbconv_expand_ratio=4.0,
        local_conv_size=3,
        layer_lr_decay=0.8,
    )
    return randomise(_behind(encoder), seed)


def narrow_vit(seed: int = 0) -> Sam:
    """The authors' Segment Anything with an encoder of two narrow blocks, at 256 px."""
    return randomise(_behind(ImageEncoderViT(**NARROW_VIT)), seed)


def _behind(encoder: Any) -> Sam:
    """The authors' prompt encoder and mask decoder, as they put them behind every encoder."""
    return Sam(
        image_encoder=encoder,
        prompt_encoder=PromptEncoder(
            embed_dim=256,
            image_embedding_size=(SIDE // 16, SIDE // 16),
            input_image_size=(SIDE, SIDE),
            mask_in_chans=16,
        ),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8),
            transformer_dim=256,
            iou_head_depth=3,
            iou_head_hidden_dim=256,
        ),
        pixel_mean=[123.675, 116.28, 103.53],
        pixel_std=[58.395, 57.12, 57.375],
    )


def randomise(model: Any, seed: int) -> Any:
    """Give every tensor values that change what they touch."""
    generator = torch.Generator().manual_seed(seed)
    state = {k: _random(k, v, generator) for k, v in model.state_dict().items()}
    model.load_state_dict(state)
    # The authors' attention keeps its biases as they were when evaluation began.
    return model.train().eval()


def _random(name: str, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.zeros_like(like)
    values = torch.randn(like.shape, generator=generator)
    if name.endswith("running_var"):
        return 0.5 + values.abs()
    if like.ndim == 1:
        return (0.1 if name.endswith(("bias", "running_mean")) else 1.0) + 0.1 * values
    if name.endswith(("attention_biases", "rel_pos_h", "rel_pos_w")):
        return values
    return values / max(1, values[0].numel()) ** 0.5
