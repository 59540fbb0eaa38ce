"""A CRS is one CRS: every file of an export says the same place, as GDAL's tools read it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pyogrio
import pytest
import rasterio
import shapely
import shapely.geometry
from affine import Affine
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS
from pyproj.database import CRSInfo, query_crs_info
from pyproj.enums import PJType
from rasterio.features import shapes as raster_shapes
from rasterio.warp import transform as gdal_transform

from core.crs import horizontal, names_no_datum, understood_crs
from core.export.card import CARD_MARKDOWN
from core.export.write_export import ExportOptions, WrittenExport, write_export
from core.grid import Grid, WorldCoordinates, transform_coordinates
from core.label.labelled import LabelledParcel, LabelledScene
from core.parcels.wkb import read_wkbs
from tests.export.labelled import SOURCE

FORMATS = ("shapefile", "geopackage", "geojson", "geoparquet", "fiboa", "mask")
WGS84 = CRS.from_epsg(4326)
EXAMPLES = int(os.environ.get("CROPMAP_CRS_EXAMPLES", "4"))
"""Random CRSs; set it to thousands for a long look, which then takes other ones each time."""

GSD_M = 10.0
SIDE = 24
MIDDLE = 12
SHP = "parcels.shp.zip"
SHIFT = "+towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7"
SHIFTED_GERMAN = (
    CRS.from_epsg(31467)
    .to_wkt("WKT1_GDAL")
    .replace('AUTHORITY["EPSG","7004"]]', 'AUTHORITY["EPSG","7004"]],TOWGS84[900,70,400,0,0,0,0]')
)


@dataclass(frozen=True)
class Read:
    """What a file says: areas in metres around the scene's middle, and its coordinates' bounds."""

    area: shapely.Geometry
    bounds: tuple[float, ...]


def grid_at(crs: CRS, longitude: float, latitude: float) -> Grid | None:
    """A grid of about 10 m pixels whose middle lies at a place; None where the CRS has none."""
    at = WorldCoordinates(np.array([longitude]), np.array([latitude]))
    there = transform_coordinates(at, WGS84, crs)
    x, y, step = float(there.x[0]), float(there.y[0]), 1e-4 if crs.is_geographic else 10.0
    if not np.isfinite([x, y]).all():
        return None
    for _ in range(2):
        upper_left = Affine(step, 0, x - step * MIDDLE, 0, -step, y + step * MIDDLE)
        grid = Grid(crs, upper_left, SIDE, SIDE)
        if not (np.isfinite(grid.gsd_m) and grid.gsd_m > 0):
            return None
        step *= GSD_M / grid.gsd_m
    return grid if 9 < grid.gsd_m < 11 else None


def labels_on(grid: Grid) -> LabelledScene:
    """Two fields, one of them over the middle; everything is reviewed."""
    boxes = [(3, 4, 20, 11), (5, 13, 12, 21)]
    parcels = [
        LabelledParcel(f"F{number}", _on(grid, shapely.box(*box)), 0.5, "accepted", "", None, "t")
        for number, box in enumerate(boxes)
    ]
    return LabelledScene(parcels, grid, np.ones(grid.shape, dtype=np.bool_), SOURCE)


def _on(grid: Grid, pixels: shapely.Polygon) -> shapely.Polygon:
    return shapely.transform(pixels, lambda xy: np.column_stack(grid.transform @ tuple(xy.T)))


def export(grid: Grid, folder: Path) -> WrittenExport:
    return write_export(labels_on(grid), folder / "out", ExportOptions(FORMATS))


def read_all(folder: Path, middle: tuple[float, float]) -> dict[str, Read]:
    """Each file through GDAL (GeoParquet through Arrow, as this GDAL has no driver for it)."""
    found = {}
    for name in ("parcels.shp.zip", "parcels.gpkg", "parcels.geojson"):
        path = f"/vsizip/{folder / name}" if name.endswith(".zip") else folder / name
        table = pyogrio.read_dataframe(path, layer=Path(name).name.split(".")[0])
        found[name] = _placed(table.geometry.to_numpy(), table.crs, middle)
    for name in ("parcels.parquet", "fields.fiboa.parquet"):
        table = pyarrow.parquet.read_table(folder / name)
        shapes = read_wkbs(table["geometry"].to_pylist())
        found[name] = _placed(shapes, _crs_of(table), middle)
    with rasterio.open(folder / "mask.tif") as dataset:  # noqa: TID251
        codes = dataset.read(1)
        areas = [
            shapely.geometry.shape(area)
            for area, code in raster_shapes(codes, transform=dataset.transform)
            if code == 1
        ]
        found["mask.tif"] = _placed(np.array(areas), dataset.crs.to_wkt(), middle)
    return found


def _geo(table: pyarrow.Table) -> dict:
    return json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]


def _crs_of(table: pyarrow.Table) -> CRS:
    """The CRS in GeoParquet's metadata; longitude and latitude where there is none."""
    column = _geo(table)
    return CRS.from_json_dict(column["crs"]) if "crs" in column else WGS84


