"""Outlines of numbered pixels along pixel edges, in pixel coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import shapes
from shapely.geometry import shape

from core.grid import Grid, PixelCoordinates

Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Polygons and the number that each encloses.

    Parameters
    ----------
    geometries : object (polygons,)
        Valid shapely polygons, ordered by number.
    numbers : int64 (polygons,)
    """

    geometries: Geometries
    numbers: npt.NDArray[np.int64]


def outline_pixels(numbers: npt.NDArray[np.int32], grid: Grid) -> Outlines:
    """Polygons in the grid's CRS along the edges of equal, edge-connected pixels.

    Parameters
    ----------
    numbers : int32 (rows, columns)
        0 is background.
    grid : Grid
        Of ``numbers``; may be rotated or sheared.

    Notes
    -----
    Wherever three or more borders meet, all polygons there have a vertex, also where that lies in
    the middle of a straight edge.  So the polygons form a coverage: neighbours share their edges
    vertex for vertex, which simplification needs and rounding cannot open.
    """
    geometries: list[shapely.Geometry] = []
    owners: list[int] = []
    for geojson, number in shapes(numbers, mask=numbers > 0, connectivity=4):
        geometries.append(shape(geojson))
        owners.append(int(number))
    polygons = np.empty(len(geometries), dtype=object)
    polygons[:] = geometries
    order = np.argsort(owners, kind="stable")
    noded = _with_nodes(polygons[order], _nodes(numbers))
    return Outlines(_to_world(noded, grid), np.asarray(owners, dtype=np.int64)[order])


def _nodes(numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Pixel corners at which three or four borders meet, bool (rows + 1, columns + 1)."""
    padded = np.pad(numbers, 1)
    beside = padded[:, 1:] != padded[:, :-1]
    below = padded[1:, :] != padded[:-1, :]
    borders = beside[:-1].astype(np.uint8)
    borders += beside[1:]
    borders += below[:, :-1]
    borders += below[:, 1:]
    many: npt.NDArray[np.bool_] = borders >= 3
    return many


def _with_nodes(polygons: Geometries, nodes: npt.NDArray[np.bool_]) -> Geometries:
    """The polygons with a vertex at each turn and at each node, and no others."""
    if polygons.size == 0:
        return polygons
    rings, owners = shapely.get_rings(polygons, return_index=True)
    # Edges run along pixels, so pieces of length 1 end on pixel corners.
    coordinates, ring_of = shapely.get_coordinates(
        shapely.segmentize(rings, 1.0), return_index=True
    )
    corners = np.rint(coordinates).astype(np.int64)
    step = np.diff(corners, axis=0)
    turns = np.ones(len(corners), dtype=np.bool_)
    turns[1:-1] = (step[1:] != step[:-1]).any(axis=1)
    ends = np.ones(len(corners), dtype=np.bool_)
    ends[1:-1] = (ring_of[1:-1] != ring_of[:-2]) | (ring_of[1:-1] != ring_of[2:])
    kept = turns | ends | nodes[corners[:, 1], corners[:, 0]]
    noded = np.asarray(shapely.linearrings(corners[kept].astype(np.float64), indices=ring_of[kept]))
    # The first ring of each polygon is its shell, those after it are its holes.
    return np.asarray(shapely.polygons(noded, indices=owners))


def _to_world(polygons: Geometries, grid: Grid) -> Geometries:
    def move(pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        world = grid.pixels_to_world(PixelCoordinates(pixels[:, 0], pixels[:, 1]))
        return np.column_stack([world.x, world.y])

    moved: Geometries = shapely.transform(polygons, move)
    return moved
