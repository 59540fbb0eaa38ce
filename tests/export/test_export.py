import json
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS

from core.errors import DiskFullError, OutputError
from core.export.columns import FIELDS, TableColumn, cut_text
from core.export.parcel_table import parcels_table
from core.export.table_pages import TablePages
from core.export.vector import write_geojson, write_geopackage, write_shapefile_zip
from core.files import prepare_folder, replacing
from core.grid import Grid, Window
from core.imagery.write_raster import write_mask, write_probability
from core.label.labelled import LabelledParcel, LabelSource
from core.parcels.polygons import mask_to_parcels

GRID = Grid(CRS.from_epsg(32633), Affine(10, 0, 500_000, 0, -10, 5e6), 48, 40)
AWKWARD = 'Große Wiese "Süd" 大田 O\'Neill, 50 %; ' + "é" * 200


def parcels(image_source: str = "scene.tif") -> geopandas.GeoDataFrame:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[2:20, 3:30] = True
    mask[5:9, 5:9] = False
    mask[30:38, 30:45] = True
    frame = mask_to_parcels(mask, GRID, np.full(GRID.shape, 0.75, dtype=np.float32))
    counts = zip([3, 0], [0, 1], strict=True)
    found = [
        LabelledParcel(
            name, shape, 0.75, "auto", "", None, "x1_y1",
            positive_prompts=positive, negative_prompts=negative,
        )
        for name, shape, (positive, negative) in zip(
            frame["field_id"], frame.geometry, counts, strict=True
        )
    ]  # fmt: skip
    source = LabelSource("scene", image_source, "classifier", "none", "WorldCover")
    return parcels_table(found, GRID.crs, source)


def there() -> list[TableColumn]:
    """The columns in files: nobody said anything of these parcels."""
    return [one for one in FIELDS if one.name not in ("reason", "reviewer", "review_date")]


def test_short_names_fit_and_are_unique() -> None:
    short = [field.short for field in FIELDS]
    assert all(len(name) <= 10 and name.isascii() for name in short)
    assert len(set(short)) == len(short)


def test_text_is_cut_between_characters() -> None:
    assert cut_text("abc") == "abc"
    cut = cut_text(AWKWARD)
    assert len(cut.encode()) in (253, 254)
    assert AWKWARD.startswith(cut)


def test_a_shapefile_keeps_awkward_text_geometry_and_names(tmp_path) -> None:
    frame = parcels(AWKWARD)
    write_shapefile_zip(tmp_path / "p.shp.zip", TablePages.of(frame))
    with zipfile.ZipFile(tmp_path / "p.shp.zip") as archive:
        names = {name.rsplit(".", maxsplit=1)[-1] for name in archive.namelist()}
        assert names == {"shp", "shx", "dbf", "prj", "cpg", "txt", "qml"}
        assert archive.read("p.cpg").strip().upper() == b"UTF-8"
        assert b"perim_m\tperimeter_m\t" in archive.read("fields.txt")
    back = pyogrio.read_dataframe(f"/vsizip/{tmp_path}/p.shp.zip")
    assert list(back.columns) == [f.short for f in there()] + ["geometry"]
    assert back["img_src"][0] == cut_text(AWKWARD)
    assert back["n_pos"].tolist() == [3, 0]
    assert CRS.from_user_input(back.crs) == GRID.crs
    for one, other in zip(frame.geometry, back.geometry, strict=True):
        assert one.equals(other)


def test_a_geopackage_carries_style_and_provenance(tmp_path) -> None:
    write_geopackage(tmp_path / "p.gpkg", TablePages.of(parcels(AWKWARD)), {"model": "none"})
    back = pyogrio.read_dataframe(tmp_path / "p.gpkg", layer="parcels")
    assert list(back.columns) == [f.name for f in there()] + ["geometry"]
    assert back["image_source"][0] == AWKWARD
    with closing(sqlite3.connect(tmp_path / "p.gpkg")) as database:
        style = database.execute("SELECT f_table_name, useAsDefault FROM layer_styles").fetchall()
        assert style == [("parcels", 1)]
        rows = database.execute("SELECT key, value FROM provenance").fetchall()
        assert rows == [("model", "none")]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_geojson_follows_rfc_7946(tmp_path) -> None:
    write_geojson(tmp_path / "p.geojson", TablePages.of(parcels()))
    data = json.loads((tmp_path / "p.geojson").read_text())
    assert "crs" not in data
    for feature in data["features"]:
        shell, *holes = feature["geometry"]["coordinates"]
        assert shapely.LinearRing(shell).is_ccw
        assert not any(shapely.LinearRing(hole).is_ccw for hole in holes)
        assert all(14.9 < x < 15.1 and 45.1 < y < 45.2 for x, y in shell)


def test_no_parcels_are_valid_files(tmp_path) -> None:
    none = parcels()[:0]
    write_shapefile_zip(tmp_path / "p.shp.zip", TablePages.of(none))
    write_geopackage(tmp_path / "p.gpkg", TablePages.of(none), {})
    write_geojson(tmp_path / "p.geojson", TablePages.of(none))
    assert len(pyogrio.read_dataframe(f"/vsizip/{tmp_path}/p.shp.zip")) == 0
    info = pyogrio.read_info(tmp_path / "p.gpkg", layer="parcels")
    assert info["geometry_type"] == "Polygon"
    assert json.loads((tmp_path / "p.geojson").read_text())["features"] == []


def bands(values: np.ndarray):
    for row in range(0, len(values), 16):
        part = values[row : row + 16]
        yield Window(0, row, values.shape[1], len(part)), part


def test_rasters_are_cogs_on_the_scenes_own_grid(tmp_path) -> None:
    values = np.random.default_rng(0).random(GRID.shape).astype(np.float32)
    values[:4] = np.nan
    native = Grid(GRID.crs, GRID.transform @ Affine.scale(0.1), 480, 400)
    write_probability(tmp_path / "p.tif", bands(values), GRID, native, {"key": "value"})
    codes = np.where(np.isnan(values), 255, values > 0.5).astype(np.uint8)
    write_mask(tmp_path / "m.tif", bands(codes), GRID, native, {})
    with (
        rasterio.open(tmp_path / "p.tif") as probability,  # noqa: TID251
        rasterio.open(tmp_path / "m.tif") as mask,  # noqa: TID251
    ):
        assert probability.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert probability.tags()["key"] == "value"
        assert probability.shape == (400, 480)
        assert np.isnan(probability.read(1)[:39]).all()
        np.testing.assert_array_equal(mask.read(1), np.kron(codes, np.ones((10, 10), np.uint8)))
        assert mask.colormap(1)[1] == (230, 159, 0, 255)
        assert mask.nodata == 255


def test_what_was_there_stays_whole_until_the_new_file_is(tmp_path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(target) as aside:  # noqa: PT012
        aside.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    with replacing(target) as aside:
        aside.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_device_that_is_full_is_a_full_disk(tmp_path) -> None:
    with (
        pytest.raises(DiskFullError, match=r"a\.txt"),
        replacing(tmp_path / "a.txt"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        prepare_folder(tmp_path / "out")
