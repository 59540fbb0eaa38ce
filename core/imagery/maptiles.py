"""Map tiles of a scene as arrays: in its own pixels, and warped to Web Mercator.

Level 0 is native; a pixel of level n covers 2**n x 2**n native pixels exactly, also where the
scene's size is no multiple of it, so that all levels lie on each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.features import geometry_mask
from rasterio.io import DatasetReader
from rasterio.warp import reproject
from shapely.geometry import Polygon

from core.errors import InputError
from core.grid import (
    Grid,
    PixelCoordinates,
    Window,
    WorldCoordinates,
    transform_coordinates,
)
from core.imagery.palette import is_palette
from core.imagery.pixel_values import read_values
from core.imagery.pool import POOL
from core.imagery.scene import Scene, SceneImage, check_scene_file

WEB_MERCATOR = CRS.from_epsg(3857)
WEB_MERCATOR_HALF_M = math.pi * 6_378_137.0
"""Half the side of the Web Mercator square, in metres: pi times the equatorial radius of WGS84."""

_MOST_AVERAGED = 1_500_000
"""Native pixels that a map tile averages around unknown ones; coarser levels take single pixels."""

_WIDEST_READ = 4
"""Sides of a tile that a warped one reads along an axis, at most; bounds its memory."""

_LATTICE = 17
"""Points along each side of a tile that say which part of a scene it shows."""

_MARGIN = 3
"""Pixels around that part which the interpolation may touch."""


def pixel_tile_grid(grid: Grid, level: int, x: int, y: int, side: int = 256) -> Grid:
    """The grid of a pixel tile: ``side`` x ``side`` pixels, each 2**level native ones long.

    Parameters
    ----------
    grid : Grid
        Native pixels; column ``x`` and row ``y`` of the tiles count from its first one.
    """
    length = side << level
    return grid.window_grid(Window(x * length, y * length, length, length)).scaled(side, side)


def web_mercator_grid(z: int, x: int, y: int, side: int = 256) -> Grid:
    """The grid of a tile of the usual web map (XYZ scheme, EPSG:3857)."""
    pixel = 2 * WEB_MERCATOR_HALF_M / (side << z)
    left = x * side * pixel - WEB_MERCATOR_HALF_M
    top = WEB_MERCATOR_HALF_M - y * side * pixel
    return Grid(WEB_MERCATOR, Affine(pixel, 0.0, left, 0.0, -pixel, top), side, side)


def pixel_tile(scene: Scene, level: int, x: int, y: int, side: int = 256) -> SceneImage:
    """A tile in native pixel space, read through overviews.

    What lies beyond the scene is black and not valid.

    Raises
    ------
    InputError
        The scene's file has gone, is damaged, or is another one than when it was added.
    """
    window = Window(x * side, y * side, side, side)
    rgb, valid = _read_level(scene, level, window)
    return SceneImage(rgb, valid, pixel_tile_grid(scene.grid, level, x, y, side))


def warped_tile(scene: Scene, z: int, x: int, y: int, side: int = 256) -> SceneImage | None:
    """A Web Mercator tile, as :func:`scene_on` gives it."""
    return scene_on(scene, web_mercator_grid(z, x, y, side))


def scene_on(scene: Scene, grid: Grid) -> SceneImage | None:
    """The scene on another grid, each pixel transformed exactly; None where it is not there.

    Raises
    ------
    InputError
        As for :func:`pixel_tile`.
    """
    image: SceneImage | None = None
    for placed in _placements(scene.grid):
        view = _view(placed, grid)
        if view is None:
            continue
        part = _warp(scene, placed, view, grid)
        if image is None:
            image = part
        else:
            image.rgb[part.valid] = part.rgb[part.valid]
            image.valid[part.valid] = True
    return image


def outside(grid: Grid, tile: Grid) -> npt.NDArray[np.bool_]:
    """Pixels of a tile whose centre lies beyond ``grid``: bool (rows, columns) of the tile.

    Across the antimeridian or around a pole a grid's outline is no ring on a Web Mercator map;
    there nothing counts as outside.
    """
    if tile.crs == grid.crs:
        columns, rows = np.meshgrid(np.arange(tile.width) + 0.5, np.arange(tile.height) + 0.5)
        world = tile.pixels_to_world(PixelCoordinates(columns, rows))
        place = grid.worlds_to_pixel(world)
        across = (place.column < 0) | (place.column >= grid.width)
        return np.asarray(across | (place.row < 0) | (place.row >= grid.height))
    outline = grid.outline(tile.crs)
    whole = np.isfinite(outline.x).all() and np.isfinite(outline.y).all()
    if not whole or np.ptp(outline.x) > WEB_MERCATOR_HALF_M:
        return np.zeros(tile.shape, dtype=np.bool_)
    ring = Polygon(np.column_stack([outline.x, outline.y]))
    beyond: npt.NDArray[np.bool_] = geometry_mask(
        [ring], out_shape=tile.shape, transform=tile.transform
    )
    return beyond


@dataclass(frozen=True, slots=True)
class _View:
    """The part of a scene that a tile shows: a window in pixels of a level."""

    level: int
    window: Window


def _read_level(
    scene: Scene, level: int, window: Window
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Stretched pixels (rows, columns, 3) and validity (rows, columns) of a window of a level."""
    rgb = np.zeros((window.height, window.width, 3), dtype=np.uint8)
    valid = np.zeros((window.height, window.width), dtype=np.bool_)
    rows = list(_pieces(window.row, window.height, scene.grid.height, level))
    columns = list(_pieces(window.column, window.width, scene.grid.width, level))
    if not rows or not columns:
        return rgb, valid
    check_scene_file(scene)
    with POOL.borrow(scene.path) as dataset:
        _refuse_changed(dataset, scene)
        for down, across in product(rows, columns):
            native = Window(across.native, down.native, across.native_length, down.native_length)
            place = Window(across.start, down.start, across.length, down.length)
            fine = 2 if _overviews_drift(scene.grid, level) else 1
            shape = (down.length * fine, across.length * fine)
            values, there = read_values(
                dataset, scene.bands, native, shape, scene.unknown, most_averaged=_MOST_AVERAGED
            )
            colours = np.where(there[..., None], scene.stretch.apply(values), 0)
            if fine == 2:
                colours, there = _halved(colours, there)
            rgb[place.slices], valid[place.slices] = colours, there
    return rgb, valid


