"""Cropland as somebody says it is, in a mask or a file of polygons, on any grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.io import DatasetReader

from core.errors import InputError, MissingCrsError, NoOverlapError, UnreadableLabelsError
from core.existing import mask as existing
from core.existing.class_choice import ReadingAnswers
from core.existing.label_files import read_labels
from core.existing.labels_file import VECTOR_SUFFIXES
from core.existing.scene_labels import VectorLabels
from core.grid import Grid, Window, full_turn
from core.imagery.georeference import find_georeference
from core.imagery.open import open_raster, read_bands
from core.imagery.validity import read_validity, unknown_by_file
from core.imagery.warp import covering, read_shape, warp
from core.landcover.alignment import align, check_overlap
from core.landcover.source import LandCover
from core.parcels.geometry_index import GeometryIndex
from core.study.metrics.parts import Numbers, PartNumbers
from core.study.metrics.polygon_answers import NOTHING_SAID, choice_for, in_words, warn_of

RASTER_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2")

_UNKNOWN = 255
_FINEST_READ = 8
"""Pixels of a raster of numbers read along one of the grid's, about."""
_NO_NUMBER = 65535

_UNVOUCHED = ("rejected", "unsure")
"""States and classes of parcels of ours that nobody vouches for, one way or the other."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelView:
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
    """A mask: 1 (or 255, where the file has no 1) is cropland, 0 is not, the rest is unknown.

    Unknown is nodata, and 255 beside 1.  Its parcels are its parts that hang together by edges.

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
        name = Path(path).name
        with open_raster(path, what=what) as dataset:
            unknown = unknown_by_file(dataset, str(path))
            nodata = {dataset.nodata, *unknown.nodata}
            fractions = np.issubdtype(np.dtype(dataset.dtypes[0]), np.floating)
        if 0 in nodata:
            raise InputError(
                f"The {what} {name} calls 0 nodata, so nothing in it is known not to be cropland.",
                "Save it with another nodata value, such as 255.",
            )
        mask = existing.read_mask(path)
        # Of a prediction all may be cropland where anything is known at all.
        beside_1 = _UNKNOWN in mask.values and 1 in mask.values
        # A file of nothing but nodata claims nothing; whoever judges with it says so.
        some = bool(mask.values) and mask.values.keys() <= {1, _UNKNOWN}
        one_sided = some and bool(mask.unknown or beside_1)
        if one_sided and (fractions or what == "truth"):
            background = "NaN" if fractions and nodata <= {None} else "nodata"
            background = background if mask.unknown else str(_UNKNOWN)
            raise InputError(
                f"The {what} {name} is {background} wherever it is not cropland, so nothing in it "
                "is known not to be cropland.",
                "Save it with 0 where there is no cropland, and nodata where nobody knows.",
            )
        others = mask.values.keys() - {0, 1, _UNKNOWN}
        if others:
            raise InputError(
                f"The {what} {name} is no mask of cropland: it holds "
                f"{', '.join(str(value) for value in sorted(others)[:5])}.",
                "A mask has 1 for cropland, 0 for the rest and 255 for unknown; reclassify it, "
                "in QGIS with the raster calculator.",
            )
        cropland = _UNKNOWN if _UNKNOWN in mask.values and 1 not in mask.values else 1
        self.grid = mask.grid
        self.says = f"value {cropland} is cropland"
        neither = frozenset({_UNKNOWN} - {cropland})
        self._mask = existing.MaskFileLabels(mask, frozenset({cropland}), neither)
        self._parts = _Parts()

    def touches(self, grid: Grid) -> bool:
        """Whether the mask and a grid share an area."""
        return self._mask.touches(grid)

    def tile(self, view: LabelView) -> LabelTile:
        """The label on a view: each pixel takes the mask at its centre."""
        codes = self._mask.codes(view.wide_grid)
        if codes is None:
            codes = np.full(view.wide_grid.shape, _UNKNOWN, dtype=np.uint8)
        return self._parts.tile(codes == 1, codes != _UNKNOWN, view)

    def joined(self) -> Numbers | None:
        """The final numbers of the parcels of all views so far; None where they already are."""
        return self._parts.joined()


