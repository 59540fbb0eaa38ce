"""A scene: one raster with a CRS, its band choice, its stretch and its working grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import DatasetReader

from core.crs import horizontal
from core.errors import EmptySceneError, InputError, ReplacedFileError
from core.grid import Grid, Window
from core.imagery.blocks import holds_any_block, may_hold_blocks
from core.imagery.georeference import find_georeference, refuse_misplaced
from core.imagery.identity import dataset_fingerprint, is_same_file
from core.imagery.open import open_raster, read_bands, read_validity
from core.imagery.palette import is_palette, palette_colours
from core.imagery.scene_fingerprints import overview_fingerprint, scene_fingerprint
from core.imagery.scene_json import checked_scene_json
from core.imagery.stretch import IDENTITY, Stretch, suggest_stretch
from core.imagery.tile_plan import whole_pixels, world_offset
from core.settings import get_settings

_PREVIEW_SIDE = 1024
_SEARCH_SIDE = 2048
_MOST_SEARCHED = 300_000_000
"""Pixels that are looked at for a valid one where the overview shows none: some seconds."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One raster, described once when it is opened.

    Parameters
    ----------
    path : str
        File or URL.
    grid : Grid
        The raster's own grid.
    working_grid : Grid
        The grid on which models look: the raster's own, or one with pixels ``working_factor``
        times as long where the raster is finer than the working GSD.
    working_factor : int
        Native pixels along one side of a working pixel.
    bands : tuple of int
        Red, green, blue, counted from 1.
    stretch : Stretch
        From band values to 0..255, the same for every tile.
    crs_source : str
        ``"file"``, or ``"person"`` where the file has none.
    fingerprint : str
        SHA-256 over the header and ``file_fingerprint``; kept results are named by it.  A scene of
        an earlier version keeps the one that it was added with.
    file_fingerprint : str
        Of the file that is read now, as :mod:`core.imagery.identity` has it; empty in a scene of
        an earlier version until its file was looked at once more.
    overview_fingerprint : str
        What earlier versions took for the fingerprint: SHA-256 over the header, the file's size
        and an overview of at most 1024 x 1024 pixels.
    """

    path: str
    grid: Grid
    working_grid: Grid
    working_factor: int
    bands: tuple[int, int, int]
    stretch: Stretch
    dtype: str
    band_count: int
    nodata: float | None
    crs_source: str
    fingerprint: str
    file_fingerprint: str
    overview_fingerprint: str

    def to_json(self) -> dict[str, Any]:
        """As plain values, to store with a project or a run."""
        return {
            "path": self.path,
            "crs": self.grid.crs.to_wkt(),
            "transform": list(self.grid.transform)[:6],
            "width": self.grid.width,
            "height": self.grid.height,
            "working_factor": self.working_factor,
            "bands": list(self.bands),
            "stretch": self.stretch.to_json(),
            "dtype": self.dtype,
            "band_count": self.band_count,
            "nodata": None if self.nodata is None or math.isnan(self.nodata) else self.nodata,
            "nodata_is_nan": self.nodata is not None and math.isnan(self.nodata),
            "crs_source": self.crs_source,
            "fingerprint": self.fingerprint,
            "file_fingerprint": self.file_fingerprint,
            "overview_fingerprint": self.overview_fingerprint,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Scene:
        """The inverse of :meth:`to_json`; InputError where it is not what that makes."""
        data = checked_scene_json(data)
        transform = Affine(*data["transform"])
        grid = Grid(horizontal(CRS.from_wkt(data["crs"])), transform, data["width"], data["height"])
        red, green, blue = data["bands"]
        return cls(
            path=data["path"],
            grid=grid,
            working_grid=coarser_grid(grid, data["working_factor"]),
            working_factor=data["working_factor"],
            bands=(red, green, blue),
            stretch=Stretch.from_json(data["stretch"]),
            dtype=data["dtype"],
            band_count=data["band_count"],
            nodata=float("nan") if data["nodata_is_nan"] else data["nodata"],
            crs_source=data["crs_source"],
            fingerprint=data["fingerprint"],
            file_fingerprint=data["file_fingerprint"],
            overview_fingerprint=data["overview_fingerprint"],
        )


@dataclass(frozen=True, slots=True)
class SceneImage:
    """Stretched pixels of a window.

    Parameters
    ----------
    rgb : uint8 (rows, columns, 3)
    valid : bool (rows, columns)
        False where the raster holds nothing.
    grid : Grid
        Where the pixels lie.
    """

    rgb: npt.NDArray[np.uint8]
    valid: npt.NDArray[np.bool_]
    grid: Grid


def open_scene(
    path: str | Path,
    *,
    crs: str | None = None,
    bands: tuple[int, int, int] | None = None,
    stretch: Stretch | None = None,
    working_gsd_m: float | None = None,
) -> Scene:
    """Open a raster as a scene; reads the header and one overview.

    Parameters
    ----------
    crs : str, optional
        The CRS as the person states it (``EPSG:32633``, WKT), for a file that has none.
    bands : tuple of int, optional
        Red, green, blue, counted from 1; by default from the file's colour interpretation.
    working_gsd_m : float, optional
        Metres per pixel at which models look; by default the native GSD, but not finer than
        ``Settings.finest_working_gsd_m``.

    Raises
    ------
    InputError
        Unreadable, too large, without CRS or georeference, empty, or bands that do not exist.
    """
    with open_raster(path) as dataset:
        georeference = find_georeference(dataset, str(path), crs)
        grid = Grid(georeference.crs, georeference.transform, dataset.width, dataset.height)
        refuse_misplaced(grid, str(path), georeference.source)
        chosen = _checked_bands(dataset, bands, str(path))
        factor = _working_factor(grid, working_gsd_m)
        if not holds_any_block(dataset):
            raise _empty(str(path))
        preview, valid = _read_preview_values(dataset, chosen)
        if not valid.any():
            preview, valid = _first_valid(dataset, chosen, str(path))
        if stretch is None:
            stretch = IDENTITY if is_palette(dataset) else suggest_stretch(preview, valid)
        # Coarser pixels are read through overviews, which may lie in a file of their own.
        content = dataset_fingerprint(dataset, str(path), overviews=factor > 1)
        return Scene(
            path=str(path),
            grid=grid,
            working_grid=coarser_grid(grid, factor),
            working_factor=factor,
            bands=chosen,
            stretch=stretch,
            dtype=str(dataset.dtypes[chosen[0] - 1]),
            band_count=int(dataset.count),
            nodata=None if dataset.nodata is None else float(dataset.nodata),
            crs_source=georeference.source,
            fingerprint=scene_fingerprint(dataset, grid, content),
            file_fingerprint=content,
            overview_fingerprint=overview_fingerprint(dataset, grid, (preview, valid), str(path)),
        )


def check_scene_file(scene: Scene) -> None:
    """Raise a ReplacedFileError where a scene's file is another one: nothing is made from it."""
    if not is_same_file(scene.path, scene.file_fingerprint):
        raise ReplacedFileError(
            f"The image {Path(scene.path).name} is another file than when it was opened.",
            "Put the right file back, or start again with the new one.",
        )


