"""Which parcels of two layers share pixels, counted tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.grid import PixelCoordinates, Window
from core.study.metrics.parts import Numbers

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Parcels:
    """The parcels of one layer that have a known pixel, in the order of their numbers.

    Parameters
    ----------
    known : int64 (parcels,)
        Pixels that both layers know; every other figure here but the next is over them.
    mostly_known : bool (parcels,)
        Whether those are at least half of all its pixels.
    centres : PixelCoordinates
        Centres of gravity, in pixels of the image.
    """

    known: Numbers
    mostly_known: npt.NDArray[np.bool_]
    centres: PixelCoordinates


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Two layers of parcels, and each pair that shares known pixels.

    Parameters
    ----------
    of_predicted, of_truth : int64 (pairs,)
        Indices into ``predicted`` and ``truth``.
    pixels : int64 (pairs,)
        Known pixels that the pair shares.
    """

    predicted: Parcels
    truth: Parcels
    of_predicted: Numbers
    of_truth: Numbers
    pixels: Numbers

    def best_of_truth(self) -> Numbers:
        """For each true parcel with any, the pair with the most pixels: int64 (such parcels,).

        Of equals, the one with the smaller predicted parcel.
        """
        size = self.predicted.known[self.of_predicted]
        order = np.lexsort((size, -self.pixels, self.of_truth))
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = self.of_truth[order][1:] != self.of_truth[order][:-1]
        return np.asarray(order[first], dtype=np.int64)


class Overlaps:
    """Counts overlaps window by window; memory grows with the parcels, not with the pixels."""

    def __init__(self) -> None:
        self._pairs: list[Numbers] = []
        self._predicted: list[Floats] = []
        self._truth: list[Floats] = []

    def add(
        self,
        predicted: Numbers,
        truth: Numbers,
        known: npt.NDArray[np.bool_],
        window: Window,
    ) -> None:
        """Count a window: numbers from 1, 0 where there is none, int64 (rows, columns)."""
        self._predicted.append(_sizes(predicted, known, window))
        self._truth.append(_sizes(truth, known, window))
        both = known & (predicted > 0) & (truth > 0)
        # One number for each pair: sorting those is far quicker than sorting rows.
        base = int(truth.max(initial=0)) + 1
        pairs, counts = np.unique(predicted[both] * base + truth[both], return_counts=True)
        self._pairs.append(np.column_stack([*np.divmod(pairs, base), counts]))

    def total(
        self, *, predicted_as: Numbers | None = None, truth_as: Numbers | None = None
    ) -> Overlap:
        """All windows together.

        Parameters
        ----------
        predicted_as, truth_as : int64, optional
            The final number of each number, where windows had numbers of their own
            (``PartNumbers.joined``).
        """
        predicted_ids, predicted = _parcels(self._predicted, predicted_as)
        truth_ids, truth = _parcels(self._truth, truth_as)
        pairs = np.concatenate([np.zeros((0, 3), dtype=np.int64), *self._pairs])
        one, two = _renamed(pairs[:, 0], predicted_as), _renamed(pairs[:, 1], truth_as)
        unique, which = np.unique(np.column_stack([one, two]), axis=0, return_inverse=True)
        pixels = np.bincount(which.ravel(), pairs[:, 2], minlength=len(unique)).astype(np.int64)
        return Overlap(
            predicted,
            truth,
            np.searchsorted(predicted_ids, unique[:, 0]),
            np.searchsorted(truth_ids, unique[:, 1]),
            pixels,
        )


def _sizes(numbers: Numbers, known: npt.NDArray[np.bool_], window: Window) -> Floats:
    """Number, all pixels, known pixels, and their sums of columns and rows: (parcels, 5)."""
    there = numbers > 0
    row, column = np.nonzero(there)
    # Numbers of a window lie close together: counting from the least is far quicker than sorting.
    least = int(numbers[there].min()) if len(row) else 0
    which = numbers[there] - least
    seen = known[there].astype(np.float64)
    sums = [
        np.bincount(which, weights)
        for weights in (
            np.ones(len(which)),
            seen,
            seen * (column + window.column + 0.5),
            seen * (row + window.row + 0.5),
        )
    ]
    table = np.column_stack([np.arange(len(sums[0]), dtype=np.float64) + least, *sums])
    return np.asarray(table[table[:, 1] > 0])


def _parcels(windows: Sequence[Floats], final: Numbers | None) -> tuple[Numbers, Parcels]:
    rows = np.concatenate([np.zeros((0, 5)), *windows])
    ids, which = np.unique(_renamed(rows[:, 0].astype(np.int64), final), return_inverse=True)
    sums = np.zeros((len(ids), 4))
    np.add.at(sums, which, rows[:, 1:])
    seen = sums[:, 1] > 0
    ids, sums = ids[seen], sums[seen]
    centres = PixelCoordinates(sums[:, 2] / sums[:, 1], sums[:, 3] / sums[:, 1])
    known = np.rint(sums[:, 1]).astype(np.int64)
    return ids, Parcels(known, 2 * sums[:, 1] >= sums[:, 0], centres)


def _renamed(numbers: Numbers, final: Numbers | None) -> Numbers:
    return numbers if final is None else final[numbers]
