"""Parcels burnt into the pixels of a grid, window by window: the one place that gives codes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import rasterize
from scipy import ndimage

from core.grid import Grid, Window
from core.imagery.tiled_mask import SlicedMask
from core.imagery.write_raster import MASK_NODATA, PART_HEIGHT, PART_WIDTH
from core.label.labelled import LabelledParcel, PlacedParcel
from core.label.parcel_spool import ParcelSpool, on_pixels
from core.parcels.geometry_index import GeometryIndex
from core.parcels.overlay import array_of

BACKGROUND, FIELD, BOUNDARY, IGNORE = 0, 1, 2, 3
"""Codes of training masks, as in Fields of The World (arXiv:2409.16252)."""

CODE_NAMES = {BACKGROUND: "background", FIELD: "field", BOUNDARY: "boundary", IGNORE: "ignore"}

_UNKNOWN_STATES = ("rejected", "unsure")
"""A person would not vouch for these, neither as cropland nor as anything else."""

_CLASS_CODES = {"cropland": FIELD, "other": BACKGROUND, "unsure": IGNORE}

Codes = npt.NDArray[np.uint8]

Shape = shapely.Polygon | shapely.MultiPolygon


def parcel_code(parcel: LabelledParcel, *, accepted_only: bool) -> int:
    """What a parcel's pixels are: field, background or ignore.

    With ``accepted_only``, what nobody accepted or corrected is ignored.
    """
    if parcel.state in _UNKNOWN_STATES or (accepted_only and not parcel.vouched):
        return IGNORE
    return _CLASS_CODES[parcel.land_class]


class BurntParcels:
    """Parcels in the pixels of a grid.

    Parameters
    ----------
    parcels : sequence of LabelledParcel
        In the CRS of ``grid``.
    grid : Grid
    reviewed : SlicedMask, bool (rows, columns), optional
        On ``grid``; pixels where it is False are ignored.
    accepted_only : bool
        Whether parcels that nobody accepted or corrected are ignored.
    boundary_px : float
        Width of the band along the outlines of fields, in pixels, half of it on either side; 0
        for none.
    """

    def __init__(
        self,
        parcels: Sequence[LabelledParcel],
        grid: Grid,
        reviewed: SlicedMask | None,
        *,
        accepted_only: bool = False,
        boundary_px: float = 0.0,
    ) -> None:
        if reviewed is not None and reviewed.shape != grid.shape:
            raise ValueError(f"reviewed is {reviewed.shape}, the grid {grid.shape}")
        self._grid = grid
        self._reviewed = reviewed
        self._half_band = boundary_px / 2
        self._accepted_only = accepted_only
        self._parcels = parcels if isinstance(parcels, ParcelSpool) else _Placed(parcels, grid)

    def codes(self, window: Window) -> Codes:
        """Codes of a window, uint8 (rows, columns); pixels beyond the grid are ignored.

        A pixel belongs to a parcel where its centre does.  Where parcels overlap, ignore stands
        above boundary, boundary above field, and field above background.  Beside ground that is not
        reviewed, and at the grid's edge, there is no boundary: a field is cut there and goes on.
        """
        values = np.full((window.height, window.width), IGNORE, dtype=np.uint8)
        inside = window.intersection(self._grid.extent)
        if inside is None:
            return values
        reviewed, surrounded = self._reviewed_in(inside)
        if not reviewed.any():
            return values
        part = np.zeros((inside.height, inside.width), dtype=np.uint8)
        near = self._near(inside)
        fields = [one.shape for one in near if self._code(one) == FIELD]
        _draw(part, inside, fields, FIELD)
        if self._half_band > 0:
            band = np.zeros_like(part)
            _draw(band, inside, self._bands(fields, inside), BOUNDARY)
            part[(band == BOUNDARY) & surrounded] = BOUNDARY
        unknown = [one.shape for one in near if self._code(one) == IGNORE]
        _draw(part, inside, unknown, IGNORE)
        part[~reviewed] = IGNORE
        values[inside.relative_to(window).slices] = part
        return values

    def mask_parts(self) -> Iterator[tuple[Window, Codes]]:
        """The mask in the windows of the grid where it knows anything: 1 cropland, 0 not, 255."""
        for window in self._grid.extent.parts(PART_WIDTH, PART_HEIGHT):
            if self._reviewed is not None and not self._reviewed[window.slices].any():
                continue
            codes = self.codes(window)
            codes[codes == IGNORE] = MASK_NODATA
            yield window, codes

    def fields(self, window: Window) -> list[tuple[LabelledParcel, Shape]]:
        """The fields of a window with their shapes, cut to it, in pixels counted from its corner.

        Each has an area.
        """
        frame = window.box
        found = []
        for one in self._near(window):
            if self._code(one) != FIELD:
                continue
            cut = _areas_of(shapely.intersection(one.shape, frame))
            if cut is not None:
                moved = shapely.transform(cut, lambda xy: xy - [window.column, window.row])
                found.append((one.parcel, moved))
        return found

    def _reviewed_in(self, window: Window) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Pixels that are reviewed, and those around which all are, as far as a boundary reaches.

        Both are bool (rows, columns) of a window inside the grid.
        """
        reach = math.floor(self._half_band + 0.5)
        around = window.expanded(reach)
        reviewed = np.zeros((around.height, around.width), dtype=np.bool_)
        there = around.intersection(self._grid.extent)
        if there is not None:
            known = True if self._reviewed is None else self._reviewed[there.slices]
            reviewed[there.relative_to(around).slices] = known
        own = window.relative_to(around).slices
        if reach == 0:
            return reviewed, reviewed
        surrounded = ndimage.minimum_filter(reviewed, size=2 * reach + 1)
        return reviewed[own], surrounded[own]

    def _near(self, window: Window) -> list[PlacedParcel]:
        return self._parcels.near(window, self._half_band)

    def _code(self, one: PlacedParcel) -> int:
        return parcel_code(one.parcel, accepted_only=self._accepted_only)

    def _bands(self, fields: list[Shape], window: Window) -> list[shapely.Geometry]:
        """Bands along whole outlines, so that a window's edge never looks like one."""
        frame = window.box.buffer(2 * self._half_band, join_style="mitre")
        outlines = shapely.intersection(shapely.boundary(array_of(fields)), frame)
        bands = shapely.buffer(outlines, self._half_band)
        return [band for band in bands if not band.is_empty]


