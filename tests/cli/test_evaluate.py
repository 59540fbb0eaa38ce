import json

import numpy as np
import pytest

from tests.cli.test_cli import cropmap
from tests.evaluation.scenes import fields, grid_of, outlines, write_mask, write_polygons


@pytest.fixture
def files(tmp_path):
    grid = grid_of()
    mask = write_mask(tmp_path / "mask.tif", np.where(fields() > 0, 1, 0))
    return mask, write_polygons(tmp_path / "truth.gpkg", outlines(grid), grid.crs)


def test_a_prediction_is_judged_and_the_page_named(files, tmp_path) -> None:
    mask, truth = files
    done = cropmap("evaluate", "--prediction", mask, "--truth", truth, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "prediction: overall accuracy 1.000, mean IoU 1.000, F1 1.000" in done.stdout
    assert str(tmp_path / "out" / "summary.md") in done.stdout


def test_a_table_of_pairs_as_json(files, tmp_path) -> None:
    mask, truth = files
    table = tmp_path / "pairs.csv"
    table.write_text(f"prediction,truth\n{mask.name},{truth.name}\n")
    done = cropmap("evaluate", "--pairs", table, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["methods"][0]["pooled"]["f1"]["value"] == 1.0


def test_bad_input_is_one_sentence_and_bad_usage_status_two(files, tmp_path) -> None:
    mask, truth = files
    out = ("--out", tmp_path / "out")
    done = cropmap("evaluate", "--prediction", mask, "--truth", tmp_path / "no.tif", *out)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no file" in done.stderr
    assert "Traceback" not in done.stderr
    assert cropmap("evaluate", "--pairs", mask, "--truth", truth, *out).returncode == 2
