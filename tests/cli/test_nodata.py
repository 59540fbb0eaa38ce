"""What is unknown, on the command line: options, and notes on stderr."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.study.metrics.figures import PIXELS
from tests.rasters import write_raster


@pytest.fixture
def files(tmp_path):
    values = np.random.default_rng(6).integers(20, 200, (3, 96, 96)).astype(np.uint8)
    values[:, :36] = 255
    scene = write_raster(tmp_path / "scene.tif", values)
    codes = np.zeros((1, 96, 96), dtype=np.uint8)
    codes[:, :, 50:] = 1
    cover = write_raster(tmp_path / "glad_cropland_2019.tif", codes, nodata=0)
    return scene, cover


def test_what_is_suspected_is_a_note_and_what_is_asked_names_both_answers(
    cropmap, files, tmp_path
) -> None:
    scene, cover = files
    plain = ("map", scene, "--landcover", cover, "--model", "none", "--json")
    asked = cropmap(*plain, "--out", tmp_path / "a")
    assert asked.status == 1
    assert "calls 0 nodata" in asked.errors
    assert "--landcover-nodata none" in asked.errors
    done = cropmap(*plain, "--out", tmp_path / "b", "--landcover-nodata", "none")
    assert done.status == 0, done.errors
    assert "38 % of the image is plain white" in done.errors
    summary = json.loads(done.out)
    assert summary["land_cover_covers"] == 1.0
    assert "plain white" in summary["warnings"][0]
    said = cropmap(
        *plain, "--out", tmp_path / "b", "--landcover-nodata", "none", "--nodata", "none"
    )
    assert said.errors == ""


def test_a_value_that_is_no_number_is_wrong_usage(cropmap, files, tmp_path) -> None:
    scene, cover = files
    done = cropmap("map", scene, "--landcover", cover, "--out", tmp_path, "--nodata", "black")
    assert done.status == 2


def test_a_project_keeps_what_was_said(cropmap, files, tmp_path) -> None:
    from core.project import Project

    scene, cover = files
    assert cropmap("project", "new", tmp_path / "farm").status == 0
    done = cropmap(
        *("project", "add", tmp_path / "farm", scene, "--landcover", cover),
        *("--landcover-nodata", "0", "--nodata", "255"),
    )
    assert done.status == 0, done.errors
    assert "The land cover covers 48 %" in done.errors
    (path,) = (tmp_path / "farm").glob("*.cropmap")
    store = Project.open(path)
    try:
        (record,) = store.scenes()
    finally:
        store.close()
    assert record.landcover["nodata"] == [0.0]
    assert record.scene["unknown"]["nodata"] == [255.0]


def test_what_judges_maps_takes_the_same_answers(cropmap, files, tmp_path) -> None:
    scene, cover = files
    codes = np.zeros((1, 96, 96), dtype=np.uint8)
    codes[:, 40:, 50:] = 1
    mask = write_raster(tmp_path / "mask.tif", codes)
    plain = ("evaluate", "--prediction", mask, "--truth", mask, "--scene", scene, "--json")
    plain += ("--landcover", cover, "--out", tmp_path / "out", "--worst", "0")
    asked = cropmap(*plain)
    assert asked.status == 1
    assert "--landcover-nodata none" in asked.errors

    def judged(*more: str) -> tuple[int, str]:
        done = cropmap(*plain, "--landcover-nodata", "none", *more)
        assert done.status == 0, done.errors
        counts = json.loads(done.out)["methods"][0]["counts"]
        return sum(counts[name] for name in PIXELS), done.errors

    pixels, notes = judged()
    assert pixels == 60 * 96
    assert "38 % of the image is plain white" in notes
    assert judged("--nodata", "none") == (96 * 96, "")
    experiment = ("experiment", "prompts", "--scenes", scene, "--truth", mask)
    experiment += ("--landcover", cover, "--out", tmp_path / "points", "--draws", "1")
    assert "calls 0 nodata" in cropmap(*experiment).errors
    done = cropmap(*experiment, "--landcover-nodata", "none", "--nodata", "none")
    assert done.status == 0, done.errors
