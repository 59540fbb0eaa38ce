"""What is wrong with parcels as a coverage: invalid outlines, overlaps, slivers and gaps.

Found with GEOS's coverage validator, which looks at all parcels at once and names the edges that
do not match a neighbour's; only those are looked at closely.  After an edit only the parcels
around it are looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.parcels.geometry_index import GeometryIndex
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, array_of, polygons_of
from core.parcels.parcel import Parcel
from core.parcels.shapes import bridges, cut, inner_point

ProblemKind = Literal["invalid", "overlap", "sliver", "gap"]

_ORDER: tuple[ProblemKind, ...] = ("invalid", "overlap", "sliver", "gap")

_HAIR = 1e-3
"""Share of the width below which a gap is none."""

_ROUNDING = 1e3
"""In steps of the lattice: how far borders may overlap that are the same but for rounding."""

_SAMPLES = 10.0
"""Edges are looked at every so many widths."""

_MOST_CHANGED = 0.25
"""Share of changed parcels from which all are looked at."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right.

    Parameters
    ----------
    kind : {"invalid", "overlap", "sliver", "gap"}
        The outline crosses itself; two parcels share land; a parcel, or a part of one, is narrower
        than the width; two parcels lie apart by less than the width.
    point : Point
        In it.
    area : float
        In squared units of the coordinates; of the parcel where its outline is invalid.
    bounds : tuple of float
        Least x, least y, largest x, largest y.
    parcels : tuple of str
        Ids of those concerned.
    """

    kind: ProblemKind
    point: Point
    area: float
    bounds: tuple[float, float, float, float]
    parcels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Parcels, what was found in them, and the parcels by their ``id()``."""

    parcels: tuple[Parcel, ...]
    width: float
    problems: tuple[Problem, ...]
    known: dict[int, Parcel]


def find_problems(parcels: Sequence[Parcel], width: float) -> tuple[Problem, ...]:
    """What is wrong with parcels.

    Parameters
    ----------
    parcels : sequence of Parcel
        With ids of their own.
    width : float
        Gaps and parcels narrower than this are problems; in units of the coordinates.

    Returns
    -------
    tuple of Problem
        Invalid outlines, then overlaps, slivers and gaps, each in the order of the parcels.
    """
    if not width > 0:
        raise ValueError(f"width must be greater than 0, not {width}")
    shapes = array_of([parcel.polygon for parcel in parcels])
    valid = shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
    broken = [parcel for parcel, is_valid in zip(parcels, valid, strict=True) if not is_valid]
    found = [_problem("invalid", parcel.polygon, [parcel]) for parcel in broken]
    sound = [parcel for parcel, is_valid in zip(parcels, valid, strict=True) if is_valid]
    shapes = shapes[valid]
    # Where GEOS meets edges of hardly any length it divides by zero and copes, but numpy warns.
    with np.errstate(all="ignore"):
        overlay = Overlay.around(shapes)
        edges = shapely.coverage_invalid_edges(shapes, gap_width=width)
        suspects = np.flatnonzero(~shapely.is_empty(edges))
        found += _overlaps(sound, shapes, suspects, overlay)
        found += _slivers(sound, shapes, width)
        found += _gaps(sound, shapes, edges, suspects, width, overlay)
    return tuple(found)


def recheck(before: Checked | None, parcels: Sequence[Parcel], width: float) -> Checked:
    """The same as :func:`find_problems`, looking only at what changed since ``before``.

    A parcel that is the same object has not changed.
    """
    now = tuple(parcels)
    known = {id(parcel): parcel for parcel in now}
    if before is None or before.width != width:
        return Checked(now, width, find_problems(now, width), known)
    new = [known[key] for key in known.keys() - before.known.keys()]
    lost = [before.known[key] for key in before.known.keys() - known.keys()]
    if len(new) + len(lost) > max(_MOST_CHANGED * len(now), 1):
        return Checked(now, width, find_problems(now, width), known)
    if not new and not lost:
        return Checked(now, width, before.problems, known)
    shapes = array_of([parcel.polygon for parcel in now])
    tree = GeometryIndex(shapes)
    near = _beside(tree, array_of([parcel.polygon for parcel in (*new, *lost)]), width)
    around = _beside(tree, shapes[near], width)
    again = {now[place].id for place in near}
    gone = {parcel.id for parcel in lost} - {parcel.id for parcel in new}
    kept = [
        problem
        for problem in before.problems
        if not gone.intersection(problem.parcels) and not again.issuperset(problem.parcels)
    ]
    found = find_problems([now[place] for place in around], width)
    fresh = [problem for problem in found if again.issuperset(problem.parcels)]
    places = {parcel.id: place for place, parcel in enumerate(now)}

    def in_order(problem: Problem) -> tuple[int, list[int]]:
        return _ORDER.index(problem.kind), [places[name] for name in problem.parcels]

    return Checked(now, width, tuple(sorted([*kept, *fresh], key=in_order)), known)


