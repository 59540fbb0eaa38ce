"""Polygons in longitudes that end at the 180 degree meridian."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from core.crs import WGS84
from core.grid import WorldCoordinates, transform_coordinates
from core.parcels.lonlat import LonLatBounds, cut_longitudes, in_lonlat, moved_beside
from core.parcels.polygons import geodesic_areas_m2


def array(*shapes: shapely.Geometry) -> np.ndarray:
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def square_over_the_meridian(crs: CRS, side: float = 2000.0) -> shapely.Polygon:
    middle = transform_coordinates(
        WorldCoordinates(np.array([180.0]), np.array([-17.0])), WGS84, crs
    )
    x, y = float(middle.x[0]), float(middle.y[0])
    outer = shapely.box(x - side, y - side, x + side, y + side)
    return outer - shapely.box(x - side / 4, y - side / 4, x + side / 4, y + side / 4)


@pytest.mark.parametrize("code", [32760, 32701, 3460])
def test_a_projected_polygon_over_the_meridian_is_cut_there(code) -> None:
    crs = CRS.from_epsg(code)
    shape = square_over_the_meridian(crs)
    (cut,) = in_lonlat(array(shape), crs)
    assert cut.geom_type == "MultiPolygon"
    west, east = sorted(shapely.get_parts(cut), key=lambda part: part.bounds[0])
    assert west.bounds[0] == -180.0
    assert east.bounds[2] == 180.0
    assert west.bounds[2] < -179.9
    assert east.bounds[0] > 179.9
    assert cut.is_valid
    both = geodesic_areas_m2(array(cut), WGS84)
    np.testing.assert_allclose(both, geodesic_areas_m2(array(shape), crs), rtol=1e-6)
    bounds = lonlat_bounds(array(cut), WGS84)
    assert 179.9 < bounds[0] < 180.0
    assert -180.0 < bounds[2] < -179.9


def lonlat_bounds(shapes, crs):
    """The bounds of all, added one by one."""
    bounds = LonLatBounds(crs)
    for shape in shapes:
        bounds.add(array(shape))
    return bounds.all()


def test_elsewhere_nothing_is_cut_and_rings_are_right_handed() -> None:
    crs = CRS.from_epsg(32633)
    shape = shapely.box(500_000, 5_000_000, 500_100, 5_000_100).reverse()
    (moved,) = in_lonlat(array(shape), crs)
    assert moved.geom_type == "Polygon"
    assert moved.exterior.is_ccw
    assert lonlat_bounds(array(moved), WGS84) == pytest.approx(moved.bounds)


def test_there_may_be_nothing() -> None:
    assert len(in_lonlat(array(), CRS.from_epsg(32633))) == 0
    assert len(cut_longitudes(array(), WGS84)) == 0


@given(
    west=st.floats(-539, 539),
    width=st.floats(0.001, 20),
    south=st.floats(-80, 70),
)
def test_any_longitudes_end_at_half_a_turn_and_keep_their_area(west, width, south) -> None:
    shape = shapely.box(west, south, west + width, south + 5)
    (cut,) = cut_longitudes(array(shape), WGS84)
    assert cut.is_valid
    assert -180.0 <= cut.bounds[0] < cut.bounds[2] <= 180.0
    assert cut.area == pytest.approx(shape.area, rel=1e-6)
    left, _, right, _ = lonlat_bounds(array(cut), WGS84)
    assert (right - left) % 360 == pytest.approx(width, abs=1e-6)
    inside = (west + width / 2 + 180) % 360 - 180
    assert cut.buffer(1e-6).contains(shapely.Point(inside, south + 2))


def test_a_geographic_crs_in_grads_turns_at_200() -> None:
    paris = CRS.from_epsg(4807)
    (cut,) = cut_longitudes(array(shapely.box(199, 50, 201, 51)), paris)
    assert sorted(part.bounds[0] for part in cut.geoms) == [-200.0, 199.0]


def test_parts_on_both_sides_lie_beside_each_other_on_a_scene_past_180() -> None:
    parts = shapely.MultiPolygon(
        [shapely.box(179.9, -17, 180, -16.9), shapely.box(-180, -17, -179.9, -16.9)]
    )
    (moved,) = moved_beside(array(parts), WGS84, WGS84, 180.05)
    assert moved.bounds == pytest.approx((179.9, -17, 180.1, -16.9))
    (ohio,) = moved_beside(array(shapely.box(-92, 40, -91, 41)), WGS84, WGS84, 268.0)
    assert ohio.bounds == (268, 40, 269, 41)


def test_what_a_crs_cannot_hold_stays_infinite() -> None:
    far = shapely.box(9e12, 9e12, 9.1e12, 9.1e12)
    (lost,) = in_lonlat(array(far), CRS.from_epsg(32633))
    assert not np.isfinite(shapely.get_coordinates(lost)).any()
