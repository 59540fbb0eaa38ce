"""Parcels that strategies number tile by tile, joined over the seams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.grid import Grid, Window
from core.imagery.tiles import Tile
from core.masks.merge import TileStore

_SAME_PARCEL = 0.5


class _Unions:
    """Numbers that mean the same parcel (disjoint sets, path halving)."""

    def __init__(self) -> None:
        self.parent = [0]

    def add(self) -> int:
        self.parent.append(len(self.parent))
        return len(self.parent) - 1

    def find(self, number: int) -> int:
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self.parent[high] = low


def stitch_instances(
    grid: Grid, tiles: tuple[Tile, ...], store: TileStore
) -> npt.NDArray[np.int32] | None:
    """Parcel numbers of the whole scene, int32 (rows, columns); None where no tile has any.

    Two numbers of neighbouring tiles become one parcel where, in the overlap of the two windows,
    their intersection is more than half of the smaller one's area there.  In an overlap the tile
    that comes first keeps its pixels.
    """
    scene = np.zeros(grid.shape, dtype=np.int32)
    unions = _Unions()
    found = False
    for tile in tiles:
        numbers = store.load(tile.name, grid.window_grid(tile.window)).instances
        if numbers is None:
            continue
        found = True
        window = _inside(tile.window, grid)
        _lay(scene[window.slices], numbers, unions)
    if not found:
        return None
    roots = np.array([unions.find(n) for n in range(len(unions.parent))], dtype=np.int32)
    return roots[scene]


def _inside(window: Window, grid: Grid) -> Window:
    inside = window.intersection(grid.extent)
    if inside != window:
        raise ValueError("a tile reaches beyond its grid")
    return window


def _lay(view: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32], unions: _Unions) -> None:
    """Write a tile's numbers into its view of the scene and join those that meet old ones."""
    present = np.unique(numbers[numbers > 0])
    fresh = np.zeros(int(numbers.max(initial=0)) + 1, dtype=np.int32)
    for number in present:
        fresh[number] = unions.add()
    renumbered = fresh[numbers]
    both = (view > 0) & (renumbered > 0)
    pairs, counts = np.unique(np.stack([view[both], renumbered[both]]), axis=1, return_counts=True)
    covered = view != 0
    for (old, new), count in zip(pairs.T, counts, strict=True):
        smaller = min(
            int((renumbered[covered] == new).sum()), int((view[renumbered > 0] == old).sum())
        )
        if count > _SAME_PARCEL * max(1, smaller):
            unions.join(int(old), int(new))
    empty = view == 0
    view[empty] = renumbered[empty]
