"""GeoParquet, FlatGeobuf, KML, GML and zips of anything, each without leading elsewhere."""

import zipfile

import geopandas
import pyarrow
import pyarrow.parquet
import pytest
import shapely
from pyproj import CRS

from core.errors import UnreadableLabelsError
from core.existing import handover
from core.existing.label_files import read_labels
from core.existing.questions import LayerQuestionError
from core.existing.safe_xml import read_xml, write_without_references
from tests.existing.conftest import fields, grid_of, read_here, table, write

WGS84 = CRS.from_epsg(4326)

AS_WRITTEN = {"gml": {}, "fgb": {"SPATIAL_INDEX": "NO"}}
"""Options without which FlatGeobuf sorts the features by place."""


def in_degrees(grid, **columns):
    return table(grid, fields(), **columns).to_crs(WGS84)


def kml(*placemarks: str, folder: str = "<name>2020</name>") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document><Folder>{folder}{''.join(placemarks)}</Folder></Document></kml>"
    )


def placemark(shape: shapely.Geometry, *, close: bool = True, more: str = "") -> str:
    def ring(line) -> str:
        points = shapely.get_coordinates(line)[: None if close else -1]
        places = " ".join(f"{x!r},{y!r},0" for x, y in points.tolist())
        return f"<LinearRing><coordinates>{places}</coordinates></LinearRing>"

    inner = "".join(f"<innerBoundaryIs>{ring(hole)}</innerBoundaryIs>" for hole in shape.interiors)
    outer = f"<outerBoundaryIs>{ring(shape.exterior)}</outerBoundaryIs>"
    return (
        f"<Placemark><name>Acker &amp; Öl</name>{more}<Polygon>{outer}{inner}</Polygon></Placemark>"
    )


@pytest.mark.parametrize("ending", ["parquet", "fgb", "kml", "gml"])
def test_in_the_limited_process(tmp_path, utm, ending) -> None:
    path = tmp_path / f"a.{ending}"
    parcels = in_degrees(utm, crop=["Weizen äöü", "小麦"])
    if ending == "parquet":
        parcels.to_parquet(path)
    elif ending == "kml":
        names = [
            f"<ExtendedData><Data name='crop'><value>{n}</value></Data></ExtendedData>"
            for n in parcels["crop"]
        ]
        path.write_text(
            kml(*[placemark(s, more=n) for s, n in zip(parcels.geometry, names, strict=True)]),
            "utf-8",
        )
    else:
        write(path, parcels, **AS_WRITTEN[ending])
    file = read_labels(path, utm)
    assert file.kind == {"parquet": "geoparquet", "fgb": "flatgeobuf"}.get(ending, ending)
    assert file.columns["crop"] == ["Weizen äöü", "小麦"]
    assert file.crs.equals(WGS84, ignore_axis_order=True)
    for got, sent in zip(file.shapes, parcels.geometry, strict=True):
        assert got.symmetric_difference(sent).area < 1e-6 * sent.area


@pytest.mark.parametrize("ending", ["parquet", "fgb", "gml"])
def test_a_projected_crs(tmp_path, utm, ending) -> None:
    path = tmp_path / f"a.{ending}"
    parcels = table(utm, fields(), n=[1, 2])
    if ending == "parquet":
        parcels.to_parquet(path)
    else:
        write(path, parcels, **AS_WRITTEN[ending])
    file = read_here(path, utm)
    assert (file.crs.to_epsg(), file.columns["n"]) == (32633, [1, 2])
    assert file.shapes[0].hausdorff_distance(parcels.geometry[0]) < 1e-6


def test_a_geoparquet_and_its_crs(tmp_path, utm) -> None:
    path = tmp_path / "a.parquet"
    in_degrees(utm, n=[1, 2]).to_parquet(path)
    whole = pyarrow.parquet.read_table(path)
    for stated, crs in (
        (b'{"columns":{"geometry":{"encoding":"WKB"}}}', "OGC:CRS84"),
        (b'{"columns":{"geometry":{"encoding":"WKB","crs":null}}}', None),
        (b"{}", None),
    ):
        pyarrow.parquet.write_table(whole.replace_schema_metadata({b"geo": stated}), path)
        found = read_here(path, utm).crs
        assert found == (CRS.from_user_input(crs) if crs else None)
    pyarrow.parquet.write_table(whole.drop_columns("geometry"), path)
    with pytest.raises(UnreadableLabelsError, match="without geometries"):
        read_here(path, utm)
    path.write_bytes(b"PAR1 broken PAR1")
    with pytest.raises(UnreadableLabelsError, match="damaged"):
        read_here(path, utm)


