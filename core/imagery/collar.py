"""Collars: large regions of one plain colour that touch an image's edge, where nothing was imaged.

An orthophoto turned to north, a mosaic, a GeoTIFF of which half was never written: outside the
image they hold black or white, and often no word about it.  A collar is kept as its value and as a
coarse map of where it lies, so that a dark pixel in the midst of the image stays what it is.
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

Flags = npt.NDArray[np.bool_]

MOST_CELLS = 512
"""Cells of the coarse map along one side."""

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
    """

    value: float
    share: float
    rows: int
    columns: int
    packed: str

    @property
    def colour(self) -> str:
        """``black`` or ``white``."""
        return "black" if self.value == 0 else "white"

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
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Collar:
        """The inverse of :meth:`to_json`; InputError where the map is damaged."""
        found = cls(data["value"], data["share"], data["rows"], data["columns"], data["packed"])
        _unpacked(found.packed, found.rows, found.columns)
        return found


def find_collars(
    values: npt.NDArray[np.generic], valid: Flags, *, sparse: bool
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
    """
    found = []
    for value in _plain_values(values, valid):
        plain = (values == value).all(axis=0) & valid
        region = _regions(plain, valid, sparse=sparse and value == 0)
        if region.any():
            found.append(_packed(float(value), region))
    return tuple(found)


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


def _packed(value: float, region: Flags) -> Collar:
    rows, columns = (min(MOST_CELLS, side) for side in region.shape)
    starts = [
        np.arange(n) * side // n for n, side in zip((rows, columns), region.shape, strict=True)
    ]
    cells = np.logical_or.reduceat(np.logical_or.reduceat(region, starts[0], 0), starts[1], 1)
    # What an overview blurs along the collar's inner edge is still collar.
    wide = ndimage.binary_dilation(cells, structure=_EVERY_NEIGHBOUR)
    body = zlib.compress(np.packbits(wide).tobytes(), 9)
    return Collar(value, float(region.mean()), rows, columns, base64.b64encode(body).decode())


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
