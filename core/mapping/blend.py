"""Predictions of tiles as one raster of probabilities without seams."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import shapely

from core.grid import Grid, Window
from core.imagery.tile_plan import Tile, blend_weight
from core.imagery.write_raster import PART_HEIGHT, PART_WIDTH
from core.parcels.geometry_index import GeometryIndex
from core.parcels.overlay import array_of
from core.predict.kept_prediction import UNKNOWN, Bytes, from_bytes


class Blend:
    """Probabilities of one scene, blended over the tiles' halos by :func:`blend_weight`.

    Parameters
    ----------
    grid : Grid
        The scene's working grid.
    tiles : tuple of Tile
        Those of its plan that know anything, in reading order.
    read : callable
        The probability of a tile on its window, as ``to_bytes`` has it.
    halo : int
        That of the plan, in pixels.

    Notes
    -----
    A tile is kept while the part after may need it: memory stays at two rows of the tiles of a
    strip, whatever the scene's size.  Those on two strips are read twice.
    """

    def __init__(
        self, grid: Grid, tiles: tuple[Tile, ...], read: Callable[[Tile], Bytes], halo: int
    ) -> None:
        self._grid = grid
        self._tiles = tiles
        self._read = read
        self._halo = halo
        self._index = GeometryIndex(array_of([tile.window.box for tile in tiles]))

    def parts(
        self, width: int = PART_WIDTH, height: int = PART_HEIGHT
    ) -> Iterator[tuple[Window, npt.NDArray[np.float32]]]:
        """Windows of the grid on which tiles lie, float32 0 to 1, strip by strip.

        NaN where no tile knows.
        """
        held: dict[str, Bytes] = {}
        for part in self._grid.extent.parts(width, height):
            near = [self._tiles[place] for place in sorted(self._near(part))]
            held = {
                tile.name: held[tile.name] if tile.name in held else self._read(tile)
                for tile in near
            }
            if near:
                yield part, self._blend(part, near, held)

    def _near(self, window: Window) -> list[int]:
        """Places of the tiles that share pixels with a window."""
        inner = shapely.box(
            window.column + 0.5, window.row + 0.5, window.column_stop - 0.5, window.row_stop - 0.5
        )
        return [int(place) for place in self._index.query(inner)]

    def _blend(
        self, band: Window, tiles: list[Tile], held: dict[str, Bytes]
    ) -> npt.NDArray[np.float32]:
        total = np.zeros((band.height, band.width), dtype=np.float64)
        weights = np.zeros_like(total)
        for tile in tiles:
            shared = tile.window.intersection(band)
            if shared is None:
                continue
            inside = shared.relative_to(tile.window).slices
            steps = held[tile.name][inside]
            weight = np.where(steps != UNKNOWN, blend_weight(tile, self._halo)[inside], 0.0)
            target = shared.relative_to(band).slices
            total[target] += np.nan_to_num(from_bytes(steps)) * weight
            weights[target] += weight
        known = weights > 0
        merged = np.full(total.shape, np.nan, dtype=np.float32)
        merged[known] = total[known] / weights[known]
        return merged
