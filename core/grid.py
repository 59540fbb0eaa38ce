"""Raster geometry: the only module that turns pixels into world coordinates and back.

Pixel coordinates follow the GDAL convention: the upper left *corner* of the upper left pixel is
(column 0, row 0) and its centre is (0.5, 0.5).  World coordinates are always ``x`` = easting or
longitude, ``y`` = northing or latitude, in the grid's CRS, whatever axis order the authority
defines ("traditional GIS order").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS, Geod, Transformer
from shapely.geometry import Polygon, box

WGS84_GEOD = Geod(ellps="WGS84")

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PixelPoint:
    """A position on a grid in pixels; the centre of the first pixel is (0.5, 0.5)."""

    column: float
    row: float


@dataclass(frozen=True, slots=True)
class WorldPoint:
    """A position in a CRS; x is easting or longitude, y is northing or latitude."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class WorldCoordinates:
    """Many positions in a CRS: ``x`` and ``y`` are float64 arrays of one shape."""

    x: FloatArray
    y: FloatArray


@dataclass(frozen=True, slots=True)
class PixelCoordinates:
    """Many positions on a grid, in pixels: ``column`` and ``row`` are float64 arrays."""

    column: FloatArray
    row: FloatArray


@dataclass(frozen=True, slots=True)
class GroundShape:
    """What a grid's pixels are on the ground, at its centre.

    Parameters
    ----------
    aspect : float
        Length of a pixel's side along a column over that along a row; above 1 for pixels in
        degrees away from the equator.
    north_deg : float
        Direction of true north, clockwise from the grid's upward direction.
    """

    aspect: float
    north_deg: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """An axis-aligned box in a CRS."""

    left: float
    bottom: float
    right: float
    top: float

    def intersects(self, other: Bounds) -> bool:
        """Whether the two boxes share an area (touching edges do not count)."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A rectangle of whole pixels: first column, first row, width, height."""

    column: int
    row: int
    width: int
    height: int

    @classmethod
    def around(cls, mask: npt.NDArray[np.bool_]) -> Window | None:
        """The least window that holds all of a mask (rows, columns); None where it is empty."""
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if rows.size == 0:
            return None
        top, left = int(rows[0]), int(columns[0])
        return cls(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)

    @property
    def column_stop(self) -> int:
        """First column after the window."""
        return self.column + self.width

    @property
    def row_stop(self) -> int:
        """First row after the window."""
        return self.row + self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row slice and column slice, for an array in (row, column) order."""
        return slice(self.row, self.row_stop), slice(self.column, self.column_stop)

    def expanded(self, margin: int) -> Window:
        """The window grown by ``margin`` pixels on each side."""
        return Window(
            self.column - margin,
            self.row - margin,
            self.width + 2 * margin,
            self.height + 2 * margin,
        )

    def intersection(self, other: Window) -> Window | None:
        """The shared rectangle, or None where there is none."""
        column, row = max(self.column, other.column), max(self.row, other.row)
        width = min(self.column_stop, other.column_stop) - column
        height = min(self.row_stop, other.row_stop) - row
        return Window(column, row, width, height) if width > 0 and height > 0 else None

    @property
    def box(self) -> Polygon:
        """Its outline, in pixels of the grid."""
        return box(self.column, self.row, self.column_stop, self.row_stop)

    def parts(self, width: int, height: int) -> Iterator[Window]:
        """Parts of at most so many columns and rows: strips from left to right, each downwards."""
        for column in range(self.column, self.column_stop, width):
            for row in range(self.row, self.row_stop, height):
                wide, high = min(width, self.column_stop - column), min(height, self.row_stop - row)
                yield Window(column, row, wide, high)

    def holds(self, point: PixelPoint) -> bool:
        """Whether a position lies in one of the window's pixels."""
        across = self.column <= point.column < self.column_stop
        return across and self.row <= point.row < self.row_stop

    def relative_to(self, other: Window) -> Window:
        """The same pixels, counted from the first pixel of ``other``."""
        return Window(self.column - other.column, self.row - other.row, self.width, self.height)


def pixel_of(point: PixelPoint, shape: tuple[int, ...]) -> tuple[int, int]:
    """Row and column of the pixel that holds a position, or of the nearest one beside an array."""
    row, column = math.floor(point.row), math.floor(point.column)
    return min(max(row, 0), shape[0] - 1), min(max(column, 0), shape[1] - 1)


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def transform_coordinates(
    coordinates: WorldCoordinates, source: CRS, target: CRS
) -> WorldCoordinates:
    """Coordinates moved from the CRS ``source`` to ``target`` (x, y order on both sides).

    Positions that the target CRS cannot hold come back as infinity, as PROJ gives them.
    """
    if source == target:
        return coordinates
    x, y = _transformer(source.to_wkt(), target.to_wkt()).transform(coordinates.x, coordinates.y)
    return WorldCoordinates(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))


