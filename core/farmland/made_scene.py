"""Farmland with exact truth, its coarse land cover with realistic mistakes, and both as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.enums import Resampling
from scipy import ndimage

from core.farmland.layout import BARE, CROPLAND, GRASS, TREES, Style, lay_out
from core.farmland.render import render
from core.grid import Grid, PixelCoordinates, WorldPoint, transform_coordinates

CELLS_PER_DEGREE = 12_000
_DEFAULT_ORIGIN = WorldPoint(512_345.0, 5_311_220.0)


@dataclass(frozen=True, slots=True, eq=False)
class Farmland:
    """A made scene.

    Parameters
    ----------
    rgb : uint8 (rows, columns, 3)
    classes : uint8 (rows, columns)
        WorldCover codes, exact to the pixel.
    parcels : int32 (rows, columns)
        Number of the parcel, 0 where there is none.
    grid : Grid
    """

    rgb: npt.NDArray[np.uint8]
    classes: npt.NDArray[np.uint8]
    parcels: npt.NDArray[np.int32]
    grid: Grid

    @property
    def cropland(self) -> npt.NDArray[np.bool_]:
        """Truth: pixels of cropland."""
        return self.parcels > 0


@dataclass(frozen=True, slots=True)
class Mistakes:
    """How the coarse land cover is wrong.

    Parameters
    ----------
    shift_cells : float
        Cells by which everything lies too far east.
    clump_share : float
        Share of 4 x 4-cell clumps that are flipped between cropland and grass.
    lost_below_cells : int
        Patches of other classes with fewer cells become what surrounds them.
    """

    shift_cells: float = 1.0
    clump_share: float = 0.12
    lost_below_cells: int = 6


@dataclass(frozen=True, slots=True)
class FarmlandFiles:
    """Files of a made scene."""

    scene: Path
    landcover: Path
    truth: Path


def generate(
    seed: int,
    *,
    size: int = 1024,
    gsd_m: float = 1.0,
    style: Style = "large_fields",
    crs: CRS | None = None,
    origin: WorldPoint = _DEFAULT_ORIGIN,
) -> Farmland:
    """Make farmland of ``size`` x ``size`` pixels; the same arguments give the same pixels.

    ``crs`` must be projected, in metres; by default UTM 33N in the Danube basin.  ``origin`` is
    the upper left corner in that CRS.
    """
    generator = np.random.default_rng(seed)
    layout = lay_out(generator, size, gsd_m, style)
    rgb = render(generator, layout, gsd_m)
    transform = Affine(gsd_m, 0, origin.x, 0, -gsd_m, origin.y)
    grid = Grid(crs or CRS.from_epsg(32633), transform, size, size)
    return Farmland(rgb, layout.classes, layout.parcels, grid)


def coarse_landcover(
    farmland: Farmland, seed: int, mistakes: Mistakes | None = None
) -> tuple[npt.NDArray[np.uint8], Grid]:
    """A simulated land cover on the WorldCover grid (1/12000 degree): codes, and their grid.

    The class of most of 5 x 5 places in each cell, shifted, small patches lost, clumps flipped.
    """
    wrong = mistakes or Mistakes()
    generator = np.random.default_rng(seed)
    grid = _landcover_grid(farmland.grid)
    codes = _majority(farmland, grid, wrong.shift_cells)
    codes = _lose_small_patches(codes, wrong.lost_below_cells)
    rows, columns = (-(-n // 4) for n in grid.shape)
    clumps = generator.random((rows, columns)) < wrong.clump_share
    flipped = np.kron(clumps, np.ones((4, 4), dtype=np.bool_))[: grid.height, : grid.width]
    other = np.where(generator.random(grid.shape) < 0.85, GRASS, TREES)
    turned = np.where(codes == CROPLAND, other, CROPLAND)
    return np.where(flipped, turned, codes).astype(np.uint8), grid


def write_scene(
    folder: Path,
    seed: int,
    *,
    size: int = 1024,
    gsd_m: float = 1.0,
    style: Style = "large_fields",
    origin: WorldPoint = _DEFAULT_ORIGIN,
) -> FarmlandFiles:
    """Write ``scene.tif``, ``landcover_simulated.tif`` (WorldCover codes) and ``truth.tif``.

    ``truth.tif`` holds parcel numbers, 0 where there is no cropland.
    """
    folder.mkdir(parents=True, exist_ok=True)
    farmland = generate(seed, size=size, gsd_m=gsd_m, style=style, origin=origin)
    codes, grid = coarse_landcover(farmland, seed + 1)
    files = FarmlandFiles(
        folder / "scene.tif", folder / "landcover_simulated.tif", folder / "truth.tif"
    )
    note = f"SIMULATED by cropmap's farmland generator, seed {seed}, style {style}"
    _write(files.scene, np.moveaxis(farmland.rgb, -1, 0), farmland.grid, note)
    _write(files.landcover, codes[None], grid, f"{note}. Codes follow ESA WorldCover.", nodata=0)
    _write(files.truth, farmland.parcels[None], farmland.grid, note)
    return files


def _landcover_grid(grid: Grid) -> Grid:
    bounds = grid.bounds_in(CRS.from_epsg(4326))
    column = int(np.floor(bounds.left * CELLS_PER_DEGREE)) - 3
    row = int(np.ceil(bounds.top * CELLS_PER_DEGREE)) + 3
    width = int(np.ceil(bounds.right * CELLS_PER_DEGREE)) + 3 - column
    height = row - int(np.floor(bounds.bottom * CELLS_PER_DEGREE)) + 3
    cell = 1.0 / CELLS_PER_DEGREE
    transform = Affine(cell, 0, column * cell, 0, -cell, row * cell)
    return Grid(CRS.from_epsg(4326), transform, width, height)


def _majority(farmland: Farmland, grid: Grid, shift_cells: float) -> npt.NDArray[np.uint8]:
    places = (np.arange(5) + 0.5) / 5
    columns = (np.arange(grid.width)[:, None] + places).ravel() - shift_cells
    rows = (np.arange(grid.height)[:, None] + places).ravel()
    column, row = np.meshgrid(columns, rows)
    world = transform_coordinates(
        grid.pixels_to_world(PixelCoordinates(column, row)), grid.crs, farmland.grid.crs
    )
    pixel = farmland.grid.worlds_to_pixel(world)
    side = farmland.grid.width - 1
    found = farmland.classes[
        np.clip(pixel.row, 0, side).astype(np.int64),
        np.clip(pixel.column, 0, side).astype(np.int64),
    ]
    cells = found.reshape(grid.height, 5, grid.width, 5).swapaxes(1, 2).reshape(*grid.shape, 25)
    codes = np.unique(farmland.classes)
    votes = np.stack([(cells == code).sum(axis=-1) for code in codes])
    winners: npt.NDArray[np.uint8] = codes[votes.argmax(axis=0)]
    return winners


def _lose_small_patches(codes: npt.NDArray[np.uint8], least: int) -> npt.NDArray[np.uint8]:
    """Roads and small patches become the most frequent class around them."""
    kept = codes.copy()
    for code in np.unique(codes):
        labels, count = ndimage.label(codes == code)
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        small = (sizes < least)[labels] & (labels > 0)
        if code == BARE:
            small |= codes == BARE
        kept[small] = 0
    if not kept.any():
        return codes
    nearest = ndimage.distance_transform_edt(kept == 0, return_distances=False, return_indices=True)
    return np.asarray(kept[tuple(nearest)])


def _write(
    path: Path,
    bands: npt.NDArray[np.generic],
    grid: Grid,
    note: str,
    nodata: float | None = None,
) -> None:
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        driver="GTiff",
        width=grid.width,
        height=grid.height,
        count=len(bands),
        dtype=bands.dtype.name,
        crs=grid.crs.to_wkt(),
        transform=grid.transform,
        nodata=nodata,
        tiled=True,
        blockxsize=256,
        blockysize=256,
        compress="deflate",
        photometric="RGB" if len(bands) == 3 else "MINISBLACK",
    ) as dataset:
        dataset.write(bands)
        dataset.update_tags(NOTE=note)
        if min(grid.shape) > 512:
            resampling = Resampling.average if len(bands) == 3 else Resampling.nearest
            dataset.build_overviews([2, 4, 8], resampling)
