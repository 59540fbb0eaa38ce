"""Parcels that are written page by page are the files of the whole table."""

from __future__ import annotations

import json
import zipfile

import geopandas
import pyarrow.parquet
import pyogrio
from geopandas.testing import assert_geodataframe_equal

from core.export import table_pages, vector
from core.export.card import CARD_JSON
from core.export.write_export import ExportOptions, write_export
from tests.export.labelled import labelled_scene

FORMATS = ("shapefile", "geopackage", "geojson", "geoparquet", "fiboa")


def test_pages_of_a_table_are_the_files_of_the_whole_table(tmp_path, monkeypatch) -> None:
    labelled = labelled_scene(tmp_path)
    options = ExportOptions(FORMATS, accepted_only=False)
    write_export(labelled, tmp_path / "whole", options)
    monkeypatch.setattr(table_pages, "ROWS", 3)
    assert len(labelled.parcels) > 9
    write_export(labelled, tmp_path / "paged", options)
    for name in ("parcels.gpkg", "parcels.geojson", "parcels.shp.zip"):
        whole, paged = (pyogrio.read_dataframe(tmp_path / one / name) for one in ("whole", "paged"))
        assert_geodataframe_equal(whole, paged)
    for name in ("parcels.parquet", "fields.fiboa.parquet"):
        files = [tmp_path / one / name for one in ("whole", "paged")]
        assert_geodataframe_equal(*map(geopandas.read_parquet, files))
        whole, paged = (pyarrow.parquet.read_schema(one).metadata[b"geo"] for one in files)
        assert json.loads(whole) == json.loads(paged)
    cards = [json.loads((tmp_path / one / CARD_JSON).read_text()) for one in ("whole", "paged")]
    assert cards[0]["parcels"] == cards[1]["parcels"]
    assert not list(tmp_path.rglob("*.feather"))


def test_a_shapefile_that_would_be_too_large_is_split_and_says_so(tmp_path, monkeypatch) -> None:
    labelled = labelled_scene(tmp_path)
    monkeypatch.setattr(table_pages, "ROWS", 3)
    monkeypatch.setattr(vector, "_SHAPEFILE_LIMIT", 12_000)
    options = ExportOptions(("shapefile",), accepted_only=False, stem="farm 1.5N")
    written = write_export(labelled, tmp_path / "out", options)
    zipped = tmp_path / "out" / "farm 1.5N.shp.zip"
    with zipfile.ZipFile(zipped) as archive:
        shapes = sorted(name for name in archive.namelist() if name.endswith(".shp"))
        sizes = [i.file_size for i in archive.infolist() if i.filename.endswith((".shp", ".dbf"))]
    assert len(shapes) > 2
    assert shapes == [f"farm_1_5N_{number}.shp" for number in range(1, len(shapes) + 1)]
    assert max(sizes) <= 12_000
    layers = [pyogrio.read_dataframe(f"/vsizip/{zipped}/{name}") for name in shapes]
    assert sum(map(len, layers)) == len(labelled.parcels)
    assert [n for n in written.notes if f"holds {len(shapes)} shapefiles" in n and "2 GB" in n]
