"""Where a scene lies, for a map that tells coordinates under the pointer."""

from __future__ import annotations

import math

import numpy as np

from core import wire
from core.crs import WGS84, crs_text
from core.grid import Grid, PixelCoordinates, transform_coordinates

_PLACES = 17
"""Along a side.  Between them a straight line is off by well under a metre on 50 km."""

_DECIMALS = 8


def scene_place(grid: Grid) -> wire.ScenePlace:
    """The CRS, the transform and a lattice of longitudes and latitudes of a scene's grid."""
    columns, rows = np.meshgrid(
        np.linspace(0, grid.width, _PLACES), np.linspace(0, grid.height, _PLACES)
    )
    world = grid.pixels_to_world(PixelCoordinates(columns.ravel(), rows.ravel()))
    degrees = transform_coordinates(world, grid.crs, WGS84)
    told = [_lonlat(x, y) for x, y in zip(degrees.x.tolist(), degrees.y.tolist(), strict=True)]
    t = grid.transform
    code = crs_text(grid.crs)
    return {
        "crs": grid.crs.name if "[" in code else code,
        "degrees": grid.crs.is_geographic,
        "transform": [t.a, t.b, t.c, t.d, t.e, t.f],
        "lonlat": [told[row * _PLACES : (row + 1) * _PLACES] for row in range(_PLACES)],
    }


def _lonlat(x: float, y: float) -> tuple[float, float] | None:
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    return round(x, _DECIMALS), round(y, _DECIMALS)
