"""Segmentation networks small enough to be trained on a laptop's processor, and their answers.

Of segmentation-models-pytorch (https://github.com/qubvel-org/segmentation_models.pytorch, MIT):
U-Net (Ronneberger et al. 2015, arXiv:1505.04597), DeepLabv3+ (Chen et al. 2018, arXiv:1802.02611)
and FPN (Kirillov et al. 2019, arXiv:1901.02446).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from core.grid import Window
from core.imagery.scene import SceneImage
from core.study.experiments.crops import centred, colours, common_shape, resized

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next)
import segmentation_models_pytorch as smp

_WINDOW = 1024
_MARGIN = 64
"""Pixels around a window that the network sees beside it."""

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


_SMALL = "tu-mobilenetv3_small_100"
"""MobileNetV3 small (Howard et al. 2019, arXiv:1905.02244)."""

_NARROW = {"decoder_channels": (128, 64, 32, 16, 16)}
_PYRAMID = {"decoder_pyramid_channels": 128, "decoder_segmentation_channels": 64}

NETWORKS: dict[str, NetworkSpec] = {
    "unet": NetworkSpec("U-Net", "Unet", _SMALL, _NARROW),
    "deeplabv3plus": NetworkSpec("DeepLabv3+", "DeepLabV3Plus", _SMALL, {"decoder_channels": 128}),
    "fpn": NetworkSpec("FPN", "FPN", _SMALL, _PYRAMID),
    "unet_resnet18": NetworkSpec("U-Net (ResNet-18)", "Unet", "resnet18", _NARROW),
}
"""By the key of ``--networks``."""

STRIDE = 32
"""Sides of what a network is shown are multiples of this."""


def build_network(key: str, seed: int) -> torch.nn.Module:
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


def half_precision() -> torch.autocast:
    """Within, torch multiplies in bfloat16 where the processor does so fast."""
    return torch.autocast("cpu", torch.bfloat16, enabled=fast_precision())


def probability_of(network: torch.nn.Module, rgb: torch.Tensor) -> torch.Tensor:
    """Cropland probability at the common resolution, float32 (rows, columns).

    Parameters
    ----------
    rgb : float32 (3, rows, columns)
        Colours from 0 to 1, of any size: large ones are looked at in windows.
    """
    network.eval()
    rows, columns = rgb.shape[-2:]
    extent = Window(0, 0, columns, rows)
    found = torch.zeros(rows, columns)
    for row in range(0, rows, _WINDOW):
        for column in range(0, columns, _WINDOW):
            core = Window(column, row, _WINDOW, _WINDOW).intersection(extent) or extent
            seen = core.expanded(_MARGIN).intersection(extent) or extent
            answer = _look(network, rgb[:, *seen.slices])
            found[core.slices] = answer[core.relative_to(seen).slices]
    return found


def _look(network: torch.nn.Module, rgb: torch.Tensor) -> torch.Tensor:
    rows, columns = rgb.shape[-2:]
    # Replicated, because a reflection cannot be longer than the picture.
    margin = (0, -columns % STRIDE, 0, -rows % STRIDE)
    padded = functional.pad(centred(rgb)[None], margin, mode="replicate")
    with torch.inference_mode(), half_precision():
        logits = network(padded.contiguous(memory_format=torch.channels_last))
    return torch.sigmoid(logits.float())[0, 0, :rows, :columns]


def applied(network: torch.nn.Module, image: SceneImage) -> npt.NDArray[np.float32]:
    """Cropland probability on the image's own grid, float32 (rows, columns), NaN outside."""
    rgb = colours(image, common_shape(image))
    whole = resized(probability_of(network, rgb), image.grid.shape).numpy()
    return np.where(image.valid, whole, np.float32(np.nan))
