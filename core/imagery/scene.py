"""A scene: one raster with a CRS, its band choice, its stretch and its working grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.io import DatasetReader

from core.errors import EmptySceneError, ReplacedFileError
from core.grid import Grid, Window
from core.imagery.band_choice import choose_bands
from core.imagery.blocks import holds_any_block, may_hold_blocks
from core.imagery.georeference import find_georeference, refuse_misplaced
from core.imagery.identity import dataset_fingerprint, is_same_file
from core.imagery.open import open_raster, read_bands, read_validity
from core.imagery.palette import is_palette, palette_colours
from core.imagery.scene_fingerprints import overview_fingerprint, scene_fingerprint
from core.imagery.scene_json import checked_scene_json
from core.imagery.stretch import IDENTITY, Stretch, StretchWay, suggest_stretch
from core.imagery.value_range import Part, read_scaling
from core.imagery.working_grid import coarser_grid, coarser_start, working_factor

_PREVIEW_SIDE = 1024
_SEARCH_SIDE = 2048
_STORED_SIDE = 192
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
    bands_source, stretch_source : str
        What said which bands and which stretch (``core.imagery.scene_words`` has it in words);
        empty in scenes of earlier versions.
    band_names : tuple of str
        What the file calls its bands; empty where it names none.
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
    bands_source: str = ""
    stretch_source: str = ""
    band_names: tuple[str, ...] = ()

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
            "bands_source": self.bands_source,
            "stretch_source": self.stretch_source,
            "band_names": list(self.band_names),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Scene:
        """The inverse of :meth:`to_json`; InputError where it is not what that makes."""
        data = checked_scene_json(data)
        transform = Affine(*data["transform"])
        grid = Grid(CRS.from_wkt(data["crs"]), transform, data["width"], data["height"])
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
            bands_source=data["bands_source"],
            stretch_source=data["stretch_source"],
            band_names=tuple(data["band_names"]),
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
    stretch: Stretch | StretchWay | None = None,
    working_gsd_m: float | None = None,
) -> Scene:
    """Open a raster as a scene; reads the header and one overview.

    Parameters
    ----------
    crs : str, optional
        The CRS as the person states it (``EPSG:32633``, WKT), for a file that has none.
    bands : tuple of int, optional
        Red, green, blue, counted from 1; by default as :mod:`core.imagery.band_choice` finds them.
    stretch : Stretch or str, optional
        One that the person gives, or the way in which it is found.
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
        choice = choose_bands(dataset, str(path), grid.gsd_m, bands)
        chosen = choice.bands
        factor = working_factor(grid, working_gsd_m)
        if not holds_any_block(dataset):
            raise _empty(str(path))
        preview, valid = _read_preview_values(dataset, chosen)
        if not valid.any():
            preview, valid = _first_valid(dataset, chosen, str(path))
        if isinstance(stretch, Stretch):
            seen, seen_by = stretch, "person"
        else:
            seen, seen_by = _suggested(dataset, chosen, (preview, valid), stretch)
        # Coarser pixels are read through overviews, which may lie in a file of their own.
        content = dataset_fingerprint(dataset, str(path), overviews=factor > 1)
        return Scene(
            path=str(path),
            grid=grid,
            working_grid=coarser_grid(grid, factor),
            working_factor=factor,
            bands=chosen,
            stretch=seen,
            dtype=str(dataset.dtypes[chosen[0] - 1]),
            band_count=int(dataset.count),
            nodata=None if dataset.nodata is None else float(dataset.nodata),
            crs_source=georeference.source,
            fingerprint=scene_fingerprint(dataset, grid, content),
            file_fingerprint=content,
            overview_fingerprint=overview_fingerprint(dataset, grid, (preview, valid), str(path)),
            bands_source=choice.source,
            stretch_source=seen_by,
            band_names=choice.names,
        )


def check_scene_file(scene: Scene) -> None:
    """Raise a ReplacedFileError where a scene's file is another one: nothing is made from it."""
    if not is_same_file(scene.path, scene.file_fingerprint):
        raise ReplacedFileError(
            f"The image {Path(scene.path).name} is another file than when it was opened.",
            "Put the right file back, or start again with the new one.",
        )


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
        start = coarser_start(scene.grid, factor)
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


def _suggested(
    dataset: DatasetReader, bands: tuple[int, int, int], overview: Part, way: StretchWay | None
) -> tuple[Stretch, str]:
    if is_palette(dataset):
        return IDENTITY, "file"
    windows = stored_windows(dataset, bands)
    scaling = read_scaling(dataset, bands)
    found = suggest_stretch(overview, way=way, scaling=scaling, windows=windows)
    return found.stretch, found.way


def stored_windows(dataset: DatasetReader, bands: tuple[int, int, int]) -> Iterator[Part]:
    """Values and validity of a few small windows, as they are stored."""
    for part in (4, 2, 6, 1, 7):
        column = max(0, dataset.width * part // 8 - _STORED_SIDE // 2)
        row = max(0, dataset.height * part // 8 - _STORED_SIDE // 2)
        width = min(_STORED_SIDE, dataset.width - column)
        height = min(_STORED_SIDE, dataset.height - row)
        yield read_values(dataset, bands, Window(column, row, width, height), (height, width))


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