def full_turn(crs: CRS) -> float | None:
    """Once around the Earth in the units of a CRS's x; None where x is no longitude."""
    if not crs.is_geographic:
        return None
    axes = (crs.source_crs or crs).axis_info if crs.is_bound else crs.axis_info
    return round(2 * math.pi / float(axes[0].unit_conversion_factor), 9)


_CYLINDRICAL = frozenset(
    [
        "Popular Visualisation Pseudo Mercator",
        "Mercator (variant A)",
        "Mercator (variant B)",
        "Mercator (Spherical)",
        "Equidistant Cylindrical",
        "Equidistant Cylindrical (Spherical)",
        "Lambert Cylindrical Equal Area",
        "Lambert Cylindrical Equal Area (Spherical)",
    ]
)
"""Formulas of the EPSG in which x is a longitude, in other units."""


def around_earth(crs: CRS) -> float | None:
    """Once around the Earth along x, of longitudes and of cylindrical projections; else None."""
    turn = full_turn(crs)
    if turn is not None or not crs.is_projected or crs.coordinate_operation is None:
        return turn
    if crs.coordinate_operation.method_name not in _CYLINDRICAL:
        return None
    return _cylinder(crs.to_wkt())


@lru_cache(maxsize=64)
def _cylinder(wkt: str) -> float | None:
    transformer = Transformer.from_crs("EPSG:4326", wkt, always_xy=True)
    middle = transformer.transform(0.0, 0.0, direction="INVERSE")[0]
    # A quarter to both sides, of which one has no jump.
    x, _ = transformer.transform([middle - 90.0, middle, middle + 90.0], [0.0] * 3)
    around = 4 * min(abs(x[1] - x[0]), abs(x[2] - x[1]))
    return around if math.isfinite(around) and around > 0 else None


