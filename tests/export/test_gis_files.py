"""What makes an export easy to work with in a GIS: its CRS, its look, its names and numbers."""

from __future__ import annotations

import re
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from affine import Affine
from pyproj import CRS

from core.crs import through_wgs84
from core.errors import InputError
from core.export.columns import FIELDS
from core.export.export_crs import chosen_crs, crs_choices, usual_choice
from core.export.style import LOOKS, qml, sld
from core.export.write_export import ExportOptions, write_export
from core.grid import Grid, WorldCoordinates
from core.label.labelled import LabelledScene
from tests.export.labelled import labelled_scene

VECTORS = ("shapefile", "geopackage", "geojson", "geoparquet", "fiboa")
LOOKS_OF_THE_MAP = Path(__file__).parents[2] / "ui" / "map" / "src" / "parcel-kind.ts"
UTM = Grid(CRS.from_epsg(32633), Affine(1, 0, 500_000, 0, -1, 5_000_000), 256, 256)
DEGREES = Grid(CRS.from_epsg(4326), Affine(1e-5, 0, 15.0, 0, -1e-5, 45.0), 256, 256)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> LabelledScene:
    return labelled_scene(tmp_path_factory.mktemp("scene"))


def export(labelled: LabelledScene, folder: Path, **options: object) -> Path:
    chosen = ExportOptions(VECTORS, accepted_only=False, **options)
    return write_export(labelled, folder, chosen).folder


@pytest.mark.parametrize("code", [32632, 4326, 3035, 3857, 25833])
def test_parcels_in_another_crs_come_back_to_the_millimetre(
    labelled: LabelledScene, tmp_path: Path, code: int
) -> None:
    crs = chosen_crs(str(code), labelled.grid)
    folder = export(labelled, tmp_path / "out", crs=crs)
    files = {
        "gpkg": pyogrio.read_dataframe(folder / "parcels.gpkg", layer="parcels"),
        "shp": pyogrio.read_dataframe(f"/vsizip/{folder / 'parcels.shp.zip'}"),
        "parquet": geopandas.read_parquet(folder / "parcels.parquet"),
    }
    wanted = np.array([parcel.geometry for parcel in labelled.parcels])
    hectares = [round(area, 3) for area in files["gpkg"]["area_ha"]]
    for table in files.values():
        assert table.crs.equals(CRS.from_epsg(code), ignore_axis_order=True)
        assert list(table["area_ha"]) == hectares
        back = shapely.transform(table.geometry.to_numpy(), lambda xy: _back(xy, crs, labelled))
        assert shapely.hausdorff_distance(back, wanted).max() < 0.001
    assert pyogrio.read_info(folder / "parcels.geojson")["crs"] == "EPSG:4326"


def _back(xy: np.ndarray, crs: CRS, labelled: LabelledScene) -> np.ndarray:
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    there = through_wgs84(WorldCoordinates(x, y), crs, labelled.grid.crs)
    return np.column_stack([there.x, there.y])


