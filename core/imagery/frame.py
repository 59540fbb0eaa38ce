"""The three coordinates of a tile: the scene's native pixels, the tile's own pixels, the world.

The browser speaks native pixels of ``scene.grid``, models speak pixels of the tile on the working
grid, and only world coordinates are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine

from core.grid import Grid, PixelPoint, Window, WorldPoint
from core.imagery.scene import Scene
from core.imagery.tile_plan import Tile, plan_tiles
from core.settings import get_settings

Geometries = npt.NDArray[np.object_]

_EDGE = 1e-3
"""Pixels by which rounding may carry a position over the edge."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a tile lies.

    Parameters
    ----------
    scene_grid : Grid
        The scene's own grid; "native" means its pixels.
    tile_grid : Grid
        The tile's window of the working grid, halo included: what a model sees.
    core : Window
        Pixels of ``tile_grid`` that the tile answers for; neighbours answer for the rest.
    """

    scene_grid: Grid
    tile_grid: Grid
    core: Window

    @property
    def core_grid(self) -> Grid:
        """The grid of the pixels that the tile answers for."""
        return self.tile_grid.window_grid(self.core)

    @property
    def native_per_tile_pixel(self) -> float:
        """Native pixels along one side of a pixel of the tile."""
        return float(_between(self.tile_grid, self.scene_grid).a)

    @property
    def native_pixel_area_m2(self) -> float:
        """Ground area of a native pixel here: geodesic, at the core's centre."""
        return self.core_grid.pixel_area_m2 / self.native_per_tile_pixel**2

    @property
    def native_ground_steps(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Metres to the east and north of one native pixel to the right, and of one down."""
        (a, d), (b, e) = self.core_grid.ground_steps.tolist()
        side = self.native_per_tile_pixel
        return (a / side, d / side), (b / side, e / side)

    def to_tile(self, native: PixelPoint) -> PixelPoint:
        """Tile pixels of a native position."""
        return _move(_between(self.scene_grid, self.tile_grid), native)

    def to_native(self, on_tile: PixelPoint) -> PixelPoint:
        """Native pixels of a position on the tile."""
        return _move(_between(self.tile_grid, self.scene_grid), on_tile)

    def to_world(self, native: PixelPoint) -> WorldPoint:
        """World position, in the scene's CRS, of a native position."""
        return self.scene_grid.pixel_to_world(native)

    def from_world(self, world: WorldPoint) -> PixelPoint:
        """Native pixels of a world position in the scene's CRS."""
        return self.scene_grid.world_to_pixel(world)

    def holds(self, native: PixelPoint) -> bool:
        """Whether the model sees this native position when it looks at the tile."""
        on_tile = self.to_tile(native)
        inside = -_EDGE <= on_tile.column <= self.tile_grid.width + _EDGE
        return inside and -_EDGE <= on_tile.row <= self.tile_grid.height + _EDGE

    def core_bounds(self) -> tuple[float, float, float, float]:
        """The core in native pixels: column, row, width, height."""
        first = self.to_native(PixelPoint(self.core.column, self.core.row))
        last = self.to_native(PixelPoint(self.core.column_stop, self.core.row_stop))
        return first.column, first.row, last.column - first.column, last.row - first.row

    def worlds_to_native(self, geometries: Geometries) -> Geometries:
        """Geometries in the scene's CRS moved to native pixels."""
        return shapely.transform(geometries, _mover(~self.scene_grid.transform))

    def natives_to_world(self, geometries: Geometries) -> Geometries:
        """Geometries in native pixels moved to the scene's CRS."""
        return shapely.transform(geometries, _mover(self.scene_grid.transform))

    def natives_to_core(self, geometries: Geometries) -> Geometries:
        """Geometries in native pixels moved to pixels of ``core_grid``."""
        return shapely.transform(geometries, _mover(_between(self.scene_grid, self.core_grid)))

    def cores_to_native(self, geometries: Geometries) -> Geometries:
        """Geometries in pixels of ``core_grid`` moved to native pixels."""
        return shapely.transform(geometries, _mover(_between(self.core_grid, self.scene_grid)))


def frame_of(scene: Scene, tile: Tile) -> Frame:
    """The frame of one tile of a scene's plan."""
    left = min(cell.column for cell in tile.cores)
    top = min(cell.row for cell in tile.cores)
    right = max(cell.column_stop for cell in tile.cores)
    bottom = max(cell.row_stop for cell in tile.cores)
    cells = Window(left, top, right - left, bottom - top)
    core = cells.intersection(tile.window) or tile.window
    return Frame(
        scene.grid, scene.working_grid.window_grid(tile.window), core.relative_to(tile.window)
    )


def plan_scene(scene: Scene) -> tuple[Tile, ...]:
    """The tile plan of a scene under this machine's settings, in reading order."""
    settings = get_settings()
    return plan_tiles(scene.working_grid, size=settings.tile_size, halo=settings.tile_halo)


def core_on_scene(frame: Frame, tile: Tile) -> Window:
    """The pixels of the scene's working grid that a tile answers for."""
    core, corner = frame.core, tile.window
    return Window(corner.column + core.column, corner.row + core.row, core.width, core.height)


def _between(source: Grid, target: Grid) -> Affine:
    combined: Affine = ~target.transform @ source.transform
    return combined


def _move(transform: Affine, point: PixelPoint) -> PixelPoint:
    column, row = transform @ (point.column, point.row)
    return PixelPoint(float(column), float(row))


def _mover(t: Affine) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([t.a * x + t.b * y + t.c, t.d * x + t.e * y + t.f])

    return move
