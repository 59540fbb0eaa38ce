"""Collars: large regions of one plain colour that touch an image's edge, where nothing was imaged.

An orthophoto turned to north, a mosaic, a GeoTIFF of which half was never written: outside the
image they hold black or white, and often no word about it.  A collar is kept as its value and as a
coarse map of where it lies, so that a dark pixel in the midst of the image stays what it is.

Lossy compression (JPEG) blurs a collar's inner edge: values near black or near white count there as
well, as far from plain pixels as a block of the compression reaches and no farther.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.errors import InputError
from core.grid import Window
from core.imagery.equality import equals

Flags = npt.NDArray[np.bool_]

MOST_CELLS = 512
"""Cells of the coarse map along one side."""

LOSSY_TOLERANCE = 12
"""Levels of 255 that lossy compression moves a plain colour at its edge."""

_LOSSY_REACH = 16
"""Pixels along a block in which JPEG keeps colours at half the resolution."""

_LEAST_SHARE = 0.002
_LEAST_PIXELS = 32
_WHITE_FLOATS = (1.0, 255.0, 65535.0)
_EVERY_NEIGHBOUR = np.ones((3, 3), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Collar:
    """Where an image is plain black or white at its edge.

    Parameters
    ----------
    value : float
        What all bands hold there.
    share : float
        Of the image's pixels, 0 to 1, as an overview shows it.
    rows, columns : int
        Cells of the coarse map.
    packed : str
        The map: one bit a cell, row by row, compressed by zlib, in base 64.
    tolerance : float
        By how much values may differ from ``value``; more than 0 where compression is lossy.
    """

    value: float
    share: float
    rows: int
    columns: int
    packed: str
    tolerance: float = 0.0

    @property
    def colour(self) -> str:
        """``black`` or ``white``."""
        return "black" if self.value == 0 else "white"

    def plain(self, values: npt.NDArray[np.generic]) -> Flags:
        """Where all bands (bands, rows, columns) hold the collar's colour."""
        if self.tolerance == 0:
            return np.asarray(equals(values, self.value).all(axis=0))
        return near(values, self.value, self.tolerance)

    def covers(self, size: tuple[int, int], window: Window, shape: tuple[int, int]) -> Flags:
        """Where a window may be collar: pixels of its value there are.

        Parameters
        ----------
        size : (rows, columns)
            Of the whole raster.
        window : Window
            In native pixels.
        shape : (rows, columns)
            Of the answer.
        """
        cells = _unpacked(self.packed, self.rows, self.columns)
        rows = _cells(window.row, window.height, shape[0], size[0], self.rows)
        columns = _cells(window.column, window.width, shape[1], size[1], self.columns)
        return np.asarray(cells[np.ix_(rows, columns)])

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "value": self.value,
            "share": self.share,
            "rows": self.rows,
            "columns": self.columns,
            "packed": self.packed,
            "tolerance": self.tolerance,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Collar:
        """The inverse of :meth:`to_json`; InputError where the map is damaged."""
        value, share, rows, columns = (data[key] for key in ("value", "share", "rows", "columns"))
        found = cls(value, share, rows, columns, data["packed"], data.get("tolerance", 0.0))
        _unpacked(found.packed, found.rows, found.columns)
        return found


def find_collars(
    values: npt.NDArray[np.generic],
    valid: Flags,
    *,
    sparse: bool,
    tolerance: float = 0.0,
    pixels_along: float = 1.0,
) -> tuple[Collar, ...]:
    """The collars of an image by an overview of it.

    Parameters
    ----------
    values : array (bands, rows, columns)
        In the raster's own dtype.
    valid : bool (rows, columns)
        What is not valid anyway is no collar, and one behind it still touches the edge.
    sparse : bool
        Whether the file lacks blocks: what was never written may lie in the midst of the image.
    tolerance : float
        By how much lossy compression moves values; 0 where there is none.
    pixels_along : float
        Native pixels along one of the overview's.
    """
    found = []
    for value in _plain_values(values, valid):
        plain = (values == value).all(axis=0) & valid
        reach = 0.0
        if tolerance:
            plain = _most_frequent(values, near(values, value, tolerance) & valid)
            reach = _LOSSY_REACH / pixels_along
        region = _regions(plain, valid, sparse=sparse and value == 0)
        if not region.any():
            continue
        if tolerance:
            around = ndimage.distance_transform_edt(~region) <= reach
            region = region | (around & valid & near(values, value, tolerance))
        found.append(_packed(float(value), region, reach, tolerance))
    return tuple(found)


