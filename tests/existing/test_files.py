"""Files of labels in every format, and what is not one."""

import json

import numpy as np
import pyogrio
import pytest
import shapely

from core.errors import CancelledError, UnreadableLabelsError
from core.existing import handover
from core.existing.geometry import cleaned
from core.existing.label_files import read_labels
from core.existing.questions import LayerQuestionError
from core.existing.vector_formats import foreign_drivers
from tests.existing.conftest import FORMATS, PLACES, fields, grid_of, on, table, write


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("place", ["geographic", "rotated"])
def test_every_format_gives_the_same_polygons(tmp_path, ending, place) -> None:
    grid = grid_of(place)
    parcels = table(grid, fields(), crop=["Weizen äöü", "小麦"], number=[1, 2])
    file = read_labels(write(tmp_path / f"labels.{ending}", parcels), grid)
    assert file.crs is not None
    assert file.crs.equals(grid.crs, ignore_axis_order=True)
    assert file.columns["crop"] == ["Weizen äöü", "小麦"]
    assert file.columns["number"] == [1, 2]
    assert (file.features, len(file.shapes)) == (2, 2)
    for got, sent in zip(file.shapes, parcels.geometry, strict=True):
        assert got.hausdorff_distance(sent) < 1e-9 * max(map(abs, sent.bounds))


@pytest.mark.parametrize(
    ("encoding", "cpg"), [("UTF-8", True), ("UTF-8", False), ("ISO-8859-1", False)]
)
def test_texts_of_a_shapefile_with_and_without_cpg(tmp_path, utm, encoding, cpg) -> None:
    path = write(tmp_path / "a.shp", table(utm, fields(), crop=["Rüben", "Öl"]), encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink()
    assert read_labels(path, utm).columns["crop"] == ["Rüben", "Öl"]


def test_upper_case_parts_and_a_lost_index(tmp_path, utm) -> None:
    path = write(tmp_path / "a.shp", table(utm, fields(), crop=["a", "b"]))
    path.with_suffix(".shx").unlink()
    path.with_suffix(".dbf").rename(tmp_path / "A.DBF")
    path = path.rename(tmp_path / "A.SHP")
    file = read_labels(path, utm)
    assert len(file.shapes) == 2
    assert file.columns["crop"] == ["a", "b"]
    # Nothing was written beside the person's file.
    assert not list(tmp_path.glob("*.shx"))


def test_without_attributes_and_without_crs(tmp_path, utm) -> None:
    path = write(tmp_path / "a.shp", table(utm, fields()))
    for ending in (".dbf", ".prj", ".cpg"):
        path.with_suffix(ending).unlink(missing_ok=True)
    file = read_labels(path, utm)
    assert file.crs is None
    assert len(file.shapes) == 2
    assert file.columns == {}
    assert file.notes == ("It has no table of attributes (.dbf) beside it, so it has no columns.",)


def test_what_is_no_area_is_counted(tmp_path, utm) -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    ring = shapely.Polygon([(0, 0), (60, 0), (60, 60), (0, 60)], [[(20, 20), (40, 20), (30, 40)]])
    shapes = [
        *fields(),
        bow_tie,
        ring,
        shapely.MultiPolygon(fields((0, 0, 5, 5), (9, 9, 15, 15))),
        shapely.Point(1, 1),
        shapely.LineString([(0, 0), (1, 1)]),
        shapely.GeometryCollection([shapely.Point(3, 3), *fields((70, 70, 90, 90))]),
    ]
    parcels = table(utm, shapes, name=[str(n) for n in range(8)])
    parcels.loc[8] = {"name": "8", "geometry": None}
    for ending in ("gpkg", "geojson"):
        file = read_labels(write(tmp_path / f"a.{ending}", parcels), utm)
        assert (file.skipped.empty, file.skipped.other, file.skipped.repaired) == (1, 2, 1)
        assert file.columns["name"] == ["0", "1", "2", "3", "4", "7"]
        assert shapely.is_valid(file.shapes).all()
        assert shapely.area(file.shapes)[2] == pytest.approx(50.0)
        assert shapely.area(file.shapes)[3] == pytest.approx(3600 - 200)


def test_coordinates_that_are_no_numbers_are_counted() -> None:
    shapes = np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, np.inf, 1), None], dtype=object)
    clean = cleaned(shapes)
    assert (len(clean.shapes), clean.skipped.broken, clean.skipped.empty) == (1, 1, 1)


