"""One bad record is left out, counted and named; the others stay."""

import json
import sqlite3
import struct

import pyarrow
import pyarrow.parquet
import pytest
import shapely

from core.errors import UnreadableLabelsError
from tests.existing.conftest import fields, grid_of, on, read_here, table, write

THREE = ((20, 20, 120, 90), (150, 30, 260, 200), (20, 120, 90, 190))
_RECORD = 136
"""Bytes of a rectangle's record in a .shp, its header included."""


def shp(tmp_path, utm):
    return write(tmp_path / "a.shp", table(utm, fields(*THREE), n=[1, 2, 3]))


@pytest.mark.parametrize(("offset", "value"), [(8, 99), (8 + 40, 2_000_000_000)])
@pytest.mark.parametrize("index", [True, False])
def test_a_record_of_a_shapefile(tmp_path, utm, offset, value, index) -> None:
    path = shp(tmp_path, utm)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<i", raw, 100 + _RECORD + offset, value)
    path.write_bytes(raw)
    if not index:
        path.with_suffix(".shx").unlink()
    file = read_here(path, utm)
    assert file.columns["n"] == [1, 3]
    assert (file.features, file.skipped.broken, file.skipped.empty) == (3, 1, 0)
    assert file.broken_words == "1 that cannot be read (feature 2)"


def test_a_null_shape_is_empty_and_not_damaged(tmp_path, utm) -> None:
    parcels = table(utm, fields(*THREE), n=[1, 2, 3])
    parcels.loc[1, "geometry"] = None
    file = read_here(write(tmp_path / "a.shp", parcels), utm)
    assert (file.skipped.empty, file.broken_words) == (1, "")


def test_a_shapefile_that_is_cut_short(tmp_path, utm) -> None:
    path = shp(tmp_path, utm)
    path.write_bytes(path.read_bytes()[:-30])
    file = read_here(path, utm)
    assert (file.columns["n"], file.broken_at) == ([1, 2], ("feature 3",))


@pytest.mark.parametrize(("keep", "known"), [(20, None), (60, None), (0.9, [1, 2, None])])
def test_a_table_that_is_cut_short_takes_no_geometry_with_it(tmp_path, utm, keep, known) -> None:
    path = shp(tmp_path, utm)
    raw = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(raw[: keep if keep > 1 else len(raw) - 5])
    file = read_here(path, utm)
    assert len(file.shapes) == 3
    assert file.columns.get("n") == known
    assert any("table of attributes" in note for note in file.notes)
    # The person's own file is as it was.
    assert len(path.with_suffix(".dbf").read_bytes()) < len(raw)


def test_a_row_of_a_geopackage(tmp_path, utm) -> None:
    path = write(tmp_path / "a.gpkg", table(utm, fields(*THREE), n=[1, 2, 3]), layer="x")
    with sqlite3.connect(path) as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE x SET geom = ? WHERE n = 2", (b"GP not a geometry",))
    database.close()
    file = read_here(path, utm)
    assert file.columns["n"] == [1, 3]
    assert file.skipped.broken + file.skipped.empty == 1


def test_a_flatgeobuf_that_is_cut_short(tmp_path, utm) -> None:
    path = write(tmp_path / "a.fgb", table(utm, fields(*THREE), n=[1, 2, 3]))
    path.write_bytes(path.read_bytes()[:-20])
    file = read_here(path, utm)
    assert (len(file.shapes), file.skipped.broken, file.broken_at) == (2, 1, ("feature 3",))


def outline(utm, box) -> list:
    return shapely.get_coordinates(on(utm, fields(box))[0]).tolist()


def feature(ring, **properties) -> dict:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


@pytest.mark.parametrize("bad", [[[0, 0], [1, "x"], [2, 2]], [], [[0, 0]], "text", None, 7])
def test_a_feature_of_a_geojson(tmp_path, utm, bad) -> None:
    good = [feature(outline(utm, box), n=n) for n, box in enumerate(THREE)]
    features = [good[0], feature(bad, n="bad") if bad is not None else None, *good[1:]]
    crs = {"type": "name", "properties": {"name": "EPSG:32633"}}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    file = read_here(path, utm)
    assert file.columns["n"] == [0, 1, 2]
    assert file.skipped.broken + file.skipped.empty == 1
    if bad != []:
        assert file.broken_at == ("feature 2",)


def test_a_line_that_is_no_json(tmp_path) -> None:
    lines = [
        json.dumps(feature([[15, 45], [15.1, 45], [15.1, 45.1], [15, 45]], n=n)) for n in range(3)
    ]
    path = tmp_path / "a.geojsonl"
    path.write_text("\n".join([lines[0], '{"type": "Feature", "geom', "", *lines[1:]]))

    file = read_here(path, grid_of("geographic"))
    assert (file.columns["n"], file.broken_at) == ([0, 1, 2], ("line 2",))


def test_a_row_of_a_geoparquet(tmp_path, utm) -> None:
    parcels = table(utm, fields(*THREE), n=[1, 2, 3])
    path = tmp_path / "a.parquet"
    parcels.to_parquet(path)
    whole = pyarrow.parquet.read_table(path)
    blocks = whole.column("geometry").to_pylist()
    blocks[1] = b"\x01\x06\x00\x00\x00not a geometry"
    place = whole.schema.get_field_index("geometry")
    pyarrow.parquet.write_table(
        whole.set_column(place, "geometry", [blocks]).replace_schema_metadata(
            whole.schema.metadata
        ),
        path,
    )
    file = read_here(path, utm)
    assert (file.columns["n"], file.broken_at) == ([1, 3], ("feature 2",))


def test_where_nothing_can_be_read_the_file_is_refused(tmp_path, utm) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(feature([[0, 0]])))
    with pytest.raises(UnreadableLabelsError, match="damaged"):
        read_here(path, utm)
