"""Models without weights: Segment Anything's sizes, MobileSAM and our own, by name."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next two)
import timm
from segment_anything import sam_model_registry
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d

from core.errors import WeightsError
from core.sam.small import EMBEDDING_CHANNELS, STRIDE, SmallModel, build_small

_CHANNELS = 256
_PIXEL_MEAN = [123.675, 116.28, 103.53]
_PIXEL_STD = [58.395, 57.12, 57.375]
_UNUSED_PREFIXES = ("image_encoder.norm_head.", "image_encoder.head.")


class TinyVitEncoder(nn.Module):
    """MobileSAM's image encoder: TinyViT-5M whose last stage keeps stride 16, and SAM's neck.

    Source: Zhang et al. 2023, arXiv:2306.14289.  Input (N, 3, 1024, 1024), output (N, 256, 64, 64).
    """

    def __init__(self, img_size: int = 1024) -> None:
        super().__init__()
        self.img_size = img_size
        backbone: Any = timm.create_model("tiny_vit_5m_224", pretrained=False, num_classes=0)
        self.patch_embed = backbone.patch_embed
        self.stages = backbone.stages
        # 64 x 64 features from 1024 pixels: the last merging of patches does not shrink.
        self.stages[3].downsample.conv2.conv.stride = (1, 1)
        self.neck = nn.Sequential(
            nn.Conv2d(backbone.num_features, _CHANNELS, kernel_size=1, bias=False),
            LayerNorm2d(_CHANNELS),
            nn.Conv2d(_CHANNELS, _CHANNELS, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(_CHANNELS),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Features of normalised, padded images."""
        return cast("torch.Tensor", self.neck(self.stages(self.patch_embed(image))))


def build(architecture: str) -> Sam | SmallModel:
    """A model in evaluation mode, randomly initialised.

    Parameters
    ----------
    architecture : str
        ``small``, ``vit_b``, ``vit_l``, ``vit_h`` or ``mobile_sam``.
    """
    model: Sam | SmallModel
    if architecture == "mobile_sam":
        model = assemble(TinyVitEncoder(), 1024, _CHANNELS)
    elif architecture == "small":
        model = build_small()
    else:
        model = sam_model_registry[architecture](checkpoint=None)
    return model.eval()


def assemble(encoder: nn.Module, input_side: int, channels: int) -> Sam:
    """Segment Anything's prompt encoder and mask decoder behind any encoder of stride 16."""
    features = input_side // 16
    return Sam(
        image_encoder=encoder,
        prompt_encoder=PromptEncoder(
            embed_dim=channels,
            image_embedding_size=(features, features),
            input_image_size=(input_side, input_side),
            mask_in_chans=16,
        ),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(
                depth=2, embedding_dim=channels, mlp_dim=8 * channels, num_heads=8
            ),
            transformer_dim=channels,
            iou_head_depth=3,
            iou_head_hidden_dim=channels,
        ),
        pixel_mean=_PIXEL_MEAN,
        pixel_std=_PIXEL_STD,
    )


def embedding_channels(model: Sam | SmallModel) -> int:
    """Channels of a model's image embedding; the small one's holds finer levels as well."""
    if isinstance(model, SmallModel):
        return EMBEDDING_CHANNELS
    return int(model.prompt_encoder.embed_dim)


def embedding_cells(model: Sam | SmallModel) -> tuple[int, int]:
    """Rows and columns of a model's image embedding."""
    if isinstance(model, SmallModel):
        side = int(model.image_encoder.img_size) // STRIDE
        return side, side
    rows, columns = model.prompt_encoder.image_embedding_size
    return int(rows), int(columns)


def load_weights(
    model: Sam | SmallModel, state: dict[str, torch.Tensor], architecture: str
) -> None:
    """Copy published tensors into a model.

    Raises
    ------
    WeightsError
        Names or shapes are not the architecture's.
    """
    state = mobile_sam_names(state) if architecture == "mobile_sam" else dict(state)
    drop_normalisation(model, state, "This file")
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(
            f"The weights do not fit the architecture {architecture}.",
            "Choose the model that the file was made for.",
        ) from error


def drop_normalisation(model: Sam, state: dict[str, torch.Tensor], called: str) -> None:
    """Take the colours' mean and deviation out of ``state``, where a program saved them, too.

    The published files do not have them; a model that was trained with others answers wrongly here.

    Raises
    ------
    WeightsError
        They are not the architecture's.
    """
    for name, usual in (("pixel_mean", _PIXEL_MEAN), ("pixel_std", _PIXEL_STD)):
        given = state.pop(name, None)
        own = torch.tensor(usual) if model.pixel_mean.is_meta else getattr(model, name).cpu()
        if given is not None and not torch.allclose(
            given.flatten().float(), own.flatten().float(), atol=1e-2
        ):
            said = ", ".join(f"{value:g}" for value in given.flatten().tolist()[:3])
            raise WeightsError(
                f"{called} was trained with another {name} ({said}) than Segment Anything's.",
                "Train it with Segment Anything's own colours; other ones are not supported.",
            )


def mobile_sam_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """MobileSAM's published names as this module's; tensors are not changed.

    The published encoder counts ``layers`` whose patch merging comes last, ours ``stages`` whose
    merging comes first; its classification head is not used.
    """
    renamed = {}
    for name, tensor in state.items():
        if name.startswith(_UNUSED_PREFIXES) or name.endswith("attention_bias_idxs"):
            continue
        renamed[_mobile_sam_name(name)] = tensor
    return renamed


def _mobile_sam_name(name: str) -> str:
    if not name.startswith("image_encoder.") or ".neck." in name:
        return name
    name = name.replace(".seq.0.", ".conv1.").replace(".seq.2.", ".conv2.").replace(".c.", ".conv.")
    parts = name.split(".")
    if parts[1] == "layers":
        stage = int(parts[2]) + (1 if parts[3] == "downsample" else 0)
        parts[1:3] = ["stages", str(stage)]
    return ".".join(parts)
