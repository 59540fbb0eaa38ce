"""Pixels that look unknown although nothing in the file says so: collars and untagged nodata.

Statistics in the file or beside it are evidence, too: whoever took them over all pixels and left
one value out knew that it is nodata.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader

from core.imagery.blocks import is_lossy, lacks_blocks
from core.imagery.collar import LOSSY_TOLERANCE, find_collars
from core.imagery.equality import HUGE, equals
from core.imagery.open import band_tags, read_bands
from core.imagery.palette import is_palette
from core.imagery.sidecar import exact_range, read_sidecar
from core.imagery.validity import (
    Flags,
    UnknownPixels,
    read_validity,
    sample_windows,
    stands_for_nothing,
)

_SENTINELS = (
    *(-9999.0, -99999.0, -999.0, -9998.0, -32768.0, -32767.0, 32767.0),
    *(-2147483648.0, 2147483647.0),
)
"""What software writes for nodata in bands that can be negative; 3.4e38 and its like beside."""

_ALONG, _SIDE = 5, 128
_ENDS = ("minimum", "maximum", "approximate")
_LEAST_GAP = 0.1
"""How far off a sentinel stands from all other values, as a share of the range of these."""

_LEAST_FREQUENT, _LEAST_PIXELS = 0.002, 32
"""Share and number of values that make one frequent that nobody knows as a sentinel."""


def suspect(
    dataset: DatasetReader,
    bands: tuple[int, ...],
    known: UnknownPixels,
    preview: npt.NDArray[np.generic],
    valid: Flags,
) -> UnknownPixels:
    """What is known of a raster's unknown pixels, and what is suspected of it.

    Parameters
    ----------
    bands : tuple of int
        The bands that are looked at.
    known : UnknownPixels
        What the file says.
    preview : array (bands, rows, columns)
        An overview of the whole, averaged.
    valid : bool (rows, columns)
        Where it is valid by ``known``.

    Raises
    ------
    UnreadableRasterError
        The file is damaged.
    """
    suspected = () if is_palette(dataset) else _values(dataset, bands, known, preview, valid)
    for value, _ in suspected:
        valid = valid & ~stands_for_nothing(preview, value)
    along = max(dataset.height / valid.shape[0], dataset.width / valid.shape[1])
    lossy = preview.dtype == np.uint8 and is_lossy(dataset)
    collars = find_collars(
        preview,
        valid,
        sparse=lacks_blocks(dataset),
        tolerance=LOSSY_TOLERANCE if lossy else 0.0,
        pixels_along=along,
    )
    return replace(known, suspected=suspected, collars=collars)


def _values(
    dataset: DatasetReader,
    bands: tuple[int, ...],
    known: UnknownPixels,
    preview: npt.NDArray[np.generic],
    valid: Flags,
) -> tuple[tuple[float, float], ...]:
    """Values that are suspected wherever they stand, each with its share of the pixels."""
    distinct = sorted(set(bands))
    ranges = _statistics(dataset, distinct)
    may_be_negative = not np.issubdtype(preview.dtype, np.unsignedinteger)
    if ranges is None and not may_be_negative:
        return ()
    sample = _sample(dataset, distinct, known)
    found = _sentinels(dataset, sample, preview, valid) if may_be_negative else {}
    if ranges is not None and sample.size > 0:
        found = {**_left_out(sample, ranges), **found}
    return tuple(found.items())


def _sample(
    dataset: DatasetReader, bands: list[int], known: UnknownPixels
) -> npt.NDArray[np.generic]:
    """Known pixels of a few windows as they are stored: (bands, pixels)."""
    parts = []
    for window in sample_windows(dataset, _ALONG, _SIDE):
        there = read_validity(dataset, bands, window=window, unknown=known)
        parts.append(read_bands(dataset, bands, window=window)[:, there])
    return np.concatenate(parts, axis=1)


def _left_out(
    sample: npt.NDArray[np.generic],
    ranges: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
) -> dict[float, float]:
    """Values beyond the statistics of all bands, if all other pixels are within them."""
    candidates = [0.0, *_SENTINELS, -3.4e38, 3.4e38]
    if np.issubdtype(sample.dtype, np.integer):
        candidates.append(float(np.iinfo(sample.dtype.name).max))
    low, high = (ends[:, None] for ends in ranges)
    values = sample.astype(np.float64)
    within = ((values >= low) & (values <= high)).all(axis=0)
    found = {}
    for value in candidates:
        there = stands_for_nothing(sample, value)
        if there.any() and not ((low <= value) & (value <= high)).any():
            found[value] = float(there.mean())
            within |= there
    # Statistics of an earlier state of the file fit other pixels no better.
    return found if within.all() else {}


def _statistics(
    dataset: DatasetReader, bands: list[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Lowest and highest values of bands; None where one of them has no statistics."""
    ranges = stated_ranges(dataset)
    if not all(band in ranges for band in bands):
        return None
    ends = np.array([ranges[band] for band in bands])
    # Texts of single precision have fewer digits than the pixels.
    reach = 1e-6 * np.abs(ends).max(axis=1)
    return ends[:, 0] - reach, ends[:, 1] + reach