class _Placed:
    """Parcels in memory, found by place as those of a :class:`ParcelSpool` are."""

    def __init__(self, parcels: Sequence[LabelledParcel], grid: Grid) -> None:
        for parcel in parcels:
            parcel_code(parcel, accepted_only=False)  # one that has none is refused at once
        shapes = on_pixels([parcel.geometry for parcel in parcels], grid)
        self._index = GeometryIndex(shapes)
        self._placed = [PlacedParcel(*one) for one in zip(parcels, shapes, strict=True)]

    def near(self, window: Window, margin: float) -> list[PlacedParcel]:
        around = window.box.buffer(margin, join_style="mitre")
        return [self._placed[place] for place in sorted(self._index.query(around).tolist())]


def inside_of(shape: Shape, height: int, width: int) -> npt.NDArray[np.bool_]:
    """Pixels whose centre lies in a shape given in pixels, bool (rows, columns)."""
    values = np.zeros((height, width), dtype=np.uint8)
    _draw(values, Window(0, 0, width, height), [shape], 1)
    return values.astype(np.bool_)


def _draw(values: Codes, window: Window, shapes: Sequence[shapely.Geometry], code: int) -> None:
    if shapes:
        corner = Affine.translation(window.column, window.row)
        rasterize(shapes, out=values, transform=corner, default_value=code)


def _areas_of(shape: shapely.Geometry) -> Shape | None:
    """The polygons of a cut shape; None where it only touches."""
    parts = [
        part
        for part in shapely.get_parts(shape)
        if isinstance(part, shapely.Polygon) and part.area > 0
    ]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