def _overviews_drift(grid: Grid, level: int) -> bool:
    """Whether reading this level straight from its overview would move pixels visibly.

    An overview of a size that is no multiple of its factor has one pixel more, so all of them are
    a little shorter; GDAL reads them as if they were not, off by up to a pixel at the far edge.
    Read twice as fine and halved, it is never more than half a pixel.
    """
    size = 1 << level
    return level > 0 and any(-length % size > size / 4 for length in grid.shape)


def _halved(
    rgb: npt.NDArray[np.uint8], valid: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Means of 2 x 2 pixels over the valid ones; valid where at least two of them are."""
    rows, columns = valid.shape[0] // 2, valid.shape[1] // 2
    known = valid.reshape(rows, 2, columns, 2).sum(axis=(1, 3))
    total = rgb.reshape(rows, 2, columns, 2, 3).sum(axis=(1, 3), dtype=np.uint16)
    mean = total // np.maximum(known, 1)[..., None].astype(np.uint16)
    there = known >= 2
    return np.where(there[..., None], mean, 0).astype(np.uint8), there


@dataclass(frozen=True, slots=True)
class _Piece:
    """Along one axis: native pixels that become ``length`` pixels of a tile from ``start`` on."""

    native: int
    native_length: int
    start: int
    length: int


def _pieces(start: int, length: int, size: int, level: int) -> Iterator[_Piece]:
    """The pixels that are wholly inside the scene, and the one that its edge cuts.

    Read apart, because one read stretches all of its pixels to the same length.
    """
    first, stop = max(start, 0), start + length
    whole, rest = size >> level, size & ((1 << level) - 1)
    inside = min(stop, whole)
    if inside > first:
        count = inside - first
        yield _Piece(first << level, count << level, first - start, count)
    if rest and first <= whole < stop:
        yield _Piece(whole << level, rest, whole - start, 1)


def _refuse_changed(dataset: DatasetReader, scene: Scene) -> None:
    if (dataset.height, dataset.width) == scene.grid.shape and dataset.count == scene.band_count:
        return
    raise InputError(
        f"The file {scene.path} is another one than when the scene was added.",
        "Put the old file back, or add the new one as a scene of its own.",
    )


def _placements(grid: Grid) -> Iterator[Grid]:
    """The grid, and the same grid once around the Earth to each side where its x can say so.

    Longitudes of 190 and -170 degrees are one place; only projected coordinates are unique.
    """
    yield grid
    if grid.crs.is_geographic:
        yield from (grid.turned(-1), grid.turned(1))
    elif grid.crs == WEB_MERCATOR:
        around = 2 * WEB_MERCATOR_HALF_M
        for turn in (-around, around):
            yield replace(grid, transform=Affine.translation(turn, 0.0) @ grid.transform)


def _view(source: Grid, tile: Grid) -> _View | None:
    native = _native_window(source, tile)
    if native is None:
        return None
    level = max(0, math.floor(math.log2(_native_per_pixel(source, native, tile))))
    while True:
        size = 1 << level
        column, row = native.column // size, native.row // size
        width = -(-native.column_stop // size) - column
        height = -(-native.row_stop // size) - row
        if max(width, height) <= _WIDEST_READ * max(tile.shape):
            return _View(level, Window(column, row, width, height).expanded(_MARGIN))
        level += 1


def _native_window(source: Grid, tile: Grid) -> Window | None:
    """The native pixels that a tile shows, with a margin, inside the scene; None for none."""
    pixels = _lattice(tile.extent)
    world = tile.pixels_to_world(pixels)
    there = transform_coordinates(world, tile.crs, source.crs)
    back = transform_coordinates(there, source.crs, tile.crs)
    # Far from home a projection may answer with coordinates that are finite and wrong.
    around = 2 * WEB_MERCATOR_HALF_M
    with np.errstate(invalid="ignore"):
        aside = np.abs(back.x - world.x)
        apart = np.hypot(np.minimum(aside, np.abs(aside - around)), back.y - world.y)
        sound = apart < math.hypot(tile.transform.a, tile.transform.d)
    if not sound.any():
        return None
    found = source.worlds_to_pixel(WorldCoordinates(there.x[sound], there.y[sound]))
    left, right = float(found.column.min()), float(found.column.max())
    top, bottom = float(found.row.min()), float(found.row.max())
    # Between the points, the outline may bulge by a part of their distance.
    bulge = max(right - left, bottom - top) / _LATTICE + _MARGIN
    column, row = math.floor(left - bulge), math.floor(top - bulge)
    width, height = math.ceil(right + bulge) - column, math.ceil(bottom + bulge) - row
    return Window(column, row, width, height).intersection(source.extent)


def _native_per_pixel(source: Grid, native: Window, tile: Grid) -> float:
    """Native pixels along one pixel of the tile; the smaller of the two axes, at least 1."""
    world = source.pixels_to_world(_lattice(native))
    seen = tile.worlds_to_pixel(transform_coordinates(world, source.crs, tile.crs))
    columns = seen.column.reshape(_LATTICE, _LATTICE)
    rows = seen.row.reshape(_LATTICE, _LATTICE)
    ratios = []
    for axis, length in ((1, native.width), (0, native.height)):
        with np.errstate(invalid="ignore"):
            steps = np.hypot(np.diff(columns, axis=axis), np.diff(rows, axis=axis))
        known = steps[np.isfinite(steps) & (steps > 0)]
        if known.size:
            # The median: a step across the antimeridian is as long as the Earth is wide.
            ratios.append(length / (_LATTICE - 1) / float(np.median(known)))
    return max(1.0, min(ratios, default=1.0))


def _lattice(window: Window) -> PixelCoordinates:
    """``_LATTICE`` x ``_LATTICE`` positions over a window, edges included, row by row."""
    t = np.linspace(0.0, 1.0, _LATTICE)
    columns, rows = np.meshgrid(window.column + t * window.width, window.row + t * window.height)
    return PixelCoordinates(columns.ravel(), rows.ravel())


def _warp(scene: Scene, placed: Grid, view: _View, grid: Grid) -> SceneImage:
    rgb, valid = _read_level(scene, view.level, view.window)
    size = 1 << view.level
    window = view.window
    native = Window(
        window.column * size, window.row * size, window.width * size, window.height * size
    )
    source = placed.window_grid(native).scaled(window.width, window.height)
    # As opacity, validity keeps the black of what is missing out of the interpolation.
    layers = np.empty((4, *valid.shape), dtype=np.uint8)
    layers[:3] = np.moveaxis(rgb, -1, 0)
    layers[3] = np.where(valid, 255, 0)
    warped = np.zeros((4, *grid.shape), dtype=np.uint8)
    reproject(
        layers,
        warped,
        src_transform=source.transform,
        src_crs=source.crs.to_wkt(),
        dst_transform=grid.transform,
        dst_crs=grid.crs.to_wkt(),
        src_alpha=4,
        dst_alpha=4,
        resampling=Resampling.nearest if _has_palette(scene) else Resampling.bilinear,
        # Exact transformation of each pixel: the usual approximation may be off by 0.125 pixels.
        tolerance=0.0,
    )
    seen = warped[3] >= 128
    colours = np.where(seen, warped[:3], 0)
    return SceneImage(np.ascontiguousarray(np.moveaxis(colours, 0, -1)), seen, grid)


def _has_palette(scene: Scene) -> bool:
    with POOL.borrow(scene.path) as dataset:
        return is_palette(dataset)
