"""How far a land cover product lies beside the image, found from the two alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Value = TypeVar("Value", bound=np.generic)

_REACH_CELLS = 1.5
_STEPS_PER_CELL = 4
_LEAST_GAIN = 0.003
_MOST_POINTS = 60_000


@dataclass(frozen=True, slots=True)
class Shift:
    """A move in whole pixels: down and to the right are positive."""

    rows: int
    columns: int


def find_shift(
    probability: npt.NDArray[np.float32],
    crop: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    cell_pixels: float,
) -> Shift:
    """The move of ``crop`` after which it agrees best with ``probability``.

    Geolocation of global products is stated to within about a cell, and a cell is many pixels of
    aerial imagery.  What a classifier learns from colours cannot follow a border that runs through
    the middle of a field, so its probability keeps to the true borders although its training
    labels do not; the best correlation of the two tells the shift.

    Parameters
    ----------
    probability : float32 (rows, columns)
        Cropland as a classifier sees it that learned from ``crop`` itself.
    crop, known : bool (rows, columns)
        The land cover, and where both it and the probability say anything.
    cell_pixels : float
        Side of a land cover cell in pixels; moves of up to 1.5 cells in quarters are tried.

    Returns
    -------
    Shift
        No move where the best gains less than 0.003 in correlation, or the area is too small.
    """
    step = max(1, round(cell_pixels / _STEPS_PER_CELL))
    reach = int(_REACH_CELLS * cell_pixels / step) * step
    rows, columns = crop.shape
    inner = (rows - 2 * reach, columns - 2 * reach)
    nothing = Shift(0, 0)
    if reach == 0 or min(inner) < 4 * cell_pixels:
        return nothing
    thin = max(1, int(np.sqrt(inner[0] * inner[1] / _MOST_POINTS)))

    def moved(values: npt.NDArray[Value], shift: Shift) -> npt.NDArray[Value]:
        top, left = reach - shift.rows, reach - shift.columns
        return values[top : top + inner[0] : thin, left : left + inner[1] : thin]

    seen = np.asarray(moved(probability, nothing), dtype=np.float64)
    here = moved(known, nothing)
    moves = range(-reach, reach + 1, step)
    scores = {
        shift: _correlation(seen, moved(crop, shift), here & moved(known, shift))
        for shift in (Shift(down, right) for down in moves for right in moves)
    }
    # Of equal ones the shortest.
    best = max(scores, key=lambda s: (scores[s], -abs(s.rows) - abs(s.columns)))
    return best if scores[best] >= scores[nothing] + _LEAST_GAIN else nothing


def move_flags(flags: npt.NDArray[np.bool_], shift: Shift) -> npt.NDArray[np.bool_]:
    """Flags moved by a shift; what comes in from outside is False."""
    out = np.zeros_like(flags)
    rows, columns = flags.shape
    down, right = shift.rows, shift.columns
    out[max(0, down) : rows + min(0, down), max(0, right) : columns + min(0, right)] = flags[
        max(0, -down) : rows - max(0, down), max(0, -right) : columns - max(0, right)
    ]
    return out


def _correlation(
    probability: npt.NDArray[np.float64],
    crop: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
) -> float:
    values, labels = probability[known], crop[known].astype(np.float64)
    if values.size == 0:
        return 0.0
    spread = values.std() * labels.std()
    if spread == 0:
        return 0.0
    covariance = (values * labels).mean() - values.mean() * labels.mean()
    return float(covariance / spread)
