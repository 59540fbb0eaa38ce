"""Polygons in the shapes that training formats know: run lengths, rings, one closed line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from core.export.burn import Shape

Ring = npt.NDArray[np.float64]


def run_lengths(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Uncompressed run lengths of a mask, column by column, zeros first, as COCO counts them."""
    flat = np.concatenate([[False], mask.ravel(order="F")])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    stops = np.concatenate([changes, [mask.size]])
    return np.diff(stops, prepend=0).tolist()  # type: ignore[no-any-return]


def has_holes(shape: Shape) -> bool:
    """Whether any part of a polygon or multi-polygon has a hole."""
    return bool((shapely.get_num_interior_rings(shapely.get_parts(shape)) > 0).any())


def shells(shape: Shape) -> list[Ring]:
    """The outer ring of each part: (points, 2), x and y, not closed."""
    return [_open(part.exterior) for part in shapely.get_parts(shape)]


def one_line(shape: Shape) -> Ring:
    """All rings of a shape as one closed line: (points, 2), x and y, not closed.

    Holes and further parts are joined to the rest by a cut of no width, there and back between
    the nearest vertices.  Parts run one way and holes the other, so the line's signed area is
    the shape's, and filling it, by either rule, leaves the holes out.
    """
    rings = []
    for part in shapely.get_parts(shapely.orient_polygons(shape)):
        rings += [_open(part.exterior), *(_open(hole) for hole in part.interiors)]
    line, rest = rings[0], rings[1:]
    while rest:
        tree = cKDTree(line)
        nearest = [tree.query(ring) for ring in rest]
        chosen = int(np.argmin([distances.min() for distances, _ in nearest]))
        distances, partners = nearest[chosen]
        start = int(distances.argmin())
        ring, at = np.roll(rest.pop(chosen), -start, axis=0), int(partners[start])
        line = np.concatenate([line[: at + 1], ring, ring[:1], line[at:]])
    return line


def _open(ring: shapely.LinearRing) -> Ring:
    return shapely.get_coordinates(ring)[:-1]
