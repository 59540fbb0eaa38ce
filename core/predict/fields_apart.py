"""The field map of a tile as it is kept, and the parcels that it tells apart in its cropland."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core.grid import PixelPoint, pixel_of
from core.predict.features import enlarge
from core.predict.field_hierarchy import Joins, Labels, Values, build_hierarchy, cut_fields
from core.predict.kept_prediction import Bytes, from_bytes, to_bytes
from core.sam.field_map import FieldMap

ScalarT = TypeVar("ScalarT", bound=np.generic)

LIKELY_CROPLAND = 0.25
"""Basins reach as far as cropland is at all likely, so that another threshold finds them there."""

LIKELY_EXTENT = 0.4

FAINT_EXTENT = 0.3
"""A click says that cropland is there: a field reaches as far as it is at all likely."""

USUAL_LEVEL = 0.5
"""Strength of border between two fields under a click."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptFieldMap:
    """A field map in the steps of :func:`to_bytes`, so that the first answer equals every later.

    Parameters
    ----------
    extent, boundary, depth : uint8 (rows, columns)
    shrunk : int
        Pixels of the tile along a pixel of the map.
    """

    extent: Bytes
    boundary: Bytes
    depth: Bytes
    shrunk: int

    def likelihoods(self) -> tuple[Values, Values, Values]:
        """Extent, boundary and depth, float32, 0 to 1."""
        return from_bytes(self.extent), from_bytes(self.boundary), from_bytes(self.depth)


@dataclass(frozen=True, slots=True, eq=False)
class Parcels:
    """Parcels, or basins that join to parcels, on a tile's pixels.

    Parameters
    ----------
    numbers : int32 (rows, columns) or None
        None where nobody tells fields apart.
    joins : float32 (joins, 3)
        As :func:`core.predict.field_hierarchy.cut_fields` takes them.
    """

    numbers: Labels | None
    joins: Joins


def keep_fields(seen: FieldMap) -> KeptFieldMap:
    """The field map in a quarter of the memory."""
    return KeptFieldMap(
        to_bytes(seen.extent), to_bytes(seen.boundary), to_bytes(seen.depth), seen.shrunk
    )


def extent_on(fields: KeptFieldMap, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Likelihood of cropland on the tile's pixels, float32 ``shape``."""
    extent = enlarge(from_bytes(fields.extent), fields.shrunk, shape)
    return np.ascontiguousarray(extent, dtype=np.float32)


def tell_apart(fields: KeptFieldMap, probability: npt.NDArray[np.float32]) -> Parcels:
    """Basins inside cropland, float32 (rows, columns) 0 to 1 or NaN, and how they join."""
    every = fields.shrunk
    extent, boundary, depth = fields.likelihoods()
    rows, columns = probability.shape
    padded = np.pad(probability, ((0, -rows % every), (0, -columns % every)), mode="edge")
    # One pixel of each block stands for it: half a pixel of the map is no field.
    seen = padded[every // 2 :: every, every // 2 :: every]
    likely = (np.nan_to_num(seen) >= LIKELY_CROPLAND) | (extent >= LIKELY_EXTENT)
    basins, joins = build_hierarchy(boundary, depth, likely & np.isfinite(seen))
    return Parcels(np.ascontiguousarray(_repeated(basins, every, (rows, columns))), joins)


def _repeated(
    values: npt.NDArray[ScalarT], factor: int, shape: tuple[int, int]
) -> npt.NDArray[ScalarT]:
    """Each value on ``factor`` x ``factor`` pixels, cut to ``shape``."""
    return values.repeat(factor, axis=0).repeat(factor, axis=1)[: shape[0], : shape[1]]


@dataclass(frozen=True, slots=True, eq=False)
class FieldSegments:
    """Which field of the field map lies under a place, whatever is cropland.

    Parameters
    ----------
    numbers : int32 (rows, columns)
        Of the map; 0 where it sees no cropland at all.
    shrunk : int
        Pixels of the tile along a pixel of the map.
    """

    numbers: Labels
    shrunk: int

    @classmethod
    def of(cls, fields: KeptFieldMap) -> FieldSegments:
        """Fields at the usual level of the whole map."""
        extent, boundary, depth = fields.likelihoods()
        everywhere = np.ones(extent.shape, dtype=np.bool_)
        numbers = cut_fields(*build_hierarchy(boundary, depth, everywhere), USUAL_LEVEL)
        return cls(np.where(extent >= FAINT_EXTENT, numbers, 0).astype(np.int32), fields.shrunk)

    def under(self, point: PixelPoint, shape: tuple[int, int]) -> npt.NDArray[np.bool_] | None:
        """The field under a place on a tile of this shape, bool (rows, columns); None for none."""
        row, column = (index // self.shrunk for index in pixel_of(point, shape))
        number = self.numbers[row, column]
        if number == 0:
            return None
        return _repeated(np.asarray(self.numbers == number), self.shrunk, shape)
