"""Pixels that look unknown although nothing in the file says so: collars and untagged nodata."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader

from core.imagery.blocks import lacks_blocks
from core.imagery.collar import find_collars
from core.imagery.open import read_bands
from core.imagery.palette import is_palette
from core.imagery.validity import (
    HUGE,
    Flags,
    UnknownPixels,
    equals,
    read_validity,
    sample_windows,
)

_SENTINELS = (-9999.0, -99999.0, -999.0, -9998.0, -32768.0, -32767.0, 32767.0, -2147483648.0)
"""What software writes for nodata in bands that can be negative; 3.4e38 and its like beside."""

_ALONG, _SIDE = 5, 128
_LEAST_GAP = 0.1
"""How far off a sentinel stands from all other values, as a share of the range of these."""


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
    suspected = _sentinels(dataset, bands, known, preview, valid)
    for value, _ in suspected:
        valid = valid & ~equals(preview, value).any(axis=0)
    collars = find_collars(preview, valid, sparse=lacks_blocks(dataset))
    return replace(known, suspected=suspected, collars=collars)


def _sentinels(
    dataset: DatasetReader,
    bands: tuple[int, ...],
    known: UnknownPixels,
    preview: npt.NDArray[np.generic],
    valid: Flags,
) -> tuple[tuple[float, float], ...]:
    dtype = np.dtype(dataset.dtypes[bands[0] - 1])
    if np.issubdtype(dtype, np.unsignedinteger) or is_palette(dataset):
        return ()
    distinct = sorted(set(bands))
    parts = [preview[:, valid].ravel().astype(np.float64)]
    for window in sample_windows(dataset, _ALONG, _SIDE):
        there = read_validity(dataset, distinct, window=window, unknown=known)
        part = read_bands(dataset, distinct, window=window)[:, there]
        parts.append(part.ravel().astype(np.float64))
    values = np.concatenate(parts)
    values = values[~np.isnan(values)]
    tag = dataset.nodata
    if tag is not None:
        values = values[values != tag]
    huge = np.abs(values) >= HUGE
    held = [v for v in _SENTINELS if v != tag and (values == v).any()]
    rest = values[~huge & ~np.isin(values, held)]
    found = [v for v in held if _stands_off(v, rest)]
    found += [v for v in (-3.4e38, 3.4e38) if (huge & (np.sign(values) == np.sign(v))).any()]
    return tuple((v, _share(preview, valid, values, v)) for v in found)


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