def test_layers_of_a_geopackage_and_of_a_zip(tmp_path, utm) -> None:
    path = tmp_path / "a.gpkg"
    lines = table(utm, [shapely.LineString([(0, 0), (9, 9)])])
    pyogrio.write_dataframe(lines, path, layer="roads")
    pyogrio.write_dataframe(table(utm, fields()), path, layer="2019", append=True)
    pyogrio.write_dataframe(table(utm, fields((0, 0, 9, 9))), path, layer="2020", append=True)
    with pytest.raises(LayerQuestionError, match="2019, 2020") as asked:
        read_labels(path, utm)
    assert asked.value.layers == ("2019", "2020")
    second = read_labels(path, utm, layer="2020")
    assert (second.layer, second.layers, len(second.shapes)) == ("2020", ("2019", "2020"), 1)
    with pytest.raises(UnreadableLabelsError, match="no layer 2021"):
        read_labels(path, utm, layer="2021")


def test_a_geojson_of_projected_coordinates_without_crs_is_a_question(tmp_path, utm) -> None:
    outline = shapely.get_coordinates(on(utm, fields())[0]).tolist()
    geometry = {"type": "Polygon", "coordinates": [outline]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"type": "Feature", "properties": None, "geometry": geometry}))
    assert read_labels(path, utm).crs is None
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    path.write_text("\ufeff" + json.dumps({**geometry, "crs": named}), encoding="utf-8")
    assert read_labels(path, utm).crs.to_epsg() == 32633
    # A URL is never followed.
    link = {"type": "link", "properties": {"href": "http://127.0.0.1:9/crs", "type": "proj4"}}
    path.write_text(json.dumps({**geometry, "crs": link}))
    assert read_labels(path, utm).crs is None


def test_of_very_many_features_those_on_the_scene_are_read(tmp_path, utm, monkeypatch) -> None:
    monkeypatch.setattr(handover, "MOST_FEATURES", 50)
    far = [shapely.box(x, 9_000, x + 5, 9_005) for x in range(0, 1000, 10)]
    path = write(tmp_path / "a.gpkg", table(utm, fields() + far))
    order = {
        "source": str(path),
        "work": str(tmp_path),
        "name": "a",
        "layer": None,
        "grid": {
            "crs": utm.crs.to_wkt(),
            "transform": list(utm.transform)[:6],
            "width": utm.width,
            "height": utm.height,
        },
    }
    handover.hand_over(order, lambda share: None)
    file = handover.taken_over(tmp_path, "a")
    assert (len(file.shapes), file.features, file.skipped.beyond) == (2, 102, 100)


def test_cancelling(tmp_path, utm) -> None:
    path = write(tmp_path / "a.gpkg", table(utm, fields()))
    with pytest.raises(CancelledError):
        read_labels(path, utm, cancelled=lambda: True)


def test_no_other_driver_is_loaded() -> None:
    assert {"OGR_VRT", "GeoJSON", "CSV", "SQLite"} <= set(foreign_drivers().split(","))
    assert not {"GPKG", "ESRI Shapefile"} & set(foreign_drivers().split(","))


@pytest.mark.parametrize("content", [b"", b"hello", b"<kml/>", b"PK\x03\x04broken", b'{"a": 1}'])
def test_what_is_no_file_of_labels_is_one_sentence(tmp_path, utm, content) -> None:
    path = tmp_path / "labels.gpkg"
    path.write_bytes(content)
    with pytest.raises(UnreadableLabelsError) as told:
        read_labels(path, utm)
    assert told.value.hint or told.value.remedy
    with pytest.raises(UnreadableLabelsError, match="no file"):
        read_labels(tmp_path / "gone.gpkg", utm)
    with pytest.raises(UnreadableLabelsError, match="folder"):
        read_labels(tmp_path, utm)


@pytest.mark.parametrize("place", PLACES)
def test_places_are_where_the_tests_think(place) -> None:
    assert grid_of(place).gsd_m < 3
