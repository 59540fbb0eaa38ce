"""Parcels that strategies number tile by tile, joined over the seams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.grid import Grid, Window
from core.imagery.tile_plan import Tile
from core.mapping.tile_store import TileStore

_SAME_PARCEL = 0.5
"""Least intersection over union, in the overlap of two tiles, of two views of one parcel."""

_ROWS_AT_ONCE = 1024

Numbers = npt.NDArray[np.int32]


class _Unions:
    """Numbers that mean the same parcel (disjoint sets, path halving)."""

    def __init__(self) -> None:
        self._parent = [0]

    def add(self, count: int) -> int:
        """Add ``count`` numbers; returns the first of them."""
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        return first

    def find(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self._parent[high] = low

    def roots(self) -> Numbers:
        """The lowest number that means the same, for each number."""
        return np.array([self.find(n) for n in range(len(self._parent))], dtype=np.int32)


def stitch_instances(grid: Grid, tiles: tuple[Tile, ...], store: TileStore) -> Numbers | None:
    """Parcel numbers of the whole scene, int32 (rows, columns); None where no tile has any.

    Each pixel gets its number from the tile in whose core it lies, so seams run in the middle of
    an overlap and not along a tile's edge, where models see least.  A number joins a number of a
    tile laid before where, in the part of the latter's core that both tiles see, their
    intersection over union is more than one half; touching fields therefore stay apart.  Numbers
    are counted from 1 in no order.
    """
    scene = np.zeros(grid.shape, dtype=np.int32)
    laid: list[Window] = []
    unions = _Unions()
    found = False
    for tile in tiles:
        numbers = store.load(tile.name, grid.window_grid(tile.window)).instances
        cores = [c for c in (core.intersection(grid.extent) for core in tile.cores) if c]
        if numbers is not None:
            found = True
            fresh = _renumbered(numbers, unions)
            _join(scene, fresh, tile.window, laid, unions)
            for core in cores:
                scene[core.slices] = fresh[core.relative_to(tile.window).slices]
        laid.extend(cores)
    if not found:
        return None
    roots = unions.roots()
    for row in range(0, grid.height, _ROWS_AT_ONCE):
        scene[row : row + _ROWS_AT_ONCE] = roots[scene[row : row + _ROWS_AT_ONCE]]
    return scene


def _renumbered(numbers: Numbers, unions: _Unions) -> Numbers:
    """A tile's numbers as numbers that no other tile has; 0 stays 0."""
    present, places = np.unique(numbers, return_inverse=True)
    positive = present > 0
    first = unions.add(int(positive.sum()))
    fresh = np.where(positive, first + np.cumsum(positive) - 1, 0).astype(np.int32)
    renumbered: Numbers = fresh[places.reshape(numbers.shape)]
    return renumbered


def _join(
    scene: Numbers, fresh: Numbers, window: Window, laid: list[Window], unions: _Unions
) -> None:
    """Join a tile's numbers to those already laid where its window overlaps laid cores."""
    for core in laid:
        shared = core.intersection(window)
        if shared is not None:
            old = unions.roots()[scene[shared.slices]]
            _join_overlap(old, fresh[shared.relative_to(window).slices], unions)


def _join_overlap(old: Numbers, new: Numbers, unions: _Unions) -> None:
    """Join the numbers of two views of the same pixels that cover mostly the same."""
    size = int(max(old.max(initial=0), new.max(initial=0))) + 1
    old_areas = np.bincount(old.ravel(), minlength=size)
    new_areas = np.bincount(new.ravel(), minlength=size)
    both = (old > 0) & (new > 0)
    pairs, shared_areas = np.unique(
        old[both].astype(np.int64) * size + new[both], return_counts=True
    )
    for pair, shared_area in zip(pairs, shared_areas, strict=True):
        one, other = divmod(int(pair), size)
        union = old_areas[one] + new_areas[other] - shared_area
        if shared_area > _SAME_PARCEL * union:
            unions.join(one, other)
