"""Files that want to read others, to be written elsewhere, or to fill the machine."""

import json
import sqlite3
import struct
import zipfile

import pytest
import shapely

from core.errors import UnreadableLabelsError
from core.existing import unpack
from core.existing.label_files import LIMITS, read_labels
from core.imagery.limited import Limits
from tests.existing.conftest import fields, table, write


@pytest.fixture
def secret(tmp_path, utm):
    """A file that a stranger wants to see."""
    folder = tmp_path / "private"
    folder.mkdir()
    return write(folder / "secret.gpkg", table(utm, fields(), word=["secret", "secret"]))


@pytest.mark.parametrize("name", ["labels.geojson", "labels.shp", "labels.gpkg", "labels.vrt"])
def test_a_vrt_by_any_name(tmp_path, utm, secret, name) -> None:
    path = tmp_path / name
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(UnreadableLabelsError):
        read_labels(path, utm)


def test_a_vrt_inside_a_zip(tmp_path, utm, secret) -> None:
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("labels.shp", f"<OGRVRTDataSource>{secret}</OGRVRTDataSource>")
    with pytest.raises(UnreadableLabelsError):
        read_labels(path, utm)


def test_a_geopackage_that_stands_for_another_file(tmp_path, utm, secret) -> None:
    path = write(tmp_path / "a.gpkg", table(utm, fields(), word=["own", "own"]), layer="own")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES "
            "('table', 'stolen', 'stolen', 0, ?)",
            (f"CREATE VIRTUAL TABLE stolen USING VirtualOGR('{secret}', 0, 'secret')",),
        )
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
            "VALUES ('stolen', 'features', 'stolen', 32633)"
        )
        database.execute(
            "INSERT INTO gpkg_geometry_columns VALUES ('stolen', 'geom', 'POLYGON', 32633, 0, 0)"
        )
    database.close()
    for layer in (None, "stolen"):
        try:
            file = read_labels(path, utm, layer=layer)
        except UnreadableLabelsError:
            continue
        assert "secret" not in json.dumps(file.columns)


def test_names_that_lead_elsewhere_are_only_names(tmp_path, utm) -> None:
    write(tmp_path / "in.shp", table(utm, fields(), word=["a", "b"]))
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for ending in ("shp", "shx", "dbf", "prj", "cpg"):
            archive.write(tmp_path / f"in.{ending}", f"../../../../{tmp_path}/out/evil.{ending}")
    file = read_labels(path, utm)
    assert len(file.shapes) == 2
    assert not (tmp_path / "out").exists()


def test_a_zip_that_unpacks_to_very_much(tmp_path, utm, monkeypatch) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", b"\x00" * 30_000_000)
    monkeypatch.setattr(unpack, "MOST_BYTES", 10_000_000)
    with pytest.raises(UnreadableLabelsError, match="unpacks to more"):
        unpack.unpacked(path, {".shp": "a.shp"}, tmp_path, "bomb.zip")
    # In the process of its own the limit on written files holds as well.
    with pytest.raises(UnreadableLabelsError):
        read_labels(path, utm, limits=Limits(file_bytes=1_000_000))


def test_a_zip_of_very_many_files_and_one_with_a_password(tmp_path, utm) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.shp", b"")
    with pytest.raises(UnreadableLabelsError, match="10,001 files"):
        read_labels(path, utm)


def test_a_million_tiny_features(tmp_path, utm) -> None:
    """Far too many, all on the scene: refused in words, without reading all of them."""
    square = shapely.to_wkb(shapely.box(500_100, 4_999_900, 500_101, 4_999_901))
    path = write(tmp_path / "a.gpkg", table(utm, fields((100, 99, 101, 100))), layer="a")
    blob = b"GP\x00\x01" + struct.pack("<i", 32633) + square
    with sqlite3.connect(path) as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.executemany("INSERT INTO a (geom) VALUES (?)", [(blob,)] * 1_000_000)
        database.execute("DROP TABLE IF EXISTS gpkg_ogr_contents")
    database.close()
    with pytest.raises(UnreadableLabelsError, match="1,000,001 features"):
        read_labels(path, utm)


def test_a_shapefile_that_claims_more_than_it_holds(tmp_path, utm) -> None:
    path = write(tmp_path / "a.shp", table(utm, fields()))
    raw = bytearray(path.read_bytes())
    raw[100 + 8 + 36 : 100 + 8 + 44] = struct.pack("<ii", 1, 2_000_000_000)
    path.write_bytes(raw)
    file = read_labels(path, utm)
    assert (len(file.shapes), file.broken_at) == (1, ("feature 1",))
    path.write_bytes(raw[: 100 + 136])
    with pytest.raises(UnreadableLabelsError, match="damaged"):
        read_labels(path, utm)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp.zip"])
def test_a_file_that_was_cut_short(tmp_path, utm, ending, keep) -> None:
    path = write(tmp_path / f"a.{ending}", table(utm, fields(), word=["a", "b"]))
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(UnreadableLabelsError):
        read_labels(path, utm)


def test_deep_nesting_and_too_little_memory(tmp_path, utm) -> None:
    path = tmp_path / "deep.geojson"
    path.write_text('{"type": ' + "[" * 200_000)
    with pytest.raises(UnreadableLabelsError):
        read_labels(path, utm)
    large = tmp_path / "large.geojson"
    large.write_text('{"type": "FeatureCollection", "features": [' + "[0,0]," * 9_000_000 + "0]}")
    with pytest.raises(UnreadableLabelsError, match="more memory"):
        read_labels(large, utm, limits=Limits(memory_bytes=700 << 20))
    assert LIMITS.cpu_seconds <= 600
