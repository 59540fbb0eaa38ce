"""A scene: one raster with a CRS, its band choice, its stretch and its working grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.io import DatasetReader

from core.crs import horizontal
from core.errors import ReplacedFileError
from core.grid import Grid, Window
from core.imagery.band_choice import choose_bands
from core.imagery.blocks import holds_any_block, written_blocks
from core.imagery.first_look import (
    PREVIEW_SIDE,
    empty_scene,
    find_unknown,
    first_valid,
    overview_values,
)
from core.imagery.georeference import find_georeference, refuse_misplaced
from core.imagery.identity import dataset_fingerprint, is_same_file
from core.imagery.open import open_raster
from core.imagery.palette import is_palette
from core.imagery.pixel_values import read_values, stored_windows
from core.imagery.scene_fingerprints import overview_fingerprint, scene_fingerprint
from core.imagery.scene_json import checked_scene_json
from core.imagery.stretch import IDENTITY, Stretch, StretchWay, suggest_stretch
from core.imagery.validity import BY_HEADER, UnknownPixels
from core.imagery.value_range import Part, read_scaling
from core.imagery.working_grid import coarser_grid, coarser_start, working_factor


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
    unknown : UnknownPixels
        What counts as unknown beside the header; nothing in a scene of an earlier version.
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
    unknown: UnknownPixels = BY_HEADER

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
            "unknown": self.unknown.to_json(),
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
            bands_source=data["bands_source"],
            stretch_source=data["stretch_source"],
            band_names=tuple(data["band_names"]),
            unknown=UnknownPixels.from_json(data["unknown"]),
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
    nodata: Sequence[float] | None = None,
    unknown: UnknownPixels | None = None,
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
    nodata : sequence of float, optional
        Values that the person says are unknown, none where it is empty; what looks unknown is
        suspected where nobody says anything.
    unknown : UnknownPixels, optional
        What is unknown, where that is settled already.

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
            raise empty_scene(str(path))
        whole = overview_values(dataset, chosen, BY_HEADER)
        seen = whole if whole[1].any() else first_valid(dataset, chosen, str(path), BY_HEADER)
        # Earlier versions knew a file by what its header alone lets see.
        known_by = overview_fingerprint(dataset, grid, seen, str(path))
        if unknown is None:
            unknown = find_unknown(dataset, str(path), chosen, nodata, whole)
        if unknown != BY_HEADER:
            seen = overview_values(dataset, chosen, unknown)
            if not seen[1].any():
                seen = first_valid(dataset, chosen, str(path), unknown)
        if isinstance(stretch, Stretch):
            found, found_by = stretch, "person"
        else:
            found, found_by = _suggested(dataset, chosen, seen, stretch, unknown)
        # Coarser pixels are read through overviews, which may lie in a file of their own.
        content = dataset_fingerprint(dataset, str(path), overviews=factor > 1)
        return Scene(
            path=str(path),
            grid=grid,
            working_grid=coarser_grid(grid, factor),
            working_factor=factor,
            bands=chosen,
            stretch=found,
            dtype=str(dataset.dtypes[chosen[0] - 1]),
            band_count=int(dataset.count),
            nodata=None if dataset.nodata is None else float(dataset.nodata),
            crs_source=georeference.source,
            fingerprint=scene_fingerprint(dataset, grid, content),
            file_fingerprint=content,
            overview_fingerprint=known_by,
            bands_source=choice.source,
            stretch_source=found_by,
            band_names=choice.names,
            unknown=unknown,
        )


def check_scene_file(scene: Scene) -> None:
    """Raise a ReplacedFileError where a scene's file is another one: nothing is made from it."""
    if not is_same_file(scene.path, scene.file_fingerprint):
        raise ReplacedFileError(
            f"The image {Path(scene.path).name} is another file than when it was opened.",
            "Put the right file back, or start again with the new one.",
        )


def may_hold(scene: Scene, window: Window) -> bool:
    """Whether a window of ``scene.working_grid`` may hold a valid pixel; told without reading any.

    False only where none of its blocks was ever written, and such blocks are unknown.

    Raises
    ------
    ReplacedFileError, InputError
        As for :func:`read_window`.
    """
    check_scene_file(scene)
    native = _native(scene, window)
    if native is None:
        return False
    found = _unknown_blocks(scene.path, scene.fingerprint, scene.unknown.tag)
    if found is None:
        return True
    (height, width), written = found
    rows = slice(native.row // height, (native.row_stop - 1) // height + 1)
    columns = slice(native.column // width, (native.column_stop - 1) // width + 1)
    return bool(written[rows, columns].any())


@lru_cache(maxsize=4)
def _unknown_blocks(
    path: str, _fingerprint: str, tag: bool
) -> tuple[tuple[int, int], npt.NDArray[np.bool_]] | None:
    """Height and width of a file's blocks, and which were written, if the others are unknown.

    Remembered: a scene of many gigapixels is asked of tens of thousands of tiles.
    """
    with open_raster(path) as dataset:
        # What was never written reads as the nodata value of the header.
        if not tag or any(value is None for value in dataset.nodatavals):
            return None
        written = written_blocks(dataset)
        return None if written is None else (dataset.block_shapes[0], written)


def _native(scene: Scene, window: Window) -> Window | None:
    """The scene's own pixels under a window of ``scene.working_grid``; None for none."""
    inside = window.intersection(scene.working_grid.extent)
    if inside is None:
        return None
    factor = scene.working_factor
    start = coarser_start(scene.grid, factor)
    return Window(
        inside.column * factor + start.column,
        inside.row * factor + start.row,
        inside.width * factor,
        inside.height * factor,
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
    native = _native(scene, window)
    if inside is not None and native is not None:
        shape = (inside.height, inside.width)
        with open_raster(scene.path) as dataset:
            values, there = read_values(dataset, scene.bands, native, shape, scene.unknown)
        rows, columns = inside.relative_to(window).slices
        rgb[rows, columns] = np.where(there[..., None], scene.stretch.apply(values), 0)
        valid[rows, columns] = there
        check_scene_file(scene)
    return SceneImage(rgb, valid, grid)


def read_preview(scene: Scene, max_side: int = PREVIEW_SIDE) -> SceneImage:
    """The whole scene, read through overviews, no side longer than ``max_side`` pixels."""
    check_scene_file(scene)
    with open_raster(scene.path) as dataset:
        values, valid = overview_values(dataset, scene.bands, scene.unknown, max_side)
    rgb = np.where(valid[..., None], scene.stretch.apply(values), 0).astype(np.uint8)
    height, width = valid.shape
    return SceneImage(rgb, valid, scene.grid.scaled(width, height))


def _suggested(
    dataset: DatasetReader,
    bands: tuple[int, int, int],
    overview: Part,
    way: StretchWay | None,
    unknown: UnknownPixels,
) -> tuple[Stretch, str]:
    if is_palette(dataset):
        return IDENTITY, "file"
    windows = stored_windows(dataset, bands, unknown)
    scaling = read_scaling(dataset, bands)
    found = suggest_stretch(overview, way=way, scaling=scaling, windows=windows)
    return found.stretch, found.way
