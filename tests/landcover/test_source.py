import tracemalloc
import warnings

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.windows import Window
from scipy import ndimage

from core.errors import InputError, LandCoverError, MissingCrsError, Remedy, UnreadableRasterError
from core.landcover.alignment import align
from core.landcover.source import open_landcover, to_codes
from tests.rasters import UTM, write_raster


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 40, 255], np.uint8), [0, 40, 255]),
        (np.array([-9999, 40, 254], np.int16), [65535, 40, 254]),
        (np.array([40, 70_000, 2**32 - 1], np.uint32), [40, 65535, 65535]),
        (np.array([40.0, np.nan, np.inf], np.float32), [40, 65535, 65535]),
        (np.array([40.0, -3.4028235e38, 3.4028235e38], np.float32), [40, 65535, 65535]),
        (np.array([40.0, -1.7976931348623157e308], np.float64), [40, 65535]),
    ],
)
def test_codes_of_every_dtype(values, expected) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes = to_codes(values, "a.tif")
    assert codes.dtype == np.uint16
    assert codes.tolist() == expected


def test_fractions_are_no_codes() -> None:
    with pytest.raises(LandCoverError, match=r"p\.tif holds fractions"):
        to_codes(np.array([0.0, 0.25], np.float32), "/a/p.tif")


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("uint8", 0), ("int16", -9999), ("float32", -3.4028235e38), ("float32", float("nan"))],
)
def test_nodata_of_every_kind_is_unknown(tmp_path, dtype, nodata) -> None:
    values = np.full((1, 8, 8), 40, dtype=dtype)
    values[0, :, :3] = nodata
    path = write_raster(tmp_path / "worldcover.tif", values, nodata=nodata)
    landcover = open_landcover(path)
    tile = align(landcover, landcover.grid)
    assert landcover.product.key == "worldcover_v200"
    assert not tile.valid[:, :3].any()
    assert tile.valid[:, 3:].all()
    assert np.isnan(tile.cropland_fraction[:, :3]).all()
    assert (tile.cropland_fraction[:, 3:] == 1).all()
    np.testing.assert_array_equal(tile.cropland, tile.valid)


def test_the_grid_is_the_files_own(tmp_path) -> None:
    path = write_raster(tmp_path / "clcd.tif", np.ones((1, 5, 7), np.uint8), place="rotated")
    grid = open_landcover(str(path)).grid
    assert (grid.width, grid.height) == (7, 5)
    assert grid.crs == CRS.from_epsg(32633)
    assert grid.transform.almost_equals(UTM @ grid.transform.rotation(33))


def test_the_person_states_a_crs_where_the_file_has_none(tmp_path) -> None:
    path = write_raster(tmp_path / "clcd.tif", np.ones((1, 4, 4), np.uint8), crs=None)
    with pytest.raises(MissingCrsError, match=r"land cover clcd\.tif"):
        open_landcover(path)
    assert open_landcover(path, crs="EPSG:32633").grid.crs == CRS.from_epsg(32633)
    with pytest.raises(InputError, match="'EPSG:nonsense' is not a CRS"):
        open_landcover(path, crs="EPSG:nonsense")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_no_transform_is_told(tmp_path) -> None:
    path = write_raster(tmp_path / "clcd.tif", np.ones((1, 4, 4), np.uint8), transform=None)
    with pytest.raises(MissingCrsError, match=r"land cover clcd\.tif is not georeferenced"):
        open_landcover(path)


def test_unreadable_files_are_called_land_cover(tmp_path) -> None:
    text = tmp_path / "worldcover.tif"
    text.write_text("not a raster")
    with pytest.raises(UnreadableRasterError, match=r"land cover worldcover\.tif"):
        open_landcover(text)
    with pytest.raises(UnreadableRasterError, match="land cover"):
        open_landcover(tmp_path / "absent.tif")


def test_a_stray_code_is_unknown_and_a_wrong_product_is_refused(tmp_path) -> None:
    values = np.full((1, 6, 6), 40, np.uint8)
    values[0, 0] = [10, 20, 30, 50, 60, 7]
    path = write_raster(tmp_path / "mixed.tif", values)
    tile = align(landcover := open_landcover(path, product="worldcover_v200"), landcover.grid)
    assert not tile.valid[0, 5]
    assert tile.valid.sum() == 35
    with pytest.raises(LandCoverError, match="does not have: 20, 30, 40, 50, 60") as caught:
        open_landcover(path, product="mcd12q1_igbp")
    assert caught.value.remedy is Remedy.NAME_PRODUCT


