"""What the values of a raster mean: scale and offset of its bands, and ranges that are colours
ready to be seen, whatever numbers hold them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader

Three = tuple[float, float, float]
Part = tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]
"""Values (3, rows, columns) and validity (rows, columns)."""

READY_LEVELS = 96
"""8-bit colours whose percentiles span at least so many levels can be seen as they are."""

_READY_SHARE = 0.5
"""Of 0 to 1: values that are no 256ths and span less may as well be reflectances."""

_STEPS = (257.0, 256.0, 1.0, 1.0 / 255.0)
"""What one level of an 8-bit colour became when it was stored as another type."""

_LEAST_DISTINCT = 16


@dataclass(frozen=True, slots=True)
class Scaling:
    """From stored values to what they mean, for red, green and blue: ``value * scale + offset``."""

    scale: Three = (1.0, 1.0, 1.0)
    offset: Three = (0.0, 0.0, 0.0)

    @property
    def same(self) -> bool:
        """Whether the three bands have one scale and one offset."""
        return len(set(self.scale)) == len(set(self.offset)) == 1

    def meant(self, band: int, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What stored values of red (0), green (1) or blue (2) mean."""
        return values * self.scale[band] + self.offset[band]

    def stored(self, value: float) -> Three:
        """The value as each of the three bands stores it."""
        red, green, blue = (
            (value - offset) / scale for scale, offset in zip(self.scale, self.offset, strict=True)
        )
        return red, green, blue


def read_scaling(dataset: DatasetReader, bands: tuple[int, int, int]) -> Scaling:
    """Scale and offset tags of three bands, counted from 1.

    None at all where one of them makes no sense: not finite, or a scale that is not above 0.
    """
    red, green, blue = ((dataset.scales[b - 1], dataset.offsets[b - 1]) for b in bands)
    sound = all(
        math.isfinite(scale) and math.isfinite(offset) and scale > 0
        for scale, offset in (red, green, blue)
    )
    if not sound:
        return Scaling()
    return Scaling((red[0], green[0], blue[0]), (red[1], green[1], blue[1]))


def colour_range(
    overview: Part,
    span: float,
    windows: Iterable[Part],
    *,
    least_levels: int = READY_LEVELS,
) -> tuple[float, float] | None:
    """The values of black and white where a raster holds colours that are ready to be seen.

    Recognised are 8-bit colours in bytes, in wider whole numbers (as they are, times 257 or 256),
    in floats from 0 to 255 or 0 to 1, and other values that fill half of 0 to 1.

    Parameters
    ----------
    overview : values (3, rows, columns), validity (rows, columns)
        Of the whole raster, averaged; with at least one valid pixel.
    span : float
        From the lowest to the highest percentile over all bands, in stored values.
    windows : iterable of the same
        Pixels as they are stored, which averages are not; looked at only where they decide.
    least_levels : int
        Levels of 256 that the span must cover.
    """
    values, valid = overview
    if values.dtype == np.uint8:
        return (0.0, 255.0) if span >= least_levels else None
    chosen = values[:, valid].astype(np.float64)
    chosen = chosen[np.isfinite(chosen)]
    if chosen.size == 0 or chosen.min() < 0:
        return None
    floats = np.issubdtype(values.dtype, np.floating)
    likely = [
        step
        for step in _STEPS
        if chosen.max() <= 255 * step * (1 + 1e-6)
        and span >= least_levels * step
        and (floats or step >= 1)
    ]
    step = _common_step(likely, windows)
    if step is not None:
        return 0.0, 255 * step
    fills = floats and chosen.max() <= 1 and span >= _READY_SHARE
    return (0.0, 1.0) if fills else None


def _common_step(likely: list[float], windows: Iterable[Part]) -> float | None:
    """The largest step of which all stored values are multiples; None for none."""
    if not likely:
        return None
    levels: set[float] = set()
    for values, valid in windows:
        chosen = values[:, valid].astype(np.float64)
        levels.update(np.unique(chosen[np.isfinite(chosen)]).tolist())
        # Far more than 256 levels are not the colours of one step.
        if len(levels) > 1024:
            return None
    if len(levels) < _LEAST_DISTINCT:
        return None
    found = np.array(sorted(levels))
    for step in likely:
        parts = found / step
        if float(np.abs(parts - np.rint(parts)).max()) < 0.01 and float(parts.max()) <= 255.01:
            return step
    return None
