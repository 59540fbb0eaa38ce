"""What the masks, their predicted IoU and the encoder are trained for."""

from __future__ import annotations

import torch
from torch.nn import functional

from core.sam.small import likeness

_EDGE_WEIGHT = 4.0


def edge_weights(target: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Weights (n, rows, columns) that are larger near the target's border, 0 where unknown."""
    inside = target.float()[:, None]
    widest = functional.max_pool2d(inside, 5, 1, 2)
    narrowest = -functional.max_pool2d(-inside, 5, 1, 2)
    return (1.0 + _EDGE_WEIGHT * (widest - narrowest)[:, 0]) * known


def mask_loss(logits: torch.Tensor, target: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Focal loss at the edges' weights plus dice, (n, masks); target (n, rows, columns) bool."""
    wanted = target.float()[:, None].expand_as(logits)
    plain = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    probability = torch.sigmoid(logits)
    miss = wanted * (1 - probability) + (1 - wanted) * probability
    weight = weights[:, None]
    focal = (plain * (0.25 + miss.detach()) * weight).sum(dim=(2, 3)) / weight.sum(
        dim=(2, 3)
    ).clamp(min=1)
    known = (weight > 0).float()
    overlap = (probability * wanted * known).sum(dim=(2, 3))
    total = ((probability + wanted) * known).sum(dim=(2, 3))
    return 2.0 * focal + 1.0 - (2 * overlap + 1.0) / (total + 1.0)


def mask_iou(logits: torch.Tensor, target: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """IoU (n, masks) of logits above 0 with the target where known; 1 where both are empty."""
    inside = (logits > 0) & known[:, None]
    wanted = target[:, None] & known[:, None]
    both = (inside & wanted).sum(dim=(2, 3)).float()
    either = (inside | wanted).sum(dim=(2, 3)).float()
    return torch.where(either > 0, both / either.clamp(min=1), torch.ones_like(either))


def same_field_loss(
    codes: torch.Tensor, parcels: torch.Tensor, generator: torch.Generator, clicks: int = 24
) -> torch.Tensor:
    """Cells of one field should have similar codes, cells of others should not.

    Parameters
    ----------
    codes : float32 (n, channels, rows, columns)
    parcels : int64 (n, rows, columns)
        0 where there is no field, -1 outside.
    """
    losses = []
    for code, numbers in zip(codes, parcels, strict=True):
        inside = torch.nonzero(numbers.flatten() > 0)[:, 0]
        if len(inside) == 0:
            continue
        counts = torch.bincount(numbers.flatten().clamp(min=0))
        share = 1.0 / counts[numbers.flatten()[inside]].float().sqrt()
        picked = inside[torch.multinomial(share, clicks, replacement=True, generator=generator)]
        flat = code.flatten(1)
        logits = likeness(flat[:, picked].T, flat)
        target = numbers.flatten()[picked][:, None] == numbers.flatten()[None]
        known = (numbers.flatten() >= 0).float()[None].expand_as(logits)
        rows, columns = numbers.shape
        losses.append(
            mask_loss(
                logits.reshape(clicks, 1, rows, columns),
                target.reshape(clicks, rows, columns),
                known.reshape(clicks, rows, columns),
            ).mean()
        )
    return torch.stack(losses).mean() if losses else codes.sum() * 0.0


def surface_loss(logits: torch.Tensor, parcels: torch.Tensor) -> torch.Tensor:
    """Cropland (channel 0) and field borders (channel 1) on every cell, (n, 2, rows, columns)."""
    known = (parcels >= 0).float()
    cropland = parcels > 0
    border = field_borders(parcels)
    area = mask_loss(logits[:, :1], cropland, edge_weights(cropland, known)).mean()
    line = mask_loss(logits[:, 1:], border, known).mean()
    return area + line


def field_borders(parcels: torch.Tensor) -> torch.Tensor:
    """Cells within one of which another field, or none, begins."""
    values = parcels.float()[:, None]
    widest = functional.max_pool2d(values, 3, 1, 1)
    narrowest = -functional.max_pool2d(-values, 3, 1, 1)
    return ((widest != narrowest) & (parcels[:, None] >= 0))[:, 0]
