"""Views that teach the field map: where a scene is looked at, and what is true there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch.utils.data import Dataset

from training.samples import (
    Placement,
    Pyramid,
    photograph,
    sample_flags,
    sample_image,
    sample_parcels,
)

FINEST_GSD_M, COARSEST_GSD_M = 1.1, 5.0
"""Between these the size of a pixel is drawn.  Sentinel-2 counts as what it is enlarged to."""

BORDER_PIXELS = 1.3
"""How far a border's likelihood reaches: hands are no steadier than that."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Source:
    """Scenes of one kind and how often they are drawn."""

    scenes: tuple[Pyramid, ...]
    weight: float
    finest_gsd_m: float = FINEST_GSD_M
    coarsest_gsd_m: float = COARSEST_GSD_M


@dataclass(slots=True, eq=False)
class FieldBatch:
    """Arrays of a step.

    Parameters
    ----------
    images : float32 (views, 3, side, side)
        0 to 255.
    parcels : int64 (views, side, side)
        Number of the field, 0 none, -1 outside the image.
    targets : float32 (views, 3, side, side)
        Extent, boundary and depth, 0 to 1.
    known : bool (views, side, side)
        Where the targets hold.
    """

    images: torch.Tensor
    parcels: torch.Tensor
    targets: torch.Tensor
    known: torch.Tensor


class FieldBatches(Dataset[FieldBatch]):
    """Item ``i`` is the batch of step ``i``, made from the seed and the step alone."""

    def __init__(self, sources: list[Source], views: int, side: int, seed: int, steps: int) -> None:
        self.sources = sources
        total = sum(source.weight for source in sources)
        self.shares = [source.weight / total for source in sources]
        self.views = views
        self.side = side
        self.seed = seed
        self.steps = steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> FieldBatch:
        generator = np.random.default_rng([self.seed, step])
        drawn = [self._view(generator) for _ in range(self.views)]
        images, parcels, targets, known = zip(*drawn, strict=True)
        return FieldBatch(
            torch.stack(images), torch.stack(parcels), torch.stack(targets), torch.stack(known)
        )

    def _view(
        self, generator: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        source = self.sources[int(generator.choice(len(self.sources), p=self.shares))]
        pyramid = source.scenes[int(generator.integers(len(source.scenes)))]
        for _ in range(6):
            placed = _place(pyramid, source, self.side, generator)
            parcels = sample_parcels(pyramid, placed, self.side)
            known = parcels >= 0
            if pyramid.known is not None:
                known &= sample_flags(pyramid.known, placed, self.side)
            if float((parcels > 0).float().mean()) > 0.03:
                break
        image = photograph(sample_image(pyramid, placed, self.side), generator)
        targets = torch.from_numpy(field_targets(parcels.numpy()))
        return image, parcels, targets, known


def field_targets(parcels: Numbers) -> npt.NDArray[np.float32]:
    """Extent, boundary and depth, float32 (3, rows, columns), of numbered fields.

    The boundary is 1 on both pixels where numbers change and falls off as a Gaussian; depth is the
    distance to the boundary over the largest of that field in the view.
    """
    edge = np.zeros(parcels.shape, dtype=np.bool_)
    across = (parcels[:, 1:] != parcels[:, :-1]) & (
        np.minimum(parcels[:, 1:], parcels[:, :-1]) >= 0
    )
    down = (parcels[1:] != parcels[:-1]) & (np.minimum(parcels[1:], parcels[:-1]) >= 0)
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    away = np.full(parcels.shape, 100.0)
    if edge.any():
        away = ndimage.distance_transform_edt(~edge)
    boundary = np.exp(-0.5 * (away / BORDER_PIXELS) ** 2)
    extent = parcels > 0
    inside = np.where(extent, away + 0.5, 0.0)
    deepest = np.ones(int(parcels.max(initial=0)) + 1)
    numbers = np.unique(parcels[extent])
    if len(numbers):
        deepest[numbers] = ndimage.maximum(inside, parcels, numbers)
    depth = inside / deepest[np.maximum(parcels, 0)]
    return np.stack([extent, boundary, depth]).astype(np.float32)


def _place(
    pyramid: Pyramid, source: Source, side: int, generator: np.random.Generator
) -> Placement:
    low, high = math.log(source.finest_gsd_m), math.log(source.coarsest_gsd_m)
    gsd_m = math.exp(low + (high - low) * float(generator.random()) ** 1.2)
    return Placement.drawn(pyramid, side, gsd_m / pyramid.scene.gsd_m, generator)
