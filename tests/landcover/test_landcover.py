import http.server
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS, Transformer

from core.errors import LandCoverError, MissingCrsError, NetworkError, NoOverlapError, Remedy
from core.grid import Grid, Window
from core.landcover.alignment import align, check_overlap, class_areas
from core.landcover.fetch import WorldCoverTile, fetch_worldcover, tiles_over
from core.landcover.product_agreement import agreement
from core.landcover.product_registry import PRODUCTS
from core.landcover.recognise import recognise
from core.landcover.source import open_landcover
from core.settings import get_settings
from tests.rasters import write_raster

CELL = 1 / 12_000
NORTH, WEST = 45.2, 15.1
PLACE = Affine(CELL, 0, WEST, 0, -CELL, NORTH)


@pytest.fixture
def landcover(tmp_path):
    codes = np.random.default_rng(0).choice([10, 30, 40, 50], size=(1, 40, 60)).astype(np.uint8)
    path = write_raster(
        tmp_path / "worldcover_v200.tif", codes, crs="EPSG:4326", transform=PLACE, nodata=0
    )
    return open_landcover(path), codes[0]


@pytest.mark.parametrize("key", PRODUCTS)
def test_every_product_is_complete(key) -> None:
    product = PRODUCTS[key]
    assert product.key == key
    assert product.cropland_codes
    assert len({c.code for c in product.classes}) == len(product.classes)
    assert not set(product.cropland_codes) & set(product.nodata)
    for entry in product.classes:
        assert len(entry.colour) == 7
        int(entry.colour[1:], 16)
        assert entry.name
    for fact in (product.title, product.licence, product.citation, product.source, product.url):
        assert fact


def test_known_cropland_codes() -> None:
    expected = {
        "worldcover_v100": (40,),
        "worldcover_v200": (40,),
        "esri_lulc": (5,),
        "dynamic_world": (4,),
        "cgls_lc100": (40,),
        "glad_cropland": (1,),
        "mcd12q1_igbp": (12,),
        "from_glc10": (10,),
        "globeland30": (10,),
        "clcd": (1,),
        "usda_cultivated": (2,),
        "corine": (211, 212, 213, 221, 222, 223, 241, 242),
        "corine_grid": (12, 13, 14, 15, 16, 17, 19, 20),
    }
    for key, codes in expected.items():
        assert PRODUCTS[key].cropland_codes == codes
    cdl = PRODUCTS["usda_cdl"].cropland_codes
    assert {1, 5, 24, 36, 37, 61, 176} - set(cdl) == {176}
    assert PRODUCTS["worldcover_v200"].class_of(40).colour == "#f096ff"
    assert PRODUCTS["usda_cdl"].class_of(1).name == "Corn"


@pytest.mark.parametrize(
    ("name", "codes", "key"),
    [
        ("ESA_WorldCover_10m_2020_v100_N45E015_Map.tif", {10, 40}, "worldcover_v100"),
        ("ESA_WorldCover_10m_2021_v200_N45E015_Map.tif", {10, 40}, "worldcover_v200"),
        ("CDL_2021_clip.tif", {1, 5, 176}, "usda_cdl"),
        ("33U_20210101-20220101.tif", {1, 2, 5, 11}, "esri_lulc"),
        ("MCD12Q1.A2020.tif", {1, 12}, "mcd12q1_igbp"),
        ("CLCD_v01_2020.tif", {1, 2}, "clcd"),
        ("U2018_CLC2018_V2020.tif", {211, 512}, "corine"),
        ("U2018_CLC2018_V2020.tif", {12, 41}, "corine_grid"),
        ("unnamed.tif", {95, 40, 10}, "worldcover_v200"),
    ],
)
def test_products_are_recognised(name, codes, key) -> None:
    assert recognise(name, {}, Counter(codes)).product.key == key


def test_what_could_be_several_products_is_a_question() -> None:
    with pytest.raises(LandCoverError, match="from_glc10, globeland30") as caught:
        recognise("mystery.tif", {}, Counter({10, 20, 30}))
    assert caught.value.remedy is Remedy.NAME_PRODUCT
    with pytest.raises(LandCoverError, match="no land cover product"):
        recognise("photo.tif", {}, Counter(range(256)))


def test_a_product_that_the_file_does_not_hold_is_refused(tmp_path) -> None:
    codes = np.array([[[10, 40], [95, 100]]], dtype=np.uint8)
    path = write_raster(tmp_path / "a.tif", codes)
    assert open_landcover(path, product="worldcover_v100").recognised_by == "you chose it"
    with pytest.raises(LandCoverError, match="does not have"):
        open_landcover(path, product="dynamic_world")
    with pytest.raises(LandCoverError, match="no land cover product 'nope'"):
        open_landcover(path, product="nope")


