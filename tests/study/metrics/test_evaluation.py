import csv
import json

import numpy as np
import pytest
import rasterio
from PIL import Image

from core.errors import CancelledError, InputError
from core.farmland import write_scene
from core.imagery.scene import open_scene
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from core.study.metrics.compare import PREDICTION, PairComparison, cut_tiles
from core.study.metrics.error_map import (
    COLOURS,
    FALSE,
    MISSED,
    NOT_JUDGED,
    error_codes,
    paint_errors,
)
from core.study.metrics.evaluation import EvaluateOptions, evaluate
from core.study.metrics.figures import PARCELS, SUMS, figures_of
from core.study.metrics.pairs import Pair
from core.study.metrics.pixels import Confusion, compare_pixels
from tests.rasters import write_raster
from tests.study.metrics.same import compare_parcels
from tests.study.metrics.scenes import fields, grid_of, outlines, write_mask, write_polygons


@pytest.fixture
def drawn():
    """A prediction with mistakes: a field missed, another two pixels aside."""
    mask = np.where(np.isin(fields(), [1, 2]), 1, 0)
    mask = np.roll(mask, 2, axis=1)
    mask[:, :3] = 255
    return mask


def sums_of(pair, size, **options):
    comparison = PairComparison(pair, size, **options)
    codes = np.full(comparison.grid.shape, 9, dtype=np.uint8)
    for window, part in comparison.codes(lambda: None):
        codes[window.slices] = part
    return comparison.results(), codes


def pixels_of(tile) -> Confusion:
    return Confusion(*(round(value) for value in tile.sums[:4]))


@pytest.mark.parametrize(("size", "place"), [(48, "utm"), (16, "geographic")])
def test_figures_are_those_of_the_arrays_whatever_the_tiles(tmp_path, drawn, size, place) -> None:
    grid = grid_of(place)
    pair = Pair(
        "x",
        write_mask(tmp_path / "p.tif", drawn, place),
        write_polygons(tmp_path / "t.gpkg", outlines(grid), grid.crs),
    )
    tiles, codes = sums_of(pair, size)
    known = drawn != 255
    sums = sum(tile.sums for tile in tiles)
    total = dict(zip(SUMS, sums, strict=True))
    assert Confusion(*sums[:4]) == compare_pixels(drawn == 1, fields() > 0, known)
    assert total["unpredicted"] == np.count_nonzero(~known)
    np.testing.assert_array_equal(codes, error_codes(drawn == 1, fields() > 0, known))
    parts = np.where(drawn == 1, 1, 0).astype(np.int64)  # both fields touch: one part
    expected = compare_parcels(parts, fields(), known, grid)
    for name in ("matched", "missed", "under_sum"):
        assert total[name] == pytest.approx(expected[PARCELS.index(name)]), name
    whole, _ = sums_of(pair, 48)
    for key, value in figures_of(sums).items():
        if key.startswith("boundary"):
            assert value == pytest.approx(whole[0].figure(key), rel=1e-3), key


def test_parcels_of_a_map_count_where_its_mask_has_one_part(tmp_path) -> None:
    grid = grid_of()
    mask = write_mask(tmp_path / "mask.tif", fields() > 0)
    shapes = write_polygons(tmp_path / "t.gpkg", outlines(grid), grid.crs)
    (fused,), _ = sums_of(Pair("x", mask, shapes), 48)
    (apart,), _ = sums_of(Pair("x", mask, shapes, parcels=shapes), 48)
    assert fused.figure("parcel_recall") == pytest.approx(2 / 3)
    assert apart.figure("panoptic_quality") == 1.0
    assert pixels_of(fused) == pixels_of(apart)


def test_area_and_the_nodata_of_the_image_are_not_judged(tmp_path) -> None:
    grid = grid_of()
    truth = fields() > 0
    image = np.full((3, 48, 48), 90, dtype=np.uint8)
    image[:, :, 40:] = 0
    scene = write_raster(tmp_path / "scene.tif", image, nodata=0)
    # Whatever its attributes say, inside is inside.
    around = [outlines(grid)[2].buffer(40)]
    area = write_polygons(tmp_path / "area.gpkg", around, grid.crs, landuse=["forest"])
    pair = Pair(
        "x",
        write_mask(tmp_path / "p.tif", ~truth),
        write_mask(tmp_path / "t.tif", truth),
        scene=scene,
    )
    tiles, codes = sums_of(pair, 48, area=area)
    asked = np.zeros((48, 48), dtype=bool)
    asked[24:48, 6:40] = True
    judged = codes != NOT_JUDGED
    # The buffer's corners are round, and the image is read with interpolation at its edge.
    assert np.count_nonzero(judged ^ asked) < 120
    assert not judged[:20].any()
    assert not judged[:, 41:].any()
    assert tiles[0].figure("overall_accuracy") == 0.0


def test_land_cover_stands_beside_the_prediction(tmp_path) -> None:
    files = write_scene(tmp_path, seed=3, size=128)
    with rasterio.open(files.truth) as dataset:  # noqa: TID251
        truth, profile = dataset.read(1) > 0, dataset.profile
    mask = tmp_path / "mask.tif"
    with rasterio.open(mask, "w", **{**profile, "dtype": "uint8", "nodata": 255}) as dataset:  # noqa: TID251
        dataset.write(truth.astype(np.uint8), 1)
    out = tmp_path / "out"
    pair = Pair("made", mask, mask, scene=files.scene, landcover=files.landcover)
    found = evaluate([pair], EvaluateOptions(tile_size=64, worst=2), out)
    assert [method.method == PREDICTION for method in found.summary.methods] == [True, False]
    ours, theirs = found.summary.methods
    assert ours.pixels.mean_iou == 1.0
    coarse = align(open_landcover(files.landcover), open_scene(files.scene).grid)
    assert theirs.pixels == compare_pixels(coarse.cropland, truth, coarse.valid)
    page = (out / "summary.md").read_text()
    assert "simulated" in page
    assert "Prediction less" in page


