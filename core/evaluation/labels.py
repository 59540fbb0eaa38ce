"""Cropland as somebody says it is, in a mask or a file of polygons, on any grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.enums import Resampling
from rasterio.features import rasterize

from core.errors import InputError, MissingCrsError, NoOverlapError, UnreadableLabelsError
from core.evaluation.parts import Numbers, PartNumbers
from core.existing.files import read_labels
from core.existing.record import LabelsFile, Value
from core.grid import Grid, Window, WorldCoordinates, transform_coordinates
from core.imagery.georeference import find_georeference
from core.imagery.open import open_raster, read_bands, read_validity
from core.imagery.warp import covering_window, warp
from core.landcover.align import align, check_overlap
from core.landcover.source import LandCover
from core.masks.outlines import Geometries

VECTOR_SUFFIXES = (".shp", ".zip", ".gpkg", ".geojson", ".json")
RASTER_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2")

_UNKNOWN = 255
_SAMPLE_SIDE = 2048
_FINEST_READ = 8
"""Pixels of a mask read along one pixel of the grid, at most."""

_LONGEST_EDGE = 200
"""Parts of a scene's diagonal into which edges are cut before they move to another CRS, where a
straight line bends."""

_UNVOUCHED = ("rejected", "unsure")
"""Values of ``status`` and ``class`` in files that CropMap exports: nobody says what is there."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class View:
    """A window of a grid, and what is seen around it.

    Parameters
    ----------
    grid : Grid
        The whole.
    own : Window
        Views of one grid come in reading order and share no pixel of their own windows.
    wide : Window
        ``own`` and a margin, inside the grid.
    """

    grid: Grid
    own: Window
    wide: Window

    @property
    def wide_grid(self) -> Grid:
        """The grid of all that is seen."""
        return self.grid.window_grid(self.wide)

    @property
    def inner(self) -> Window:
        """The own window in pixels of what is seen."""
        return self.own.relative_to(self.wide)


@dataclass(frozen=True, slots=True, eq=False)
class LabelTile:
    """Labels on the pixels of a view.

    Parameters
    ----------
    cropland, known : bool (rows, columns)
        Of the whole view; ``known`` is where the label says anything.
    parcels : int64 (rows, columns)
        Of the view's own window alone: number of the parcel from 1, 0 where there is none; of a
        mask, numbers of this window's own (``Labels.joined``).
    """

    cropland: Flags
    known: Flags
    parcels: Numbers