@pytest.mark.parametrize("covering", [True, False])
def test_of_a_large_geoparquet_only_what_the_scene_shows(
    tmp_path, utm, monkeypatch, covering
) -> None:
    monkeypatch.setattr(handover, "MOST_FEATURES", 50)
    far = [shapely.box(x, 9_000, x + 5, 9_005) for x in range(0, 1000, 10)]
    path = tmp_path / "a.parquet"
    parcels = table(utm, far + fields(), n=list(range(102)))
    parcels.to_parquet(path, write_covering_bbox=covering)
    file = read_here(path, utm)
    assert (file.features, file.columns["n"], file.skipped.beyond) == (102, [100, 101], 100)
    assert list(file.columns) == ["n"]


def test_kml_as_it_comes(tmp_path) -> None:
    grid = grid_of("geographic")
    ring = shapely.Polygon(
        [(15.2, 45.1), (15.203, 45.1), (15.203, 45.098), (15.2, 45.098)],
        [[(15.201, 45.0995), (15.202, 45.0995), (15.202, 45.099)]],
    )
    shape = placemark(ring, close=False)
    polygon = shape[shape.index("<Polygon>") : shape.index("</Placemark>")]
    several = f"<Placemark><MultiGeometry>{polygon}{polygon}</MultiGeometry></Placemark>"
    point = "<Placemark><Point><coordinates>15,45</coordinates></Point></Placemark>"
    bad = shape.replace("15.203", "east")
    link = "<NetworkLink><Link><href>http://127.0.0.1:9/</href></Link></NetworkLink>"
    path = tmp_path / "a.kml"
    path.write_text(kml(shape, several, point, bad, link), "utf-8")
    file = read_here(path, grid)
    assert (len(file.shapes), file.skipped.other, file.broken_at) == (2, 1, ("placemark 4",))
    assert file.columns["name"][0] == "Acker & Öl"
    assert file.shapes[0].area == pytest.approx(ring.area)
    assert any("links to 1 other file" in note for note in file.notes)
    path.write_bytes(kml(shape).replace("UTF-8", "windows-1252").encode("cp1252"))
    assert read_here(path, grid).columns["name"] == ["Acker & Öl"]
    path.write_bytes(kml(shape).encode("cp1252"))  # and says UTF-8
    file = read_here(path, grid)
    assert (file.columns["name"], len(file.notes)) == (["Acker & Öl"], 1)


def test_folders_of_a_kml_are_layers(tmp_path, utm) -> None:
    shapes = [placemark(shape) for shape in in_degrees(utm).geometry]
    two = kml(shapes[0]).replace(
        "</Document>", f"<Folder><name>aoi</name>{shapes[1]}</Folder></Document>"
    )
    path = tmp_path / "a.kmz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doc.kml", two)
        archive.writestr("files/icon.png", b"")
    with pytest.raises(UnreadableLabelsError):
        read_here(path, utm, "2021")
    file = read_here(path, utm, "2020")
    assert (file.layers, file.layer, len(file.shapes)) == (("2020", "aoi"), "2020", 1)
    with pytest.raises(LayerQuestionError):
        read_here(path, utm)


@pytest.mark.parametrize("ending", ["kml", "gml"])
def test_no_document_type_and_no_entity(tmp_path, utm, ending) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    doctype = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{tmp_path}/secret.txt">]>'
    text = kml(placemark(in_degrees(utm).geometry[0], more="<description>&s;</description>"))
    if ending == "gml":
        text = text.replace("opengis.net/kml/2.2", "opengis.net/gml")
    path = tmp_path / f"a.{ending}"
    path.write_text(text.replace("?><kml", f"?>{doctype}<kml"), "utf-8")
    with pytest.raises(UnreadableLabelsError, match="DOCTYPE"):
        read_here(path, utm)


def test_gml_keeps_no_reference(tmp_path, utm) -> None:
    path = write(tmp_path / "a.gml", table(utm, fields(), n=[1, 2]))
    path.with_suffix(".xsd").unlink(missing_ok=True)
    text = path.read_text("utf-8")
    lead = 'xlink:href="http://127.0.0.1:9/x" xlink:title="t" xmlns:xlink="http://www.w3.org/1999/xlink"'
    changed = text.replace("<ogr:featureMember>", f"<ogr:featureMember {lead}>")
    path.write_text(changed, "utf-8")
    write_without_references(read_xml(path, "a"), "a", tmp_path / "clean.gml")
    clean = (tmp_path / "clean.gml").read_text("utf-8")
    assert "schemaLocation" in text
    assert "schemaLocation" not in clean
    assert "127.0.0.1" not in clean
    assert "EPSG::32633" in clean
    file = read_here(path, utm)
    assert (len(file.shapes), file.columns["n"]) == (2, [1, 2])
    # A CRS that is an address is none.
    path.write_text(text.replace("urn:ogc:def:crs:EPSG::32633", "http://127.0.0.1:9/crs"), "utf-8")
    assert read_here(path, utm).crs is None


