"""The network under the small model: ImageNet's EfficientNet-lite0 and a U-Net over it.

It gives two things at once.  The *field map* says of each pixel whether it is cropland, whether a
field's border runs there, and how deep inside its field it lies (Waldner & Diakogiannis 2020,
doi:10.1016/j.rse.2020.111741, whose three targets these are).  Its inner features are what the
prompt decoder reads.

The encoder is timm's ``tf_efficientnet_lite0`` (Tan & Le 2019, arXiv:1905.11946; the lite variants
have neither squeeze-and-excitation nor swish, which a CPU likes); the decoder joins its five levels
from coarse to fine as in a U-Net (Ronneberger et al. 2015, arXiv:1505.04597).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next)
import timm

BACKBONE = "tf_efficientnet_lite0"
PIXEL_MEAN = [127.0, 127.0, 127.0]
PIXEL_STD = [128.0, 128.0, 128.0]
EXTENT, BOUNDARY, DEPTH = range(3)
FIELD_MAP_BANDS = 3
COARSE_CHANNELS, MIDDLE_CHANNELS, FINE_CHANNELS = 96, 64, 32
_DEEPEST_CHANNELS = 128
_LEVELS = (16, 24, 40, 112, 320)


@dataclass(frozen=True, slots=True, eq=False)
class FieldFeatures:
    """What the network finds in images (N, 3, side, side).

    Parameters
    ----------
    coarse : float32 (N, 96, side / 8, side / 8)
    middle : float32 (N, 64, side / 4, side / 4)
    fine : float32 (N, 32, side / 2, side / 2)
    field_map : float32 (N, 3, side, side)
        Logits of extent, boundary and depth.
    """

    coarse: torch.Tensor
    middle: torch.Tensor
    fine: torch.Tensor
    field_map: torch.Tensor


class _Join(nn.Module):
    """A coarser level, twice as large, joined with the encoder's own of that size."""

    def __init__(self, coarser: int, skip: int, channels: int) -> None:
        super().__init__()
        self.first = conv_block(coarser + skip, channels)
        self.second = conv_block(channels, channels)

    def forward(self, coarser: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Features of ``skip``'s size."""
        larger = functional.interpolate(coarser, scale_factor=2.0, mode="nearest")
        out: torch.Tensor = self.second(self.first(torch.cat((larger, skip), dim=1)))
        return out


class FieldNet(nn.Module):
    """Normalised images (N, 3, side, side) to :class:`FieldFeatures`; ``side`` a multiple of 32."""

    encoder: Any

    def __init__(self) -> None:
        super().__init__()
        self.encoder = timm.create_model(BACKBONE, features_only=True, pretrained=False)
        half, quarter, eighth, sixteenth, coarsest = _LEVELS
        self.join_sixteenth = _Join(coarsest, sixteenth, _DEEPEST_CHANNELS)
        self.join_eighth = _Join(_DEEPEST_CHANNELS, eighth, COARSE_CHANNELS)
        self.join_quarter = _Join(COARSE_CHANNELS, quarter, MIDDLE_CHANNELS)
        self.join_half = _Join(MIDDLE_CHANNELS, half, FINE_CHANNELS)
        # Four neighbouring pixels from one cell: a full-size convolution would double the time.
        self.head = nn.Conv2d(FINE_CHANNELS, FIELD_MAP_BANDS * 4, 3, padding=1)

    def forward(self, image: torch.Tensor) -> FieldFeatures:
        """All levels and the field map."""
        half, quarter, eighth, sixteenth, coarsest = self.encoder(image)
        coarse = self.join_eighth(self.join_sixteenth(coarsest, sixteenth), eighth)
        middle = self.join_quarter(coarse, quarter)
        fine = self.join_half(middle, half)
        return FieldFeatures(coarse, middle, fine, functional.pixel_shuffle(self.head(fine), 2))


def conv_block(inputs: int, outputs: int, *, side: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution without bias, its norm, and what is above zero."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
