"""Predictions of tiles as one raster of probabilities without seams."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from core.grid import Grid, Window
from core.imagery.tile_plan import Tile, blend_weight
from core.predict.kept_prediction import UNKNOWN, Bytes, from_bytes

_ROWS_AT_ONCE = 512


class Blend:
    """Probabilities of one scene, blended over the tiles' halos by :func:`blend_weight`.

    Parameters
    ----------
    grid : Grid
        The scene's working grid.
    tiles : tuple of Tile
        Its whole plan, in reading order.
    read : callable
        The probability of a tile on its window, as ``to_bytes`` has it.
    halo : int
        That of the plan, in pixels.

    Notes
    -----
    Each tile is read once, and kept while rows under it are asked for: memory stays at two rows
    of tiles, whatever the scene's height.
    """

    def __init__(
        self, grid: Grid, tiles: tuple[Tile, ...], read: Callable[[Tile], Bytes], halo: int
    ) -> None:
        self._grid = grid
        self._tiles = tiles
        self._read = read
        self._halo = halo

    def bands(
        self, rows_at_once: int = _ROWS_AT_ONCE
    ) -> Iterator[tuple[Window, npt.NDArray[np.float32]]]:
        """Bands of rows from top to bottom: window of the whole width, float32 0 to 1.

        NaN where no tile knows.
        """
        held: dict[str, Bytes] = {}
        for row in range(0, self._grid.height, rows_at_once):
            height = min(rows_at_once, self._grid.height - row)
            band = Window(0, row, self._grid.width, height)
            near = [tile for tile in self._tiles if tile.window.intersection(band)]
            held = {
                tile.name: held[tile.name] if tile.name in held else self._read(tile)
                for tile in near
            }
            yield band, self._blend(band, near, held)

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
