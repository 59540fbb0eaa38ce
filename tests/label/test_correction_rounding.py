"""Borders that are the same but for rounding; metres, degrees, far pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

from core.label.corrections import AreaAdd, AreaRemove, Split, apply_corrections, brush
from core.parcels.parcel import Parcel
from tests.label.corrections import (
    OVERLAP,
    SIZE,
    SNAP,
    apply,
    by_id,
    largest_overlap,
    lassos,
    lines,
    mosaics,
    total,
)


def test_a_field_split_along_an_old_cut_does_not_grow() -> None:
    # The loop's face outside the field has no width where GEOS looks for a point inside it.
    field = Polygon(
        [
            (23.908255451322614, 68.02345102263428),
            (34.08173970237445, 72.39034186929277),
            (39.49201916543154, 72.21628109299598),
            (36.9364530470702, 34.73464469036297),
            (33.1652137395451, 32.02416879065794),
        ]
    )
    old = LineString([(18, 91), (42, 109), (36, 21), (18, 91)])
    parcels = [Parcel("F", field, 1.0, "auto")]
    found = apply(Split(old), parcels=parcels, snap=SNAP)
    assert total(found) == pytest.approx(field.area)
    assert largest_overlap(found) < OVERLAP


@pytest.mark.parametrize("seed", range(40))
def test_splits_along_old_cuts_preserve_the_area(seed: int) -> None:
    generator = np.random.default_rng(seed)
    seeds = shapely.multipoints(generator.uniform(0, SIZE, (12, 2)))
    cells = shapely.voronoi_polygons(seeds, extend_to=box(0, 0, SIZE, SIZE)).geoms
    parcels = [Parcel(str(i), cell, 1.0, "auto") for i, cell in enumerate(cells)]
    line = generator.integers(-10, 110, (3, 2)).astype(float)
    cuts = [Split(LineString(line)), Split(LineString(np.vstack([line, line[:1]])))]
    found = apply_corrections(parcels, cuts, snap=SNAP)
    assert total(found) == pytest.approx(total(parcels), rel=1e-8)
    assert largest_overlap(found) < OVERLAP


def test_borders_that_are_the_same_but_for_rounding_are_told_apart() -> None:
    # On plain doubles GEOS takes these two fields, which share a border, for 415 overlapping.
    left = [(0, 31.571275829833205), (0, 55.963761199386475)]
    left += [(35.79332596688199, 50.522990622137534), (30.537284956390145, 44.80973776370622)]
    below = [(85.4727922007727, 5.035428384864446), (91.66252210045073, 0)]
    below += [(4.3080118365360445, 0), (29.020546468690657, 17.871873206600284)]
    parcels = [Parcel(str(i), Polygon(ring), 1.0, "auto") for i, ring in enumerate([left, below])]
    area = Polygon([(0, 0), (0, 56), (18, 0.00390625)])
    found = apply(AreaAdd(area), AreaAdd(area), parcels=parcels, snap=SNAP)
    assert largest_overlap(found) < OVERLAP
    assert by_id(found)["1"] is parcels[1]
    wanted = area.area + total(parcels)
    wanted -= sum(area.intersection(p.polygon).area for p in parcels)
    assert total(found) == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize(
    ("scale", "x", "y"),
    [(0.5, 500_000.0, 5_400_000.0), (5e-6, -91.97, 60.3), (1.0, 9000.0, 9000.0)],
)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_metres_degrees_and_far_pixels_work_as_well(
    scale: float, x: float, y: float, data: st.DataObject
) -> None:
    def placed(shape: Any) -> Any:
        return shapely.transform(shape, lambda xy: xy * scale + [x, y])

    near = data.draw(mosaics())
    area, line = data.draw(lassos()), data.draw(lines())
    parcels = [replace(p, polygon=placed(p.polygon)) for p in near]
    moved = [AreaAdd(placed(area)), Split(placed(line)), AreaRemove(placed(brush(line, 2.0)))]
    found = apply_corrections(parcels, moved, snap=scale)
    here = apply_corrections(
        near, [AreaAdd(area), Split(line), AreaRemove(brush(line, 2.0))], snap=1
    )
    assert all(p.polygon.is_valid for p in found)
    shapes = [shapely.transform(p.polygon, lambda xy: (xy - [x, y]) / scale) for p in found]
    assert sum(s.area for s in shapes) == pytest.approx(total(here), abs=5.0)
    overlap = sum(s.area for s in shapes) - shapely.union_all(shapes, grid_size=2**-15).area
    assert abs(overlap) < 0.5
