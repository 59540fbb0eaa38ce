import geopandas
import numpy as np
import pytest
from pyproj import CRS
from shapely.affinity import translate
from shapely.geometry import Point

from core.errors import InputError
from core.existing.class_choice import ClassChoice, ReadingAnswers
from core.existing.questions import ClassQuestionError, LayerQuestionError
from core.study.metrics.truth_labels import LabelView, MaskLabels, PolygonLabels, open_labels
from tests.rasters import write_raster
from tests.study.metrics.scenes import (
    far_away,
    fields,
    grid_of,
    outlines,
    write_mask,
    write_polygons,
)


def whole(grid) -> LabelView:
    return LabelView(grid, grid.extent, grid.extent)


@pytest.mark.parametrize("place", ["utm", "geographic", "rotated", "sheared_south_up"])
def test_a_mask_on_its_own_grid_is_itself(tmp_path, place) -> None:
    mask = np.where(fields() > 0, 1, 0)
    mask[40:, 40:] = 255
    path = write_mask(tmp_path / "mask.tif", mask, place)
    grid = grid_of(place)
    tile = open_labels(path, "truth", grid).tile(whole(grid))
    np.testing.assert_array_equal(tile.cropland, mask == 1)
    np.testing.assert_array_equal(tile.known, mask != 255)
    # The two fields that touch are one part of a mask.
    assert len(np.unique(tile.parcels[tile.cropland])) == 2


def test_a_mask_of_another_grid_is_taken_at_pixel_centres(tmp_path) -> None:
    fine = grid_of()
    path = write_mask(tmp_path / "mask.tif", np.kron(fields()[::2, ::2] > 0, np.ones((2, 2))))
    coarse = fine.scaled(24, 24)
    labels = open_labels(path, "truth", coarse)
    tile = labels.tile(whole(coarse))
    np.testing.assert_array_equal(tile.cropland, fields()[::2, ::2] > 0)
    # Beside the mask nothing is known.
    beyond = grid_of(side=60)
    known = open_labels(path, "truth", beyond).tile(whole(beyond)).known
    assert known[:48, :48].all()
    assert not known[48:].any()


@pytest.mark.parametrize(
    ("values", "nodata", "cropland", "unknown"),
    [
        ((0, 1), None, 1, None),
        ((0, 255), None, 255, None),
        ((0, 1, 255), None, 1, 255),
        ((0, 1, 255), 255, 1, 255),
        ((0, 1, 9), 9, 1, 9),
    ],
)
def test_the_usual_conventions_of_masks(tmp_path, values, nodata, cropland, unknown) -> None:
    mask = np.random.default_rng(1).choice(values, (48, 48))
    path = write_mask(tmp_path / "mask.tif", mask, nodata=nodata)
    grid = grid_of()
    tile = MaskLabels(path, "truth").tile(whole(grid))
    np.testing.assert_array_equal(tile.cropland, mask == cropland)
    np.testing.assert_array_equal(~tile.known, mask == unknown if unknown else mask < 0)


@pytest.mark.parametrize("nodata", [None, 0, 999])
def test_a_raster_may_number_its_parcels(tmp_path, nodata) -> None:
    numbers = fields() * 300
    numbers[45:] = 999 if nodata == 999 else 0
    path = write_raster(tmp_path / "t.tif", numbers.astype(np.uint16)[None], nodata=nodata)
    tile = open_labels(path, "truth", grid_of(), numbered=True).tile(whole(grid_of()))
    np.testing.assert_array_equal(tile.parcels, np.where(numbers == 999, 0, numbers))
    np.testing.assert_array_equal(tile.cropland, tile.parcels > 0)
    np.testing.assert_array_equal(tile.known, numbers != 999)
    wrong = write_raster(tmp_path / "w.tif", np.full((1, 48, 48), 0.5, dtype=np.float32))
    labels = open_labels(wrong, "truth", grid_of(), numbered=True)
    with pytest.raises(InputError, match=r"does not number parcels: it holds 0\.5"):
        labels.tile(whole(grid_of()))


