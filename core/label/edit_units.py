"""What the numbers in an edit's JSON mean.

An edit in memory is in native pixels throughout: positions, lengths and areas.  Its JSON is in the
units of those who wrote it:

======== ==================== ====================
JSON     positions            lengths and areas
======== ==================== ====================
stored   the scene's CRS      metres and their squares
browser  native pixels        metres and their squares
======== ==================== ====================
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine

from core.imagery.frame import Frame, Geometries

FloatArray = npt.NDArray[np.float64]
Coefficients = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class GroundSteps:
    """In what directions on the ground native pixels run.

    Parameters
    ----------
    column, row : tuple of two floats
        Metres to the east and to the north of one pixel to the right, and of one down.
    """

    column: tuple[float, float]
    row: tuple[float, float]

    @property
    def metres(self) -> float:
        """The side of a square as large as a pixel."""
        (a, d), (b, e) = self.column, self.row
        return math.sqrt(abs(a * e - b * d))

    def to_metres(self, xy: FloatArray) -> FloatArray:
        """Native positions, float64 (positions, 2), in metres to the east and north."""
        moved: FloatArray = xy @ np.array([self.column, self.row])
        return moved

    def from_metres(self, xy: FloatArray) -> FloatArray:
        """The native positions of metres to the east and north."""
        moved: FloatArray = xy @ np.linalg.inv(np.array([self.column, self.row]))
        return moved


SQUARE = GroundSteps((1.0, 0.0), (0.0, 1.0))
"""Pixels of a metre."""


@dataclass(frozen=True, slots=True)
class EditUnits:
    """The units of an edit's JSON, as seen from native pixels.

    Parameters
    ----------
    to_native, from_native : tuple of six floats or None
        Affine transforms of positions (x, y) from the JSON and into it; None leaves them.
    pixel_area_m2 : float
        Ground area of a native pixel.
    ground : GroundSteps
        In what directions the pixels run there.
    """

    to_native: Coefficients | None
    from_native: Coefficients | None
    pixel_area_m2: float
    ground: GroundSteps = SQUARE

    @classmethod
    def stored(cls, frame: Frame) -> EditUnits:
        """Those of the log: world coordinates of the scene's CRS, and metres."""
        return _stored(frame)

    def in_pixels(self) -> EditUnits:
        """Those of the browser: native pixels, and metres."""
        return EditUnits(None, None, self.pixel_area_m2, self.ground)

    def positions_to_native(self, xy: FloatArray) -> FloatArray:
        """Positions of the JSON, float64 (positions, 2: x, y), in native pixels."""
        return _moved(self.to_native, xy)

    def positions_from_native(self, xy: FloatArray) -> FloatArray:
        """Native positions, float64 (positions, 2: column, row), as in the JSON."""
        return _moved(self.from_native, xy)

    def shapes_to_native(self, shapes: Geometries) -> Geometries:
        """Shapes of the JSON, object (shapes,), in native pixels."""
        return shapely.transform(shapes, self.positions_to_native)

    def shapes_from_native(self, shapes: Geometries) -> Geometries:
        """Native shapes, object (shapes,), as in the JSON."""
        return shapely.transform(shapes, self.positions_from_native)

    def length_to_native(self, metres: float) -> float:
        """A length on the ground in native pixels."""
        return metres * (1 / math.sqrt(self.pixel_area_m2))

    def length_from_native(self, pixels: float) -> float:
        """A length of native pixels in metres on the ground."""
        return pixels * math.sqrt(self.pixel_area_m2)

    def area_to_native(self, square_metres: float) -> float:
        """An area on the ground in native pixels."""
        return square_metres * (1 / self.pixel_area_m2)

    def area_from_native(self, pixels: float) -> float:
        """An area of native pixels in square metres on the ground."""
        return pixels * self.pixel_area_m2


NATIVE = EditUnits(None, None, 1.0)
"""JSON in native pixels throughout."""


@lru_cache(maxsize=64)
def _stored(frame: Frame) -> EditUnits:
    transform = frame.scene_grid.transform
    return EditUnits(
        _coefficients(~transform),
        _coefficients(transform),
        frame.native_pixel_area_m2,
        GroundSteps(*frame.native_ground_steps),
    )


def _coefficients(transform: Affine) -> Coefficients:
    return transform.a, transform.b, transform.c, transform.d, transform.e, transform.f


def _moved(coefficients: Coefficients | None, xy: FloatArray) -> FloatArray:
    if coefficients is None:
        return xy
    a, b, c, d, e, f = coefficients
    x, y = xy[:, 0], xy[:, 1]
    with np.errstate(over="ignore", invalid="ignore"):  # what leaves the numbers is refused later
        return np.column_stack([x * a + y * b + c, x * d + y * e + f])