class NumberedLabels:
    """A raster that numbers its parcels: 0 is no cropland, nodata is unknown.

    Parameters
    ----------
    path : str or Path
    what : str
        For messages, as for a mask.

    Raises
    ------
    InputError
        Unreadable, without CRS, or values that are no numbers of parcels (0 to 65,534).
    """

    def __init__(self, path: str | Path, what: str) -> None:
        self.says = "every number except 0 is a field"
        self._path, self._what = str(path), what
        with open_raster(path, what=what) as dataset:
            place = find_georeference(dataset, str(path), None, what=what)
            self._unknown = unknown_by_file(dataset, str(path))
            self.grid = Grid(place.crs, place.transform, dataset.width, dataset.height)

    def touches(self, grid: Grid) -> bool:
        """Whether the raster and a grid share an area."""
        return covering(self.grid, grid) is not None

    def tile(self, view: LabelView) -> LabelTile:
        """The label on a view: each pixel takes the number at its centre."""
        numbers = self._numbers(view.wide_grid)
        known = numbers != _NO_NUMBER
        numbers[~known] = 0
        return LabelTile(numbers > 0, known, numbers[view.inner.slices].astype(np.int64))

    def joined(self) -> Numbers | None:
        """None: each parcel has one number everywhere."""
        return None

    def _numbers(self, grid: Grid) -> npt.NDArray[np.uint16]:
        cover = covering(self.grid, grid)
        if cover is None:
            return np.full(grid.shape, _NO_NUMBER, dtype=np.uint16)
        shape = read_shape(cover.window, grid, _FINEST_READ)
        with open_raster(self._path, what=self._what) as dataset:
            numbers = cover.read(
                lambda window, size: self._read(dataset, window, size), shape, _NO_NUMBER
            )
        source = cover.grid.scaled(shape[1], shape[0])
        return warp(numbers, source, grid, Resampling.nearest, missing=_NO_NUMBER)

    def _read(
        self, dataset: DatasetReader, window: Window, shape: tuple[int, int]
    ) -> npt.NDArray[np.uint16]:
        values = read_bands(dataset, [1], window=window, shape=shape)[0]
        valid = read_validity(dataset, [1], window=window, shape=shape, unknown=self._unknown)
        # A file that calls 0 nodata says by it that there is no parcel.
        valid |= (values == 0) if dataset.nodata == 0 else False
        wrong = valid & ~((values >= 0) & (values < _NO_NUMBER) & (values == np.rint(values)))
        if wrong.any():
            raise InputError(
                f"The {self._what} {Path(self._path).name} does not number parcels: it holds "
                f"{values[wrong][0]:g}.",
                f"Numbers are whole, 0 for no parcel and up to {_NO_NUMBER - 1:,}.",
            )
        return np.where(valid, values, _NO_NUMBER).astype(np.uint16)


