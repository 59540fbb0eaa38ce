"""Numbers for the connected parts of a mask that is read tile by tile."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.grid import Window

Numbers = npt.NDArray[np.int64]


class PartNumbers:
    """Gives the parts of each window numbers of its own, and says in the end which are one.

    Parts are connected by edges (4 neighbours), as parcels are.  Only the windows' edges are kept,
    so memory does not grow with the mask.

    Parameters
    ----------
    width, height : int
        Of the whole mask, in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self._above = np.zeros(width, dtype=np.int64)
        self._left = np.zeros(height, dtype=np.int64)
        self._links: list[Numbers] = []
        self._last = 0

    def number(self, mask: npt.NDArray[np.bool_], window: Window) -> Numbers:
        """Numbers from 1 of the parts of a window, 0 where the mask is false: int64.

        Windows come in reading order and cover the mask without overlaps.
        """
        labels, count = ndimage.label(mask)
        numbers: Numbers = np.where(labels > 0, labels.astype(np.int64) + self._last, 0)
        self._last += int(count)
        rows, columns = window.slices
        if window.column == 0:
            self._left[rows] = 0
        self._link(self._above[columns], numbers[0])
        self._link(self._left[rows], numbers[:, 0])
        self._above[columns] = numbers[-1]
        self._left[rows] = numbers[:, -1]
        return numbers

    def joined(self) -> Numbers:
        """The final number of each number given so far, int64 (given + 1,); 0 stays 0."""
        links = np.concatenate([np.zeros((0, 2), dtype=np.int64), *self._links])
        size = self._last + 1
        matrix = coo_array((np.ones(len(links), dtype=np.bool_), links.T), shape=(size, size))
        _, whole = connected_components(matrix, directed=False)
        # Components are numbered by their first member, and 0 is linked to nothing.
        return np.asarray(whole, dtype=np.int64)

    def _link(self, before: Numbers, after: Numbers) -> None:
        touch = (before > 0) & (after > 0)
        if touch.any():
            self._links.append(np.unique(np.column_stack([before[touch], after[touch]]), axis=0))