def coarser_grid(grid: Grid, factor: int) -> Grid:
    """The grid of pixels ``factor`` times as long that lie wholly inside ``grid``.

    Their edges lie on world-fixed multiples of ``factor`` native pixels, so every crop of one
    raster gets the same working pixels.
    """
    if factor == 1:
        return grid
    start = _coarser_start(grid, factor)
    width = (grid.width - start.column) // factor
    height = (grid.height - start.row) // factor
    native = grid.window_grid(Window(start.column, start.row, width * factor, height * factor))
    return native.scaled(width, height)


def read_window(scene: Scene, window: Window) -> SceneImage:
    """Stretched pixels of a window of ``scene.working_grid``.

    The window may reach beyond the scene; what lies there is black and not valid.

    Raises
    ------
    ReplacedFileError
        The file is another one than when the scene was opened.
    InputError
        It cannot be read any more.
    """
    check_scene_file(scene)
    grid = scene.working_grid.window_grid(window)
    rgb = np.zeros((window.height, window.width, 3), dtype=np.uint8)
    valid = np.zeros((window.height, window.width), dtype=np.bool_)
    inside = window.intersection(scene.working_grid.extent)
    if inside is not None:
        factor = scene.working_factor
        start = _coarser_start(scene.grid, factor)
        native = Window(
            inside.column * factor + start.column,
            inside.row * factor + start.row,
            inside.width * factor,
            inside.height * factor,
        )
        shape = (inside.height, inside.width)
        with open_raster(scene.path) as dataset:
            values, there = read_values(dataset, scene.bands, native, shape)
        rows, columns = inside.relative_to(window).slices
        rgb[rows, columns] = np.where(there[..., None], scene.stretch.apply(values), 0)
        valid[rows, columns] = there
        check_scene_file(scene)
    return SceneImage(rgb, valid, grid)


def read_preview(scene: Scene, max_side: int = _PREVIEW_SIDE) -> SceneImage:
    """The whole scene, read through overviews, no side longer than ``max_side`` pixels."""
    check_scene_file(scene)
    with open_raster(scene.path) as dataset:
        values, valid = _read_preview_values(dataset, scene.bands, max_side)
    rgb = np.where(valid[..., None], scene.stretch.apply(values), 0).astype(np.uint8)
    height, width = valid.shape
    return SceneImage(rgb, valid, scene.grid.scaled(width, height))


def _coarser_start(grid: Grid, factor: int) -> Window:
    """First native pixel (as a 1 x 1 window) on a world-fixed multiple of ``factor``."""
    if factor == 1:
        return Window(0, 0, 1, 1)
    offset = world_offset(grid)
    column, row = -whole_pixels(offset.column) % factor, -whole_pixels(offset.row) % factor
    return Window(column, row, 1, 1)


