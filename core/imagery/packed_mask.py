"""A mask that is kept or sent: a bit a pixel and less, instead of a byte."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]

_LEVEL = 1
"""Masks are mostly runs: zlib's quickest level leaves a hundredth of them."""


@dataclass(frozen=True, slots=True)
class PackedMask:
    """A mask as a small value that can be compared, pickled and read again.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    pixels : int
        How many pixels are True.
    body : bytes
        Packed bits of the rows, compressed; empty where all pixels are the same.
    """

    shape: tuple[int, int]
    pixels: int
    body: bytes = b""

    @classmethod
    def of(cls, mask: Mask) -> PackedMask:
        """Pack a mask, bool (rows, columns)."""
        rows, columns = mask.shape
        pixels = int(np.count_nonzero(mask))
        if pixels in (0, mask.size):
            return cls((rows, columns), pixels)
        return cls((rows, columns), pixels, zlib.compress(np.packbits(mask).tobytes(), _LEVEL))

    def read(self) -> Mask:
        """The mask, bool (rows, columns)."""
        rows, columns = self.shape
        if not self.body:
            return np.full(self.shape, self.pixels > 0, dtype=np.bool_)
        bits = np.frombuffer(zlib.decompress(self.body), dtype=np.uint8)
        mask: Mask = np.unpackbits(bits, count=rows * columns).astype(np.bool_)
        return mask.reshape(self.shape)
