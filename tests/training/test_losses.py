"""Losses at places where their value is known."""

from __future__ import annotations

import pytest
import torch

from training.learner import correct
from training.losses import (
    edge_weights,
    field_borders,
    mask_iou,
    mask_loss,
    same_field_loss,
    surface_loss,
)


def _square() -> tuple[torch.Tensor, torch.Tensor]:
    target = torch.zeros(1, 20, 20, dtype=torch.bool)
    target[0, 5:15, 5:15] = True
    return target, torch.ones(1, 20, 20, dtype=torch.bool)


def test_a_right_mask_costs_nothing_and_a_wrong_one_much() -> None:
    target, known = _square()
    weights = edge_weights(target, known.float())
    right = torch.where(target, 12.0, -12.0)[:, None]
    assert float(mask_loss(right, target, weights)) == pytest.approx(0.0, abs=1e-3)
    assert float(mask_loss(-right, target, weights)) > 5.0


def test_what_is_unknown_costs_nothing() -> None:
    target, known = _square()
    known[:, :, 10:] = False
    right = torch.where(target, 12.0, -12.0)
    wrong_outside = torch.where(known, right, -right)[:, None]
    weights = edge_weights(target, known.float())
    assert float(mask_loss(wrong_outside, target, weights)) == pytest.approx(0.0, abs=1e-3)
    assert float(mask_iou(wrong_outside, target, known)) == 1.0


def test_edges_weigh_more() -> None:
    target, known = _square()
    weights = edge_weights(target, known.float())[0]
    assert weights[5, 10] > weights[10, 10]
    assert weights[10, 10] == weights[0, 0] == 1.0


def test_iou_counts_cells() -> None:
    target, known = _square()
    logits = torch.full((1, 2, 20, 20), -1.0)
    logits[0, 0, 5:15, 5:10] = 1.0
    logits[0, 1] = 1.0
    assert mask_iou(logits, target, known)[0].tolist() == pytest.approx([0.5, 0.25])
    nothing = torch.zeros_like(target)
    assert float(mask_iou(torch.full((1, 1, 20, 20), -1.0), nothing, known)) == 1.0


def test_codes_that_tell_fields_apart_cost_less() -> None:
    parcels = torch.zeros(1, 16, 16, dtype=torch.int64)
    parcels[0, :, :7], parcels[0, :, 9:] = 1, 2
    apart = torch.zeros(1, 64, 16, 16)
    apart[0, 0] = (parcels[0] - 1).float() * 12.0
    alike = torch.zeros(1, 64, 16, 16)
    good, bad = (
        float(same_field_loss(c, parcels, torch.Generator().manual_seed(0))) for c in (apart, alike)
    )
    assert good < 0.3 * bad


def test_surface_loss_wants_cropland_and_borders() -> None:
    parcels = torch.zeros(1, 16, 16, dtype=torch.int64)
    parcels[0, :, :8], parcels[0, :, 8:] = 1, 2
    border = field_borders(parcels)
    assert border[0, 8].nonzero().flatten().tolist() == [7, 8]
    right = torch.stack([torch.full((1, 16, 16), 12.0), torch.where(border, 12.0, -12.0)], dim=1)
    assert float(surface_loss(right, parcels)) == pytest.approx(0.0, abs=1e-3)


def test_corrections_land_on_mistakes() -> None:
    target, known = _square()
    mask = torch.zeros_like(target)
    mask[0, 5:15, 5:8] = True
    mask[0, 0:3, 0:3] = True
    for seed in range(20):
        places, labels = correct(mask, target, known, torch.Generator().manual_seed(seed))
        column, row = (places[0, 0] / 2).long().tolist()
        assert mask[0, row, column] != target[0, row, column]
        assert int(labels[0, 0]) == int(target[0, row, column])