def test_fractions_and_lost_rasters_are_told(tmp_path) -> None:
    half = np.full((1, 4, 4), 0.5, dtype=np.float32)
    with pytest.raises(LandCoverError, match="fractions"):
        open_landcover(write_raster(tmp_path / "f.tif", half))
    with pytest.raises(MissingCrsError, match=r"land cover n\.tif"):
        open_landcover(write_raster(tmp_path / "n.tif", np.ones((1, 4, 4), np.uint8), crs=None))
    with pytest.raises(LandCoverError, match="nothing but nodata"):
        open_landcover(write_raster(tmp_path / "z.tif", np.zeros((1, 4, 4), np.uint8), nodata=0))


@pytest.mark.parametrize("angle", [0, 30])
@pytest.mark.parametrize("epsg", [32633, 3857, 4326])
def test_finer_grids_get_the_class_under_each_pixels_centre(landcover, angle, epsg) -> None:
    source, codes = landcover
    crs = CRS.from_epsg(epsg)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(
        WEST + 20 * CELL, NORTH - 12 * CELL
    )
    step = 1e-5 if epsg == 4326 else 1.0
    transform = Affine.translation(x, y) @ Affine.rotation(angle) @ Affine.scale(step, -step)
    grid = Grid(crs, transform, 90, 70)
    tile = align(source, grid)
    rows, columns = np.indices(grid.shape)
    px, py = transform @ (columns + 0.5, rows + 0.5)
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(px, py)
    column, row = (lon - WEST) / CELL, (NORTH - lat) / CELL
    expected = codes[np.floor(row).astype(int), np.floor(column).astype(int)]
    # Within a hundredth of a cell of its edge, either neighbour is right.
    clear = (np.abs(column % 1 - 0.5) < 0.49) & (np.abs(row % 1 - 0.5) < 0.49)
    np.testing.assert_array_equal(tile.classes[clear], expected[clear])
    np.testing.assert_array_equal(tile.cropland[clear], (expected == 40)[clear])
    assert tile.valid.all()