def test_stray_codes_are_unknown_counted_and_said(tmp_path) -> None:
    values = np.full((1, 40, 50), 40, np.uint8)
    values[0, :10] = 10
    values[0, 3, :4] = 255
    values[0, 20, 7] = 43
    landcover = open_landcover(write_raster(tmp_path / "worldcover_2021.tif", values))
    assert landcover.product.key == "worldcover_v200"
    assert landcover.unknown_codes == ((43, 1), (255, 4))
    (remark,) = landcover.remarks
    assert remark.startswith("5 of 2,000 cells of the land cover that were looked at (0.25 %)")
    assert "(43, 255)" in remark
    tile = align(landcover, landcover.grid)
    np.testing.assert_array_equal(tile.valid, np.isin(values[0], [10, 40]))
    np.testing.assert_array_equal(tile.cropland, values[0] == 40)
    clean = write_raster(tmp_path / "clean_worldcover.tif", np.where(values > 40, 40, values))
    assert open_landcover(clean).remarks == ()


def test_interpolated_codes_are_refused_and_taken_where_the_person_insists(tmp_path) -> None:
    classes = np.random.default_rng(0).choice([10, 20, 30, 40], (24, 24)).repeat(4, 0).repeat(4, 1)
    mixed = ndimage.zoom(classes, 1.25, order=1).astype(np.uint8)[None]
    assert len(np.unique(mixed)) > 15
    for name in ("worldcover_2021.tif", "clip.tif"):
        path = write_raster(tmp_path / name, mixed)
        with pytest.raises(LandCoverError, match=r"(?i)worldcover"):
            open_landcover(path)
    landcover = open_landcover(path, product="worldcover_v200")
    tile = align(landcover, landcover.grid)
    np.testing.assert_array_equal(tile.valid, np.isin(mixed[0], [10, 20, 30, 40]))
    assert "count as unknown" in landcover.remarks[0]


def test_averaged_overviews_of_sound_codes_are_not_held_against_them(tmp_path) -> None:
    values = np.random.default_rng(0).choice([10, 40, 95], (1, 2304, 2304)).astype(np.uint8)
    path = write_raster(tmp_path / "map.tif", values, tiled=True)
    with rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.build_overviews([2], Resampling.average)
    landcover = open_landcover(path)
    assert landcover.product.key == "worldcover_v200"
    assert landcover.unknown_codes == ()


def test_the_fingerprint_follows_codes_place_and_product(tmp_path) -> None:
    codes = np.random.default_rng(0).choice([10, 40], size=(1, 16, 16)).astype(np.uint8)
    path = write_raster(tmp_path / "a.tif", codes)
    same = write_raster(tmp_path / "b.tif", codes)
    moved = write_raster(tmp_path / "c.tif", codes, transform=UTM @ UTM.translation(1, 0))
    other_codes = codes.copy()
    other_codes[0, 0, 0] = 50 - codes[0, 0, 0]
    changed = write_raster(tmp_path / "d.tif", other_codes)
    first = open_landcover(path, product="worldcover_v200").fingerprint
    assert open_landcover(same, product="worldcover_v200").fingerprint == first
    prints = {
        first,
        open_landcover(moved, product="worldcover_v200").fingerprint,
        open_landcover(changed, product="worldcover_v200").fingerprint,
        open_landcover(path, product="worldcover_v100").fingerprint,
    }
    assert len(prints) == 4


def test_a_large_raster_is_sampled_not_read_whole(tmp_path) -> None:
    path = tmp_path / "worldcover.tif"
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        driver="GTiff",
        width=20_000,
        height=15_000,
        count=1,
        dtype="uint8",
        crs="EPSG:32633",
        transform=UTM,
        nodata=0,
        tiled=True,
        blockxsize=512,
        blockysize=512,
        SPARSE_OK=True,
    ) as out:
        block = np.full((512, 512), 40, np.uint8)
        out.write(block, 1, window=Window(10_240, 5_120, 512, 512))
    tracemalloc.start()
    landcover = open_landcover(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert landcover.grid.shape == (15_000, 20_000)
    assert landcover.product.key == "worldcover_v200"
    assert peak < 150e6  # the cells alone are 300 MB
