"""The questions a training view is asked: fields by click or box, cropland by many noisy points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch.nn import functional

from core.sam.small import BOX_END, BOX_START, NEGATIVE, POSITIVE
from training.samples import OUTSIDE

Flags = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float32]

LOGIT_STRIDE = 2
"""Pixels of the input along a cell of the logits."""

LEAST_FIELD_CELLS = 16
_BOXES = 0.3
"""Share of the questions that begin with a box."""

PADDING = -1


@dataclass(frozen=True, slots=True, eq=False)
class PromptQuery:
    """Prompts of one query: x and y (n, 2) in input pixels whose corner is 0, and labels (n,)."""

    places: Points
    labels: npt.NDArray[np.int64]


def ask_fields(
    parcels: npt.NDArray[np.int64], count: int, negatives: int, generator: np.random.Generator
) -> tuple[npt.NDArray[np.int64], list[PromptQuery]]:
    """``count`` fields and how each is first asked for; fields repeat where there are too few.

    Every question has ``2 + negatives`` prompts: a point and a padding, or a box, then negatives.
    """
    numbers, cells = np.unique(parcels[parcels > 0], return_counts=True)
    large = numbers[cells >= LEAST_FIELD_CELLS]
    numbers = large if len(large) else numbers
    if len(numbers) == 0:
        # Land without any field: a click there still must be answered; the target is empty.
        return np.full(count, -2), [_anywhere(parcels, negatives, generator) for _ in range(count)]
    replace = len(numbers) < count
    chosen = generator.choice(numbers, count, replace=replace)
    return chosen, [_ask_field(parcels, int(n), negatives, generator) for n in chosen]


def _ask_field(
    parcels: npt.NDArray[np.int64], number: int, negatives: int, generator: np.random.Generator
) -> PromptQuery:
    field = parcels == number
    kind = generator.random()
    if kind < _BOXES:
        first = PromptQuery(_box(field, generator), np.array([BOX_START, BOX_END]))
    else:
        point = _inside(field, generator, interior=kind < 0.8)
        first = PromptQuery(np.vstack([point, np.zeros((1, 2))]), np.array([POSITIVE, PADDING]))
    beside = _scatter(np.asarray((parcels == 0) | ((parcels > 0) & ~field)), negatives, generator)
    if len(beside) < negatives:
        beside = np.zeros((negatives, 2), dtype=np.float32)
        extra = np.full(negatives, PADDING)
    else:
        extra = np.full(negatives, NEGATIVE)
    return PromptQuery(
        np.vstack([first.places, beside]).astype(np.float32), np.concatenate([first.labels, extra])
    )


def _anywhere(
    parcels: npt.NDArray[np.int64], negatives: int, generator: np.random.Generator
) -> PromptQuery:
    point = _scatter(parcels != OUTSIDE, 1, generator)
    point = point if len(point) else np.zeros((1, 2), dtype=np.float32)
    labels = np.array([POSITIVE] + [PADDING] * (1 + negatives))
    return PromptQuery(np.vstack([point, np.zeros((1 + negatives, 2))]).astype(np.float32), labels)


def _inside(field: Flags, generator: np.random.Generator, *, interior: bool) -> Points:
    """One place inside a field: mostly deep inside it, or anywhere."""
    box = ndimage.find_objects(field.astype(np.int8))[0]
    part = np.pad(field[box], 1)
    weight = part.astype(np.float64)
    if interior:
        depth = ndimage.distance_transform_edt(part)
        weight = np.where(depth > 0.55 * depth.max(), 1.0, 0.0)
    cell = int(generator.choice(weight.size, p=(weight / weight.sum()).ravel()))
    row, column = divmod(cell, part.shape[1])
    place = (column - 1 + box[1].start, row - 1 + box[0].start)
    return (np.array([place]) + generator.random((1, 2))).astype(np.float32) * LOGIT_STRIDE


def _box(field: Flags, generator: np.random.Generator) -> Points:
    box = ndimage.find_objects(field.astype(np.int8))[0]
    corners = np.array([[box[1].start, box[0].start], [box[1].stop, box[0].stop]], dtype=np.float64)
    size = corners[1] - corners[0]
    moved = corners + generator.normal(0, 0.05, (2, 2)) * size
    limit = np.array(field.shape[::-1])
    return np.asarray(np.clip(moved, 0, limit) * LOGIT_STRIDE, dtype=np.float32)


def _scatter(flags: Flags, count: int, generator: np.random.Generator) -> Points:
    """``count`` random places on ``flags``, or none where there are no such cells."""
    cells = np.flatnonzero(flags)
    if len(cells) == 0 or count == 0:
        return np.zeros((0, 2), dtype=np.float32)
    chosen = generator.choice(cells, count, replace=len(cells) < count)
    rows, columns = np.divmod(chosen, flags.shape[1])
    places = np.stack([columns, rows], axis=1) + generator.random((count, 2))
    return (places * LOGIT_STRIDE).astype(np.float32)


def ask_cropland(
    parcels: npt.NDArray[np.int64],
    gsd_m: float,
    positives: int,
    negatives: int,
    generator: np.random.Generator,
) -> PromptQuery:
    """Points as auto-prompting places them from a degraded land cover.

    The land cover is the truth made coarse, shifted, with fields lost and clumps flipped; the
    points lie on it at random or, as published, on a grid, and some stay away from its borders.
    """
    known = parcels != OUTSIDE
    cover = degrade(parcels, gsd_m, generator)
    away = generator.random() < 0.5
    parts = []
    labels = []
    for label, flags, count in (
        (POSITIVE, cover & known, positives),
        (NEGATIVE, ~cover & known, negatives),
    ):
        deep = flags
        if away:
            deep = ndimage.binary_erosion(flags, iterations=int(generator.integers(1, 5)))
        places = _scatter(deep if deep.any() else flags, count, generator)
        parts.append(places if len(places) else np.zeros((count, 2), dtype=np.float32))
        labels.append(np.full(count, label if len(places) else PADDING))
    return PromptQuery(np.vstack(parts), np.concatenate(labels))


def degrade(parcels: npt.NDArray[np.int64], gsd_m: float, generator: np.random.Generator) -> Flags:
    """A land cover's cropland class on the logits' cells, with a product's mistakes."""
    truth = parcels > 0
    cell_m = float(generator.choice([10.0, 10.0, 10.0, 20.0, 30.0, 60.0, 100.0, 300.0]))
    step = min(max(1.0, cell_m / (gsd_m * LOGIT_STRIDE)), min(truth.shape) / 3)
    if generator.random() < 0.3:
        lost = [n for n in np.unique(parcels[parcels > 0]) if generator.random() < 0.12]
        truth = truth & ~np.isin(parcels, lost)
    shift = generator.uniform(-1.5, 1.5, 2) * step * (generator.random() < 0.7)
    jitter = np.rint(shift + generator.uniform(0, step, 2)).astype(int)
    rolled = np.roll(truth, tuple(jitter), axis=(0, 1))
    rows, columns = (max(1, round(n / step)) for n in truth.shape)
    share = functional.interpolate(
        torch.from_numpy(rolled.astype(np.float32))[None, None], (rows, columns), mode="area"
    )[0, 0].numpy()
    cover = share > 0.5
    clump = int(generator.integers(1, 5))
    flips = generator.random((math.ceil(rows / clump), math.ceil(columns / clump)))
    cells = np.kron(flips, np.ones((clump, clump)))[:rows, :columns]
    cover = cover ^ (cells < generator.uniform(0.0, 0.35))
    fine = functional.interpolate(
        torch.from_numpy(cover.astype(np.float32))[None, None], truth.shape, mode="nearest"
    )[0, 0].numpy()
    back = tuple(-np.rint(jitter - shift).astype(int))
    return np.roll(fine > 0.5, back, axis=(0, 1))
