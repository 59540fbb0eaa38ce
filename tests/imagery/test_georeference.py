import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC

from core.crs import same_place
from core.errors import InputError, MissingCrsError, Remedy
from core.grid import Grid
from core.imagery.georeference import parse_crs
from core.imagery.scene import Scene, open_scene
from tests.rasters import PLACES, UTM, write_raster

VALUES = np.full((3, 16, 16), 9, dtype=np.uint8)
LOCAL_CRS = 'LOCAL_CS["site grid",UNIT["metre",1]]'
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@pytest.mark.parametrize("place", PLACES)
def test_the_files_own_place_is_kept_to_the_last_digit(place, tmp_path) -> None:
    crs, transform = PLACES[place]
    scene = open_scene(write_raster(tmp_path / "s.tif", VALUES, place))
    assert scene.grid.crs == CRS(crs)
    assert scene.crs_source == "file"
    np.testing.assert_allclose(scene.grid.transform[:6], transform[:6], rtol=1e-12, atol=1e-12)
    assert Scene.from_json(scene.to_json()) == scene


def test_what_the_person_states_never_overrules_the_file(tmp_path) -> None:
    scene = open_scene(write_raster(tmp_path / "s.tif", VALUES), crs="EPSG:32634")
    assert scene.grid.crs == CRS.from_epsg(32633)
    assert scene.crs_source == "file"


@pytest.mark.parametrize("crs", [None, LOCAL_CRS])
def test_a_file_without_a_usable_crs_is_a_question(crs, tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", VALUES, crs=crs)
    with pytest.raises(MissingCrsError, match=r"in which CRS|in a local CRS") as caught:
        open_scene(path)
    assert caught.value.remedy is Remedy.STATE_CRS
    scene = open_scene(path, crs="EPSG:32633")
    assert scene.crs_source == "person"
    assert scene.grid.transform == UTM


@pytest.mark.parametrize("text", ["EPSG:32633", CRS.from_epsg(32633).to_wkt(), "+proj=laea"])
def test_a_crs_is_understood_as_people_write_it(text) -> None:
    assert parse_crs(text).is_projected


@pytest.mark.parametrize("text", ["", "32633x", "EPSG:999999", "EPSG:4978", LOCAL_CRS, "é" * 500])
def test_what_cannot_hold_a_map_is_no_crs(text) -> None:
    with pytest.raises(InputError, match="is not a CRS"):
        parse_crs(text)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:4326", UTM),
        ("EPSG:32633", Affine(1e9, 0, 1e15, 0, -1e9, 1e15)),
        ("EPSG:4326", Affine(1e-14, 0, 15, 0, -1e-14, 45)),
    ],
)
def test_coordinates_that_cannot_be_in_the_stated_crs_are_told_so(crs, transform, tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", VALUES, crs=None, transform=transform)
    with pytest.raises(InputError, match="does not lie on Earth"):
        open_scene(path, crs=crs)


def test_longitudes_to_360_lie_on_earth(tmp_path) -> None:
    transform = Affine(0.01, 0, 250, 0, -0.01, 40)
    scene = open_scene(
        write_raster(tmp_path / "s.tif", VALUES, crs="EPSG:4326", transform=transform)
    )
    assert scene.grid.gsd_m == pytest.approx(970, rel=0.02)


def write_bare(path, **attributes) -> None:
    with rasterio.open(  # noqa: TID251
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8"
    ) as dataset:
        dataset.write(np.ones((1, 8, 8), dtype=np.uint8))
        for name, value in attributes.items():
            setattr(dataset, name, value)


def test_unrectified_images_are_told_apart(tmp_path) -> None:
    corners = [(0, 0, 15, 45), (0, 8, 15.1, 45), (8, 0, 15, 44.9)]
    points = [GroundControlPoint(*corner) for corner in corners]
    write_bare(tmp_path / "gcp.tif", gcps=(points, rasterio.crs.CRS.from_epsg(4326)))
    with pytest.raises(MissingCrsError, match=r"ground control points.*gdalwarp"):
        open_scene(tmp_path / "gcp.tif", crs="EPSG:32633")
    ones = [1.0] * 20
    coefficients = RPC(0, 1, 45, 1, ones, ones, 4, 4, 15, 1, ones, ones, 4, 4)
    write_bare(tmp_path / "rpc.tif", rpcs=coefficients)
    with pytest.raises(MissingCrsError, match=r"RPC.*orthorectified.*gdalwarp -rpc"):
        open_scene(tmp_path / "rpc.tif", crs="EPSG:32633")


def test_pixels_without_an_area_are_no_place(tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", VALUES, transform=Affine(1, 2, 500_000, 2, 4, 5e6))
    with pytest.raises(MissingCrsError, match="without an area"):
        open_scene(path)


AIRY = (
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy "
    "+units=m +type=crs"
)
BRITAIN = Affine(10, 0, 440_000, 0, -10, 110_000)


def test_a_datum_without_a_name_is_a_question_with_the_likely_answers(tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", VALUES, crs=CRS(AIRY).to_wkt(), transform=BRITAIN)
    with pytest.raises(MissingCrsError, match=r"datum.*Airy 1830.*EPSG:27700 \(OSGB36") as caught:
        open_scene(path)
    assert caught.value.remedy is Remedy.STATE_CRS
    scene = open_scene(path, crs="EPSG:27700")
    assert scene.grid == Grid(CRS.from_epsg(27700), BRITAIN, *VALUES.shape[:0:-1])
    assert scene.crs_source == "person"
    with pytest.raises(InputError, match="names no datum"):
        open_scene(path, crs=AIRY)


def test_a_projection_file_without_a_datum_is_the_same_question(tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", VALUES, crs=None, transform=BRITAIN)
    path.with_suffix(".prj").write_text(CRS(AIRY).to_wkt("WKT1_ESRI"))
    with pytest.raises(MissingCrsError, match=r"EPSG:27700"):
        open_scene(path)


def test_a_transformation_in_the_file_says_the_datum(tmp_path) -> None:
    shifted = AIRY.replace(
        "+units", "+towgs84=446.448,-125.157,542.06,0.15,0.247,0.842,-20.489 +units"
    )
    path = write_raster(tmp_path / "s.tif", VALUES, crs=CRS(shifted).to_wkt(), transform=BRITAIN)
    scene = open_scene(path)
    assert scene.crs_source == "file"
    corners = scene.grid.corners
    assert same_place(CRS(shifted), scene.grid.crs, corners, 0.001)


def test_heights_in_a_compound_crs_are_left_out(tmp_path) -> None:
    compound = CRS("EPSG:27700+5701").to_wkt()
    path = write_raster(tmp_path / "s.tif", VALUES, crs=compound, transform=BRITAIN)
    assert open_scene(path).grid.crs == CRS.from_epsg(27700)
