"""Files of polygons that lie nowhere, or name their CRS in the short way."""

import json
import os
import sqlite3
from contextlib import closing

import geopandas
import numpy as np
import pyarrow
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from pyproj import CRS

from core.errors import UnreadableLabelsError
from core.existing.attribute_texts import StatedTexts
from core.existing.geometry import cleaned
from core.existing.geoparquet_labels import read_geoparquet
from core.existing.label_files import read_labels
from core.existing.vector_formats import area_layers, read_layer
from core.imagery.scene import open_scene
from core.parcels.polygons import geodesic_areas_m2
from tests.rasters import write_raster


@pytest.fixture
def grid(tmp_path):
    return open_scene(write_raster(tmp_path / "s.tif", np.full((3, 40, 48), 9, np.uint8))).grid


def geojson(path, side: float, crs: str):
    box = shapely.box(500_000 - side, 5_000_000 - side, 500_000 + side, 5_000_000 + side)
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(box)}
    member = {"type": "name", "properties": {"name": crs}}
    whole = {"type": "FeatureCollection", "crs": member, "features": [feature]}
    path.write_text(json.dumps(whole))
    return path


@pytest.mark.parametrize(
    "name", ["EPSG:32633", "urn:ogc:def:crs:EPSG::32633", "urn:ogc:def:crs:EPSG:9.8:32633"]
)
def test_a_crs_by_its_code(tmp_path, grid, name) -> None:
    file = read_labels(geojson(tmp_path / "a.geojson", 100, name), grid)
    assert file.crs == CRS.from_epsg(32633)


def test_a_square_larger_than_the_earth(tmp_path, grid) -> None:
    # It is the only record, and one that cannot be read: nothing is left of the file.
    with pytest.raises(UnreadableLabelsError, match="cannot be read"):
        read_labels(geojson(tmp_path / "a.geojson", 1e11, "EPSG:32633"), grid)
    large = np.array([shapely.box(-1e11, -1e11, 1e11, 1e11)], dtype=object)
    assert len(cleaned(large).shapes) == 0
    geodesic_areas_m2(large, grid.crs)  # ends, and in little memory


def test_a_parquet_of_one_value_that_unpacks_to_much(tmp_path, monkeypatch) -> None:
    """In the process with limits 18 kB took 2 GB."""
    monkeypatch.setattr("core.existing.geoparquet_labels._MOST_UNPACKED", 1_000_000)
    table = pyarrow.table({"geometry": pyarrow.array([bytes(50_000_000)], pyarrow.binary())})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(UnreadableLabelsError, match=r"unpacks to 0\.1 GB at once"):
        read_geoparquet(tmp_path / "a.parquet", "a.parquet", lambda _: None, 10)


def test_a_flatgeobuf_that_claims_more_than_its_bytes(tmp_path, grid) -> None:
    file = tmp_path / "a.fgb"
    frame = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=grid.crs)
    pyogrio.write_dataframe(frame, file, driver="FlatGeobuf")
    raw = bytearray(file.read_bytes())
    raw[8:12] = (0x7FFFFFFF).to_bytes(4, "little")
    file.write_bytes(raw)
    with pytest.raises(UnreadableLabelsError, match="cannot be read"):
        read_layer(file, None, file.name, lambda _: None, 10, StatedTexts())


_ENDLESS = """
ALTER TABLE {name} RENAME TO q;
CREATE VIEW {name} AS
WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT q.* FROM r, q;
"""


@pytest.mark.parametrize("name", ["p", "gpkg_contents"])
def test_a_geopackage_whose_layer_is_computed_without_end(tmp_path, grid, name) -> None:
    file = tmp_path / "a.gpkg"
    frame = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=grid.crs)
    pyogrio.write_dataframe(frame, file, driver="GPKG", layer="p", SPATIAL_INDEX="NO")
    assert area_layers(file, file.name) == ["p"]
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript("PRAGMA legacy_alter_table=ON;" + _ENDLESS.format(name=name))
    with pytest.raises(UnreadableLabelsError, match=f"The layer {name} of a.gpkg is a view"):
        area_layers(file, file.name)


def test_a_pipe_by_the_name_of_labels(tmp_path, grid) -> None:
    os.mkfifo(tmp_path / "a.geojson")
    with pytest.raises(UnreadableLabelsError, match="a device or a pipe"):
        read_labels(tmp_path / "a.geojson", grid)
