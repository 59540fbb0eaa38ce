import json
import resource
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.rasters import write_raster


def test_map_prints_one_json_object(cropmap, farmland, tmp_path) -> None:
    done = cropmap(
        "map", farmland.scene, "--landcover", farmland.landcover, "--out", tmp_path, "--json"
    )
    assert done.status == 0, done.errors
    summary = json.loads(done.out)
    assert summary["strategy"] == "apt_plus"
    assert summary["model"] == "cropmap_small"
    assert all(Path(name).exists() for name in summary["files"])
    assert done.errors == ""


def test_without_a_model_the_classifier_maps(cropmap, farmland, tmp_path) -> None:
    done = cropmap(
        *("map", farmland.scene, "--landcover", farmland.landcover),
        *("--out", tmp_path, "--model", "none", "--json"),
    )
    assert done.status == 0, done.errors
    summary = json.loads(done.out)
    assert (summary["strategy"], summary["model"]) == ("classifier", "none")


def test_the_demo_makes_maps_and_compares_them(cropmap, tmp_path) -> None:
    done = cropmap("demo", "--out", tmp_path, "--size", 256, "--json", CROPMAP_OFFLINE="1")
    assert done.status == 0, done.errors
    report = json.loads(done.out)
    assert report["simulated"] is True
    assert report["map"]["mean_iou"] > report["landcover_alone"]["mean_iou"]


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        ("missing.tif", "There is no file"),
        ("text.tif", "is not a raster"),
        ("empty.tif", "is empty"),
        ("http://example.org/a.tif", "scheme 'http'"),
        ("https://example.org/a.tif", "switched off"),
    ],
)
def test_bad_input_is_one_sentence_and_status_one(
    cropmap, farmland, tmp_path, scene, words
) -> None:
    (tmp_path / "text.tif").write_text("not a raster")
    (tmp_path / "empty.tif").touch()
    path = scene if "://" in scene else tmp_path / scene
    done = cropmap("map", path, "--landcover", farmland.landcover, "--out", tmp_path / "o")
    assert done.status == 1
    assert words in done.errors
    assert done.out == ""
    assert len(done.errors.splitlines()) == 2


def test_a_truncated_scene_is_told(cropmap, farmland, tmp_path) -> None:
    body = farmland.scene.read_bytes()
    (tmp_path / "cut.tif").write_bytes(body[: len(body) // 2])
    done = cropmap(
        "map", tmp_path / "cut.tif", "--landcover", farmland.landcover, "--out", tmp_path / "o"
    )
    assert done.status == 1
    assert "cut.tif" in done.errors


def test_wrong_usage_is_status_two(cropmap) -> None:
    assert cropmap("map", "--bogus").status == 2
    assert cropmap("map", "a.tif", "--landcover", "b", "--out", "c", "--bands", "x").status == 2


def test_missing_weights_name_the_command_that_fetches_them(cropmap, farmland, tmp_path) -> None:
    done = cropmap(
        "map",
        farmland.scene,
        "--landcover",
        farmland.landcover,
        "--out",
        tmp_path,
        "--model",
        "mobile_sam",
        CROPMAP_WEIGHTS_DIR=str(tmp_path / "none"),
    )
    assert done.status == 1
    assert "cropmap weights fetch mobile_sam" in done.errors


def test_land_cover_without_a_crs_names_the_option_that_takes_it(
    cropmap, farmland, tmp_path
) -> None:
    cover = write_raster(tmp_path / "cover.tif", np.full((1, 64, 64), 40, np.uint8), crs=None)
    words = ("map", farmland.scene, "--landcover", cover, "--out", tmp_path / "out")
    done = cropmap(*words)
    assert done.status == 1
    assert "--landcover-crs EPSG:32633" in done.errors
    assert not (tmp_path / "out").exists()


def test_worldcover_without_a_network_names_the_file_to_get(cropmap, farmland, tmp_path) -> None:
    done = cropmap(
        "map", farmland.scene, "--landcover", "worldcover", "--out", tmp_path, CROPMAP_OFFLINE="1"
    )
    assert done.status == 1
    assert "ESA_WorldCover_10m_2021_v200_N45E015_Map.tif" in done.errors


@contextmanager
def no_more_space():
    """Writing beyond this size fails as on a full disk; Python ignores the signal that tells it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_leaves_the_old_files_whole(cropmap, farmland, tmp_path) -> None:
    arguments = ["map", farmland.scene, "--landcover", farmland.landcover, "--out", tmp_path]
    assert cropmap(*arguments).status == 0
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    with no_more_space():
        done = cropmap(*arguments, "--seed", 9)
    assert done.status == 1, done.errors
    assert "disk is full" in done.errors
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert after == before


def test_what_was_guessed_is_said_kept_and_can_be_decided(cropmap, tmp_path) -> None:
    noise = np.random.default_rng(0)
    values = noise.integers(200, 3000, (4, 64, 64)).astype(np.uint16)
    codes = noise.choice([10, 40], (1, 64, 64)).astype(np.uint8)
    codes[0, 5, :3] = 43
    scene = write_raster(tmp_path / "s.tif", values)
    cover = write_raster(tmp_path / "worldcover_2021.tif", codes)
    command = ("map", scene, "--landcover", cover, "--model", "none", "--out", tmp_path / "out")
    done = cropmap(*command)
    assert done.status == 0, done.errors
    bands, strays = done.errors.splitlines()
    assert bands == (
        "Note: Red, green and blue are bands 3, 2 and 1: the usual order of Sentinel-2 with 4 "
        "bands."
    )
    assert strays.startswith("Note: 3 of 4,096 cells of the land cover")
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [f"Note: {remark}" for remark in record["warnings"]] == [bands, strays]
    assert record["land_cover"]["unknown_codes"] == {"43": 3}
    assert record["scene"]["bands_source"] == "Sentinel-2"
    assert record["scene"]["stretch_source"] == "one"

    decided = cropmap(*command, "--bands", "1,2,3", "--stretch", "each", "--json")
    assert decided.errors.splitlines() == [strays]
    assert json.loads(decided.out)["warnings"] == [strays.removeprefix("Note: ")]
    scene = json.loads((tmp_path / "out" / "run.json").read_text())["scene"]
    assert (scene["bands"], scene["bands_source"]) == ([1, 2, 3], "person")
    assert len(set(scene["stretch"]["low"])) == 3
    assert cropmap(*command, "--stretch", "nicely").status == 2
    refused = cropmap(*command, "--stretch", "file")
    assert (refused.status, refused.errors.count("\n")) == (1, 2)
    assert "no colours that can be seen as they are" in refused.errors