def test_files_say_what_was_found_the_worst_first(tmp_path, drawn) -> None:
    grid = grid_of()
    good = write_mask(tmp_path / "good.tif", np.where(fields() > 0, 1, 0))
    bad = write_mask(tmp_path / "bad.tif", drawn)
    truth = write_polygons(tmp_path / "t.gpkg", outlines(grid), grid.crs)
    out = tmp_path / "out"
    pairs = [Pair("=good", good, truth), Pair("bad/../one", bad, truth)]
    steps = []
    found = evaluate(pairs, EvaluateOptions(), out, progress=lambda *step: steps.append(step))
    assert steps[0] == ("Tiles compared", 0, 2)
    assert steps[-1] == ("Tiles compared", 2, 2)
    assert all(path.is_file() and path.is_relative_to(out) for path in found.files)
    with (out / "tiles.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["image"] for row in rows] == ["bad/../one", "'=good"]
    expected = compare_pixels(drawn == 1, fields() > 0, drawn != 255)
    assert float(rows[0]["mean_iou"]) == pytest.approx(expected.mean_iou, abs=1e-5)
    assert int(rows[0]["false_negative"]) == expected.false_negative
    record = json.loads((out / "summary.json").read_text())
    total = compare_pixels(fields() > 0, fields() > 0) + expected
    assert record["methods"][0]["pooled"]["f1"]["value"] == pytest.approx(total.f1)
    assert record["methods"][0]["pooled"]["f1"]["low"] is None
    means = record["methods"][0]["mean_of_tiles"]["mean_iou"]["value"]
    assert means == pytest.approx((1 + expected.mean_iou) / 2)
    assert record["pairs"][0]["cropland"]["truth"] == "every polygon is cropland"
    with rasterio.open(out / "errors" / "bad_.._one.tif") as dataset:  # noqa: TID251
        codes = dataset.read(1)
        assert dataset.colormap(1)[MISSED] == COLOURS[MISSED]
        assert dataset.nodata == NOT_JUDGED
    np.testing.assert_array_equal(codes, error_codes(drawn == 1, fields() > 0, drawn != 255))
    names = sorted(path.name for path in (out / "worst").iterdir())
    assert names == ["01_bad_.._one_r0c0.png", "02_good_r0c0.png"]
    with Image.open(out / "worst" / names[0]) as picture:
        assert picture.size == (48, 48 + 44)


def test_a_cancelled_run_writes_no_figures(tmp_path) -> None:
    mask = write_mask(tmp_path / "m.tif", fields() > 0)
    out = tmp_path / "out"
    with pytest.raises(CancelledError):
        evaluate([Pair("x", mask, mask)], EvaluateOptions(), out, cancelled=lambda: True)
    assert list(out.iterdir()) == []


def test_nothing_to_judge_is_one_sentence(tmp_path) -> None:
    left, right = (np.full((48, 48), 255) for _ in range(2))
    left[:, :20], right[:, 30:] = 1, 1
    left[0, 0], right[0, 47] = 0, 0
    pair = Pair("x", write_mask(tmp_path / "l.tif", left), write_mask(tmp_path / "r.tif", right))
    with pytest.raises(InputError, match="No pixel of x can be judged"):
        evaluate([pair], EvaluateOptions(), tmp_path / "out")


def test_two_files_of_polygons_need_an_image(tmp_path) -> None:
    grid = grid_of()
    path = write_polygons(tmp_path / "a.gpkg", outlines(grid), grid.crs)
    with pytest.raises(InputError, match="both polygons"):
        PairComparison(Pair("x", path, path), 64)
    scene = write_raster(tmp_path / "s.tif", np.full((3, 48, 48), 90, dtype=np.uint8))
    (tile,), _ = sums_of(Pair("x", path, path, scene=scene), 64)
    assert tile.figure("panoptic_quality") == 1.0


@pytest.mark.parametrize(("options"), [{"tile_size": 4}, {"seed": -1}])
def test_options_that_make_no_sense_are_refused(options) -> None:
    with pytest.raises(InputError):
        EvaluateOptions(**options)


def test_tiles_are_equal_and_cover_the_image() -> None:
    grid = grid_of()
    for size, count in ((48, 1), (40, 1), (32, 4), (16, 9), (500, 1)):
        tiles = cut_tiles(grid, size)
        assert len(tiles) == count
        assert sum(window.width * window.height for window in tiles.values()) == 48 * 48


def test_errors_are_painted_over_the_image_and_on_paper() -> None:
    codes = np.array([[MISSED, FALSE, 0, 1, NOT_JUDGED]], dtype=np.uint8)
    paper = paint_errors(codes)
    assert tuple(paper[0, 0]) == COLOURS[MISSED][:3]
    assert len({tuple(pixel) for pixel in paper[0]}) == 5
    image = np.full((1, 5, 3), 100, dtype=np.uint8)
    over = paint_errors(codes, image)
    np.testing.assert_array_equal(over[0, 2:], image[0, 2:])
    assert (over[0, :2] != image[0, :2]).any(axis=1).all()
