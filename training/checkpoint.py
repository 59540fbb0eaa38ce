"""What both trainings share: the rate of a step, averaged weights, checkpoints and the log."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

_LAST_RATE = 1e-5
_WARM_UP = 150
_AVERAGE = 0.998
_LOG_EVERY = 20


def learning_rate(step: int, total: int, peak: float) -> float:
    """A short warm-up, then half a cosine down to nearly nothing."""
    if step < _WARM_UP:
        return peak * (step + 1) / _WARM_UP
    share = (step - _WARM_UP) / max(1, total - _WARM_UP)
    return _LAST_RATE + (peak - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int) -> None:
    """Exponential moving average of weights and statistics: what is evaluated and shipped."""
    keep = min(_AVERAGE, (1 + step) / (10 + step))
    pairs = zip(average.state_dict().values(), model.state_dict().values(), strict=True)
    for mine, theirs in pairs:
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - keep)
        else:
            mine.copy_(theirs)


def save(
    out: Path, step: int, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Keep everything that the next step needs."""
    aside = out / "checkpoint.part"
    state = {
        "step": step,
        "net": model.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, aside)
    aside.replace(out / "checkpoint.pt")


def resume(
    out: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> int:
    """The step to go on from; 0 where there is no checkpoint."""
    path = out / "checkpoint.pt"
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)  # noqa: TID251  (our own, and tensors alone)
    model.load_state_dict(state["net"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


class TrainingLog:
    """A CSV line of means for every twenty steps, and the same on the screen."""

    def __init__(self, path: Path, total: int) -> None:
        self.path = path
        self.total = total
        self.rows: list[dict[str, float]] = []

    def add(self, step: int, figures: Mapping[str, float], seconds: float) -> None:
        """Figures of one step; written with those of nineteen others."""
        self.rows.append({**figures, "seconds": seconds})
        if len(self.rows) < _LOG_EVERY:
            return
        names = list(self.rows[0])
        means = {name: float(np.mean([row[name] for row in self.rows])) for name in names}
        self.rows.clear()
        new = not self.path.exists()
        with self.path.open("a", newline="") as handle:
            writer = csv.writer(handle)
            if new:
                writer.writerow(["step", *names])
            writer.writerow([step + 1, *(f"{means[name]:.4f}" for name in names)])
        shown = "  ".join(f"{name} {means[name]:.3f}" for name in names)
        print(f"{step + 1}/{self.total}  {shown}", flush=True)