def _working_factor(grid: Grid, requested_m: float | None) -> int:
    native = grid.gsd_m
    if requested_m is not None:
        if not math.isfinite(requested_m) or requested_m < native * 0.99:
            raise InputError(
                f"A working GSD of {requested_m:g} m is finer than the scene's {native:.3g} m.",
                "Take the scene's own GSD or a coarser one.",
            )
        ratio = requested_m / native
    else:
        ratio = get_settings().finest_working_gsd_m / native
    # A whole number, so that crops agree to the pixel; 0.7 as much is close enough to stay native.
    factor = max(1, math.ceil(ratio - 0.3))
    fits = min(grid.width, grid.height) // (2 * factor) > 0
    if not fits and requested_m is not None:
        raise InputError(
            f"A working GSD of {requested_m:g} m leaves nothing of a scene of "
            f"{grid.width} x {grid.height} pixels of {native:.3g} m.",
            "Take a finer one.",
        )
    return factor if fits else 1


def _checked_bands(
    dataset: DatasetReader, bands: tuple[int, int, int] | None, path: str
) -> tuple[int, int, int]:
    if bands is None:
        return _default_bands(dataset)
    if not all(1 <= band <= dataset.count for band in bands):
        raise InputError(
            f"The scene {Path(path).name} has {dataset.count} bands, so "
            f"{', '.join(map(str, bands))} cannot be red, green and blue.",
            f"Choose three numbers from 1 to {dataset.count}.",
        )
    return bands


def _default_bands(dataset: DatasetReader) -> tuple[int, int, int]:
    meanings = list(dataset.colorinterp)
    colours = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in meanings for colour in colours):
        red, green, blue = (meanings.index(colour) + 1 for colour in colours)
        return red, green, blue
    imagery = [i + 1 for i, meaning in enumerate(meanings) if meaning != ColorInterp.alpha]
    if len(imagery) >= 3:
        return imagery[0], imagery[1], imagery[2]
    first = imagery[0] if imagery else 1
    return first, first, first


def _read_preview_values(
    dataset: DatasetReader, bands: tuple[int, int, int], max_side: int = _PREVIEW_SIDE
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
    factor = max(1.0, max(dataset.width, dataset.height) / max_side)
    shape = (max(1, round(dataset.height / factor)), max(1, round(dataset.width / factor)))
    return read_values(dataset, bands, None, shape)


def read_values(
    dataset: DatasetReader,
    bands: tuple[int, int, int],
    window: Window | None,
    shape: tuple[int, int],
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
    """Band values (3, rows, columns) and validity (rows, columns) of a native window.

    Values keep the file's dtype, a palette's colours excepted (uint8); ``shape`` (rows, columns)
    smaller than the window averages through overviews.
    """
    distinct = sorted(set(bands))
    valid = read_validity(dataset, distinct, window=window, shape=shape)
    if is_palette(dataset):
        codes = read_bands(dataset, [1], window=window, shape=shape)[0]
        colours = palette_colours(dataset, codes)
        return colours[:3], valid & (colours[3] > 0)
    values = read_bands(
        dataset, distinct, window=window, shape=shape, resampling=Resampling.average
    )[[distinct.index(band) for band in bands]]
    if np.issubdtype(values.dtype, np.floating):
        valid = valid & np.isfinite(values).all(axis=0)
    return values, valid


def _first_valid(
    dataset: DatasetReader, bands: tuple[int, int, int], path: str
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
    """The first part of a full read with a valid pixel that the overview missed, or raise."""
    # Whole blocks, and many of them at a time: a scene can be stored in strips of one row.
    block_height, block_width = dataset.block_shapes[0]
    width = block_width * max(1, _SEARCH_SIDE // block_width)
    height = block_height * max(1, _SEARCH_SIDE**2 // (width * block_height))
    extent = Window(0, 0, dataset.width, dataset.height)
    searched = 0
    for row in range(0, dataset.height, height):
        for column in range(0, dataset.width, width):
            window = Window(column, row, width, height).intersection(extent) or extent
            if not may_hold_blocks(dataset, window):
                continue
            searched += window.width * window.height
            if searched > _MOST_SEARCHED:
                raise EmptySceneError(
                    f"The scene {Path(path).name} shows no valid pixel in its overview, nor in "
                    f"the first {_MOST_SEARCHED:,} pixels.",
                    "Cut out the part that holds the image, or build its overviews again.",
                )
            values, valid = read_values(dataset, bands, window, (window.height, window.width))
            if valid.any():
                return values, valid
    raise _empty(path)


def _empty(path: str) -> EmptySceneError:
    return EmptySceneError(
        f"The scene {Path(path).name} holds no valid pixel: all of it is nodata or transparent.",
        "Check the nodata value in the file's properties, or choose another file.",
    )
