"""Training of one network: a fixed number of steps, stopped early where it no longer helps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.grid import Window
from core.study.experiments.crops import UNKNOWN, Picture, batches, shades
from core.study.experiments.networks import drawn_by, half_precision, probability_of
from core.study.metrics.pixels import Confusion, compare_pixels

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next)
from segmentation_models_pytorch.losses import DiceLoss, SoftBCEWithLogitsLoss

_WEIGHT_DECAY = 0.01
_LARGEST_GRADIENT = 1.0
_CHECKED, _CHECK_SIDE = 16, 256
"""Crops that a look sees, and their side in pixels at the common resolution."""

_AVERAGING = 0.95
"""Decay of the running mean of weights and statistics that is looked at and kept: one look at the
weights themselves says little, because they jump from step to step."""

_FIRST_RATE = 0.04
_WARM_UP = 0.2
"""Share of the steps in which the one-cycle rate rises."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained; chosen on validation parts of training images.

    Parameters
    ----------
    steps : int
        At most.
    batch, side : int
        Crops of a step, and their side in pixels at the common resolution.
    rate : float
        Highest learning rate of one cycle (after Smith 2018, arXiv:1803.09820).
    checks : int
        How often it is looked at the validation pictures.
    patience : int
        Looks without gain after which it stops.
    """

    steps: int = 250
    batch: int = 8
    side: int = 192
    rate: float = 2e-3
    checks: int = 10
    patience: int = 5


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a training.

    Parameters
    ----------
    step : int
        After which it was taken.
    mean_iou : float or None
        Of the validation pictures; None where there are none.
    loss : float
        Mean over the steps since the last look.
    """

    step: int
    mean_iou: float | None
    loss: float


@dataclass(slots=True)
class _Best:
    """The best look so far and the weights that it found."""

    mean_iou: float = -1.0
    weights: dict[str, torch.Tensor] | None = None
    since: int = 0

    def offer(self, look: Look, network: torch.nn.Module) -> None:
        if look.mean_iou is None:
            return
        # The later one of equals: it has seen more.
        if look.mean_iou >= self.mean_iou:
            self.mean_iou, self.since = look.mean_iou, 0
            self.weights = deepcopy(network.state_dict())
        else:
            self.since += 1


def fit(
    network: torch.nn.Module,
    learn: Sequence[Picture],
    check: Sequence[Picture],
    recipe: Recipe,
    seed: int,
    step: Callable[[float], None] = lambda share: None,
) -> list[Look]:
    """Train a network in place; its weights are those of the best look.

    Parameters
    ----------
    learn, check : sequences of Picture
        To learn from; and to look at, which decides when to stop and which weights stay.  With
        none to look at, all steps are taken and the last weights stay.
    seed : int
        Of crops, augmentation and dropout; the same seed and number of threads give the same
        weights.
    step : callable
        Called with the share done before each step.

    Returns
    -------
    list of Look
    """
    generator = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=recipe.rate, weight_decay=_WEIGHT_DECAY, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda taken: one_cycle(taken / recipe.steps)
    )
    mean = get_ema_multi_avg_fn(_AVERAGING)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=mean, use_buffers=True)
    every = max(1, recipe.steps // recipe.checks)
    looks: list[Look] = []
    best = _Best()
    losses: list[float] = []
    shown = check_crops(check)
    drawn = batches(learn, recipe.batch, recipe.side, generator)
    with drawn_by(seed):
        for number in range(1, recipe.steps + 1):
            step((number - 1) / recipe.steps)
            losses.append(_learn(network, *next(drawn), optimizer))
            schedule.step()
            average.update_parameters(network)
            if number % every == 0 or number == recipe.steps:
                looks.append(Look(number, validated(average.module, shown), float(np.mean(losses))))
                best.offer(looks[-1], average.module)
                losses.clear()
                if best.since >= recipe.patience:
                    break
    network.load_state_dict(best.weights or average.module.state_dict())
    return looks


def one_cycle(share: float) -> float:
    """Share of the highest rate after a share of the steps: up in a line, down as a cosine."""
    if share < _WARM_UP:
        return max(_FIRST_RATE, share / _WARM_UP)
    return 0.5 * (1.0 + math.cos(math.pi * (share - _WARM_UP) / (1.0 - _WARM_UP)))


def _learn(
    network: torch.nn.Module,
    rgb: torch.Tensor,
    target: torch.Tensor,
    optimizer: torch.optim.Optimizer,
) -> float:
    network.train()
    optimizer.zero_grad()
    with half_precision():
        logits = network(rgb)
    loss = mixed_loss(logits.float(), target)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
    optimizer.step()
    return float(loss.detach())


def mixed_loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy plus Dice where the target is known; both are 0 where nothing is."""
    plain: Any = SoftBCEWithLogitsLoss(ignore_index=UNKNOWN)
    overlap: Any = DiceLoss("binary", ignore_index=UNKNOWN)
    loss: torch.Tensor = plain(logits, target) + overlap(logits, target)
    return loss


def check_crops(pictures: Sequence[Picture]) -> list[Picture]:
    """At most ``_CHECKED`` crops spread evenly over pictures: what a look costs is bounded."""
    crops = [
        Picture(one.rgb[:, *window.slices], one.target[window.slices])
        for one in pictures
        for window in _windows(one)
    ]
    if not crops:
        return []
    chosen = np.linspace(0, len(crops) - 1, min(_CHECKED, len(crops))).round().astype(int)
    return [crops[number] for number in chosen]


def _windows(one: Picture) -> Iterator[Window]:
    rows, columns = one.target.shape
    side = _CHECK_SIDE
    for row in range(0, rows, side):
        for column in range(0, columns, side):
            yield Window(column, row, min(side, columns - column), min(side, rows - row))


def validated(network: torch.nn.Module, pictures: Sequence[Picture]) -> float | None:
    """Mean IoU over all known pixels of pictures; None where none is known."""
    found = Confusion()
    for one in pictures:
        target = one.target.numpy()
        mask = probability_of(network, shades(one.rgb)).numpy() >= 0.5
        found += compare_pixels(mask, target == 1, target != UNKNOWN)
    return found.figure("mean_iou")
