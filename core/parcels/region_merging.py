"""Joining of neighbouring regions that look alike, most alike first."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BORDER_GRADIENT = 6.0
COLOUR_STEP = 30.0
"""Gradient on the shared border (CIE Lab units per pixel of 2 m) and distance of mean colours (Lab)
at which two regions are two fields; less of one leaves room for more of the other."""


@dataclass(slots=True)
class _Border:
    """Sum of the gradient along a shared border, and its length in pixels."""

    gradient: float
    length: int


class _Regions:
    """Regions, their sizes and colours, and the borders between them."""

    def __init__(
        self,
        labels: npt.NDArray[np.int32],
        colour: npt.NDArray[np.float32],
        gradient: npt.NDArray[np.float32],
    ) -> None:
        count = int(labels.max(initial=0)) + 1
        flat = labels.ravel()
        self.sizes = np.bincount(flat, minlength=count).astype(np.float64)
        self.sums = np.stack(
            [np.bincount(flat, colour[..., b].ravel(), count) for b in range(3)], -1
        )
        self.owner = np.arange(count)
        self.changes = np.zeros(count, dtype=np.int64)
        self.borders: list[dict[int, _Border]] = [{} for _ in range(count)]
        self._measure(labels[:, :-1], labels[:, 1:], gradient[:, :-1], gradient[:, 1:])
        self._measure(labels[:-1], labels[1:], gradient[:-1], gradient[1:])

    def alive(self, number: int) -> bool:
        return bool(self.owner[number] == number and self.sizes[number] > 0)

    def difference(self, one: int, other: int) -> float:
        """1 where two regions are just different enough to stay apart."""
        border = self.borders[one][other]
        step = self.sums[one] / self.sizes[one] - self.sums[other] / self.sizes[other]
        edge = border.gradient / border.length
        return edge / BORDER_GRADIENT + float(np.linalg.norm(step)) / COLOUR_STEP

    def join(self, gone: int, kept: int) -> None:
        self.sizes[kept] += self.sizes[gone]
        self.sums[kept] += self.sums[gone]
        self.owner[self.owner == gone] = kept
        self.changes[kept] += 1
        for other, border in self.borders[gone].items():
            del self.borders[other][gone]
            if other != kept:
                self._add(kept, other, border)
        self.borders[gone] = {}

    def _add(self, one: int, other: int, more: _Border) -> None:
        border = self.borders[one].get(other)
        if border is None:
            self.borders[one][other] = self.borders[other][one] = more
        else:
            border.gradient += more.gradient
            border.length += more.length

    def _measure(
        self,
        one: npt.NDArray[np.int32],
        other: npt.NDArray[np.int32],
        gradient_one: npt.NDArray[np.float32],
        gradient_other: npt.NDArray[np.float32],
    ) -> None:
        meet = (one != other) & (one > 0) & (other > 0)
        low = np.minimum(one[meet], other[meet]).astype(np.int64)
        high = np.maximum(one[meet], other[meet]).astype(np.int64)
        pairs, index = np.unique(low * len(self.sizes) + high, return_inverse=True)
        strongest = np.maximum(gradient_one[meet], gradient_other[meet])
        sums, lengths = np.bincount(index, strongest), np.bincount(index)
        for pair, total, length in zip(pairs.tolist(), sums, lengths, strict=True):
            first, second = divmod(pair, len(self.sizes))
            self._add(first, second, _Border(float(total), int(length)))


def join_regions(
    labels: npt.NDArray[np.int32],
    colour: npt.NDArray[np.float32],
    gradient: npt.NDArray[np.float32],
    least_pixels: float,
) -> npt.NDArray[np.int32]:
    """Join neighbours until all differ, then give regions that are too small to the most alike.

    Parameters
    ----------
    labels : int32 (rows, columns)
        Regions from 1; 0 is outside.
    colour : float32 (rows, columns, 3)
        CIE Lab, smoothed.
    gradient : float32 (rows, columns)
        Length of its gradient.
    least_pixels : float
        Smaller regions with a neighbour do not stay.
    """
    regions = _Regions(labels, colour, gradient)
    _join_alike(regions)
    for number in np.argsort(regions.sizes, kind="stable").tolist():
        small = number > 0 and regions.alive(number) and regions.sizes[number] < least_pixels
        if small and regions.borders[number]:
            around = sorted(regions.borders[number])
            regions.join(number, min(around, key=lambda n: regions.difference(number, n)))
    return regions.owner[labels].astype(np.int32)


def _join_alike(regions: _Regions) -> None:
    queue: list[tuple[float, int, int, int, int]] = []

    def push(one: int, other: int) -> None:
        difference = regions.difference(one, other)
        if difference < 1.0:
            changes = int(regions.changes[one]), int(regions.changes[other])
            heapq.heappush(queue, (difference, one, other, *changes))

    for one, borders in enumerate(regions.borders):
        for other in borders:
            if one < other:
                push(one, other)
    while queue:
        _, one, other, changes_one, changes_other = heapq.heappop(queue)
        current = regions.changes[one] == changes_one and regions.changes[other] == changes_other
        if not (current and regions.alive(one) and regions.alive(other)):
            continue  # one of them has grown since; its new differences are in the queue
        gone, kept = sorted((one, other), key=lambda n: (regions.sizes[n], n))
        regions.join(gone, kept)
        for neighbour in list(regions.borders[kept]):
            push(kept, neighbour)