def test_coarser_grids_get_the_exact_share(landcover) -> None:
    source, codes = landcover
    grid = Grid(CRS.from_epsg(4326), PLACE @ Affine.scale(4), 15, 10)
    tile = align(source, grid)
    share = (codes == 40).reshape(10, 4, 15, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(tile.cropland_fraction, share, atol=1e-5)


def test_beyond_the_product_nothing_is_known(landcover) -> None:
    source, _ = landcover
    grid = Grid(CRS.from_epsg(4326), PLACE @ Affine.translation(-5, 0), 20, 10)
    tile = align(source, grid)
    assert not tile.valid[:, :5].any()
    assert tile.valid[:, 5:].all()
    assert np.isnan(tile.cropland_fraction[:, :5]).all()
    far = Grid(CRS.from_epsg(32633), Affine(10, 0, 700_000, 0, -10, 4_000_000), 10, 10)
    with pytest.raises(NoOverlapError, match=r"45\.20°N 15\.10°E"):
        check_overlap(source, far)


def test_class_areas_are_hectares(landcover) -> None:
    source, codes = landcover
    tile = align(source, source.grid)
    areas = class_areas(tile)
    assert sum(areas.values()) == pytest.approx(codes.size * source.grid.pixel_area_m2 / 1e4)
    assert list(areas.values()) == sorted(areas.values(), reverse=True)
    assert areas[40] == pytest.approx((codes == 40).sum() * source.grid.pixel_area_m2 / 1e4)


def test_products_agree_where_all_of_them_do(landcover) -> None:
    source, _ = landcover
    one = align(source, source.grid)
    other = align(source, source.grid)
    other.cropland_fraction[:, :10] = 1.0 - other.cropland_fraction[:, :10]
    both = agreement([one, other])
    assert both.products.max() == 2
    tile = both.to_tile(1.0)
    assert not tile.valid[:, :10].any()
    np.testing.assert_array_equal(tile.cropland[:, 10:], one.cropland[:, 10:])
    with pytest.raises(LandCoverError, match="not a majority"):
        both.to_tile(0.4)
    with pytest.raises(LandCoverError, match="no land cover"):
        agreement([])


def test_names_of_worldcover_tiles() -> None:
    assert WorldCoverTile(6, 0, "v200").name == "ESA_WorldCover_10m_2021_v200_N00E006_Map.tif"
    assert WorldCoverTile(-93, -3, "v100").name == "ESA_WorldCover_10m_2020_v100_S03W093_Map.tif"
    # Two cells on each side of 0 E, 0 N: four tiles meet there.
    corner = Window(180 * 12_000 - 2, 90 * 12_000 - 2, 4, 4)
    assert {(t.longitude, t.latitude) for t in tiles_over(corner, "v200")} == {
        (-3, -3),
        (0, -3),
        (-3, 0),
        (0, 0),
    }


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path / "cache"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def bucket(tmp_path):
    folder = tmp_path / "bucket"
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(QuietFiles, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


SCENE = Grid(CRS.from_epsg(32631), Affine(10, 0, 833_978, 0, -10, 500), 40, 90)
"""Just across 6 E and 0 N: two of the four tiles there are open ocean and do not exist."""


def test_a_window_is_fetched_over_two_tiles_and_kept(bucket, cache) -> None:
    folder, url = bucket
    for latitude in (0, -3):
        tile = WorldCoverTile(6, latitude, "v200")
        path = folder / "v200" / "2021" / "map" / tile.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(  # noqa: TID251
            path,
            "w",
            driver="GTiff",
            width=36_000,
            height=36_000,
            count=1,
            dtype="uint8",
            tiled=True,
            compress="deflate",
            SPARSE_OK=True,
            crs="EPSG:4326",
            transform=Affine(CELL, 0, 6, 0, -CELL, latitude + 3),
        ) as out:
            code = 40 if latitude == 0 else 10
            row = 35_000 if latitude == 0 else 0
            block = np.full((1000, 1000), code, dtype=np.uint8)
            out.write(block, 1, window=rasterio.windows.Window(0, row, 1000, 1000))
    path = fetch_worldcover(SCENE, bucket=url)
    tile = align(open_landcover(path, product="worldcover_v200"), SCENE)
    lonlat = Transformer.from_crs(SCENE.crs, 4326, always_xy=True)
    rows, columns = np.indices(SCENE.shape)
    lon, lat = lonlat.transform(*(SCENE.transform @ (columns + 0.5, rows + 0.5)))
    inside = lon > 6 + CELL
    assert inside.any()
    assert (tile.classes[inside & (lat > CELL)] == 40).all()
    assert (tile.classes[inside & (lat < -CELL)] == 10).all()
    assert fetch_worldcover(SCENE, bucket="http://127.0.0.1:1") == path


def test_without_a_network_the_files_to_get_are_named(cache, monkeypatch) -> None:
    with pytest.raises(NetworkError) as caught:
        fetch_worldcover(SCENE, bucket="http://127.0.0.1:1")
    assert "_Map.tif" in caught.value.hint
    monkeypatch.setenv("CROPMAP_OFFLINE", "1")
    get_settings.cache_clear()
    with pytest.raises(NetworkError, match="offline") as caught:
        fetch_worldcover(SCENE)
    assert "ESA_WorldCover_10m_2021_v200_N00E006_Map.tif" in caught.value.hint
    assert not list(Path(get_settings().landcover_folder).glob("*"))


@pytest.mark.real_data
def test_real_products_are_recognised(shared_data) -> None:
    folder = shared_data / "landcover"
    keys = {p.name: open_landcover(p).product.key for p in sorted(folder.glob("*.tif"))}
    assert keys == {
        "ESA_WorldCover_10m_2020_v100_N00E006_Map.tif": "worldcover_v100",
        "ESA_WorldCover_10m_2021_v200_N00E006_Map.tif": "worldcover_v200",
        "usda_cdl_2016_iowa_3m.tif": "usda_cdl",
        "usda_cdl_2021_30m_kansas.tif": "usda_cdl",
        "usda_cultivated_2021_30m_kansas.tif": "usda_cultivated",
    }


@pytest.mark.real_data
def test_cdl_and_its_cultivated_layer_agree(shared_data) -> None:
    folder = shared_data / "landcover"
    crops = open_landcover(folder / "usda_cdl_2021_30m_kansas.tif")
    cultivated = open_landcover(folder / "usda_cultivated_2021_30m_kansas.tif")
    one, other = align(crops, crops.grid), align(cultivated, crops.grid)
    # The Cultivated Layer draws on five years, so hay and fallow of one year differ.
    assert (one.cropland == other.cropland).mean() > 0.85
