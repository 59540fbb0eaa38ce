"""Band values of a window and where they are known; unknown pixels colour no average."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from rasterio.enums import Resampling
from rasterio.io import DatasetReader

from core.grid import Window
from core.imagery.open import read_bands
from core.imagery.palette import is_palette, palette_colours
from core.imagery.validity import BY_HEADER, Flags, UnknownPixels, read_validity

Values = npt.NDArray[np.generic]

MOST_AVERAGED = 20_000_000
"""As many native pixels as a tile of 1024 pixels has at four of them along each."""

_STRIP_PIXELS = 4_000_000
_STORED_SIDE = 192


def read_values(
    dataset: DatasetReader,
    bands: tuple[int, int, int],
    window: Window | None,
    shape: tuple[int, int],
    unknown: UnknownPixels = BY_HEADER,
    most_averaged: int = MOST_AVERAGED,
) -> tuple[Values, Flags]:
    """Band values (3, rows, columns) and validity (rows, columns) of a native window.

    Values keep the file's dtype, a palette's colours excepted (uint8); ``shape`` (rows, columns)
    smaller than the window averages, as far as that goes without pixels that are unknown.

    Parameters
    ----------
    unknown : UnknownPixels
        What counts as unknown beside the header.
    most_averaged : int
        Native pixels of a window that are read to average the known ones, where some are unknown
        beside the header; of a larger window single pixels are taken.

    Raises
    ------
    UnreadableRasterError
        The file is truncated or damaged.
    """
    distinct = sorted(set(bands))
    order = [distinct.index(band) for band in bands]
    if is_palette(dataset):
        return _palette(dataset, window, shape, unknown)
    native = window or Window(0, 0, dataset.width, dataset.height)
    plain = not unknown.values and not unknown.hiding_collars
    if plain or shape == (native.height, native.width):
        valid = read_validity(dataset, distinct, window=window, shape=shape, unknown=unknown)
        values = read_bands(
            dataset, distinct, window=window, shape=shape, resampling=Resampling.average
        )
        return values[order], valid & _finite(values)
    factors = native.height / shape[0], native.width / shape[1]
    whole = all(factor.is_integer() for factor in factors)
    if whole and native.width * native.height <= most_averaged:
        down, across = (int(factor) for factor in factors)
        values, valid = _averaged(dataset, distinct, native, (down, across), unknown)
    else:
        # GDAL's averages would mix unknown pixels in.
        valid = read_validity(dataset, distinct, window=window, shape=shape, unknown=unknown)
        values = read_bands(dataset, distinct, window=window, shape=shape)
        valid &= _finite(values)
    return values[order], valid


def stored_windows(
    dataset: DatasetReader,
    bands: tuple[int, int, int],
    unknown: UnknownPixels = BY_HEADER,
) -> Iterator[tuple[Values, Flags]]:
    """Values and validity of a few small windows, as they are stored."""
    for part in (4, 2, 6, 1, 7):
        column = max(0, dataset.width * part // 8 - _STORED_SIDE // 2)
        row = max(0, dataset.height * part // 8 - _STORED_SIDE // 2)
        width = min(_STORED_SIDE, dataset.width - column)
        height = min(_STORED_SIDE, dataset.height - row)
        window = Window(column, row, width, height)
        yield read_values(dataset, bands, window, (height, width), unknown)


def _palette(
    dataset: DatasetReader, window: Window | None, shape: tuple[int, int], unknown: UnknownPixels
) -> tuple[Values, Flags]:
    """Colours of a palette; values that are unknown are codes, collars are colours."""
    by_code = UnknownPixels(unknown.nodata, unknown.said_by, alpha=unknown.alpha, tag=unknown.tag)
    valid = read_validity(dataset, [1], window=window, shape=shape, unknown=by_code)
    codes = read_bands(dataset, [1], window=window, shape=shape)[0]
    colours = palette_colours(dataset, codes)
    collars = UnknownPixels(collars=unknown.hiding_collars)
    outside = collars.hides(colours[:3], (dataset.height, dataset.width), window)
    return colours[:3], valid & (colours[3] > 0) & ~outside


def _averaged(
    dataset: DatasetReader,
    bands: list[int],
    window: Window,
    factors: tuple[int, int],
    unknown: UnknownPixels,
) -> tuple[Values, Flags]:
    """Means of the known pixels of each block; a block is known where its middle pixel is."""
    down, across = factors
    rows = max(1, _STRIP_PIXELS // (window.width * down)) * down
    values: list[Values] = []
    valid: list[Flags] = []
    for row in range(window.row, window.row_stop, rows):
        strip = Window(window.column, row, window.width, min(rows, window.row_stop - row))
        native = read_bands(dataset, bands, window=strip)
        known = read_validity(dataset, bands, window=strip, unknown=unknown) & _finite(native)
        values.append(_block_means(native, known, down, across))
        valid.append(known[down // 2 :: down, across // 2 :: across])
    return np.concatenate(values, axis=1), np.concatenate(valid, axis=0)


def _block_means(values: Values, known: Flags, down: int, across: int) -> Values:
    bands, height, width = values.shape
    blocks = (height // down, down, width // across, across)
    counts = np.maximum(known.reshape(blocks).sum(axis=(1, 3)), 1)
    totals = np.where(known, values, 0).reshape(bands, *blocks)
    means = totals.sum(axis=(2, 4), dtype=np.float64) / counts
    if np.issubdtype(values.dtype, np.integer):
        means = np.floor(means + 0.5)
    return np.asarray(means.astype(values.dtype))


def _finite(values: Values) -> Flags:
    if not np.issubdtype(values.dtype, np.floating):
        return np.ones(values.shape[1:], dtype=np.bool_)
    return np.asarray(np.isfinite(values).all(axis=0))
