"""GeoJSON as programs write it: encodings, a feature a line, open rings, all names of a CRS."""

import codecs
import json

import pytest
import shapely
from pyproj import CRS

from core.errors import UnreadableLabelsError
from core.existing.geojson import read_geojson
from core.existing.stated_crs import crs_of_member
from tests.existing.conftest import fields, grid_of, on, read_here

UTM = 32633


def square(closed: bool = True) -> dict:
    ring = [[15.2, 45.0], [15.201, 45.0], [15.201, 45.001], [15.2, 45.001], [15.2, 45.0]]
    return {"type": "Polygon", "coordinates": [ring if closed else ring[:-1]]}


def collection(*geometries, crop="Rüben Öl") -> str:
    features = [
        {"type": "Feature", "properties": {"crop": crop}, "geometry": g} for g in geometries
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


@pytest.mark.parametrize(
    "raw",
    [
        collection(square()).encode(),
        codecs.BOM_UTF8 + collection(square()).encode(),
        collection(square()).encode("latin-1"),
        collection(square()).encode("utf-16"),
        collection(square()).encode("utf-16-le"),
        codecs.BOM_UTF16_BE + collection(square()).encode("utf-16-be"),
        collection(square()).encode("utf-16-be"),
    ],
)
def test_encodings(tmp_path, raw) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(raw)
    file = read_here(path, grid_of("geographic"))
    assert (len(file.shapes), file.columns["crop"]) == (1, ["Rüben Öl"])
    assert bool(file.notes) == (raw == collection(square()).encode("latin-1"))


@pytest.mark.parametrize(("before", "after"), [("", "\n"), ("\x1e", "\n"), ("", "\r\n\r\n")])
@pytest.mark.parametrize("name", ["a.geojsonl", "a.geojson"])
def test_a_feature_a_line(tmp_path, before, after, name) -> None:
    line = json.dumps({"type": "Feature", "properties": {"n": 1}, "geometry": square()})
    path = tmp_path / name
    path.write_text((before + line + after) * 3, newline="")
    features = read_geojson(path, name, 10)
    assert (features.total, features.columns["n"]) == (3, [1, 1, 1])
    assert features.crs == CRS.from_epsg(4326)
    bare = tmp_path / "b.ndjson"
    bare.write_text("\n".join(json.dumps(square()) for _ in range(2)))
    assert read_geojson(bare, "b", 10).total == 2


def test_a_collection_that_is_cut_short_is_no_file_of_lines(tmp_path) -> None:
    rows = collection(square(), square(), square()).replace(
        '{"type": "Feature",', '\n{"type": "Feature",'
    )
    path = tmp_path / "a.geojson"
    path.write_text(rows[:-60])
    with pytest.raises(UnreadableLabelsError, match="cut short"):
        read_geojson(path, "a", 10)


def test_open_rings_are_closed(tmp_path) -> None:
    several = {"type": "MultiPolygon", "coordinates": [square(False)["coordinates"]]}
    nested = {"type": "GeometryCollection", "geometries": [square(False)]}
    path = tmp_path / "a.geojson"
    path.write_text(collection(square(), square(False), several, nested))
    file = read_here(path, grid_of("geographic"))
    assert (len(file.shapes), file.skipped.broken) == (4, 0)
    for shape in file.shapes:
        assert shape.symmetric_difference(shapely.geometry.shape(square())).area < 1e-15


PROJ = "+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs"


@pytest.mark.parametrize(
    "member",
    [
        "EPSG:32633",
        "epsg:32633",
        32633,
        {"type": "name", "properties": {"name": "EPSG:32633"}},
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}},
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG:6.9:32633"}},
        {"type": "name", "properties": {"name": "urn:x-ogc:def:crs:EPSG:32633"}},
        {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/32633"}},
        {"type": "name", "properties": {"name": "https://www.opengis.net/def/crs/EPSG/0/32633"}},
        {"type": "name", "properties": {"name": "http://www.opengis.net/gml/srs/epsg.xml#32633"}},
        {"type": "name", "properties": {"name": PROJ}},
        {"type": "name", "properties": {"name": CRS.from_epsg(UTM).to_wkt()}},
        {"type": "name", "properties": {"name": "+init=epsg:32633"}},
        {"type": "EPSG", "properties": {"code": 32633}},
        {"type": "EPSG", "properties": {"code": "32633", "coordinate_order": [1, 0]}},
        {"type": "proj4", "properties": {"proj4": PROJ}},
        {
            "type": "link",
            "properties": {"href": "http://spatialreference.org/ref/epsg/32633/proj4/"},
        },
        {"type": "link", "properties": {"href": "https://epsg.io/32633.wkt"}},
        {"properties": {"name": "EPSG:32633"}},
        CRS.from_epsg(UTM).to_json_dict(),
    ],
)
def test_every_way_to_name_a_crs(tmp_path, utm, member) -> None:
    found = crs_of_member(member)
    assert found is not None
    assert found.to_epsg() == UTM
    geometry = {
        "type": "Polygon",
        "coordinates": [shapely.get_coordinates(on(utm, fields())[0]).tolist()],
    }
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "Feature", "crs": member, "geometry": geometry}))
    assert read_geojson(path, "a", 10).crs.to_epsg() == UTM


@pytest.mark.parametrize(
    "name",
    [
        "CRS84",
        "OGC:CRS84",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "WGS84",
        "EPSG:4326",
    ],
)
def test_names_of_wgs84(name) -> None:
    found = crs_of_member({"type": "name", "properties": {"name": name}})
    assert found.is_geographic


@pytest.mark.parametrize(
    "member",
    [
        None,
        True,
        [],
        {},
        "",
        "no CRS at all",
        "EPSG:999999",
        {"type": "link", "properties": {"href": "http://127.0.0.1:9/crs"}},
        {"type": "link", "properties": {"href": "file:///etc/passwd"}},
        {"type": "name", "properties": {"name": "+proj=utm +zone=33 +nadgrids=/etc/passwd"}},
        {"type": "name", "properties": {"name": "+proj=pipeline +step +proj=utm +zone=33"}},
        {"type": "name", "properties": None},
    ],
)
def test_what_names_none(member) -> None:
    assert crs_of_member(member) is None


def test_a_crs_that_stands_in_the_geometry_or_by_its_newer_name(tmp_path, utm) -> None:
    ring = shapely.get_coordinates(on(utm, fields())[0]).tolist()
    geometry = {"type": "Polygon", "coordinates": [ring]}
    for document in (
        {
            "type": "Feature",
            "geometry": {**geometry, "crs": {"type": "EPSG", "properties": {"code": UTM}}},
        },
        {
            "type": "Feature",
            "geometry": geometry,
            "coordRefSys": "http://www.opengis.net/def/crs/EPSG/0/32633",
        },
    ):
        path = tmp_path / "a.json"
        path.write_text(json.dumps(document))
        assert read_geojson(path, "a", 10).crs.to_epsg() == UTM
