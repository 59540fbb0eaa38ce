"""A mask of a whole scene, kept tile by tile: its memory does not grow with the scene's size."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

import numpy as np

from core.grid import Window
from core.imagery.packed_mask import Mask, PackedMask

_CELL = 1024
"""Side of the squares of pixels by which the parts of a mask are found."""


class SlicedMask(Protocol):
    """A mask of a scene of which windows are asked: an array, or a :class:`TiledMask`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""

    def __getitem__(self, window: tuple[slice, slice], /) -> Mask:
        """The mask of a window, bool (rows, columns)."""

    def any(self) -> bool | np.bool_:
        """Whether any pixel is True."""


class TiledMask:
    """A mask, False but where a part was put.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._parts: dict[tuple[int, int], list[tuple[Window, PackedMask]]] = defaultdict(list)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self._shape

    def put(self, window: Window, part: PackedMask) -> None:
        """Say what is in a window; where parts overlap, the later one counts."""
        for cell in _cells(window):
            self._parts[cell].append((window, part))

    def any(self) -> bool:
        """Whether any pixel is True."""
        return any(part.pixels for parts in self._parts.values() for _, part in parts)

    def __getitem__(self, window: tuple[slice, slice], /) -> Mask:
        """The mask of a window, bool (rows, columns); slices without steps."""
        (top, bottom, _), (left, right, _) = (
            one.indices(length) for one, length in zip(window, self._shape, strict=True)
        )
        asked = Window(left, top, max(0, right - left), max(0, bottom - top))
        mask: Mask = np.zeros((asked.height, asked.width), dtype=np.bool_)
        for row, column in _cells(asked):
            cell = Window(column * _CELL, row * _CELL, _CELL, _CELL).intersection(asked)
            for place, part in self._parts.get((row, column), ()):
                shared = None if cell is None else cell.intersection(place)
                if shared is not None:
                    values = part.read()[shared.relative_to(place).slices]
                    mask[shared.relative_to(asked).slices] = values
        return mask


def _cells(window: Window) -> list[tuple[int, int]]:
    rows = range(window.row // _CELL, -(-window.row_stop // _CELL))
    columns = range(window.column // _CELL, -(-window.column_stop // _CELL))
    return [(row, column) for row in rows for column in columns]
