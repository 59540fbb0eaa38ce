"""A network's answer about a tile, on the tile's own grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from core.grid import Window
from core.imagery.scene import SceneImage
from core.study.experiments.crops import centred, colours, common_shape, resized
from core.study.experiments.networks import STRIDE, fast_precision

_WINDOW = 1024
_MARGIN = 64
"""Pixels around a window that the network sees beside it."""


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
    padded = functional.pad(
        centred(rgb)[None], (0, -columns % STRIDE, 0, -rows % STRIDE), mode="replicate"
    ).contiguous(memory_format=torch.channels_last)
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16, enabled=fast_precision()),
    ):
        logits = network(padded)
    return torch.sigmoid(logits.float())[0, 0, :rows, :columns]


def applied(network: torch.nn.Module, image: SceneImage) -> npt.NDArray[np.float32]:
    """Cropland probability on the image's own grid, float32 (rows, columns), NaN outside."""
    rgb = colours(image, common_shape(image))
    whole = resized(probability_of(network, rgb), image.grid.shape).numpy()
    return np.where(image.valid, whole, np.float32(np.nan))
