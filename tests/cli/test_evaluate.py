import json

import geopandas
import numpy as np
import pytest

from tests.study.metrics.scenes import fields, grid_of, outlines, write_mask, write_polygons


@pytest.fixture
def files(tmp_path):
    grid = grid_of()
    mask = write_mask(tmp_path / "mask.tif", np.where(fields() > 0, 1, 0))
    return mask, write_polygons(tmp_path / "truth.gpkg", outlines(grid), grid.crs)


def test_a_prediction_is_judged_and_the_page_named(cropmap, files, tmp_path) -> None:
    mask, truth = files
    out = tmp_path / "out"
    status, said, errors = cropmap("evaluate", "--prediction", mask, "--truth", truth, "--out", out)
    assert (status, errors) == (0, "")
    assert "prediction: overall accuracy 1.000, mean IoU 1.000, F1 1.000" in said
    assert str(out / "summary.md") in said


def test_a_table_of_pairs_as_json(cropmap, files, tmp_path) -> None:
    mask, _ = files
    table = tmp_path / "pairs.csv"
    table.write_text(f"prediction,truth\n{mask.name},{mask.name}\n")
    status, said, _ = cropmap("evaluate", "--pairs", table, "--out", tmp_path / "out", "--json")
    assert status == 0
    assert json.loads(said)["methods"][0]["pooled"]["f1"]["value"] == 1.0


def test_bad_input_is_one_sentence_and_bad_usage_status_two(cropmap, files, tmp_path) -> None:
    mask, truth = files
    out = ("--out", tmp_path / "out")
    missing = tmp_path / "no.tif"
    status, said, errors = cropmap("evaluate", "--prediction", mask, "--truth", missing, *out)
    assert (status, said) == (1, "")
    assert "There is no file" in errors
    assert len(errors.splitlines()) == 2
    assert cropmap("evaluate", "--prediction", mask, *out)[0] == 2
    assert cropmap("evaluate", "--pairs", mask, "--truth", truth, *out)[0] == 2


def test_an_experiment_says_what_is_wrong_in_one_sentence(cropmap, tmp_path) -> None:
    for name in ("s", "t"):
        (tmp_path / name).mkdir()
    asked = ("--scenes", tmp_path / "s", "--truth", tmp_path / "t", "--landcover", tmp_path / "l")
    status, _, errors = cropmap("experiment", "prompts", *asked, "--out", tmp_path / "out")
    assert status == 1
    assert "No name is in both folders" in errors


def test_layers_and_classes_are_asked_for(cropmap, files, tmp_path) -> None:
    mask, _ = files
    grid = grid_of()
    several = tmp_path / "several.gpkg"
    whole = geopandas.GeoDataFrame(geometry=[outlines(grid)[0].buffer(30)], crs=grid.crs)
    whole.to_file(several, layer="aoi")
    drawn = geopandas.GeoDataFrame(
        {"type": ["field", "field", "Randstück"]}, geometry=outlines(grid), crs=grid.crs
    )
    drawn.to_file(several, layer="drawn")
    asked = ("evaluate", "--prediction", mask, "--truth", several, "--out", tmp_path / "out")
    status, _, errors = cropmap(*asked)
    assert status == 1
    assert "several layers of areas: aoi, drawn" in errors
    assert "--layer" in errors
    status, _, errors = cropmap(*asked, "--layer", "drawn")
    assert status == 1
    assert "Randstück" in errors
    assert "--cropland 'type=field'" in " ".join(errors.split())
    answers = ("--layer", "drawn", "--cropland", "type=field,Randstück")
    status, said, errors = cropmap(*asked, *answers, "--json")
    assert (status, errors) == (0, "")
    summary = json.loads(said)
    assert summary["methods"][0]["pooled"]["f1"]["value"] == 1.0
    told = "layer drawn: polygons are cropland where type is Randstück, field"
    assert summary["pairs"][0]["cropland"]["truth"] == told