class PolygonLabels:
    """A file of polygons: cropland inside, something else outside, each polygon a parcel.

    Where an attribute says what the polygons are, those of other classes are no cropland
    (``core.existing.class_choice``).  In a file that CropMap exported, parcels that are rejected or
    unsure are unknown.

    Parameters
    ----------
    path : str or Path
    what : str
        For messages, as for a mask.
    grid : Grid
        On which the labels are wanted.
    answers : ReadingAnswers
        Which layer, and what in it is cropland, as somebody says.

    Raises
    ------
    LayerQuestionError, ClassQuestionError
        That is not clear, and nobody says it.
    InputError
        Unreadable, without CRS, no polygon in the file, or all of them elsewhere.
    """

    def __init__(
        self,
        path: str | Path,
        what: str,
        grid: Grid,
        answers: ReadingAnswers = NOTHING_SAID,
    ) -> None:
        file = read_labels(Path(path), grid, layer=answers.layer)
        name = Path(path).name
        if (lacking := file.crs_question()) or file.crs is None:
            raise MissingCrsError(
                f"The {what} {name} {lacking}",
                "Put its .prj file beside it, or export it again from QGIS with its CRS.",
            )
        if len(file.shapes) == 0 and file.features > 0:
            raise UnreadableLabelsError(
                f"None of the {file.features:,} features of the {what} {name} is an area.",
                "Choose the layer of polygons.",
            )
        choice = choice_for(file, answers)
        warn_of(file, what)
        labels = VectorLabels(file, choice, grid, file.crs)
        around = shapely.box(*shapely.total_bounds(file.shapes)) if len(file.shapes) else None
        if around is not None and not labels.parcels and not _reaches(around, grid, file.crs):
            raise _elsewhere(path, what)
        # Larger first, so that a smaller one inside, or over its edge, stays to be seen.
        parcels = sorted(labels.parcels, key=lambda parcel: -parcel.polygon.area)
        self.says = in_words(file, choice)
        self._shapes = [parcel.polygon for parcel in parcels]
        self._tree = GeometryIndex(self._shapes)
        unknown = [p.state in _UNVOUCHED or p.land_class in _UNVOUCHED for p in parcels]
        self._unknown = np.array([False, *unknown])
        self._other = np.array([False, *(not parcel.is_cropland for parcel in parcels)])

    def tile(self, view: LabelView) -> LabelTile:
        """The label on a view: pixels whose centre lies in a polygon."""
        part = view.wide_grid
        numbers = np.zeros(part.shape, dtype=np.int32)
        near = np.sort(self._tree.query(part.footprint))
        if near.size:
            shapes = [(self._shapes[i], int(i) + 1) for i in near]
            rasterize(shapes, out=numbers, transform=part.transform)
        unknown = self._unknown[numbers]
        numbers[unknown | self._other[numbers]] = 0
        own = numbers[view.inner.slices].astype(np.int64)
        return LabelTile(numbers > 0, ~unknown, own)

    def joined(self) -> Numbers | None:
        """None: each polygon has one number everywhere."""
        return None


class LandCoverLabels:
    """The cropland of a land cover product as it is, to be judged beside a prediction."""

    def __init__(self, landcover: LandCover, grid: Grid) -> None:
        check_overlap(landcover, grid)
        self.says = landcover.recognised_by
        self._landcover = landcover
        self._parts = _Parts()

    def tile(self, view: LabelView) -> LabelTile:
        """The land cover on a view, as ``core.landcover.alignment`` has it."""
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

    def tile(self, cropland: Flags, known: Flags, view: LabelView) -> LabelTile:
        if self._numbers is None:
            self._numbers = PartNumbers(view.grid.width, view.grid.height)
        own = self._numbers.number(cropland[view.inner.slices], view.own)
        return LabelTile(cropland, known, own)

    def joined(self) -> Numbers | None:
        return None if self._numbers is None else self._numbers.joined()


Labels = MaskLabels | NumberedLabels | PolygonLabels | LandCoverLabels


def is_polygons(path: str | Path) -> bool:
    """Whether a path is that of a file of polygons, by its ending."""
    return Path(path).suffix.lower() in VECTOR_SUFFIXES


def open_labels(
    path: str | Path,
    what: str,
    grid: Grid,
    *,
    numbered: bool = False,
    answers: ReadingAnswers = NOTHING_SAID,
) -> Labels:
    """A mask or a file of polygons, to be looked at on ``grid``; errors as theirs.

    With ``numbered`` a raster is no mask but numbers its parcels; ``answers`` are about polygons.
    """
    if is_polygons(path):
        return PolygonLabels(path, what, grid, answers)
    raster = NumberedLabels(path, what) if numbered else MaskLabels(path, what)
    if not raster.touches(grid):
        raise _elsewhere(path, what)
    return raster


def _reaches(around: shapely.Polygon, grid: Grid, crs: CRS) -> bool:
    """Whether the box around all polygons and the grid share an area; between polygons, both."""
    bounds, turn = grid.bounds_in(crs), full_turn(crs)
    box = shapely.box(bounds.left, bounds.bottom, bounds.right, bounds.top)
    shifts = (0.0,) if turn is None else (0.0, -turn, turn)
    return any(around.intersects(shapely.affinity.translate(box, shift)) for shift in shifts)


def _elsewhere(path: str | Path, what: str) -> InputError:
    return InputError(
        f"The {what} {Path(path).name} lies elsewhere: it shares no area with what it is "
        "compared with.",
        "Check that both are of one place, and the CRS of both.",
    )
