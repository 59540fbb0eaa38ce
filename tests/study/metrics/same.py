"""Comparison of figures that may be undefined."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from hypothesis import settings

from core.grid import Grid
from core.study.metrics.figures import Sums
from core.study.metrics.parcel_metrics import Overlaps
from core.study.metrics.parts import Numbers

quick = settings(deadline=None, max_examples=25)
"""For properties of small arrays, on machines of any speed."""


def same(found: float | None, expected: float | None, *, rel: float = 1e-9) -> bool:
    """Whether both are undefined, or both are one number but for rounding."""
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=rel, abs_tol=1e-6)


def compare_parcels(
    predicted: Numbers, truth: Numbers, known: npt.NDArray[np.bool_], grid: Grid
) -> Sums:
    """Sums over the parcels of one image, float64 (8,): ``PARCELS``.

    Numbers are int64 (rows, columns), from 1 and 0 where there is no parcel.
    """
    overlaps = Overlaps()
    overlaps.add(predicted, truth, known, grid.extent)
    sums: Sums = overlaps.sums(grid, [grid.extent])[0]
    return sums
