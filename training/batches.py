"""Batches for a step, made in another process from the step's number alone.

The same seed and step give the same batch, so that a stopped training goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from training.prompts import PromptQuery, ask_cropland, ask_fields
from training.samples import Pyramid, draw_view
from training.scenes import TrainingScene

SIMULATED_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """How much a step holds: views of ``side`` pixels, field and cropland questions of each."""

    side: int
    views: int
    fields: int
    covers: int


@dataclass(slots=True, eq=False)
class Batch:
    """Arrays of a step.

    Parameters
    ----------
    images : float32 (views, 3, side, side)
    parcels : int64 (views, side / 2, side / 2)
    offsets : float32 (views, 2)
        x and y of each view's corner in the model's square input.
    chosen : int64 (views, fields)
        The number of the field that each field question asks for.
    field_places, field_labels : float32 (views, fields, n, 2), int64 (views, fields, n)
    cover_places, cover_labels : float32 (views, covers, m, 2), int64 (views, covers, m)
        Prompts, in pixels of the view.
    """

    images: torch.Tensor
    parcels: torch.Tensor
    offsets: torch.Tensor
    chosen: torch.Tensor
    field_places: torch.Tensor
    field_labels: torch.Tensor
    cover_places: torch.Tensor
    cover_labels: torch.Tensor


class Batches(Dataset[Batch]):
    """Item ``i`` is the batch of step ``i``."""

    def __init__(
        self, scenes: list[TrainingScene], plan: BatchPlan, frame: int, seed: int, steps: int
    ) -> None:
        self.real = [Pyramid(s) for s in scenes if not s.simulated]
        self.made = [Pyramid(s) for s in scenes if s.simulated]
        self.plan = plan
        self.frame = frame
        self.seed = seed
        self.steps = steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        generator = np.random.default_rng([self.seed, step])
        plan = self.plan
        beside = int(generator.integers(1, 5)) if generator.random() < 0.3 else 0
        positives, negatives = (int(n) for n in generator.integers(2, 34, 2))
        views, chosen, fields, covers, offsets = [], [], [], [], []
        for _ in range(plan.views):
            view = draw_view(self._scene(generator), plan.side, generator)
            views.append(view)
            parcels = view.parcels.numpy()
            numbers, asked = ask_fields(parcels, plan.fields, beside, generator)
            chosen.append(numbers)
            fields.append(asked)
            covers.append(
                [
                    ask_cropland(parcels, view.gsd_m, positives, negatives, generator)
                    for _ in range(plan.covers)
                ]
            )
            room = (self.frame - plan.side) // 8
            offsets.append(generator.integers(0, room + 1, 2) * 8.0)
        return Batch(
            torch.stack([v.image for v in views]),
            torch.stack([v.parcels for v in views]),
            torch.tensor(np.array(offsets), dtype=torch.float32),
            torch.tensor(np.array(chosen), dtype=torch.int64),
            *_stack(fields),
            *_stack(covers),
        )

    def _scene(self, generator: np.random.Generator) -> Pyramid:
        simulated = self.made and (not self.real or generator.random() < SIMULATED_SHARE)
        pool = self.made if simulated else self.real
        return pool[int(generator.integers(len(pool)))]


def _stack(questions: list[list[PromptQuery]]) -> tuple[torch.Tensor, torch.Tensor]:
    places = np.array([[q.places for q in row] for row in questions], dtype=np.float32)
    labels = np.array([[q.labels for q in row] for row in questions], dtype=np.int64)
    return torch.from_numpy(places), torch.from_numpy(labels)
