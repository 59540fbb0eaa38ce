"""Losses at places where their value is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.field_views import FieldBatch, field_targets
from training.losses import edge_weights, mask_iou, mask_loss
from training.train_fields import field_losses
from training.train_prompts import correct


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


def _field_batch(known: np.ndarray) -> FieldBatch:
    parcels = np.zeros((32, 32), dtype=np.int64)
    parcels[4:28, 4:15], parcels[4:28, 15:28] = 1, 2
    targets = torch.from_numpy(field_targets(parcels))[None]
    numbers = torch.from_numpy(parcels)[None]
    return FieldBatch(torch.zeros(1, 3, 32, 32), numbers, targets, torch.from_numpy(known)[None])


def test_the_right_field_map_costs_least_and_the_unknown_nothing() -> None:
    everywhere = np.ones((32, 32), dtype=np.bool_)
    batch = _field_batch(everywhere)
    right = torch.logit(batch.targets.clamp(1e-4, 1 - 1e-4))
    best, worst = field_losses(right, batch), field_losses(-right, batch)
    assert float(best.depth) == pytest.approx(0.0, abs=1e-3)
    assert float(best.extent) < 0.01 < 1.0 < float(worst.extent)
    # A border's likelihood lies between 0 and 1, so that even the right one has some entropy.
    assert float(best.boundary) < 0.2 * float(worst.boundary)
    half = everywhere.copy()
    half[:, 16:] = False
    wrong_there = torch.where(torch.from_numpy(half), right, -right)
    unknown = field_losses(wrong_there, _field_batch(half))
    assert float(unknown.extent) < 0.01
    assert float(unknown.depth) == pytest.approx(0.0, abs=1e-3)


def test_targets_of_two_fields_that_touch() -> None:
    parcels = np.zeros((40, 40), dtype=np.int64)
    parcels[:, 10:20], parcels[:, 20:30] = 1, 2
    parcels[:, 38:] = -1  # outside the image: its edge is no border of a field
    extent, boundary, depth = field_targets(parcels)
    np.testing.assert_array_equal(extent[0], parcels[0] > 0)
    assert boundary[20, [9, 10, 19, 20, 29, 30]] == pytest.approx(1.0)
    assert boundary[20, [4, 15, 25, 36, 39]] == pytest.approx(0.0, abs=0.01)
    assert depth[20, [14, 25]] == pytest.approx(1.0, abs=0.15)
    assert depth[20, [10, 19, 29]] == pytest.approx(0.1, abs=0.05)
    assert (depth[:, :10] == 0).all()


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
