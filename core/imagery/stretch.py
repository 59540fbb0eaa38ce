"""The contrast stretch: once for each scene, the same for all of its tiles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.imagery.value_range import READY_LEVELS, Part, Scaling, colour_range

LOW_PERCENTILE = 2.0
HIGH_PERCENTILE = 98.0
_ENOUGH = 300_000

StretchWay = Literal["one", "each", "file"]
"""One width for all bands, a range for each band, or the colours as they are in the file."""

STRETCH_WAYS: tuple[StretchWay, ...] = ("one", "each", "file")


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


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A stretch, and in which way it was found."""

    stretch: Stretch
    way: StretchWay


IDENTITY = Stretch((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
"""For colours that are already 0 to 255, such as a palette's."""


def suggest_stretch(
    overview: Part,
    *,
    way: StretchWay | None = None,
    scaling: Scaling | None = None,
    windows: Iterable[Part] = (),
) -> Suggestion:
    """Colours as they are where they are ready to be seen, else one width for all three bands.

    8-bit orthophotos come with the contrast that their maker chose.  Stretched once more, band by
    band, their greens turn grey; a model that learnt from such photos then draws worse
    (``docs/decisions/016-eight-bit-colours-are-left-alone.md``).  Whatever needs a stretch gets one
    width for all bands, which keeps the colours and takes haze away
    (``docs/decisions/025-one-width-for-all-bands.md``).

    Parameters
    ----------
    overview : values (3, rows, columns), bool (rows, columns)
        Of the whole raster, with at least one valid pixel.
    way : str, optional
        What the person asked for.
    scaling : Scaling, optional
        What stored values mean; one width is one in what they mean.
    windows : iterable of the same
        Some pixels as they are stored, looked at only where they decide.

    Raises
    ------
    InputError
        Colours as in the file are asked for, and the file holds none.
    """
    values, valid = overview
    means = scaling or Scaling()
    found = estimate_stretch(values, valid)
    if way == "each":
        return Suggestion(found, way)
    if way in (None, "file") and (means.same or values.dtype == np.uint8):
        span = max(found.high) - min(found.low)
        least = 0 if way == "file" else READY_LEVELS
        ends = colour_range(overview, span, windows, least_levels=least)
        if ends is not None:
            low, high = ends
            return Suggestion(Stretch((low, low, low), (high, high, high)), "file")
    if way == "file":
        raise InputError(
            "The values of this image are no colours that can be seen as they are.",
            "Take the same contrast for all bands instead.",
        )
    return Suggestion(estimate_one_width(values, valid, scaling=means), "one")


def estimate_one_width(
    values: npt.NDArray[np.generic],
    valid: npt.NDArray[np.bool_],
    low_percentile: float = LOW_PERCENTILE,
    high_percentile: float = HIGH_PERCENTILE,
    *,
    scaling: Scaling | None = None,
) -> Stretch:
    """One width for all three bands, in what their values mean, from each band's own dark end.

    The widest band decides, so bands keep their relation to each other; haze, which lies on blue
    more than on red, goes.  Parameters and notes as for :func:`estimate_stretch`; ``scaling`` says
    what the values mean.
    """
    means = scaling or Scaling()
    meant = [means.meant(band, _some(_finite(values[band], valid))) for band in range(3)]
    ends = [_ends(band, low_percentile, high_percentile) for band in meant]
    width = max(last - first for first, last in ends)
    red, green, blue = (
        (means.stored(first)[band], means.stored(first + width)[band])
        for band, (first, _) in enumerate(ends)
    )
    return Stretch((red[0], green[0], blue[0]), (red[1], green[1], blue[1]))


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
    ends = [_ends(_finite(band, valid), low_percentile, high_percentile) for band in values]
    red, green, blue = ends
    return Stretch((red[0], green[0], blue[0]), (red[1], green[1], blue[1]))


def _finite(band: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    chosen = band[valid].astype(np.float64)
    return chosen[np.isfinite(chosen)]


def _some(chosen: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """All values, or of very many every so many: percentiles need no more memory than one band."""
    return chosen[:: max(1, chosen.size // _ENOUGH)]


def _ends(
    chosen: npt.NDArray[np.float64], low_percentile: float, high_percentile: float
) -> tuple[float, float]:
    if chosen.size == 0:
        return 0.0, 1.0
    first, last = (float(v) for v in np.percentile(chosen, (low_percentile, high_percentile)))
    if last <= first:
        reach = max(0.5, abs(first) * 1e-6)
        return first - reach, first + reach
    return first, last