@pytest.mark.parametrize(
    ("ending", "place"), [("gpkg", "rotated"), ("geojson", "geographic"), ("shp", "utm")]
)
def test_polygons_cover_the_pixels_whose_centre_they_hold(tmp_path, ending, place) -> None:
    grid = grid_of(place)
    path = write_polygons(tmp_path / f"truth.{ending}", outlines(grid), grid.crs, id=[1, 2, 3])
    tile = open_labels(path, "truth", grid).tile(whole(grid))
    np.testing.assert_array_equal(tile.cropland, fields() > 0)
    assert tile.known.all()
    pairs = {(int(a), int(b)) for a, b in zip(tile.parcels.ravel(), fields().ravel(), strict=True)}
    assert len(pairs) == 4


def test_parcels_of_ours_that_nobody_vouches_for_are_unknown(tmp_path) -> None:
    grid = grid_of()
    path = write_polygons(
        tmp_path / "parcels.gpkg",
        outlines(grid),
        grid.crs,
        field_id=["a", "b", "c"],
        status=["accepted", "rejected", "auto"],
        tile=["", "", ""],
        reviewer=["", "", ""],
        **{"class": ["cropland", "cropland", "other"]},
    )
    tile = open_labels(path, "truth", grid).tile(whole(grid))
    np.testing.assert_array_equal(tile.cropland, fields() == 1)
    np.testing.assert_array_equal(~tile.known, fields() == 2)


def test_a_class_column_is_heeded_and_said(tmp_path) -> None:
    grid = grid_of()
    path = write_polygons(
        tmp_path / "t.gpkg", outlines(grid), grid.crs, landuse=["cropland", "forest", "cropland"]
    )
    labels = PolygonLabels(path, "truth", grid)
    assert labels.says == "polygons are cropland where landuse is cropland"
    tile = labels.tile(whole(grid))
    np.testing.assert_array_equal(tile.cropland, np.isin(fields(), [1, 3]))
    assert tile.known.all()


def test_no_field_in_the_scene_is_an_answer_and_another_place_is_none(tmp_path) -> None:
    grid = grid_of()
    beside = [translate(outlines(grid)[0], metres) for metres in (-900, 900)]
    path = write_polygons(tmp_path / "around.gpkg", beside, grid.crs)
    tile = open_labels(path, "truth", grid).tile(whole(grid))
    assert not tile.cropland.any()
    assert tile.known.all()
    elsewhere = write_polygons(tmp_path / "far.gpkg", [far_away()], grid.crs)
    with pytest.raises(InputError, match=r"far\.gpkg lies elsewhere"):
        open_labels(elsewhere, "truth", grid)


def far_mask(folder):
    return write_mask(folder / "far.tif", fields() > 0, "albers")