def stated_ranges(dataset: DatasetReader) -> dict[int, tuple[float, float]]:
    """Lowest and highest known value of bands (from 1) by statistics beside the file or in it.

    Raises
    ------
    UnreadableRasterError
        Its auxiliary XML cannot be read.
    """
    beside = read_sidecar(dataset.name)
    found = {} if beside is None else dict(beside.statistics)
    for band in dataset.indexes:
        tags = band_tags(dataset, band)
        ends = exact_range(*(tags.get(f"statistics_{end}") for end in _ENDS))
        if ends is not None:
            found.setdefault(band, ends)
    return found


def _sentinels(
    dataset: DatasetReader,
    sample: npt.NDArray[np.generic],
    preview: npt.NDArray[np.generic],
    valid: Flags,
) -> dict[float, float]:
    values = np.concatenate([preview[:, valid].ravel(), sample.ravel()]).astype(np.float64)
    values = values[~np.isnan(values)]
    tag = dataset.nodata
    if tag is not None:
        values = values[values != tag]
    huge = np.abs(values) >= HUGE
    held = [v for v in _SENTINELS if v != tag and (values == v).any()]
    rest = values[~huge & ~np.isin(values, held)]
    found = [v for v in held if _stands_off(v, rest)]
    lowest = _frequent_lowest(sample)
    if lowest is not None and lowest not in (*held, tag):
        found.append(lowest)
    found += [v for v in (-3.4e38, 3.4e38) if (huge & (np.sign(values) == np.sign(v))).any()]
    return {v: _share(preview, valid, values, v) for v in found}


def _frequent_lowest(sample: npt.NDArray[np.generic]) -> float | None:
    """A negative value that is frequent, the lowest, and far from the next: -1, or -9999 scaled."""
    values = sample[np.abs(sample) < HUGE]
    if values.size == 0 or not values.min() < 0:
        return None
    lowest = values.min()
    others = values[values > lowest].astype(np.float64)
    count = values.size - others.size
    if others.size == 0 or count < max(_LEAST_PIXELS, _LEAST_FREQUENT * values.size):
        return None
    next_, high = float(others.min()), float(np.percentile(others, 98))
    far = next_ - float(lowest) > _LEAST_GAP * (high - next_)
    return float(lowest) if far else None


def _share(
    preview: npt.NDArray[np.generic],
    valid: Flags,
    sampled: npt.NDArray[np.float64],
    value: float,
) -> float:
    """Share of the pixels that hold a value: by the overview, or by the sample it blurs."""
    seen = float((equals(preview, value).any(axis=0) & valid).mean())
    return seen or float(equals(sampled, value).mean())


def _stands_off(value: float, rest: npt.NDArray[np.float64]) -> bool:
    if rest.size == 0:
        return True
    low, high = float(rest.min()), float(np.percentile(rest, 98))
    # A value that was averaged with the sentinel lies between, so the bulk decides.
    bulk = float(np.percentile(rest, 1))
    if value < 0:
        return value < low and bulk - value > _LEAST_GAP * max(high - bulk, 0.0)
    return value > float(rest.max()) and value - high > _LEAST_GAP * (high - low)