def test_the_scenes_own_crs_is_usual_unless_it_is_in_degrees() -> None:
    assert usual_choice(UTM) == "scene"
    assert [one.key for one in crs_choices(UTM)] == ["scene", "EPSG:4326"]
    assert chosen_crs("", UTM) == UTM.crs
    assert [one.key for one in crs_choices(DEGREES)] == ["utm", "scene"]
    assert chosen_crs("", DEGREES).to_epsg() == 32633
    assert chosen_crs("scene", DEGREES).to_epsg() == 4326
    assert crs_choices(UTM)[0].meaning == "Metres; opens in QGIS in place."
    state_plane = Grid(CRS.from_epsg(2264), Affine(3, 0, 1_500_000, 0, -3, 600_000), 64, 64)
    assert crs_choices(state_plane)[0].meaning == "US survey feet; opens in QGIS in place."
    assert [one.key for one in crs_choices(state_plane)] == ["scene", "utm", "EPSG:4326"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("EPSG:999999", "is not a CRS"),
        ("my zone", "is not a CRS"),
        ("EPSG:2193", "is not for the place of this scene"),
    ],
)
def test_a_crs_that_cannot_be_is_one_sentence(wanted: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        chosen_crs(wanted, UTM)


def test_near_a_pole_there_is_no_utm_zone() -> None:
    pole = Grid(CRS.from_epsg(3995), Affine(10, 0, 0, 0, -10, 0), 64, 64)
    assert usual_choice(pole) == "scene"
    with pytest.raises(InputError, match="near a pole"):
        chosen_crs("utm", pole)


def test_an_export_in_degrees_is_cut_where_longitudes_end(tmp_path: Path) -> None:
    grid = Grid(CRS.from_epsg(32760), Affine(10, 0, 818_000, 0, -10, 8_118_000), 256, 256)
    scene = labelled_scene(tmp_path)
    crossing = scene.parcels[0]
    t = grid.transform
    box = shapely.box(t.c + 10, t.f - 2000, t.c + 2500, t.f - 100)
    one = LabelledScene(
        [replace(crossing, geometry=box)], grid, np.ones(grid.shape, dtype=np.bool_), scene.source
    )
    folder = export(one, tmp_path / "out", crs=CRS.from_epsg(4326))
    (shape,) = pyogrio.read_dataframe(folder / "parcels.gpkg", layer="parcels").geometry
    west, _, east, _ = shape.bounds
    assert all(part.bounds[2] - part.bounds[0] < 0.1 for part in shape.geoms)
    assert (west, east) == (-180.0, 180.0)


def test_numbers_have_three_decimals_and_the_platforms_table_keeps_its_columns(
    labelled: LabelledScene, tmp_path: Path
) -> None:
    folder = export(labelled, tmp_path / "out")
    package = pyogrio.read_dataframe(folder / "parcels.gpkg", layer="parcels")
    for column in ("area_ha", "perimeter_m", "score"):
        assert (package[column] == package[column].round(3)).all()
    assert "positive_prompts" not in package.columns
    whole = pyarrow.parquet.read_schema(folder / "parcels.parquet").names
    assert [name for name in whole if name not in ("geometry", "bbox")] == [f.name for f in FIELDS]


def test_colours_are_those_of_the_apps_map() -> None:
    source = LOOKS_OF_THE_MAP.read_text(encoding="utf-8")
    found = re.findall(r'(\w+): \{ name: "([^"]+)", color: "(#\w+)", width: ([\d.]+)', source)
    assert [(kind, colour, float(width)) for kind, _, colour, width in found] == [
        (look.kind, look.colour, look.width) for look in LOOKS
    ]
    assert [name for _, name, _, _ in found] == [look.title.lower() for look in LOOKS]


def test_the_style_is_built_as_qgis_builds_one_of_categories() -> None:
    text = qml()
    assert text.startswith("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>")
    root = ET.fromstring(text)
    assert root.tag == "qgis"
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert renderer.get("type") == "categorizedSymbol"
    assert '"status"' in renderer.get("attr", "")
    categories = renderer.findall("categories/category")
    assert {"accepted", "corrected", "changed", "rejected", "auto", "unsure", "other"} == {
        one.get("value") for one in categories
    }
    symbols = {one.get("name"): one for one in renderer.findall("symbols/symbol")}
    for category, look in zip(categories, LOOKS, strict=True):
        assert category.get("render") == "true"
        symbol = symbols[category.get("symbol")]
        assert symbol.get("type") == "fill"
        fill, _, line = symbol.findall("layer")
        assert (fill.get("class"), line.get("class")) == ("SimpleFill", "SimpleLine")
        options = {one.get("name"): one.get("value") for one in line.findall("Option/Option")}
        red, green, blue = (int(look.colour[n : n + 2], 16) for n in (1, 3, 5))
        assert options["line_color"] == f"{red},{green},{blue},255"
        assert (options["use_custom_dash"] == "1") is bool(look.dash)
    assert root.findtext("layerGeometryType") == "2"
    assert len(ET.fromstring(sld()).findall(".//{*}Rule")) == len(LOOKS)


def test_the_style_lies_where_qgis_looks_for_it(labelled: LabelledScene, tmp_path: Path) -> None:
    folder = export(labelled, tmp_path / "out", stem="Farm_41.5N_all")
    assert (folder / "Farm_41.5N_all.qml").read_text("utf-8") == qml()
    for ending in (".geojson", ".parquet", ".shp.zip", ".gpkg", ".fiboa.parquet"):
        assert (folder / f"Farm_41.5N_all{ending}").is_file()
    with zipfile.ZipFile(folder / "Farm_41.5N_all.shp.zip") as archive:
        names = set(archive.namelist())
        assert archive.read("Farm_41_5N_all.qml").decode() == qml()
    assert {f"Farm_41_5N_all.{part}" for part in ("shp", "shx", "dbf", "prj", "cpg")} < names
    with closing(sqlite3.connect(folder / "Farm_41.5N_all.gpkg")) as database:
        (stored,) = database.execute("SELECT styleQML FROM layer_styles").fetchone()
    assert stored == qml()


def test_an_exclamation_mark_in_a_folders_name_is_no_archive(
    labelled: LabelledScene, tmp_path: Path
) -> None:
    folder = export(labelled, tmp_path / "my!farm" / "out!")
    plain = export(labelled, tmp_path / "plain")
    assert {p.name for p in folder.iterdir()} == {p.name for p in plain.iterdir()}
    with zipfile.ZipFile(folder / "parcels.shp.zip") as archive:
        assert archive.testzip() is None
    table = pyogrio.read_dataframe((folder / "parcels.gpkg").read_bytes(), layer="parcels")
    assert len(table) == len(labelled.parcels)