def _placed(shapes: np.ndarray, crs: CRS | str, middle: tuple[float, float]) -> Read:
    """Shapes as GDAL places them, in metres around the middle."""
    wkt = crs if isinstance(crs, str) else crs.to_wkt()
    lon, lat = middle
    local = f"+proj=aeqd +lon_0={lon} +lat_0={lat} +datum=WGS84"

    def move(xy: np.ndarray) -> np.ndarray:
        degrees = gdal_transform(wkt, "EPSG:4326", xy[:, 0], xy[:, 1])
        return np.column_stack(gdal_transform("EPSG:4326", local, *degrees))

    area = shapely.union_all(shapely.transform(shapes, move), grid_size=0.001)
    return Read(area, tuple(shapely.total_bounds(shapes)))


def assert_one_place(grid: Grid, folder: Path) -> dict[str, Read]:
    """Every file holds the areas of the labels, to half a pixel; the mask its middle, too."""
    corner = grid.transform @ (MIDDLE, MIDDLE)
    at = WorldCoordinates(np.array([corner[0]]), np.array([corner[1]]))
    lonlat = transform_coordinates(at, grid.crs, WGS84)
    middle = float((lonlat.x[0] + 180) % 360 - 180), float(lonlat.y[0])
    wanted = _wanted(grid, middle)
    found = read_all(folder, middle)
    assert len(found) == len(FORMATS)
    for name, read in found.items():
        if name == "mask.tif":
            apart = read.area.centroid.distance(wanted.centroid)
        else:
            apart = shapely.hausdorff_distance(read.area, wanted)
        assert apart < grid.gsd_m / 2, f"{name} lies {apart:.3g} m off"
    return found


def _wanted(grid: Grid, middle: tuple[float, float]) -> shapely.Geometry:
    shapes = np.array([parcel.geometry for parcel in labels_on(grid).parcels])
    local = CRS.from_proj4(f"+proj=aeqd +lon_0={middle[0]} +lat_0={middle[1]} +datum=WGS84")

    def move(xy: np.ndarray) -> np.ndarray:
        world = WorldCoordinates(*(np.ascontiguousarray(axis) for axis in xy.T))
        there = transform_coordinates(transform_coordinates(world, grid.crs, WGS84), WGS84, local)
        return np.column_stack([there.x, there.y])

    return shapely.union_all(shapely.transform(shapes, move), grid_size=0.001)


@lru_cache
def _known_crs() -> tuple[CRSInfo, ...]:
    """What PROJ's database holds for maps of the Earth."""
    kinds = [PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS, PJType.COMPOUND_CRS]
    return tuple(
        info
        for authority in ("EPSG", "ESRI")
        for info in query_crs_info(authority, kinds)
        if info.area_of_use is not None
    )


@st.composite
def anywhere(draw: st.DrawFn) -> Grid:
    """A grid in a random CRS of PROJ's database, somewhere in its area of use."""
    known = _known_crs()
    info = known[draw(st.integers(0, len(known) - 1))]
    crs = understood_crs(f"{info.auth_name}:{info.code}")
    assume(crs is not None and not names_no_datum(crs))
    area = info.area_of_use
    share = draw(st.floats(0.2, 0.8))
    longitude = area.west + share * ((area.east - area.west) % 360 or 360)
    latitude = area.south + draw(st.floats(0.2, 0.8)) * (area.north - area.south)
    grid = grid_at(crs, (longitude + 180) % 360 - 180, latitude)
    assume(grid is not None and _comes_back(grid))
    return grid


