"""How well the borders of cropland are drawn: how much of them lies within some metres.

The boundary F1 of Martin, Fowlkes and Malik 2004 (doi:10.1109/TPAMI.2004.1273918) as Csurka,
Larlus and Perronnin 2013 ("What is a good evaluation measure for semantic segmentation?", BMVC,
doi:10.5244/C.27.32) use it for masks: precision is the share of the predicted boundary that lies
within a distance of the true one, recall the share of the true one that lies within it of the
predicted one.  They count boundary pixels; here a boundary is made of the sides that two pixels
of different value share, each at its middle and as long as it is on the ground.  So the figure
does not depend on which of the two values is called cropland, and it is right for pixels that are
not square, as those of a scene in degrees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from core.grid import Grid, Window
from core.study.metrics.figures import TOLERANCES_M, Sums

_SLACK = 2e-3
"""Share by which a tolerance grows: a metre of UTM is up to 0.1 % more or less on the ground, and a
shift by one pixel of 1 m shall be within 1 m in all of them."""

Values = npt.NDArray[np.bool_] | npt.NDArray[np.integer]


def compare_boundaries(
    mask: Values,
    truth: Values,
    known: npt.NDArray[np.bool_],
    grid: Grid,
    *,
    inner: Window | None = None,
    tolerances_m: Sequence[float] = TOLERANCES_M,
) -> Sums:
    """Lengths of the boundaries of ``mask`` and ``truth``, and of what of them matches.

    Parameters
    ----------
    mask, truth : bool or integer (rows, columns)
        Cropland, or numbers of parcels: a boundary is where values differ.
    known : bool (rows, columns)
        A side is a boundary only between two known pixels, and the image's edge is none.
    grid : Grid
        Of both.
    inner : Window, optional
        Only sides whose left or upper pixel lies in this window, in pixels of the arrays, are
        counted; sides around it are there to be matched.  By default all.  See :func:`halo`.

    Returns
    -------
    float64 (tolerances, 4)
        Metres of the predicted boundary, of what of it is near the true one, of the true boundary,
        and of what of it is near the predicted one.
    """
    steps = grid.ground_steps
    predicted, actual = (_Sides.of(values, known, steps, inner) for values in (mask, truth))
    lengths = []
    for tolerance in tolerances_m:
        reach = tolerance * (1 + _SLACK)
        for sides, others in ((predicted, actual), (actual, predicted)):
            near = sides.metres[sides.nearest(others) <= reach]
            lengths += [float(sides.metres.sum()), float(near.sum())]
    return np.array(lengths).reshape(len(tolerances_m), 4)


def halo(grid: Grid, tolerances_m: Sequence[float] = TOLERANCES_M) -> int:
    """Pixels around a window within which the boundary that matches its own must lie."""
    steps = grid.ground_steps
    # The shortest way across a row or column of sheared pixels is the parallelogram's height.
    area = abs(float(np.linalg.det(steps)))
    height = area / float(np.linalg.norm(steps, axis=1).max())
    return math.ceil(max(tolerances_m) * (1 + _SLACK) / height) + 1


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Sides of pixels that are boundary.

    Parameters
    ----------
    places : float64 (sides, 2)
        Middles in metres east and north; all of them.
    counted : bool (sides,)
        Whether a side belongs to the inner window.
    metres : float64 (counted sides,)
        Lengths of those that do.
    """

    places: Sums
    counted: npt.NDArray[np.bool_]
    metres: Sums

    @classmethod
    def of(
        cls, values: Values, known: npt.NDArray[np.bool_], steps: Sums, inner: Window | None
    ) -> _Sides:
        along, down = np.linalg.norm(steps, axis=1)
        beside = (values[:, 1:] != values[:, :-1]) & known[:, 1:] & known[:, :-1]
        below = (values[1:] != values[:-1]) & known[1:] & known[:-1]
        row, column = np.concatenate([np.argwhere(beside), np.argwhere(below)]).T
        upright = np.arange(len(row)) < np.count_nonzero(beside)
        # The side between a pixel and the next in its row is as long as a pixel is high.
        middles = np.column_stack(
            [column + np.where(upright, 1.0, 0.5), row + np.where(upright, 0.5, 1.0)]
        )
        counted = np.ones(len(row), dtype=np.bool_)
        if inner is not None:
            counted = (row >= inner.row) & (row < inner.row_stop)
            counted &= (column >= inner.column) & (column < inner.column_stop)
        return cls(middles @ steps, counted, np.where(upright, down, along)[counted])

    def nearest(self, others: _Sides) -> Sums:
        """Metres from each counted side to the nearest of the others: float64 (counted sides,)."""
        asked = self.places[self.counted]
        if not len(asked) or not len(others.places):
            return np.full(len(asked), np.inf)
        distances, _ = cKDTree(others.places).query(asked)
        return np.asarray(distances, dtype=np.float64)
