"""A person's labels in files: what QGIS and a training script read back."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Geod
from shapely import MultiPolygon, box

from core.export.columns import FIELDS
from core.export.write_export import ExportOptions, write_export
from core.grid import Grid
from core.label.labelled import LabelledParcel, LabelledScene, LabelSource
from core.parcels.polygons import mask_to_parcels

UTM = CRS.from_epsg(32633)
GRID = Grid(UTM, Affine(10, 0, 500_000, 0, -10, 5_000_000), 48, 40)
ROTATED = Grid(
    UTM, Affine.translation(5e5, 5e6) @ Affine.rotation(30) @ Affine.scale(2, -2), 48, 1100
)
SOURCE = LabelSource("Feld Süd", "scene.tif", "apt_plus", "small", "ESA WorldCover 2021")
WHEN = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=timezone(timedelta(hours=2)))
NAMES = ["parcels.shp.zip", "parcels.gpkg", "parcels.geojson", "mask.tif"]


def parcel(name: str, shape: shapely.Geometry, state: str = "accepted") -> LabelledParcel:
    """A parcel whose shape is given in pixels of the grid."""
    t = GRID.transform
    world = shapely.transform(
        shape, lambda xy: np.column_stack([t.a * xy[:, 0] + t.c, t.e * xy[:, 1] + t.f])
    )
    return LabelledParcel(name, world, 0.8, state, "Zoë", WHEN, "x1_y2")


PARCELS = [
    parcel("F1", box(2, 2, 12, 12) - box(5, 5, 7, 7)),
    parcel("F2", MultiPolygon([box(20, 2, 30, 12), box(32, 2, 34, 4)]), "corrected"),
    LabelledParcel("F3", parcel("", box(2, 20, 12, 30)).geometry, math.nan, "auto", "", None, ""),
    parcel("F4", box(20, 20, 30, 30), "unsure"),
    parcel("F5", box(32, 20, 40, 30), "rejected"),
]


def write_labels(
    parcels: list[LabelledParcel], grid: Grid, reviewed: np.ndarray | None, folder: Path
) -> list[Path]:
    """The files of the usual formats, with all parcels, reviewed or not."""
    known = np.ones(grid.shape, dtype=np.bool_) if reviewed is None else reviewed
    labelled = LabelledScene(parcels, grid, known, SOURCE)
    out = write_export(labelled, folder, ExportOptions(accepted_only=False))
    return [out.folder / name for name in NAMES]


def read_mask(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:  # noqa: TID251
        assert dataset.nodata == 255
        assert dataset.dtypes == ("uint8",)
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.tags()["scene"] == "Feld Süd"
        values: np.ndarray = dataset.read(1)
        return values


def test_every_format_holds_the_same_parcels(tmp_path: Path) -> None:
    files = write_labels(PARCELS, GRID, None, tmp_path / "labels")
    shapefile = pyogrio.read_dataframe(f"/vsizip/{files[0]}")
    # Nothing was said of these: a column that would be empty throughout is left out.
    there = [f for f in FIELDS if f.name not in ("reason", "positive_prompts", "negative_prompts")]
    assert list(shapefile.columns) == [f.short for f in there] + ["geometry"]
    package = pyogrio.read_dataframe(files[1], layer="parcels")
    assert list(package.columns) == [f.name for f in there] + ["geometry"]
    assert set(pyogrio.read_info(files[2])["fields"]) == {f.name for f in there}
    lonlat = pyogrio.read_dataframe(files[2]).to_crs(UTM)
    for table in (shapefile, package, lonlat):
        assert list(table["field_id"]) == ["F1", "F2", "F3", "F4", "F5"]
        assert list(table["status"]) == ["accepted", "corrected", "auto", "unsure", "rejected"]
        assert list(table["tile"].fillna("")) == ["x1_y2", "x1_y2", "", "x1_y2", "x1_y2"]
        assert list(table["reviewer"].fillna(""))[:3] == ["Zoë", "Zoë", ""]
        assert table["score"][0] == 0.8
        assert table["score"].isna().tolist() == [False, False, True, False, False]
        for read, written in zip(table.geometry, PARCELS, strict=True):
            assert shapely.symmetric_difference(read, written.geometry).area < 1
    assert package.crs == UTM


def test_dates_are_text_in_utc(tmp_path: Path) -> None:
    naive = LabelledParcel(
        "N", PARCELS[0].geometry, 0.5, "accepted", "A", datetime(2026, 1, 2), "t"
    )
    late = LabelledParcel(
        "L", PARCELS[2].geometry, 0.5, "accepted", "A", datetime(2026, 1, 2, tzinfo=UTC), "t"
    )
    files = write_labels([PARCELS[1], naive, late], GRID, None, tmp_path)
    expected = ["2026-03-04T03:06:07Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"]
    assert list(pyogrio.read_dataframe(f"/vsizip/{files[0]}")["rev_date"]) == expected
    info = pyogrio.read_info(f"/vsizip/{files[0]}")
    assert dict(zip(info["fields"], info["dtypes"], strict=True))["rev_date"] == "object"
    with closing(sqlite3.connect(files[1])) as database:
        kinds = {row[1]: row[2] for row in database.execute("PRAGMA table_info(parcels)")}
    assert kinds["review_date"].startswith("TEXT")


def test_a_geopackage_layer_has_one_type(tmp_path: Path) -> None:
    files = write_labels(PARCELS, GRID, None, tmp_path / "several")
    assert pyogrio.read_info(files[1], layer="parcels")["geometry_type"] == "MultiPolygon"
    assert set(pyogrio.read_dataframe(files[1], layer="parcels").geom_type) == {"MultiPolygon"}
    files = write_labels(PARCELS[:1], GRID, None, tmp_path / "one")
    assert pyogrio.read_info(files[1], layer="parcels")["geometry_type"] == "Polygon"
    with closing(sqlite3.connect(files[1])) as database:
        assert database.execute("SELECT f_table_name FROM layer_styles").fetchall() == [
            ("parcels",)
        ]
        facts = dict(database.execute("SELECT key, value FROM provenance").fetchall())
    assert facts["scene"] == "Feld Süd"
    assert facts["strategy"] == "apt_plus"


def test_areas_are_geodesic(tmp_path: Path) -> None:
    files = write_labels(PARCELS, GRID, None, tmp_path)
    table = pyogrio.read_dataframe(files[1], layer="parcels")
    lonlat = pyogrio.read_dataframe(files[2])
    areas = [abs(Geod(ellps="WGS84").geometry_area_perimeter(g)[0]) for g in lonlat.geometry]
    np.testing.assert_allclose(table["area_ha"], np.array(areas) / 1e4, atol=0.00055)


def test_the_mask_says_cropland_not_and_unknown(tmp_path: Path) -> None:
    reviewed = np.ones(GRID.shape, dtype=np.bool_)
    reviewed[:, 34:] = False
    reviewed[8:, :8] = False
    files = write_labels(PARCELS, GRID, reviewed, tmp_path)
    expected = np.zeros(GRID.shape, dtype=np.uint8)
    expected[2:12, 2:12] = 1
    expected[5:7, 5:7] = 0
    expected[2:12, 20:30] = 1
    expected[2:4, 32:34] = 1
    expected[20:30, 2:12] = 1
    expected[20:30, 20:30] = 255
    expected[20:30, 32:40] = 255
    np.testing.assert_array_equal(
        read_mask(files[3]), np.where(reviewed, expected, 255).astype(np.uint8)
    )
    everywhere = write_labels(PARCELS, GRID, None, tmp_path)
    np.testing.assert_array_equal(read_mask(everywhere[3]), expected)


def test_a_mask_of_many_bands_on_a_rotated_grid_comes_back_exactly(tmp_path: Path) -> None:
    mask = np.random.default_rng(3).random(ROTATED.shape) > 0.6
    frame = mask_to_parcels(mask, ROTATED)
    parcels = [
        LabelledParcel(name, shape, 0.5, "auto", "", None, "")
        for name, shape in zip(frame["field_id"], frame.geometry, strict=True)
    ]
    files = write_labels(parcels, ROTATED, None, tmp_path)
    np.testing.assert_array_equal(read_mask(files[3]), mask.astype(np.uint8))
    with rasterio.open(files[3]) as dataset:  # noqa: TID251
        assert dataset.transform.almost_equals(ROTATED.transform)


def test_no_parcels_are_valid_files(tmp_path: Path) -> None:
    reviewed = np.zeros(GRID.shape, dtype=np.bool_)
    reviewed[:10] = True
    files = write_labels([], GRID, reviewed, tmp_path)
    assert len(pyogrio.read_dataframe(f"/vsizip/{files[0]}")) == 0
    info = pyogrio.read_info(files[1], layer="parcels")
    assert list(info["fields"]) == [f.name for f in FIELDS]
    assert info["geometry_type"] == "Polygon"
    kinds = dict(zip(info["fields"], info["dtypes"], strict=True))
    assert kinds["area_ha"] == kinds["score"] == "float64"
    assert kinds["reviewer"] == kinds["field_id"] == "object"
    assert json.loads(files[2].read_text())["features"] == []
    np.testing.assert_array_equal(read_mask(files[3]), np.where(reviewed, 0, 255))