@dataclass(frozen=True, slots=True)
class Grid:
    """A raster's geometry: CRS, affine transform (pixel corner to world) and size in pixels.

    The transform may be rotated or sheared.
    """

    crs: CRS
    transform: Affine
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of an array on this grid: (rows, columns)."""
        return self.height, self.width

    @property
    def extent(self) -> Window:
        """The whole grid as a window."""
        return Window(0, 0, self.width, self.height)

    def pixel_to_world(self, point: PixelPoint) -> WorldPoint:
        """World position of a pixel position."""
        x, y = self.transform @ (point.column, point.row)
        return WorldPoint(float(x), float(y))

    def world_to_pixel(self, point: WorldPoint) -> PixelPoint:
        """Pixel position of a world position in this grid's CRS (not rounded, not clipped)."""
        column, row = ~self.transform @ (point.x, point.y)
        return PixelPoint(float(column), float(row))

    def pixels_to_world(self, pixels: PixelCoordinates) -> WorldCoordinates:
        """World positions of many pixel positions."""
        t = self.transform
        return WorldCoordinates(
            t.a * pixels.column + t.b * pixels.row + t.c,
            t.d * pixels.column + t.e * pixels.row + t.f,
        )

    def worlds_to_pixel(self, world: WorldCoordinates) -> PixelCoordinates:
        """Pixel positions of many world positions in this grid's CRS."""
        t = ~self.transform
        return PixelCoordinates(
            t.a * world.x + t.b * world.y + t.c, t.d * world.x + t.e * world.y + t.f
        )

    def window_grid(self, window: Window) -> Grid:
        """The grid of a window of this grid; the window may reach beyond the edge."""
        return Grid(
            self.crs,
            self.transform @ Affine.translation(window.column, window.row),
            window.width,
            window.height,
        )

    def scaled(self, width: int, height: int) -> Grid:
        """The same area with other pixels: ``width`` x ``height`` of them."""
        factor = Affine.scale(self.width / width, self.height / height)
        return Grid(self.crs, self.transform @ factor, width, height)

    @property
    def corners(self) -> WorldCoordinates:
        """The four corners: upper left, upper right, lower right, lower left in pixel order."""
        return self.pixels_to_world(
            PixelCoordinates(
                np.array([0.0, self.width, self.width, 0.0]),
                np.array([0.0, 0.0, self.height, self.height]),
            )
        )

    @property
    def bounds(self) -> Bounds:
        """Bounding box of the four corners, in the grid's CRS."""
        corners = self.corners
        return Bounds(
            float(corners.x.min()),
            float(corners.y.min()),
            float(corners.x.max()),
            float(corners.y.max()),
        )

    def outline(self, target: CRS, points_per_side: int = 21) -> WorldCoordinates:
        """The grid's outline in the CRS ``target``, densified because straight edges bend.

        Longitudes go on beyond half a turn where the outline crosses that meridian, so that they
        have no jump.
        """
        t = np.linspace(0.0, 1.0, points_per_side)[:-1]
        zero, one = np.zeros_like(t), np.ones_like(t)
        columns = np.concatenate([t, one, 1 - t, zero]) * self.width
        rows = np.concatenate([zero, t, one, 1 - t]) * self.height
        outline = transform_coordinates(
            self.pixels_to_world(PixelCoordinates(columns, rows)), self.crs, target
        )
        turn, known = full_turn(target), np.isfinite(outline.x)
        if turn is not None:
            x = outline.x.copy()
            x[known] = np.unwrap(x[known], period=turn)
            return WorldCoordinates(x, outline.y)
        return outline

    def turned(self, turns: int) -> Grid:
        """The same place, said by longitudes that are whole turns larger; itself for no turn.

        Raises
        ------
        ValueError
            Nothing in the CRS goes around the Earth.
        """
        if turns == 0:
            return self
        turn = around_earth(self.crs)
        if turn is None:
            raise ValueError("only what goes around the Earth can be turned")
        shift = Affine.translation(turns * turn, 0.0)
        return Grid(self.crs, shift @ self.transform, self.width, self.height)

    def bounds_in(self, target: CRS) -> Bounds:
        """Bounding box of the densified outline in the CRS ``target``."""
        outline = self.outline(target)
        return Bounds(
            float(outline.x.min()),
            float(outline.y.min()),
            float(outline.x.max()),
            float(outline.y.max()),
        )

    @property
    def gsd_m(self) -> float:
        """Ground sample distance in metres: geodesic, at the grid's centre.

        The root of the product of the two pixel sides, so that non-square pixels (degrees away
        from the equator) get their mean side.
        """
        column, row = self.width / 2, self.height / 2
        across = self._geodesic_step(column, row, 1.0, 0.0)
        down = self._geodesic_step(column, row, 0.0, 1.0)
        return math.sqrt(across * down)

    @property
    def ground_shape(self) -> GroundShape:
        """How the pixels lie on the ground at the grid's centre."""
        column, row = self.width / 2, self.height / 2
        across = self._geodesic_step(column, row, 1.0, 0.0)
        up = self._geodesic_step(column, row, 0.0, -1.0)
        return GroundShape(up / across, -self._azimuth_up(column, row))

    @property
    def ground_steps(self) -> FloatArray:
        """Metres on the ground of a step of one pixel, at the grid's centre: float64 (2, 2).

        Row 0 is the step along a row of pixels, row 1 the step along a column; column 0 holds the
        metres to the east, column 1 to the north.  So ``pixels @ ground_steps`` turns positions
        (n, 2: column, row) near each other into metres, on rotated grids and in degrees, too.
        """
        column, row, reach = self.width / 2, self.height / 2, 16.0
        pixels = PixelCoordinates(
            np.array([column, column + reach, column]), np.array([row, row, row + reach])
        )
        wgs84 = transform_coordinates(self.pixels_to_world(pixels), self.crs, CRS.from_epsg(4326))
        azimuth, _, metres = WGS84_GEOD.inv(
            np.repeat(wgs84.x[0], 2), np.repeat(wgs84.y[0], 2), wgs84.x[1:], wgs84.y[1:]
        )
        angle = np.radians(azimuth)
        directions = np.column_stack([np.sin(angle), np.cos(angle)])
        steps: FloatArray = directions * np.asarray(metres)[:, None] / reach
        return steps

    def _azimuth_up(self, column: float, row: float) -> float:
        """Azimuth in degrees, clockwise from true north, of the grid's upward direction."""
        pixels = PixelCoordinates(np.array([column, column]), np.array([row, row - 16.0]))
        wgs84 = transform_coordinates(self.pixels_to_world(pixels), self.crs, CRS.from_epsg(4326))
        azimuth, _, _ = WGS84_GEOD.inv(wgs84.x[0], wgs84.y[0], wgs84.x[1], wgs84.y[1])
        return float(azimuth)

    def _geodesic_step(self, column: float, row: float, columns: float, rows: float) -> float:
        """Metres on the ground from a pixel position to the one a step further."""
        # A longer step keeps digits where one pixel is 1e-6 of a degree.
        reach = 16.0
        pixels = PixelCoordinates(
            np.array([column, column + columns * reach]), np.array([row, row + rows * reach])
        )
        wgs84 = transform_coordinates(self.pixels_to_world(pixels), self.crs, CRS.from_epsg(4326))
        _, _, metres = WGS84_GEOD.inv(wgs84.x[0], wgs84.y[0], wgs84.x[1], wgs84.y[1])
        return float(metres) / reach

    @property
    def pixel_area_m2(self) -> float:
        """Geodesic area of the pixel at the grid's centre, in square metres."""
        column, row = self.width / 2, self.height / 2
        reach = 8.0
        columns = np.array([-reach, reach, reach, -reach]) + column
        rows = np.array([-reach, -reach, reach, reach]) + row
        wgs84 = transform_coordinates(
            self.pixels_to_world(PixelCoordinates(columns, rows)), self.crs, CRS.from_epsg(4326)
        )
        area, _ = WGS84_GEOD.polygon_area_perimeter(wgs84.x, wgs84.y)
        return abs(float(area)) / (4 * reach * reach)

    @property
    def footprint(self) -> Polygon:
        """The grid's rectangle (a rotated one where the transform is) in its own CRS."""
        corners = self.corners
        return Polygon(list(zip(corners.x, corners.y, strict=True)))
