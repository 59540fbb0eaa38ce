"""Masks to polygons and back, geodesic measures, shared borders."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyproj import CRS, Transformer
from rasterio.features import rasterize
from scipy import ndimage
from shapely.geometry import box

from core.grid import Grid, WorldCoordinates, WorldPoint
from core.parcels.polygons import geodesic_area_m2, geodesic_measures, mask_to_parcels

UTM = CRS.from_epsg(32633)
GRID = Grid(UTM, Affine(10, 0, 500_000, 0, -10, 5_000_000), 48, 40)
GRIDS = {
    "utm": GRID,
    "rotated": Grid(
        UTM, Affine.translation(5e5, 5e6) @ Affine.rotation(30) @ Affine.scale(2, -2), 48, 40
    ),
    "sheared": Grid(UTM, Affine(2.5, 0.7, 5e5, -0.4, -2.5, 5e6), 48, 40),
    "degrees": Grid(CRS.from_epsg(4326), Affine(9e-5, 0, -91.97, 0, -9e-5, 60.3), 48, 40),
    "south up": Grid(UTM, Affine(10, 0, 5e5, 0, 10, 5e6), 48, 40),
}
EQUAL_AREA = CRS.from_epsg(6933)  # cylindrical equal-area: areas there are areas on the ellipsoid


def smooth_mask(seed: int, shape: tuple[int, int] = GRID.shape) -> npt.NDArray[np.bool_]:
    noise = np.random.default_rng(seed).normal(size=shape)
    blurred: npt.NDArray[np.float64] = ndimage.gaussian_filter(noise, 3.0)
    return blurred > 0


def smooth_numbers(seed: int) -> npt.NDArray[np.int32]:
    """A mosaic of touching fields with curved borders, and a background of 0."""
    generator = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(generator.normal(size=GRID.shape), 4.0) for _ in range(5)]
    return np.argmax(layers, axis=0).astype(np.int32)


def burn(
    geometries: list[shapely.Geometry], values: list[int], grid: Grid
) -> npt.NDArray[np.int32]:
    if not geometries:
        return np.zeros(grid.shape, dtype=np.int32)
    burnt: npt.NDArray[np.int32] = rasterize(
        zip(geometries, values, strict=True),
        out_shape=grid.shape,
        transform=grid.transform,
        dtype=np.int32,
    )
    return burnt


@pytest.mark.parametrize("name", GRIDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_mask_to_polygons_to_mask_is_exact(name: str, data: st.DataObject) -> None:
    grid = GRIDS[name]
    mask = data.draw(hnp.arrays(np.bool_, grid.shape))
    parcels = mask_to_parcels(mask, grid)
    assert parcels.is_valid.all()
    assert parcels.crs == grid.crs
    burnt = burn(list(parcels.geometry), [1] * len(parcels), grid)
    np.testing.assert_array_equal(burnt > 0, mask)


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.int32, GRID.shape, elements=st.integers(0, 3)))
def test_touching_parcels_stay_apart(numbers: npt.NDArray[np.int32]) -> None:
    parcels = mask_to_parcels(numbers, GRID)
    count = sum(ndimage.label(numbers == n)[1] for n in (1, 2, 3))
    assert len(parcels) == count
    inside = [g.representative_point() for g in parcels.geometry]
    pixels = [GRID.world_to_pixel(WorldPoint(p.x, p.y)) for p in inside]
    values = [int(numbers[int(p.row), int(p.column)]) for p in pixels]
    np.testing.assert_array_equal(burn(list(parcels.geometry), values, GRID), numbers)


@pytest.mark.parametrize("name", GRIDS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_neighbours_share_their_borders_vertex_for_vertex(name: str, data: st.DataObject) -> None:
    grid = GRIDS[name]
    numbers = data.draw(hnp.arrays(np.int32, grid.shape, elements=st.integers(0, 3)))
    for simplify_m in (0.0, 2.0 * grid.gsd_m):
        parcels = mask_to_parcels(numbers, grid, simplify_m=simplify_m)
        assert parcels.is_valid.all()
        assert shapely.coverage_is_valid(parcels.geometry.to_numpy())


@pytest.mark.parametrize("seed", [70, 148, 164])
def test_parcels_smaller_than_the_tolerance_do_not_collapse(seed: int) -> None:
    # A few pixels of many parcels inside a large one: simplified at once, some become slivers.
    generator = np.random.default_rng(seed)
    grid = GRIDS[["sheared", "utm", "rotated", "degrees"][seed % 4]]
    numbers = np.full(grid.shape, 3, dtype=np.int32)
    row, column = generator.integers(2, 36, 2)
    numbers[row : row + 3, column : column + 3] = generator.integers(0, 4, (3, 3))
    parcels = mask_to_parcels(numbers, grid, simplify_m=2 * grid.gsd_m)
    assert parcels.is_valid.all()
    assert shapely.coverage_is_valid(parcels.geometry.to_numpy())
    assert (parcels["area_ha"] * 10_000 > 0.1 * grid.pixel_area_m2).all()


@pytest.mark.parametrize("name", GRIDS)
def test_vertices_lie_on_pixel_corners(name: str) -> None:
    grid = GRIDS[name]
    parcels = mask_to_parcels(smooth_mask(1), grid)
    world = shapely.get_coordinates(parcels.geometry.to_numpy())
    pixels = grid.worlds_to_pixel(WorldCoordinates(world[:, 0], world[:, 1]))
    corners = np.column_stack([pixels.column, pixels.row])
    assert np.abs(corners - np.rint(corners)).max() < 1e-3
    assert np.rint(corners).min() >= 0


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("simplify_m", [0.0, 8.0])
def test_areas_agree_with_an_equal_area_projection(name: str, simplify_m: float) -> None:
    parcels = mask_to_parcels(smooth_mask(2), GRIDS[name], simplify_m=simplify_m)
    independent = parcels.to_crs(EQUAL_AREA).area / 10_000.0
    np.testing.assert_allclose(parcels["area_ha"], independent, rtol=1e-3)


def test_areas_agree_with_the_sum_of_pixels() -> None:
    mask = smooth_mask(3)
    for grid in GRIDS.values():
        parcels = mask_to_parcels(mask, grid)
        total = mask.sum() * grid.pixel_area_m2 / 10_000.0
        assert parcels["area_ha"].sum() == pytest.approx(total, rel=1e-3)


def test_a_scene_wide_polygon_in_web_mercator_is_not_a_flat_one() -> None:
    # 400 km at 60 degrees north: flat area is four times too large; the edges bend as well.
    to_mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    left, bottom = to_mercator.transform(10.0, 58.0)
    right, top = to_mercator.transform(16.0, 62.0)
    geometry = box(left, bottom, right, top)
    dense = shapely.segmentize(geometry, 500.0)
    to_equal_area = Transformer.from_crs(3857, EQUAL_AREA, always_xy=True)
    flat = shapely.transform(dense, lambda xy: np.column_stack(to_equal_area.transform(*xy.T)))
    assert geodesic_area_m2(geometry, CRS.from_epsg(3857)) == pytest.approx(flat.area, rel=1e-4)
    assert geometry.area > 3.5 * flat.area


def test_holes_are_subtracted_and_count_for_the_perimeter() -> None:
    mask = np.zeros(GRID.shape, dtype=np.bool_)
    mask[5:25, 5:25] = True
    mask[10:15, 10:15] = False
    parcel = mask_to_parcels(mask, GRID).iloc[0]
    assert parcel["area_ha"] == pytest.approx(4.0 - 0.25, rel=1e-3)
    assert parcel["perimeter_m"] == pytest.approx(800.0 + 200.0, rel=1e-3)


def test_feet_are_not_metres() -> None:
    # New York Long Island (US survey feet): a square of 1,000 ft.
    measures = geodesic_measures(
        np.array([box(1_000_000, 200_000, 1_001_000, 201_000)], dtype=object),
        CRS.from_epsg(2263),
    )
    assert measures.area_m2[0] == pytest.approx((1000 * 0.3048006) ** 2, rel=1e-3)
    assert measures.perimeter_m[0] == pytest.approx(4000 * 0.3048006, rel=1e-3)


def test_parcels_across_the_antimeridian_are_whole() -> None:
    # UTM zone 60 south reaches beyond 180 degrees at Taveuni, Fiji.
    x, y = Transformer.from_crs(4326, 32760, always_xy=True).transform(180.0, -16.8)
    grid = Grid(CRS.from_epsg(32760), Affine(10, 0, x - 240, 0, -10, y + 200), 48, 40)
    mask = np.zeros(grid.shape, dtype=np.bool_)
    mask[10:30, 4:44] = True
    parcels = mask_to_parcels(mask, grid)
    assert len(parcels) == 1
    assert parcels["area_ha"][0] == pytest.approx(mask.sum() * grid.pixel_area_m2 / 1e4, rel=1e-3)
    assert parcels["perimeter_m"][0] == pytest.approx(1200, rel=5e-3)


def test_score_is_the_mean_probability_of_each_part() -> None:
    numbers = np.zeros(GRID.shape, dtype=np.int32)
    numbers[2:6, 2:6] = 7
    numbers[20:24, 20:24] = 7  # the same number elsewhere is a parcel of its own
    probability = np.full(GRID.shape, 0.1, dtype=np.float32)
    probability[2:6, 2:6] = 0.9
    probability[2, 2] = np.nan
    probability[20:24, 20:24] = 0.6
    parcels = mask_to_parcels(numbers, GRID, probability)
    np.testing.assert_allclose(parcels["score"], [0.9, 0.6], rtol=1e-6)


def test_ids_follow_the_reading_order_and_repeat() -> None:
    mask = smooth_mask(5)
    parcels = mask_to_parcels(mask, GRID)
    again = mask_to_parcels(mask.copy(), GRID)
    assert list(parcels["field_id"]) == [f"F{i:04d}" for i in range(1, len(parcels) + 1)]
    assert parcels.geometry.geom_equals(again.geometry).all()
    tops = parcels.bounds["maxy"].to_numpy()
    assert (np.diff(tops) <= 0).all()


def test_small_parcels_are_left_out() -> None:
    mask = np.zeros(GRID.shape, dtype=np.bool_)
    mask[2:4, 2:4] = True  # 400 m2
    mask[10:20, 10:20] = True
    parcels = mask_to_parcels(mask, GRID, min_area_m2=500)
    assert list(parcels["field_id"]) == ["F0001"]
    assert parcels["area_ha"][0] == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("simplify_m", [0.0, 5.0])
def test_an_empty_mask_gives_an_empty_table_with_all_columns(simplify_m: float) -> None:
    parcels = mask_to_parcels(np.zeros(GRID.shape, dtype=np.bool_), GRID, simplify_m=simplify_m)
    assert len(parcels) == 0
    assert list(parcels.columns) == ["field_id", "area_ha", "perimeter_m", "score", "geometry"]
    assert parcels.crs == GRID.crs


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("simplify_m", [10.0, 25.0])
def test_simplified_neighbours_have_no_gaps_and_no_overlaps(seed: int, simplify_m: float) -> None:
    numbers = smooth_numbers(seed)
    exact = mask_to_parcels(numbers, GRID)
    simple = mask_to_parcels(numbers, GRID, simplify_m=simplify_m)
    assert simple.is_valid.all()
    assert len(simple) == len(exact)
    vertices = shapely.get_num_coordinates
    assert vertices(simple.geometry).sum() < 0.8 * vertices(exact.geometry).sum()
    assert shapely.coverage_is_valid(simple.geometry.to_numpy())
    union = shapely.union_all(simple.geometry.to_numpy())
    assert simple.area.sum() == pytest.approx(union.area, rel=1e-9)
    # Nothing moves by much more than the tolerance: less than a band of that width changes.
    changed = exact.geometry.symmetric_difference(simple.geometry).area
    assert (changed <= exact.length * simplify_m / 2).all()


def test_simplification_is_in_metres_in_degrees_as_well() -> None:
    numbers = smooth_numbers(1)
    degrees = GRIDS["degrees"]
    # The same pixels in the UTM zone of their place give the same simplified vertices, nearly.
    simple = mask_to_parcels(numbers, degrees, simplify_m=12.0)
    utm = simple.to_crs(32615)
    exact = mask_to_parcels(numbers, degrees).to_crs(32615)
    changed = exact.geometry.symmetric_difference(utm.geometry).area
    assert (changed <= exact.length * 12.0 / 2).all()
    assert shapely.get_num_coordinates(simple.geometry).sum() < 0.8 * (
        shapely.get_num_coordinates(exact.geometry).sum()
    )


def test_ten_thousand_parcels_are_quick() -> None:
    numbers = np.kron(
        np.arange(1, 10_001, dtype=np.int32).reshape(100, 100), np.ones((8, 8), dtype=np.int32)
    )
    grid = Grid(UTM, Affine(5, 1, 5e5, 1, -5, 5e6), 800, 800)
    start = time.perf_counter()
    parcels = mask_to_parcels(numbers, grid, simplify_m=2.0)
    assert len(parcels) == 10_000
    assert time.perf_counter() - start < 10.0
