"""The field map of an image: at which size the network looks, and its answer on the image's pixels.

A network that has seen fields of some thirty pixels and more tells them apart best at that size.
So fine imagery is shrunk to about 1.5 m and coarse imagery enlarged, at most three times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

LOOK_GSD_M = 1.5
"""Fine imagery is shrunk by whole factors to about this."""

COARSE_GSD_M, ENLARGED_GSD_M = 4.0, 3.3
"""Imagery coarser than the first is enlarged to about the second."""

MOST_ENLARGED = 3
_STEP = 32
"""The network halves an image five times."""

_WINDOW, _OVERLAP = 1024, 96
"""Larger looks are seen in windows, which answer for what lies further than the overlap inside."""

Values = npt.NDArray[np.float32]

FieldNetwork = Callable[[npt.NDArray[np.uint8]], Values]
"""Colours uint8 (rows, columns, 3), both multiples of 32, to extent, boundary and depth, float32
(3, rows, columns), 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldMap:
    """What a network says of fields, each float32 (rows, columns), 0 to 1.

    Parameters
    ----------
    extent : array
        Cropland.
    boundary : array
        The border of a field.
    depth : array
        Distance to the border over the largest in that field.
    shrunk : int
        Pixels of the image along a pixel of the map; the last ones may reach beyond the image.
    """

    extent: Values
    boundary: Values
    depth: Values
    shrunk: int = 1


def map_fields(rgb: npt.NDArray[np.uint8], gsd_m: float, network: FieldNetwork) -> FieldMap:
    """The field map of an image, uint8 (rows, columns, 3), whose pixels are ``gsd_m`` metres."""
    shrunk = max(1, round(LOOK_GSD_M / gsd_m))
    if shrunk > 1:
        extent, boundary, depth = _seen(_shrink(rgb, shrunk), network)
        return FieldMap(extent, boundary, depth, shrunk)
    enlarged = min(MOST_ENLARGED, round(gsd_m / ENLARGED_GSD_M)) if gsd_m > COARSE_GSD_M else 1
    if enlarged <= 1:
        return FieldMap(*_seen(rgb, network))
    rows, columns = rgb.shape[:2]
    size = (columns * enlarged, rows * enlarged)
    large = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))
    seen = _seen(large, network)
    return FieldMap(*(seen.reshape(3, rows, enlarged, columns, enlarged).mean(axis=(2, 4))))


def _shrink(rgb: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """Means of blocks; the last ones repeat the edge."""
    rows, columns = rgb.shape[:2]
    padded = np.pad(rgb, ((0, -rows % factor), (0, -columns % factor), (0, 0)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor, 3)
    means: npt.NDArray[np.uint8] = np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(
        np.uint8
    )
    return means


def _seen(rgb: npt.NDArray[np.uint8], network: FieldNetwork) -> Values:
    """Extent, boundary and depth, float32 (3, rows, columns); a large look window by window."""
    rows, columns = rgb.shape[:2]
    found = np.empty((3, rows, columns), dtype=np.float32)
    for top, first_row, last_row in _windows(rows):
        for left, first_column, last_column in _windows(columns):
            part = rgb[top : top + _WINDOW, left : left + _WINDOW]
            height, width = part.shape[:2]
            padded = np.pad(part, ((0, -height % _STEP), (0, -width % _STEP), (0, 0)), mode="edge")
            answer = network(np.ascontiguousarray(padded))
            found[:, first_row:last_row, first_column:last_column] = answer[
                :, first_row - top : last_row - top, first_column - left : last_column - left
            ]
    return found


def _windows(length: int) -> list[tuple[int, int, int]]:
    """Start of each window along one axis, and the first and last pixel that it answers for."""
    if length <= _WINDOW:
        return [(0, 0, length)]
    step = _WINDOW - 2 * _OVERLAP
    starts = [*range(0, length - _WINDOW, step), length - _WINDOW]
    edges = [0, *(start + _OVERLAP for start in starts[1:]), length]
    return [(start, edges[n], edges[n + 1]) for n, start in enumerate(starts)]