class MaskLabels:
    """A mask: 1 (or 255, where the file has no 1) is cropland, 0 is not, nodata is unknown.

    Its parcels are its parts that hang together by edges.

    Parameters
    ----------
    path : str or Path
    what : str
        What it is to the person ("prediction", "truth"), for messages.

    Raises
    ------
    InputError
        Unreadable, without CRS, or values that are no mask.
    """

    def __init__(self, path: str | Path, what: str) -> None:
        self.path, self._what = str(path), what
        with open_raster(path, what=what) as dataset:
            place = find_georeference(dataset, str(path), None, what=what)
            self.grid = Grid(place.crs, place.transform, dataset.width, dataset.height)
            factor = max(1.0, max(self.grid.shape) / _SAMPLE_SIDE)
            shape = (max(1, round(dataset.height / factor)), max(1, round(dataset.width / factor)))
            values = read_bands(dataset, [1], shape=shape)[0]
            valid = read_validity(dataset, [1], shape=shape)
            nodata = dataset.nodata
        if nodata == 0:
            raise InputError(
                f"The {what} {Path(path).name} calls 0 nodata, so nothing in it is known not to "
                "be cropland.",
                "Save it with another nodata value, such as 255.",
            )
        found = {float(value) for value in np.unique(values[valid]).tolist()}
        self._cropland = _UNKNOWN if found <= {0.0, 255.0} and 255.0 in found else 1
        self._refuse_other(values, valid)
        self._parts = _Parts()

    def tile(self, view: View) -> LabelTile:
        """The label on a view: each pixel takes the mask at its centre."""
        codes = self._codes(view.wide_grid)
        return self._parts.tile(codes == 1, codes != _UNKNOWN, view)

    def joined(self) -> Numbers | None:
        """The final numbers of the parcels of all views so far; None where they already are."""
        return self._parts.joined()

    def _codes(self, grid: Grid) -> npt.NDArray[np.uint8]:
        """0, 1 and 255 on a grid, uint8 (rows, columns)."""
        window = covering_window(self.grid, grid)
        if window is None:
            return np.full(grid.shape, _UNKNOWN, dtype=np.uint8)
        source = self.grid.window_grid(window)
        shrink = max(1.0, grid.gsd_m / source.gsd_m / _FINEST_READ)
        shape = (max(1, round(window.height / shrink)), max(1, round(window.width / shrink)))
        with open_raster(self.path, what=self._what) as dataset:
            values = read_bands(dataset, [1], window=window, shape=shape)[0]
            valid = read_validity(dataset, [1], window=window, shape=shape)
        self._refuse_other(values, valid)
        codes = np.where(valid, values == self._cropland, _UNKNOWN).astype(np.uint8)
        if self._cropland == 1:
            codes[values == _UNKNOWN] = _UNKNOWN
        scaled = source.scaled(shape[1], shape[0])
        return warp(codes, scaled, grid, Resampling.nearest, missing=_UNKNOWN)

    def _refuse_other(self, values: npt.NDArray[np.generic], valid: Flags) -> None:
        allowed = (0, 1, _UNKNOWN) if self._cropland == 1 else (0, _UNKNOWN)
        others = np.unique(values[valid & ~np.isin(values, allowed)])
        if others.size:
            raise InputError(
                f"The {self._what} {Path(self.path).name} is no mask: it holds "
                f"{', '.join(f'{value:g}' for value in others[:5].tolist())}.",
                "A mask has 1 for cropland, 0 for the rest and 255 for unknown; reclassify it, "
                "in QGIS with the raster calculator.",
            )


class PolygonLabels:
    """A file of polygons: cropland inside, something else outside, each polygon a parcel.

    In a file that CropMap exported, parcels that are rejected or unsure are unknown, and those of
    class ``other`` are no cropland.

    Parameters
    ----------
    path : str or Path
    what : str
        For messages, as for a mask.
    grid : Grid
        On which the labels are wanted.

    Raises
    ------
    InputError
        Unreadable, without CRS, or no polygon in the file.
    """

    def __init__(self, path: str | Path, what: str, grid: Grid) -> None:
        labels = read_labels(Path(path), grid)
        if labels.crs is None:
            raise MissingCrsError(
                f"The {what} {Path(path).name} does not say in which CRS its coordinates are.",
                "Put its .prj file beside it, or export it again from QGIS with its CRS.",
            )
        if len(labels.shapes) == 0 and labels.features > 0:
            raise UnreadableLabelsError(
                f"None of the {labels.features:,} features of the {what} {Path(path).name} is an "
                "area.",
                "Choose the layer of polygons.",
            )
        shapes = _moved(labels, grid)
        _refuse_elsewhere(shapes, grid, path, what)
        # Larger first, so that a smaller one inside, or over its edge, stays to be seen.
        order = np.argsort(-shapely.area(shapes), kind="stable")
        self._shapes = shapes[order]
        self._unknown = _any_of(labels, {"status": _UNVOUCHED, "class": ("unsure",)})[order]
        self._other = _any_of(labels, {"class": ("other",)})[order]
        self._tree = shapely.STRtree(self._shapes)

    def tile(self, view: View) -> LabelTile:
        """The label on a view: pixels whose centre lies in a polygon."""
        part = view.wide_grid
        numbers = np.zeros(part.shape, dtype=np.int32)
        near = np.sort(self._tree.query(part.footprint))
        if near.size:
            shapes = [(self._shapes[i], int(i) + 1) for i in near]
            rasterize(shapes, out=numbers, transform=part.transform)
        unknown = np.concatenate([[False], self._unknown])[numbers]
        numbers[unknown | np.concatenate([[False], self._other])[numbers]] = 0
        own = numbers[view.inner.slices].astype(np.int64)
        return LabelTile(numbers > 0, ~unknown, own)

    def joined(self) -> Numbers | None:
        """None: each polygon has one number everywhere."""
        return None