def without_crs(folder):
    path = write_polygons(folder / "p.shp", outlines(grid_of()), "EPSG:32633")
    path.with_suffix(".prj").unlink()
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (far_mask, "far.tif lies elsewhere"),
        (lambda f: write_mask(f / "m.tif", fields() + 1), "no mask of cropland: it holds 2, 3, 4"),
        (lambda f: write_mask(f / "m.tif", fields() > 0, nodata=0), "calls 0 nodata"),
        (
            lambda f: write_raster(
                f / "m.tif", np.where(fields() > 0, 1.0, np.nan)[None].astype(np.float32)
            ),
            "is NaN wherever it is not cropland",
        ),
        (
            lambda f: write_raster(
                f / "m.tif", np.where(fields() > 0, 1, -9999)[None].astype(np.float32), nodata=-9999
            ),
            "is nodata wherever it is not cropland",
        ),
        (
            lambda f: write_mask(f / "m.tif", np.where(fields() > 0, 1, 255), nodata=255),
            "is nodata wherever it is not cropland",
        ),
        (
            lambda f: write_mask(f / "m.tif", np.where(fields() > 0, 255, 7), nodata=7),
            "is nodata wherever it is not cropland",
        ),
        (
            lambda f: write_mask(f / "m.tif", np.where(fields() > 0, 1, 255), nodata=None),
            "is 255 wherever it is not cropland",
        ),
        (
            lambda f: write_raster(
                f / "m.tif", (fields() > 0)[None].astype(np.uint8), mask=fields() > 0
            ),
            "is nodata wherever it is not cropland",
        ),
        (
            lambda f: write_polygons(f / "p.gpkg", [Point(500_000, 5_000_000)], "EPSG:32633"),
            "None of the 1 features of the truth p.gpkg is an area",
        ),
        (without_crs, "in which CRS"),
        (lambda f: f / "missing.tif", "There is no file"),
        (lambda f: f / "missing.gpkg", "There is no file"),
    ],
)
def test_a_file_that_says_nothing_is_one_sentence(tmp_path, make, words) -> None:
    with pytest.raises(InputError, match=words) as raised:
        open_labels(make(tmp_path), "truth", grid_of())
    assert raised.value.hint or raised.value.remedy


def test_the_grid_may_be_in_another_crs(tmp_path) -> None:
    grid = grid_of()
    lonlat = CRS.from_epsg(4326)
    moved = geopandas.GeoSeries(outlines(grid), crs=grid.crs).to_crs(lonlat)
    path = write_polygons(tmp_path / "t.gpkg", list(moved), lonlat)
    tile = open_labels(path, "truth", grid).tile(whole(grid))
    np.testing.assert_array_equal(tile.cropland, fields() > 0)


def test_an_outline_of_the_area_is_not_judged_as_truth(tmp_path, caplog) -> None:
    grid = grid_of()
    path = tmp_path / "truth.gpkg"
    around = geopandas.GeoDataFrame(geometry=[outlines(grid)[0].buffer(50)], crs=grid.crs)
    around.to_file(path, layer="aoi")
    fields_drawn = geopandas.GeoDataFrame(geometry=[*outlines(grid), None], crs=grid.crs)
    fields_drawn.to_file(path, layer="fields")
    with pytest.raises(LayerQuestionError, match="several layers of areas: aoi, fields"):
        PolygonLabels(path, "truth", grid)
    labels = PolygonLabels(path, "truth", grid, ReadingAnswers("fields"))
    assert labels.says == "layer fields: every polygon is cropland"
    assert np.array_equal(labels.tile(whole(grid)).cropland, fields() > 0)
    with pytest.raises(InputError, match="no layer roads"):
        PolygonLabels(path, "truth", grid, ReadingAnswers("roads"))


def test_classes_that_are_not_clear_are_asked_and_texts_and_records_told(tmp_path, caplog) -> None:
    grid = grid_of()
    classes = ["Cultivated", "Uncultivated", "Größtenteils X"]
    path = write_polygons(tmp_path / "t.shp", outlines(grid), grid.crs, landuse=classes)
    raw = path.with_suffix(".dbf").read_bytes()
    latin = "Größtenteils X".encode("cp1252").ljust(len("Größtenteils X".encode()))
    path.with_suffix(".dbf").write_bytes(raw.replace("Größtenteils X".encode(), latin))
    path.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(ClassQuestionError, match=r"landuse of t\.shp are cropland: Größtenteils X"):
        PolygonLabels(path, "truth", grid)
    said = ReadingAnswers(classes=ClassChoice("landuse", frozenset({"Cultivated"})))
    labels = PolygonLabels(path, "truth", grid, said)
    assert labels.says == "polygons are cropland where landuse is Cultivated"
    assert np.array_equal(labels.tile(whole(grid)).cropland, fields() == 1)
    assert "they were read as Windows-1252" in caplog.text