def _beside(tree: GeometryIndex, shapes: Geometries, reach: float) -> npt.NDArray[np.int64]:
    """Places in a tree whose box is near the box of a shape, in order."""
    boxes = shapely.bounds(shapes) + np.array([-reach, -reach, reach, reach])
    return np.unique(tree.query(shapely.box(*boxes.T))[1]).astype(np.int64)


def _problem(kind: ProblemKind, shape: BaseGeometry, parcels: Sequence[Parcel]) -> Problem:
    polygons = polygons_of(shape)
    point = inner_point(polygons[0]) if polygons else Point(shapely.get_coordinates(shape)[0])
    left, low, right, high = shape.bounds
    area = sum(polygon.area for polygon in polygons)
    return Problem(kind, point, area, (left, low, right, high), tuple(p.id for p in parcels))


def _overlaps(
    parcels: Sequence[Parcel],
    shapes: Geometries,
    suspects: npt.NDArray[np.int64],
    overlay: Overlay,
) -> list[Problem]:
    one, other = _pairs(shapes, suspects)
    shared = shapely.intersection(shapes[one], shapes[other], grid_size=overlay.size)
    areas, lengths = shapely.area(shared), shapely.length(shared)
    real = np.flatnonzero(areas > _ROUNDING * overlay.size * lengths)
    return [
        _problem("overlap", shared[pair], [parcels[one[pair]], parcels[other[pair]]])
        for pair in real
        if polygons_of(shared[pair])
    ]


def _slivers(parcels: Sequence[Parcel], shapes: Geometries, width: float) -> list[Problem]:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    return [
        _problem("sliver", parts[place], [parcels[owner[place]]])
        for place in np.flatnonzero(narrow(parts, width))
    ]


def narrow(parts: Geometries, width: float) -> npt.NDArray[np.bool_]:
    """Whether polygons are narrower than a width: twice the area over the length, bool (parts,)."""
    thin: npt.NDArray[np.bool_] = 2 * shapely.area(parts) < width * shapely.length(parts)
    return thin


def _gaps(
    parcels: Sequence[Parcel],
    shapes: Geometries,
    edges: Geometries,
    suspects: npt.NDArray[np.int64],
    width: float,
    overlay: Overlay,
) -> list[Problem]:
    found = []
    pairs = _apart(shapes, edges, suspects, width, overlay)
    between = array_of([bridges([shapes[a], shapes[b]], overlay, width) for a, b in pairs])
    tree, crossing = GeometryIndex(shapes), GeometryIndex(between)
    taken: list[list[Polygon]] = []
    for place, (one, other) in enumerate(pairs):
        bridge = between[place]
        near = np.sort(tree.query(bridge, predicate="intersects"))
        before = np.sort(crossing.query(bridge, predicate="intersects"))
        told = [gap for earlier in before[before < place] for gap in taken[earlier]]
        blades = array_of([*shapes[near], *told])
        taken.append(cut(bridge, blades, overlay, width, (_HAIR * width) ** 2))
        found += [_problem("gap", gap, [parcels[one], parcels[other]]) for gap in taken[-1]]
    return found


def _apart(
    shapes: Geometries,
    edges: Geometries,
    suspects: npt.NDArray[np.int64],
    width: float,
    overlay: Overlay,
) -> list[tuple[int, int]]:
    """Pairs with a gap between them: points of an edge that are near a neighbour, not on it."""
    lines = shapely.segmentize(edges[suspects], _SAMPLES * width)
    segments, owner = _middles(lines)
    owner = suspects[owner] if len(owner) else owner
    point, place = GeometryIndex(shapes[suspects]).query(
        segments, predicate="dwithin", distance=width
    )
    place = suspects[place]
    foreign = place != owner[point]
    point, place = point[foreign], place[foreign]
    distance = shapely.distance(segments[point], shapes[place])
    # On a neighbour's border there is no gap, whoever else is near.
    nearest = np.full(len(segments), np.inf)
    np.minimum.at(nearest, point, distance)
    noise = max(_HAIR * width, overlay.size)
    open_ = (nearest[point] > noise) & (distance <= nearest[point] + noise)
    pairs = np.sort(np.column_stack([owner[point[open_]], place[open_]]), axis=1)
    return [(int(one), int(other)) for one, other in np.unique(pairs, axis=0)]


def _middles(lines: Geometries) -> tuple[Geometries, npt.NDArray[np.int64]]:
    """The middle of each segment of some lines, and the line that it is of."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    same = part[1:] == part[:-1]
    middles = (xy[1:] + xy[:-1])[same] / 2
    return shapely.points(middles), owner[part[1:][same]]


def _pairs(
    shapes: Geometries, suspects: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs of which one is suspect: a parcel all of which lies in another is, the other not."""
    one, other = GeometryIndex(shapes).query(shapes[suspects], predicate="intersects")
    pairs = np.sort(np.column_stack([suspects[one], other]), axis=1)
    apart: npt.NDArray[np.int64] = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return apart[:, 0], apart[:, 1]
