"""Fields, drawings and measures that the tests of corrections share."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box
from shapely.affinity import translate

from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Correction,
    FillAttributes,
    FillHoles,
    Judge,
    Merge,
    MoveBorder,
    ParcelDelete,
    Reclassify,
    Repair,
    Reshape,
    Restore,
    Smooth,
    SnapToNeighbours,
    Split,
    Straighten,
    apply_corrections,
    brush,
)
from core.parcels.parcel import LandClass, Parcel
from core.parcels.shapes import drawn_area

SNAP = 0.01
SIZE = 100.0
OVERLAP = 1e-7  # what rounding may make two fields of this size share
LEFT = Parcel("F1", box(0, 0, 10, 10), 0.9, "auto")
RIGHT = Parcel("F2", box(10, 0, 20, 10), 0.5, "auto")
FAR = Parcel("F3", box(30, 0, 40, 10), math.nan, "auto")
FIELDS = [LEFT, RIGHT, FAR]


def apply(*corrections: Correction, parcels: list[Parcel] | None = None, snap: float = 0.5):
    return apply_corrections(FIELDS if parcels is None else parcels, corrections, snap=snap)


def by_id(parcels: list[Parcel]) -> dict[str, Parcel]:
    assert len({p.id for p in parcels}) == len(parcels)
    return {p.id: p for p in parcels}


def cover(parcels: list[Parcel]) -> shapely.Geometry:
    return shapely.union_all([p.polygon for p in parcels])


def total(parcels: list[Parcel]) -> float:
    return sum(p.polygon.area for p in parcels)


positions = st.tuples(st.floats(-10, SIZE + 10), st.floats(-10, SIZE + 10))


@st.composite
def mosaics(draw: st.DrawFn) -> list[Parcel]:
    """Touching convex fields with gaps where fields are missing; some have holes."""
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    seeds = shapely.multipoints(generator.uniform(0, SIZE, (draw(st.integers(3, 25)), 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=box(0, 0, SIZE, SIZE)))
    parcels = []
    for number, cell in enumerate(shapely.intersection(cells, box(0, 0, SIZE, SIZE))):
        chance = generator.random()
        hole = cell.centroid.buffer(1.0)
        hole = hole if chance > 0.8 and cell.contains_properly(hole) else Polygon()
        if chance > 0.2 and cell.area > 1:
            parcels.append(Parcel(f"F{number}", cell - hole, float(chance), "auto"))
    return parcels


@st.composite
def lassos(draw: st.DrawFn) -> Polygon:
    """Any closed line through a few points: most cross themselves."""
    ring = Polygon(draw(st.lists(positions, min_size=3, max_size=9)))
    return ring if ring.buffer(0).area > 1 else brush(LineString(ring.exterior), 1.0)


@st.composite
def lines(draw: st.DrawFn) -> LineString:
    line = LineString(draw(st.lists(positions, min_size=2, max_size=6)))
    return line if line.length > 0.1 else LineString([(0, 0), (SIZE, SIZE)])


points = positions.map(Point)
corrections = st.one_of(
    st.builds(AreaAdd, lassos(), st.booleans()),
    st.builds(AreaRemove, lassos(), st.booleans()),
    st.builds(AreaAdd, st.builds(brush, lines(), st.floats(0.1, 10)), st.booleans()),
    st.builds(AreaRemove, st.builds(brush, lines(), st.floats(0.1, 10)), st.booleans()),
    st.builds(Split, lines()),
    st.builds(Merge, st.lists(points, min_size=2, max_size=4, unique=True).map(tuple)),
    st.builds(ParcelDelete, points),
    st.builds(Reshape, points, lassos(), st.booleans()),
    lassos().flatmap(
        lambda ring: st.builds(
            MoveBorder,
            points,
            st.just(ring),
            st.builds(translate, st.just(ring), st.floats(-9, 9), st.floats(-9, 9)),
        )
    ),
    st.builds(
        Reclassify,
        points,
        st.sampled_from(get_args(LandClass)),
        st.sampled_from(["", "a meadow, Ödland 草地"]),
    ),
    st.builds(Judge, points, st.sampled_from(["rejected", "unsure", "none"])),
    st.builds(
        FillAttributes,
        points,
        st.sampled_from(
            [(("crop", "wheat"),), (("crop", None),), (("irrigated", True), ("yield", 7.5))]
        ),
    ),
    st.builds(Smooth, st.none() | points, st.floats(0.01, 8)),
    st.builds(Straighten, points, st.floats(0.01, 8)),
    st.builds(FillHoles, st.none() | points, st.none() | st.floats(0.1, 900)),
    st.builds(SnapToNeighbours, points, st.floats(0.01, 8)),
    st.builds(Repair, st.none() | points, st.floats(0.01, 4)),
)
signatures = st.one_of(
    st.builds(Judge, points, st.just("accepted")),
    st.builds(Judge, points, st.just("accepted"), st.just(""), lassos().map(drawn_area)),
    st.builds(Restore, points),
)
"""What depends on what was done before, and not on the parcels alone."""


def largest_overlap(parcels: list[Parcel]) -> float:
    shapes = np.array([p.polygon for p in parcels], dtype=object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    overlaps = shapely.area(
        shapely.intersection(shapes[one[pairs]], shapes[other[pairs]], grid_size=2**-33)
    )
    return float(overlaps.max(initial=0.0))


def lasso_area(area: Polygon) -> shapely.Geometry:
    """What a lasso goes round, found another way: as the parcels it makes on empty land."""
    return cover(apply_corrections([], [AreaAdd(area)], snap=0.0))


def tolerance(area: Polygon, parcels: list[Parcel]) -> float:
    """What slivers and hair-thin parts may hold along the borders."""
    length = area.length + sum(p.polygon.length for p in parcels)
    return 0.02 * SNAP * length + 100 * SNAP**2
