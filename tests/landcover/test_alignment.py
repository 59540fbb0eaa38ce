import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from core.errors import NoOverlapError
from core.grid import Grid, Window
from core.imagery.open import open_raster, read_bands
from core.landcover.alignment import align, check_overlap, class_areas
from core.landcover.source import LandCover, open_landcover
from tests.rasters import UTM, write_raster

SIDE = 64
DEGREES = Affine(1 / 12_000, 0, 15.1, 0, -1 / 12_000, 45.2)
GEOGRAPHIC = CRS.from_epsg(4326)


def cells_under(landcover: LandCover, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of the product's cells at the pixels' centres, by way of pyproj alone."""
    rows, columns = np.indices(grid.shape)
    x, y = grid.transform @ (columns + 0.5, rows + 0.5)
    x, y = Transformer.from_crs(grid.crs, landcover.grid.crs, always_xy=True).transform(x, y)
    return ~landcover.grid.transform @ (np.asarray(x), np.asarray(y))


def assert_is_lookup(landcover: LandCover, codes: np.ndarray, grid: Grid) -> int:
    """The tile equals the cell under each pixel's centre; how many pixels lie on the product."""
    tile = align(landcover, grid)
    column, row = cells_under(landcover, grid)
    height, width = codes.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    # Within a hundredth of a cell of its edge, either neighbour is right.
    clear = (np.abs(column % 1 - 0.5) < 0.49) & (np.abs(row % 1 - 0.5) < 0.49)
    np.testing.assert_array_equal(tile.valid[clear], inside[clear])
    both = clear & inside
    expected = codes[row[both].astype(int), column[both].astype(int)]
    np.testing.assert_array_equal(tile.classes[both], expected)
    np.testing.assert_array_equal(tile.cropland_fraction[both], expected == 40)
    return int(both.sum())


def product(folder, place: str, transform: Affine, seed: int = 0) -> tuple[LandCover, np.ndarray]:
    codes = np.random.default_rng(seed).choice([10, 30, 40, 80], size=(1, SIDE, SIDE))
    path = write_raster(
        folder / f"worldcover_{place.replace(':', '')}.tif",
        codes.astype(np.uint8),
        crs=place,
        transform=transform,
    )
    return open_landcover(path), codes[0]


@pytest.fixture(scope="module")
def products(tmp_path_factory) -> dict[int, tuple[LandCover, np.ndarray]]:
    folder = tmp_path_factory.mktemp("products")
    x, y = Transformer.from_crs(4326, 32633, always_xy=True).transform(15.1, 45.2)
    return {
        4326: product(folder, "EPSG:4326", DEGREES),
        32633: product(folder, "EPSG:32633", Affine(10, 0, x, 0, -10, y)),
    }


@settings(max_examples=40, deadline=None)
@given(
    source=st.sampled_from([4326, 32633]),
    target=st.sampled_from([4326, 32633, 32632, 3857, 3035]),
    column=st.floats(-8, SIDE - 8),
    row=st.floats(-8, SIDE - 8),
    gsd=st.floats(0.3, 5.0),
    degrees=st.floats(-180, 180),
    flip=st.booleans(),
)
def test_any_finer_grid_gets_the_cell_under_each_centre(
    products, source, target, column, row, gsd, degrees, flip
) -> None:
    landcover, codes = products[source]
    x, y = landcover.grid.transform @ (column, row)
    crs = CRS.from_epsg(target)
    x, y = Transformer.from_crs(landcover.grid.crs, crs, always_xy=True).transform(x, y)
    step = gsd / 111_320 if target == 4326 else gsd
    turned = Affine.translation(x, y) @ Affine.rotation(degrees)
    grid = Grid(crs, turned @ Affine.scale(step, step if flip else -step), 40, 32)
    centre_column, centre_row = cells_under(landcover, grid)
    on = (centre_column >= 0) & (centre_column < SIDE) & (centre_row >= 0) & (centre_row < SIDE)
    if on.any():
        assert_is_lookup(landcover, codes, grid)
    else:
        with pytest.raises(NoOverlapError):
            align(landcover, grid)


@pytest.mark.parametrize(("right", "down"), [(0.4, 0.0), (0.0, 0.4), (-0.4, 0.4), (0.6, 0.0)])
def test_a_shift_below_half_a_cell_keeps_the_cell_and_above_takes_the_next(
    products, right, down
) -> None:
    landcover, codes = products[32633]
    shifted = landcover.grid.transform @ Affine.translation(right, down)
    tile = align(landcover, Grid(landcover.grid.crs, shifted, SIDE, SIDE))
    step_right, step_down = round(right), round(down)
    expected = codes[1 + step_down : SIDE - 1 + step_down, 1 + step_right : SIDE - 1 + step_right]
    np.testing.assert_array_equal(tile.classes[1:-1, 1:-1], expected)


@pytest.mark.parametrize("factor", [2, 3, 8])
def test_coarser_pixels_get_the_exact_share(products, factor) -> None:
    landcover, codes = products[32633]
    count = SIDE // factor
    coarse = landcover.grid.transform @ Affine.scale(factor)
    tile = align(landcover, Grid(landcover.grid.crs, coarse, count, count))
    blocks = codes[: count * factor, : count * factor].reshape(count, factor, count, factor)
    share = (blocks == 40).mean(axis=(1, 3))
    np.testing.assert_allclose(tile.cropland_fraction, share, atol=1e-6)
    counts = np.stack([(blocks == code).sum(axis=(1, 3)) for code in (10, 30, 40, 80)])
    chosen = np.searchsorted([10, 30, 40, 80], tile.classes)
    most = np.take_along_axis(counts, chosen[None], axis=0)[0]
    np.testing.assert_array_equal(most, counts.max(axis=0))


@pytest.mark.parametrize("degrees", [0, 20, 90, 215])
@pytest.mark.parametrize("target", [32633, 3857, 4326])
def test_a_border_stays_where_it_is_on_coarser_grids(tmp_path, degrees, target) -> None:
    """West of the middle all is cropland; the line of one half stays within half a cell."""
    codes = np.full((1, 240, 240), 10, np.uint8)
    codes[:, :, :120] = 40
    landcover = open_landcover(write_raster(tmp_path / "worldcover.tif", codes))
    crs = CRS.from_epsg(target)
    x, y = landcover.grid.transform @ (120, 120)
    x, y = Transformer.from_crs(landcover.grid.crs, crs, always_xy=True).transform(x, y)
    step = 30 / 111_320 if target == 4326 else 30.0
    turned = Affine.translation(x, y) @ Affine.rotation(degrees) @ Affine.scale(step, -step)
    grid = Grid(crs, turned @ Affine.translation(-20, -20), 40, 40)
    tile = align(landcover, grid)
    column, row = cells_under(landcover, grid)
    inside = (column > 6) & (column < 234) & (row > 6) & (row < 234)
    assert inside.sum() > 500
    west = column - 120
    # A pixel is three cells wide: beyond its half diagonal it lies on one side entirely.
    assert (tile.cropland_fraction[inside & (west < -5)] == 1).all()
    assert (tile.cropland_fraction[inside & (west > 5)] == 0).all()
    np.testing.assert_array_equal(
        tile.cropland[inside & (np.abs(west) > 0.5)], (west < 0)[inside & (np.abs(west) > 0.5)]
    )


def test_nodata_is_not_counted_as_a_class(tmp_path) -> None:
    codes = np.full((1, 8, 8), 40, np.uint8)
    codes[0, :2, :4] = 0  # half of the first block of 4 x 4
    codes[0, 2, :3] = 10
    codes[0, 4:, 4:] = 0  # and all but one cell of the last
    codes[0, 7, 7] = 40
    landcover = open_landcover(write_raster(tmp_path / "worldcover.tif", codes, nodata=0))
    grid = Grid(landcover.grid.crs, UTM @ Affine.scale(4), 2, 2)
    tile = align(landcover, grid)
    assert tile.valid.tolist() == [[True, True], [True, False]]
    assert tile.classes[tile.valid].tolist() == [40, 40, 40]
    assert tile.cropland_fraction[0].tolist() == [0.625, 1.0]
    assert set(class_areas(tile)) == {40}


@pytest.mark.parametrize("factor", [0.25, 1, 4])
def test_code_0_is_a_class_where_the_legend_says_so(tmp_path, factor) -> None:
    codes = np.zeros((1, 16, 16), np.uint8)
    codes[0, :, 8:] = 4
    landcover = open_landcover(write_raster(tmp_path / "dynamic_world.tif", codes))
    count = round(16 / factor)
    tile = align(landcover, Grid(landcover.grid.crs, UTM @ Affine.scale(factor), count, count))
    assert tile.valid.all()
    assert (tile.classes[:, : count // 2] == 0).all()
    assert (tile.classes[:, count // 2 :] == 4).all()


def test_all_nodata_under_the_grid_has_its_own_sentence(tmp_path) -> None:
    codes = np.full((1, 32, 32), 40, np.uint8)
    codes[:, :, :20] = 0
    landcover = open_landcover(write_raster(tmp_path / "worldcover.tif", codes, nodata=0))
    grid = Grid(landcover.grid.crs, UTM, 10, 10)
    check_overlap(landcover, grid)
    with pytest.raises(NoOverlapError, match=r"worldcover\.tif is nodata all over"):
        align(landcover, grid)


def test_touching_is_no_overlap_and_both_places_are_named(products) -> None:
    landcover, _ = products[32633]
    beside = Grid(
        landcover.grid.crs, landcover.grid.transform @ Affine.translation(SIDE, 0), 20, 20
    )
    with pytest.raises(NoOverlapError, match=r"45\.20°N 15\.10°E, the scene at 45\.20°N"):
        check_overlap(landcover, beside)
    one_column = Grid(
        landcover.grid.crs, landcover.grid.transform @ Affine.translation(SIDE - 1, 0), 20, 20
    )
    assert align(landcover, one_column).valid.sum() == 20
    southern = Grid(CRS.from_epsg(32721), Affine(10, 0, 410_000, 0, -10, 7_300_000), 20, 20)
    with pytest.raises(NoOverlapError, match=r"24\.\d\d°S 57\.\d\d°W"):
        check_overlap(landcover, southern)


def test_a_grid_off_the_earth_does_not_overlap(products) -> None:
    landcover, _ = products[4326]
    nowhere = Grid(CRS.from_epsg(32633), Affine(10, 0, 9e12, 0, -10, 9e12), 20, 20)
    with pytest.raises(NoOverlapError, match="outside the Earth"):
        check_overlap(landcover, nowhere)


@pytest.mark.parametrize("west", [179.36, 179.68, 179.6 - 360, -180.0, -180.3])
@pytest.mark.parametrize("target", ["utm", "fiji", "past 180", "below -180"])
def test_longitudes_count_modulo_a_turn_across_the_180_degree_meridian(
    tmp_path, west, target
) -> None:
    """A scene over the meridian gets the cells of both sides that the product has."""
    landcover, codes = product(tmp_path, "EPSG:4326", Affine(0.01, 0, west, 0, -0.01, -16))
    assert assert_is_turned_lookup(landcover, codes, over_the_meridian(target)) > 500


@pytest.mark.parametrize("west", [-180.0, 0.0])
@pytest.mark.parametrize("target", ["utm", "past 180"])
def test_a_product_around_the_earth_covers_both_of_its_edges(tmp_path, west, target) -> None:
    codes = np.random.default_rng(4).choice([10, 30, 40, 80], size=(1, 8, 3600)).astype(np.uint8)
    place = Affine(0.1, 0, west, 0, -0.1, -15.7)
    path = write_raster(tmp_path / "worldcover.tif", codes, crs="EPSG:4326", transform=place)
    landcover = open_landcover(path, product="worldcover_v200")
    grid = over_the_meridian(target)
    assert assert_is_turned_lookup(landcover, codes[0], grid) == grid.width * grid.height


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:6933"])
@pytest.mark.parametrize("target", ["utm", "fiji", "past 180"])
def test_a_product_in_a_cylindrical_projection_covers_a_scene_over_180_degrees(
    tmp_path, crs, target
) -> None:
    """Around the Earth, and a strip that goes on beyond the projection's edge."""
    forward = Transformer.from_crs(4326, crs, always_xy=True)
    half, north = forward.transform(180.0, -15.9)
    cell = 2 * half / 32_768
    grid = over_the_meridian(target)
    rows, columns = np.indices(grid.shape)
    x, y = grid.transform @ (columns + 0.5, rows + 0.5)
    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(x, y)
    x, y = forward.transform((np.asarray(lon) + 180) % 360 - 180, lat)
    for left, width in ((-half, 32_768), (half - 50 * cell, 100)):
        codes = np.random.default_rng(4).choice([10, 30, 40, 80], size=(1, 64, width))
        place = Affine(cell, 0, left, 0, -cell, north)
        name = tmp_path / f"worldcover_{width}.tif"
        path = write_raster(name, codes.astype(np.uint8), crs=crs, transform=place)
        tile = align(open_landcover(path, product="worldcover_v200"), grid)
        column = (np.asarray(x) - left) % (2 * half) / cell
        row = (north - np.asarray(y)) / cell
        clear = (np.abs(column % 1 - 0.5) < 0.49) & (np.abs(row % 1 - 0.5) < 0.49)
        assert clear.mean() > 0.9
        assert tile.valid.all()
        expected = codes[0][row.astype(int), column.astype(int)]
        np.testing.assert_array_equal(tile.classes[clear], expected[clear])


def test_a_scene_of_0_to_360_degrees_gets_a_product_of_180_west_to_180_east(tmp_path) -> None:
    landcover, codes = product(tmp_path, "EPSG:4326", Affine(0.01, 0, -92.3, 0, -0.01, 40))
    grid = Grid(CRS.from_epsg(4326), Affine(0.002, 0, 267.9, 0, -0.002, 39.9), 50, 40)
    assert assert_is_turned_lookup(landcover, codes, grid) == 2000
    east, codes = product(tmp_path, "EPSG:4326", Affine(0.01, 0, 267.7, 0, -0.01, 40))
    x, y = Transformer.from_crs(4326, 32615, always_xy=True).transform(-92.1, 39.9)
    utm = Grid(CRS.from_epsg(32615), Affine(200, 0, x, 0, -200, y), 50, 40)
    assert assert_is_turned_lookup(east, codes, utm) == 2000
    far = Grid(CRS.from_epsg(4326), Affine(0.002, 0, 88.0, 0, -0.002, 39.9), 50, 40)
    with pytest.raises(NoOverlapError, match=r"91\.98°W, the scene at .* 88\.05°E"):
        check_overlap(east, far)


def over_the_meridian(target: str) -> Grid:
    if target in ("past 180", "below -180"):
        west = 179.8 if target == "past 180" else -180.2
        return Grid(CRS.from_epsg(4326), Affine(0.007, 0, west, 0, -0.007, -16.05), 60, 40)
    code = 32760 if target == "utm" else 3460
    x, y = Transformer.from_crs(4326, code, always_xy=True).transform(179.8, -16.1)
    return Grid(CRS.from_epsg(code), Affine(700, 0, x, 0, -700, y), 60, 40)


def assert_is_turned_lookup(landcover, codes, grid) -> int:
    """Each pixel has the cell under its centre, whatever turn its longitude is of; their number."""
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    x, y = grid.transform @ (columns, rows)
    x, y = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(x, y)
    place = landcover.grid.transform
    column, row = (np.asarray(x) - place.c) % 360 / place.a, (np.asarray(y) - place.f) / place.e
    on = (column < codes.shape[1]) & (row >= 0) & (row < codes.shape[0])
    clear = (np.abs(column % 1 - 0.5) < 0.49) & (np.abs(row % 1 - 0.5) < 0.49)
    tile = align(landcover, grid)
    expected = codes[
        np.clip(row, 0, codes.shape[0] - 1).astype(int),
        np.clip(column, 0, codes.shape[1] - 1).astype(int),
    ]
    np.testing.assert_array_equal(tile.valid[clear], on[clear])
    np.testing.assert_array_equal(tile.classes[on & clear], expected[on & clear])
    return int(tile.valid.sum())


def test_only_the_window_is_read(products, monkeypatch) -> None:
    landcover, codes = products[32633]
    seen: list[Window] = []

    def spy(dataset, indexes, *, window, shape):
        seen.append(window)
        return read_bands(dataset, indexes, window=window, shape=shape)

    monkeypatch.setattr("core.landcover.source.read_bands", spy)
    start = landcover.grid.transform @ Affine.translation(20, 30) @ Affine.scale(0.1)
    assert_is_lookup(landcover, codes, Grid(landcover.grid.crs, start, 40, 50))
    assert seen == [Window(18, 28, 8, 9)]


@pytest.mark.real_data
def test_a_window_of_a_real_map_is_the_map(shared_data) -> None:
    """Principe at 1.6 N, 7.4 E: land in a 36,000 x 36,000 map that is nearly all ocean."""
    path = shared_data / "landcover" / "ESA_WorldCover_10m_2021_v200_N00E006_Map.tif"
    landcover = open_landcover(path)
    x, y = Transformer.from_crs(4326, 32632, always_xy=True).transform(7.38, 1.65)
    grid = Grid(CRS.from_epsg(32632), Affine(2, 0, x, 0, -2, y), 300, 300)
    tile = align(landcover, grid)
    assert tile.valid.any()
    column, row = cells_under(landcover, grid)
    first_column, first_row = int(column.min()), int(row.min())
    window = Window(
        first_column,
        first_row,
        int(column.max()) - first_column + 1,
        int(row.max()) - first_row + 1,
    )
    with open_raster(path, what="land cover") as dataset:
        codes = read_bands(dataset, [1], window=window)[0]
    clear = (np.abs(column % 1 - 0.5) < 0.49) & (np.abs(row % 1 - 0.5) < 0.49) & tile.valid
    expected = codes[row[clear].astype(int) - first_row, column[clear].astype(int) - first_column]
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(tile.classes[clear], expected)