def test_several_files_in_a_zip_are_a_choice(tmp_path, utm) -> None:
    write(tmp_path / "aoi.shp", table(utm, fields((0, 0, 300, 300))))
    write(tmp_path / "fields.shp", table(utm, fields()))
    write(tmp_path / "more.gpkg", table(utm, fields((5, 5, 60, 60))))
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(tmp_path.glob("*.*")):
            if part != path:
                archive.write(part, f"data/{part.name}")
        archive.writestr("data/metadata.json", "{}")
    with pytest.raises(LayerQuestionError) as asked:
        read_labels(path, utm)
    assert asked.value.layers == ("data/aoi", "data/fields", "data/more.gpkg")
    assert len(read_here(path, utm, "data/fields").shapes) == 2
    file = read_here(path, utm, "data/more.gpkg")
    assert (file.kind, file.layer, len(file.shapes)) == ("geopackage", "data/more.gpkg", 1)


def test_one_file_in_a_zip_is_that_file(tmp_path, utm) -> None:
    inner = write(tmp_path / "a.gpkg", table(utm, fields()), layer="one")
    write(inner, table(utm, fields((5, 5, 60, 60))), layer="two", append=True)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "a.gpkg")
    file = read_here(path, utm, "two")
    assert (file.layers, len(file.shapes)) == (("one", "two"), 1)


def test_open_rings_in_wkb_are_closed(tmp_path, utm) -> None:
    path = tmp_path / "a.parquet"
    in_degrees(utm, n=[1, 2]).to_parquet(path)
    whole = pyarrow.parquet.read_table(path)
    blocks = whole.column("geometry").to_pylist()
    count = 9  # byte order, type and the number of rings
    points = int.from_bytes(blocks[0][count : count + 4], "little")
    blocks[0] = blocks[0][:count] + (points - 1).to_bytes(4, "little") + blocks[0][count + 4 : -16]
    place = whole.schema.get_field_index("geometry")
    opened = whole.set_column(place, "geometry", [blocks])
    pyarrow.parquet.write_table(opened.replace_schema_metadata(whole.schema.metadata), path)
    file = read_here(path, utm)
    assert (len(file.shapes), file.skipped.broken) == (2, 0)
    assert file.shapes[0].area > 0


@pytest.mark.parametrize("encoding", ["polygon", "multipolygon"])
def test_geoparquets_own_encodings(tmp_path, utm, encoding) -> None:
    """As geopandas writes them, with a hole, with heights, with a row that has none."""
    path = tmp_path / "a.parquet"
    first, second = table(utm, fields(), n=[1, 2]).geometry
    middle = first.centroid.buffer(1, cap_style="square")
    donut = shapely.Polygon(first.exterior, [middle.exterior])
    shapes = [shapely.force_3d(donut, 7.0), None, shapely.force_3d(second, 7.0)]
    if encoding == "multipolygon":
        shapes[0] = shapely.MultiPolygon([shapes[0], shapely.force_3d(second, 7.0)])
    parcels = geopandas.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs=utm.crs)
    parcels.to_parquet(path, geometry_encoding="geoarrow")
    file = read_labels(path, utm)
    assert (file.columns["n"], file.crs.to_epsg(), file.skipped.empty) == ([1, 3], 32633, 1)
    for got, sent in zip(file.shapes, [shapes[0], shapes[2]], strict=True):
        assert shapely.equals(got, shapely.force_2d(sent))


def test_one_unsound_geometry_in_geoparquets_own_encoding_costs_no_other(tmp_path, utm) -> None:
    path = tmp_path / "a.parquet"
    table(utm, fields(), n=[1, 2]).to_parquet(path, geometry_encoding="geoarrow")
    whole = pyarrow.parquet.read_table(path)
    good, _ = whole.column("geometry").to_pylist()
    nowhere = {"x": float("nan"), "y": 0.0}
    rows = [[good[0][:-1]], [good[0][:2]], [[nowhere, *good[0][1:]]], good]
    field = whole.schema.field("geometry")
    column = pyarrow.array(rows, field.type)
    odd = pyarrow.table({"n": [1, 2, 3, 4], "geometry": column})
    odd = odd.set_column(1, field, column).replace_schema_metadata(whole.schema.metadata)
    pyarrow.parquet.write_table(odd, path)
    file = read_here(path, utm)
    assert (file.columns["n"], file.skipped.broken) == ([1, 4], 2)
    assert file.shapes[0].equals(file.shapes[1])


def test_lists_that_are_no_encoding_are_refused(tmp_path, utm) -> None:
    path = tmp_path / "a.parquet"
    table(utm, fields(), n=[1, 2]).to_parquet(path, geometry_encoding="geoarrow")
    whole = pyarrow.parquet.read_table(path)
    stated = whole.schema.metadata[b"geo"].replace(b'"polygon"', b'"multipolygon"')
    pyarrow.parquet.write_table(whole.replace_schema_metadata({b"geo": stated}), path)
    with pytest.raises(UnreadableLabelsError, match="neither as WKB nor"):
        read_here(path, utm)
