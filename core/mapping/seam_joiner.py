"""Parcels put together while the tiles of a scene come in: only open seams are held in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from affine import Affine

from core.grid import Grid, Window
from core.label.labelled import LabelledParcel
from core.mapping.join import Piece, are_one, labelled_parcel, least_border, neighbours
from core.parcels.geometry_index import GeometryIndex
from core.parcels.overlay import array_of

_MARGIN = 1.0
"""Pixels by which a piece may lie beside the seam that cut it, and far more than it does."""

Finished = tuple[int, LabelledParcel]
"""The place of a parcel's first piece among all pieces, and the parcel."""


class _Group:
    """Pieces that are one field so far, with their places among all pieces."""

    __slots__ = ("last", "parts")

    def __init__(self, place: int, piece: Piece, last: int) -> None:
        self.parts = {place: piece}
        self.last = last
        """The last tile that any of the pieces touches, counted in reading order."""

    def take(self, other: _Group) -> None:
        self.parts.update(other.parts)
        self.last = max(self.last, other.last)


class SeamJoiner:
    """Joins pieces as :func:`core.mapping.join.join_parcels` does, but tile after tile.

    A parcel is finished, and leaves memory, once every tile that any of its pieces touches has been
    added: about one row of tiles has pieces that wait.

    Parameters
    ----------
    grid : Grid
        The scene's working grid.
    cores : sequence of Window
        The pixels of ``grid`` that each tile answers for, in the order in which tiles are added.
    """

    def __init__(self, grid: Grid, cores: Sequence[Window]) -> None:
        self._least = least_border(grid)
        self._to_pixels: Affine = ~grid.transform
        self._cores = GeometryIndex(array_of([core.box for core in cores]))
        self._pieces = 0
        self._groups: dict[int, _Group] = {}
        """The group of each piece that is not finished, by the piece's place."""
        self._waiting: dict[int, list[int]] = defaultdict(list)
        """By tile: places of earlier pieces that touch it."""

    def add(self, tile: int, pieces: Sequence[Piece]) -> Iterator[Finished]:
        """Add the pieces of a tile, and take what no later tile can change.

        Parameters
        ----------
        tile : int
            Its place among the ``cores``; larger than that of the tile before.  Tiles without a
            piece may be left out.
        """
        first = self._pieces
        self._pieces += len(pieces)
        awaited = sorted(earlier for earlier in self._waiting if earlier <= tile)
        earlier = {place for one in awaited for place in self._waiting.pop(one)}
        places = sorted(earlier)
        for number, touched in enumerate(self._touched(pieces)):
            place = first + number
            self._groups[place] = _Group(place, pieces[number], max(touched, default=tile))
            for later in touched:
                if later > tile:
                    self._waiting[later].append(place)
        before = [self._groups[place].parts[place] for place in places]
        for i, j in neighbours(before, pieces, self._least):
            one, other = self._groups[places[i]], self._groups[first + j]
            if one is not other and are_one(before[i], pieces[j], self._least):
                self._unite(one, other)
        yield from self._finished([*places, *range(first, self._pieces)], tile)

    def rest(self) -> Iterator[Finished]:
        """What is left after the last tile."""
        self._waiting.clear()
        yield from self._finished(sorted(self._groups), None)

    @property
    def held(self) -> int:
        """How many pieces are in memory."""
        return len(self._groups)

    def _touched(self, pieces: Sequence[Piece]) -> list[list[int]]:
        """Of each piece the tiles on whose cores, or at whose edges, it lies."""
        found: list[list[int]] = [[] for _ in pieces]
        if not pieces:
            return found
        t = self._to_pixels
        matrix = [t.a, t.b, t.d, t.e, t.c, t.f]
        shapes = shapely.transform(
            array_of([piece.shape for piece in pieces]),
            lambda xy: xy @ np.array(matrix[:4]).reshape(2, 2).T + matrix[4:],
        )
        left, top, right, bottom = shapely.bounds(shapes).T
        boxes = shapely.box(left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN)
        for piece, core in self._cores.query(boxes).T.tolist():
            found[piece].append(core)
        return found

    def _unite(self, one: _Group, other: _Group) -> None:
        larger, smaller = (one, other) if len(one.parts) >= len(other.parts) else (other, one)
        larger.take(smaller)
        for place in smaller.parts:
            self._groups[place] = larger

    def _finished(self, places: Sequence[int], tile: int | None) -> Iterator[Finished]:
        """Groups of some pieces that wait for no tile after this one, in the pieces' order."""
        for place in places:
            group = self._groups.get(place)
            if group is None or (tile is not None and group.last > tile):
                continue
            parts = sorted(group.parts)
            yield parts[0], labelled_parcel([group.parts[part] for part in parts], self._least)
            for part in parts:
                del self._groups[part]