class LandCoverLabels:
    """The cropland of a land cover product as it is, to be judged beside a prediction."""

    def __init__(self, landcover: LandCover, grid: Grid) -> None:
        check_overlap(landcover, grid)
        self._landcover = landcover
        self._parts = _Parts()

    def tile(self, view: View) -> LabelTile:
        """The land cover on a view, as ``core.landcover.align`` has it."""
        try:
            aligned = align(self._landcover, view.wide_grid)
        except NoOverlapError:
            nothing = np.zeros(view.wide_grid.shape, dtype=np.bool_)
            return self._parts.tile(nothing, nothing, view)
        return self._parts.tile(aligned.cropland, aligned.valid, view)

    def joined(self) -> Numbers | None:
        """The final numbers of the parcels of all views so far."""
        return self._parts.joined()


class _Parts:
    """Parcels of a layer without any: its parts that hang together by edges."""

    def __init__(self) -> None:
        self._numbers: PartNumbers | None = None

    def tile(self, cropland: Flags, known: Flags, view: View) -> LabelTile:
        if self._numbers is None:
            self._numbers = PartNumbers(view.grid.width, view.grid.height)
        own = self._numbers.number(cropland[view.inner.slices], view.own)
        return LabelTile(cropland, known, own)

    def joined(self) -> Numbers | None:
        return None if self._numbers is None else self._numbers.joined()


Labels = MaskLabels | PolygonLabels | LandCoverLabels


def is_polygons(path: str | Path) -> bool:
    """Whether a path is that of a file of polygons, by its ending."""
    return Path(path).suffix.lower() in VECTOR_SUFFIXES


def open_labels(path: str | Path, what: str, grid: Grid) -> Labels:
    """A mask or a file of polygons, to be looked at on ``grid``; errors as theirs."""
    if is_polygons(path):
        return PolygonLabels(path, what, grid)
    mask = MaskLabels(path, what)
    if covering_window(mask.grid, grid) is None:
        raise _elsewhere(path, what)
    return mask


def _moved(labels: LabelsFile, grid: Grid) -> Geometries:
    """The file's polygons in the grid's CRS."""
    crs = labels.crs
    if crs is None or crs == grid.crs or not len(labels.shapes):
        return labels.shapes

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        world = WorldCoordinates(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1]))
        moved = transform_coordinates(world, crs, grid.crs)
        return np.column_stack([moved.x, moved.y])

    bounds = grid.bounds_in(crs)
    step = np.hypot(bounds.right - bounds.left, bounds.top - bounds.bottom) / _LONGEST_EDGE
    cut = shapely.segmentize(labels.shapes, step) if np.isfinite(step) else labels.shapes
    shapes: Geometries = shapely.transform(cut, move)
    # Far from the scene its CRS may have no place for a polygon; there it is not missed.
    shapes[~np.isfinite(shapely.bounds(shapes)).all(axis=1)] = shapely.Polygon()
    return shapes


def _refuse_elsewhere(shapes: Geometries, grid: Grid, path: str | Path, what: str) -> None:
    """Raise where all polygons lie on one side of the grid; between them there may be none."""
    if len(shapes) and not grid.footprint.intersects(shapely.box(*shapely.total_bounds(shapes))):
        raise _elsewhere(path, what)


def _elsewhere(path: str | Path, what: str) -> InputError:
    return InputError(
        f"The {what} {Path(path).name} lies elsewhere: it shares no area with what it is "
        "compared with.",
        "Check that both are of one place, and the CRS of both.",
    )


def _any_of(labels: LabelsFile, wanted: dict[str, tuple[str, ...]]) -> Flags:
    """Which polygons have one of some values in a column: bool (polygons,)."""
    found = np.zeros(len(labels.shapes), dtype=np.bool_)
    for column, values in wanted.items():
        entries: list[Value] = labels.columns.get(column, [])
        if entries:
            found |= np.array([entry in values for entry in entries], dtype=np.bool_)
    return found
