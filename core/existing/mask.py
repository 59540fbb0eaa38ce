"""A mask that exists already: which values mean cropland, and its parcels on a scene's pixels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rasterio.enums import Resampling
from rasterio.io import DatasetReader

from core.errors import UnreadableLabelsError
from core.grid import Grid, Window
from core.imagery.blocks import may_hold_blocks
from core.imagery.equality import HUGE
from core.imagery.georeference import find_georeference, refuse_misplaced
from core.imagery.open import open_raster, read_bands
from core.imagery.validity import BY_HEADER, UnknownPixels, read_validity, unknown_by_file
from core.imagery.warp import covering, read_shape, warp
from core.label.correction_import import LabelsImport
from core.parcels.outlines import outline_pixels
from core.parcels.overlay import shape_of
from core.parcels.parcel import Parcel
from core.parcels.polygons import mask_to_parcels

MOST_VALUES = 256
"""A mask of more values is imagery, or numbers its parcels."""

_PIXELS_AT_ONCE = 4_000_000
_FINEST_READ = 8
"""Pixels of the mask read along one of the scene's, about; of a finer one every second or so."""
_NOT, _CROPLAND, _UNKNOWN = 0, 1, 255


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask as it was read.

    Parameters
    ----------
    values : dict of int to int
        How many pixels have which value, by value; nodata is not among them.
    unknown : int
        Pixels of nodata.
    rule : UnknownPixels
        What counts as unknown beside the header.
    """

    path: str
    name: str
    grid: Grid
    values: dict[int, int]
    unknown: int
    rule: UnknownPixels = BY_HEADER


def read_mask(path: Path | str, *, name: str | None = None, crs: str | None = None) -> MaskFile:
    """Count the values of a mask.

    Parameters
    ----------
    path : Path or str
        Of a raster that may be opened here: of this machine, or our own copy of an upload.
    name : str, optional
        Of the file, for people.
    crs : str, optional
        As the person states it, for a file that has none.

    Raises
    ------
    UnreadableLabelsError
        More than one band, fractions, or too many values for classes.
    InputError
        As for :func:`core.imagery.open.open_raster`, and a missing CRS.
    """
    title = name or Path(path).name
    with open_raster(path, what="mask") as dataset:
        place = find_georeference(dataset, str(path), crs, what="mask")
        grid = Grid(place.crs, place.transform, dataset.width, dataset.height)
        refuse_misplaced(grid, str(path), place.source, what="mask")
        _check(dataset, title)
        rule = unknown_by_file(dataset, str(path))
        values: Counter[int] = Counter()
        unknown = 0
        for window in _strips(dataset):
            if not may_hold_blocks(dataset, window):
                empty = window.width * window.height
                if dataset.nodata is None and 0 not in rule.nodata:
                    values[0] += empty  # what is not there reads as 0
                else:
                    unknown += empty
                continue
            found, valid = _values(dataset, window, rule)
            unknown += int((~valid).sum())
            numbers, counts = np.unique(found[valid], return_counts=True)
            if not np.array_equal(numbers, np.rint(numbers)):
                raise _no_mask(title, "holds fractions, as a probability does")
            values.update(
                dict(zip(numbers.astype(np.int64).tolist(), counts.tolist(), strict=True))
            )
            if len(values) > MOST_VALUES:
                raise _no_mask(title, f"holds more than {MOST_VALUES} different values")
    return MaskFile(str(path), title, grid, dict(sorted(values.items())), unknown, rule)


def guess_values(mask: MaskFile) -> frozenset[int]:
    """The values that probably mean cropland: 1, or else the largest that is not 0."""
    if 1 in mask.values:
        return frozenset({1})
    others = [value for value in mask.values if value != 0]
    return frozenset({max(others)}) if others else frozenset()


def guess_unknown(mask: MaskFile) -> frozenset[int]:
    """The values that probably mean that nobody knows: negative ones, and 255 beside 1."""
    negative = {value for value in mask.values if value < 0}
    return frozenset(negative | ({255} if {1, 255} <= mask.values.keys() else set()))


class MaskFileLabels:
    """Cropland of a mask, aligned by its nearest pixels; nodata and what lies beyond is unknown.

    Parameters
    ----------
    mask : MaskFile
    cropland, unknown : frozenset of int
        The values that mean cropland, and those that mean nothing beside nodata; all others mean
        that there is none.
    """

    def __init__(
        self, mask: MaskFile, cropland: frozenset[int], unknown: frozenset[int] = frozenset()
    ) -> None:
        self.name = mask.name
        self._mask, self._cropland, self._unknown = mask, sorted(cropland), sorted(unknown)

    def touches(self, part: Grid) -> bool:
        """Whether the mask reaches into a part of the scene."""
        return covering(self._mask.grid, part) is not None

    def within(self, part: Grid) -> LabelsImport | None:
        """Parcels on the pixels of a part of the scene; None where all of it is unknown."""
        codes = self.codes(part)
        if codes is None or (codes == _UNKNOWN).all():
            return None
        table = mask_to_parcels(codes == _CROPLAND, part)
        parcels = tuple(
            Parcel(name, shape, math.nan, "auto")
            for name, shape in zip(table["field_id"], table.geometry, strict=True)
        )
        known = codes != _UNKNOWN
        if known.all():
            return LabelsImport(self.name, parcels)
        outlines = outline_pixels(known.astype(np.int32), part)
        return LabelsImport(self.name, parcels, shape_of(list(outlines.geometries)))

    def codes(self, part: Grid) -> npt.NDArray[np.uint8] | None:
        """0 not cropland, 1 cropland, 255 unknown on the pixels of a part; None beside the mask."""
        cover = covering(self._mask.grid, part)
        if cover is None:
            return None
        with open_raster(self._mask.path, what="mask") as dataset:
            shape = read_shape(cover.window, part, _FINEST_READ)

            def read(window: Window, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
                values, valid = _values(dataset, window, self._mask.rule, size)
                codes = np.where(np.isin(values, self._cropland), _CROPLAND, _NOT).astype(np.uint8)
                codes[~valid | np.isin(values, self._unknown)] = _UNKNOWN
                return codes

            codes = cover.read(read, shape, _UNKNOWN)
        source = cover.grid.scaled(shape[1], shape[0])
        return warp(codes, source, part, Resampling.nearest, missing=_UNKNOWN)


def _check(dataset: DatasetReader, name: str) -> None:
    bands = dataset.count - (dataset.colorinterp[-1].name == "alpha")
    if bands != 1:
        raise _no_mask(name, f"has {bands} bands")


def _strips(dataset: DatasetReader) -> Iterator[Window]:
    columns = min(dataset.width, _PIXELS_AT_ONCE)
    rows = max(1, _PIXELS_AT_ONCE // columns)
    extent = Window(0, 0, dataset.width, dataset.height)
    for row in range(0, dataset.height, rows):
        for column in range(0, dataset.width, columns):
            yield Window(column, row, columns, rows).intersection(extent) or extent


def _values(
    dataset: DatasetReader,
    window: Window,
    rule: UnknownPixels,
    shape: tuple[int, int] | None = None,
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
    values = read_bands(dataset, [1], window=window, shape=shape)[0]
    valid = read_validity(dataset, [1], window=window, shape=shape, unknown=rule)
    if np.issubdtype(values.dtype, np.floating):
        valid = valid & (np.abs(values) < HUGE)  # nor NaN
    return values, valid


def _no_mask(name: str, why: str) -> UnreadableLabelsError:
    return UnreadableLabelsError(
        f"{name} {why}, so it is no mask of classes.",
        "Take a raster of one band in which a whole number says what each pixel is.",
    )