def _comes_back(grid: Grid) -> bool:
    """Whether the CRS has an inverse there: away from home, some formulas have none."""
    there = transform_coordinates(grid.corners, grid.crs, WGS84)
    back = transform_coordinates(there, WGS84, grid.crs)
    pixels = grid.worlds_to_pixel(back)
    there = grid.worlds_to_pixel(grid.corners)
    apart = np.hypot(pixels.column - there.column, pixels.row - there.row)
    return bool(np.isfinite(apart).all() and (apart < 0.01).all())


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 100,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(grid=anywhere())
def test_any_crs_of_projs_database_is_one_place_in_every_file(
    tmp_path_factory: pytest.TempPathFactory, grid: Grid
) -> None:
    folder = tmp_path_factory.mktemp("place")
    export(grid, folder)
    assert_one_place(grid, folder / "out")


AWKWARD = {
    "TOWGS84 on a datum without a name": (
        f"+proj=tmerc +lon_0=9 +x_0=3500000 +ellps=bessel {SHIFT}",
        (9.1, 51.0),
        {SHP},
    ),
    "TOWGS84 that is not the datum's own": (SHIFTED_GERMAN, (9.1, 51.0), {SHP}),
    "a formula that GeoTIFF has no words for": (
        "+proj=bonne +lat_1=45 +ellps=bessel +towgs84=600,70,400",
        (5, 45),
        {SHP, "mask.tif"},
    ),
    "a rotated pole": (
        "+proj=ob_tran +o_proj=longlat +o_lat_p=39 +o_lon_p=0 +lon_0=18 "
        "+to_meter=0.0174532925199433 +R=6371229",
        (20, 50),
        {SHP, "mask.tif"},
    ),
    "a sphere": ("+proj=sinu +R=6371007.181", (20, 40), set()),
    "the North Pole": ("EPSG:3995", (10, 89.999), set()),
}


@pytest.mark.parametrize("kind", AWKWARD)
def test_an_awkward_crs_is_one_place_in_every_file_and_what_was_moved_is_said(
    tmp_path: Path, kind: str
) -> None:
    text, place, moved = AWKWARD[kind]
    crs = horizontal(CRS.from_user_input(f"{text} +type=crs" if text[0] == "+" else text))
    grid = grid_at(crs, *place)
    assert grid is not None
    written = export(grid, tmp_path)
    assert_one_place(grid, tmp_path / "out")
    said = {note.split(" cannot hold")[0] for note in written.notes if " cannot hold" in note}
    assert said == moved
    assert (tmp_path / "out" / CARD_MARKDOWN).read_text("utf-8").count("cannot hold") == len(moved)


@pytest.mark.parametrize(
    ("code", "longitude"),
    [(32760, 179.9999), (3460, 180.0), (4326, 180.0)],
)
def test_over_the_180_degree_meridian_files_in_degrees_are_cut(
    tmp_path: Path, code: int, longitude: float
) -> None:
    grid = grid_at(CRS.from_epsg(code), longitude, -17.0)
    assert grid is not None
    export(grid, tmp_path)
    found = assert_one_place(grid, tmp_path / "out")
    for name in ("parcels.geojson", "fields.fiboa.parquet"):
        assert found[name].bounds[0] == -180.0
        assert found[name].bounds[2] == 180.0
    fields = pyarrow.parquet.read_table(tmp_path / "out" / "fields.fiboa.parquet")
    west, _, east, _ = _geo(fields)["bbox"]
    assert 179.99 < west <= 180.0
    assert -180.0 <= east < -179.99
    for shape in read_wkbs(fields["geometry"].to_pylist()):
        assert all(part.bounds[2] - part.bounds[0] < 0.01 for part in shapely.get_parts(shape))
    west, _, east, _ = _geo(pyarrow.parquet.read_table(tmp_path / "out" / "parcels.parquet"))[
        "bbox"
    ]
    assert (west > east) is (code == 4326)


def test_longitudes_of_0_to_360_degrees_are_the_same_place(tmp_path: Path) -> None:
    grid = grid_at(CRS.from_epsg(4326), -91.96, 40.0)
    assert grid is not None
    export(grid.turned(1), tmp_path)
    found = assert_one_place(grid.turned(1), tmp_path / "out")
    assert found["mask.tif"].bounds[0] == pytest.approx(268.04, abs=1e-3)
    for name in ("parcels.geojson", "fields.fiboa.parquet", "parcels.parquet"):
        assert found[name].bounds[0] == pytest.approx(-91.96, abs=1e-3)
