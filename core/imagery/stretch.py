"""The contrast stretch: once for each scene, the same for all of its tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LOW_PERCENTILE = 2.0
HIGH_PERCENTILE = 98.0
_READY_LEVELS = 96
"""8-bit colours whose percentiles span at least so many levels can be seen as they are."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that become 0 and 255, for red, green and blue.

    Parameters
    ----------
    low, high : tuple of float
        One value for each of the three bands, in the raster's own units; ``low < high``.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def apply(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
        """Stretch (3, rows, columns) of any dtype to uint8 (rows, columns, 3); NaN becomes 0."""
        # Single precision cannot tell neighbouring values of 32-bit integers apart.
        working = np.dtype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
        low = np.asarray(self.low, dtype=working)[:, None, None]
        high = np.asarray(self.high, dtype=working)[:, None, None]
        # Nodata is often the lowest number a float can hold, and may overflow here.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            scaled = (values.astype(working) - low) * (255.0 / (high - low))
        scaled = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
        stretched = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.moveaxis(stretched, 0, -1))

    def to_json(self) -> dict[str, list[float]]:
        """As plain lists."""
        return {"low": list(self.low), "high": list(self.high)}

    @classmethod
    def from_json(cls, data: dict[str, list[float]]) -> Stretch:
        """The inverse of :meth:`to_json`."""
        low, high = data["low"], data["high"]
        return cls((low[0], low[1], low[2]), (high[0], high[1], high[2]))


IDENTITY = Stretch((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
"""For colours that are already 0 to 255, such as a palette's."""


def suggest_stretch(values: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_]) -> Stretch:
    """Colours as they are where they are ready to be seen, else percentiles of an overview.

    8-bit orthophotos come with the contrast that their maker chose.  Stretched once more, band by
    band, their greens turn grey; a model that learnt from such photos then draws worse
    (``docs/decisions/016-eight-bit-colours-are-left-alone.md``).  8-bit images that use few of
    their levels, and all others, need the stretch.
    """
    found = estimate_stretch(values, valid)
    ready = values.dtype == np.uint8 and max(found.high) - min(found.low) >= _READY_LEVELS
    return IDENTITY if ready else found


def estimate_stretch(
    values: npt.NDArray[np.generic],
    valid: npt.NDArray[np.bool_],
    low_percentile: float = LOW_PERCENTILE,
    high_percentile: float = HIGH_PERCENTILE,
) -> Stretch:
    """Percentiles of the valid pixels of an overview.

    Parameters
    ----------
    values : array (3, rows, columns)
        Any dtype; pixels that are not finite are left out.
    valid : bool array (rows, columns)
        Must hold at least one True.

    Notes
    -----
    A band of one value gets a range around it (one unit, or more where the value is so large that
    its digits do not resolve one), so that it becomes mid-grey instead of a division by zero.
    """
    low: list[float] = []
    high: list[float] = []
    for band in values:
        chosen = band[valid].astype(np.float64)
        chosen = chosen[np.isfinite(chosen)]
        if chosen.size == 0:
            first, last = 0.0, 1.0
        else:
            first, last = (
                float(v) for v in np.percentile(chosen, (low_percentile, high_percentile))
            )
        if last <= first:
            reach = max(0.5, abs(first) * 1e-6)
            first, last = first - reach, first + reach
        low.append(first)
        high.append(last)
    return Stretch((low[0], low[1], low[2]), (high[0], high[1], high[2]))
