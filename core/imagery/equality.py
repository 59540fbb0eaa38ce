"""Whether pixels of any dtype hold a value that a tag, a person or a suspicion names."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

HUGE = 1e19
"""No reflectance, brightness or code is as far from zero; 3.4e38, 9.97e36 and 1e20 are nodata."""


def equals(values: npt.NDArray[np.generic], value: float) -> npt.NDArray[np.bool_]:
    """Where an array of any dtype holds a value; nowhere where its dtype cannot."""
    if np.issubdtype(values.dtype, np.integer):
        range_ = np.iinfo(values.dtype.name)
        if not math.isfinite(value) or not float(value).is_integer():
            return np.zeros(values.shape, dtype=np.bool_)
        if not range_.min <= value <= range_.max:
            return np.zeros(values.shape, dtype=np.bool_)
        return np.asarray(values == values.dtype.type(int(value)))
    if abs(value) >= HUGE:
        numbers = values.astype(np.float64)
        return np.asarray(numbers >= HUGE if value > 0 else numbers <= -HUGE)
    return np.asarray(values == values.dtype.type(value))
