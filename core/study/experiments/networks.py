"""Segmentation networks small enough to be trained on a laptop's processor, from random weights.

Of segmentation-models-pytorch (https://github.com/qubvel-org/segmentation_models.pytorch, MIT):
U-Net (Ronneberger et al. 2015, arXiv:1505.04597), DeepLabv3+ (Chen et al. 2018, arXiv:1802.02611)
and FPN (Kirillov et al. 2019, arXiv:1901.02446).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next)
import segmentation_models_pytorch as smp

_PRECISIONS = ("avx512_bf16", "amx_bf16")
"""Capabilities of processors that multiply in bfloat16 about twice as fast as in float32."""


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network.

    Parameters
    ----------
    title : str
        For people.
    architecture : str
        Class in segmentation-models-pytorch.
    encoder : str
        Name there.
    options : mapping
        Further arguments of the class.
    """

    title: str
    architecture: str
    encoder: str
    options: Mapping[str, Any] = field(default_factory=dict)


_SMALL_ENCODER = "tu-mobilenetv3_small_100"
"""MobileNetV3 small (Howard et al. 2019, arXiv:1905.02244)."""

_NARROW = (128, 64, 32, 16, 16)

NETWORKS: dict[str, NetworkSpec] = {
    "unet": NetworkSpec("U-Net", "Unet", _SMALL_ENCODER, {"decoder_channels": _NARROW}),
    "deeplabv3plus": NetworkSpec(
        "DeepLabv3+", "DeepLabV3Plus", _SMALL_ENCODER, {"decoder_channels": 128}
    ),
    "fpn": NetworkSpec(
        "FPN",
        "FPN",
        _SMALL_ENCODER,
        {"decoder_pyramid_channels": 128, "decoder_segmentation_channels": 64},
    ),
    "unet_resnet18": NetworkSpec(
        "U-Net (ResNet-18)", "Unet", "resnet18", {"decoder_channels": _NARROW}
    ),
}
"""By the key of ``--networks``."""

STRIDE = 32
"""Sides of what a network is shown are multiples of this."""


def build(key: str, seed: int) -> torch.nn.Module:
    """A network with random weights, float32 (n, 3, rows, columns) to logits (n, 1, rows, columns).

    The same seed gives the same weights; the state of torch's own generator is left as it was.
    """
    spec = NETWORKS[key]
    with drawn_by(seed):
        made = getattr(smp, spec.architecture)(
            encoder_name=spec.encoder, encoder_weights=None, classes=1, **spec.options
        )
    network: torch.nn.Module = made.to(memory_format=torch.channels_last)
    return network


@contextmanager
def drawn_by(seed: int) -> Iterator[None]:
    """Within, torch draws by this seed; the state of its own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def fast_precision() -> bool:
    """Whether this processor multiplies in bfloat16."""
    able = torch.cpu.get_capabilities()
    return any(bool(able.get(name)) for name in _PRECISIONS)


def parameters(network: torch.nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(weights.numel() for weights in network.parameters())
