"""What the masks and their predicted IoU are trained for."""

from __future__ import annotations

import torch
from torch.nn import functional

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
