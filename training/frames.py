"""Whole frames as the encoder sees them, kept, so that the decoder learns without asking it again.

The encoder and the field map are trained already and do not change while the decoder learns.  So a
few hundred frames are encoded once, and each is asked about many fields.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from core.sam.field_net import PIXEL_MEAN, PIXEL_STD, FieldNet
from core.sam.small import INPUT_SIDE
from training.field_views import Source
from training.prompts import LOGIT_STRIDE
from training.samples import Placement, photograph, sample_image, sample_parcels

FINEST_GSD_M, COARSEST_GSD_M = 0.5, 5.0
_LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A frame that is encoded.

    Parameters
    ----------
    coarse, middle, fine, field_map : float16
        As :class:`core.sam.field_net.FieldFeatures` has them, of one image.
    parcels : int64 (256, 256)
        Field numbers on the cells of the logits; 0 none, -1 outside the image.
    gsd_m : float
        Metres of a pixel of the input.
    complete : bool
        Whether all fields are drawn: cropland may be asked for.
    """

    coarse: torch.Tensor
    middle: torch.Tensor
    fine: torch.Tensor
    field_map: torch.Tensor
    parcels: torch.Tensor
    gsd_m: float
    complete: bool


@torch.inference_mode()
def encode_frames(net: FieldNet, sources: list[Source], count: int, seed: int) -> list[Frame]:
    """``count`` random frames of 512 pixels, the same for the same seed."""
    net.eval()
    total = sum(source.weight for source in sources)
    shares = [source.weight / total for source in sources]
    mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in (PIXEL_MEAN, PIXEL_STD))
    frames = []
    for index in range(count):
        generator = np.random.default_rng([seed, index])
        source = sources[int(generator.choice(len(sources), p=shares))]
        image, parcels, gsd_m, complete = _draw(source, generator)
        normal = (image - mean) / std
        # What lies outside an image is padding to the model, which is zero once normalised.
        normal = normal * (image.sum(dim=0, keepdim=True) > 0)
        found = net(normal[None].contiguous(memory_format=torch.channels_last))
        levels = (found.coarse, found.middle, found.fine, found.field_map)
        coarse, middle, fine, field_map = (level[0].half() for level in levels)
        frames.append(Frame(coarse, middle, fine, field_map, parcels, gsd_m, complete))
    return frames


def _draw(
    source: Source, generator: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, float, bool]:
    for _ in range(8):
        pyramid = source.scenes[int(generator.integers(len(source.scenes)))]
        low = math.log(max(FINEST_GSD_M, source.finest_gsd_m / 2))
        gsd_m = math.exp(float(generator.uniform(low, math.log(COARSEST_GSD_M))))
        placed = Placement.drawn(pyramid, INPUT_SIDE, gsd_m / pyramid.scene.gsd_m, generator)
        parcels = sample_parcels(pyramid, placed, INPUT_SIDE // LOGIT_STRIDE)
        if float((parcels > 0).float().mean()) > _LEAST_SHARE:
            break
    image = photograph(sample_image(pyramid, placed, INPUT_SIDE), generator)
    return image, parcels, placed.scale * pyramid.scene.gsd_m, pyramid.known is None