def near(values: npt.NDArray[np.generic], value: float, tolerance: float) -> Flags:
    """Where all bands (bands, rows, columns) are within a tolerance of a value."""
    low, high = values.min(axis=0), values.max(axis=0)
    return np.asarray((low >= value - tolerance) & (high <= value + tolerance))


def _most_frequent(values: npt.NDArray[np.generic], there: Flags) -> Flags:
    """Where pixels hold the most frequent grey of those that are ``there``.

    Compression makes one grey of a plain area, which is not always black or white itself; dark
    water and shadows have no such grey.
    """
    grey = there & (values == values[:1]).all(axis=0)
    found, counts = np.unique(values[0][grey], return_counts=True)
    if found.size == 0:
        return np.zeros_like(there)
    return np.asarray(grey & (values[0] == found[counts.argmax()]))


def _plain_values(values: npt.NDArray[np.generic], valid: Flags) -> tuple[float, ...]:
    if np.issubdtype(values.dtype, np.integer):
        return 0, int(np.iinfo(values.dtype.name).max)
    there = values[:, valid]
    there = there[np.isfinite(there)]
    brightest = float(there.max()) if there.size else 0.0
    return (0.0, brightest) if brightest in _WHITE_FLOATS else (0.0,)


def _regions(plain: Flags, valid: Flags, *, sparse: bool) -> Flags:
    """The large connected parts that touch the edge; with ``sparse`` the others as well."""
    numbers, count = ndimage.label(plain | ~valid, structure=_EVERY_NEIGHBOUR)
    if count == 0:
        return np.zeros_like(plain)
    sizes = np.bincount(numbers[plain], minlength=count + 1)
    wanted = sizes >= max(_LEAST_PIXELS, _LEAST_SHARE * plain.size)
    if not sparse:
        edge = np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]])
        touches = np.zeros(count + 1, dtype=np.bool_)
        touches[edge] = True
        wanted &= touches
    wanted[0] = False
    return np.asarray(wanted[numbers] & plain)


def _packed(value: float, region: Flags, reach: float, tolerance: float) -> Collar:
    rows, columns = (min(MOST_CELLS, side) for side in region.shape)
    starts = [
        np.arange(n) * side // n for n, side in zip((rows, columns), region.shape, strict=True)
    ]
    cells = np.logical_or.reduceat(np.logical_or.reduceat(region, starts[0], 0), starts[1], 1)
    # What an overview blurs along the collar's inner edge is still collar.
    steps = 1 + int(reach * max(rows / region.shape[0], columns / region.shape[1]))
    wide = ndimage.binary_dilation(cells, structure=_EVERY_NEIGHBOUR, iterations=steps)
    body = zlib.compress(np.packbits(wide).tobytes(), 9)
    told = base64.b64encode(body).decode()
    return Collar(value, float(region.mean()), rows, columns, told, tolerance)


@lru_cache(maxsize=32)
def _unpacked(packed: str, rows: int, columns: int) -> Flags:
    wanted = (rows * columns + 7) // 8
    try:
        body = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), wanted)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise _damaged() from error
    if len(body) != wanted or not 0 < rows <= MOST_CELLS or not 0 < columns <= MOST_CELLS:
        raise _damaged()
    bits = np.unpackbits(np.frombuffer(body, dtype=np.uint8), count=rows * columns)
    cells = bits.reshape(rows, columns).astype(np.bool_)
    cells.setflags(write=False)
    return cells


def _damaged() -> InputError:
    return InputError(
        "The description of what is outside of an image is damaged.", "Add its image once more."
    )


def _cells(start: int, length: int, wanted: int, size: int, cells: int) -> npt.NDArray[np.int64]:
    """The cell of each of the ``wanted`` pixels along one side of a window."""
    middles = start + (np.arange(wanted) + 0.5) * (length / wanted)
    found: npt.NDArray[np.int64] = np.clip(middles * cells // size, 0, cells - 1).astype(np.int64)
    return found
