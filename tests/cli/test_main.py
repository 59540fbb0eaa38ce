import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from core.farmland import write_scene


def cropmap(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=120,
    )


@pytest.fixture(scope="module")
def farmland(tmp_path_factory):
    return write_scene(tmp_path_factory.mktemp("farmland"), seed=3, size=256)


def test_map_prints_one_json_object(farmland, tmp_path) -> None:
    done = cropmap(
        "map", farmland.scene, "--landcover", farmland.landcover, "--out", tmp_path, "--json"
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["strategy"] == "apt_plus"
    assert summary["model"] == "cropmap_small"
    assert all(Path(name).exists() for name in summary["files"])
    assert done.stderr == ""


def test_without_a_model_the_classifier_maps(farmland, tmp_path) -> None:
    done = cropmap(
        *("map", farmland.scene, "--landcover", farmland.landcover),
        *("--out", tmp_path, "--model", "none", "--json"),
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["strategy"], summary["model"]) == ("classifier", "none")


def test_the_demo_makes_maps_and_compares_them(tmp_path) -> None:
    done = cropmap("demo", "--out", tmp_path, "--size", 256, "--json", CROPMAP_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
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
def test_bad_input_is_one_sentence_and_status_one(farmland, tmp_path, scene, words) -> None:
    (tmp_path / "text.tif").write_text("not a raster")
    (tmp_path / "empty.tif").touch()
    path = scene if "://" in scene else tmp_path / scene
    done = cropmap("map", path, "--landcover", farmland.landcover, "--out", tmp_path / "o")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2


def test_a_truncated_scene_is_told(farmland, tmp_path) -> None:
    body = farmland.scene.read_bytes()
    (tmp_path / "cut.tif").write_bytes(body[: len(body) // 2])
    done = cropmap(
        "map", tmp_path / "cut.tif", "--landcover", farmland.landcover, "--out", tmp_path / "o"
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "cut.tif" in done.stderr


def test_wrong_usage_is_status_two() -> None:
    assert cropmap("map", "--bogus").returncode == 2
    assert cropmap("map", "a.tif", "--landcover", "b", "--out", "c", "--bands", "x").returncode == 2


def test_missing_weights_name_the_command_that_fetches_them(farmland, tmp_path) -> None:
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
    assert done.returncode == 1
    assert "cropmap weights fetch mobile_sam" in done.stderr


def test_wrong_weights_are_refused(farmland, tmp_path) -> None:
    (tmp_path / "mobile_sam.pt").write_bytes(b"something else")
    done = cropmap("weights", "verify", "mobile_sam", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "not the published file" in done.stderr


def test_weights_are_listed(tmp_path) -> None:
    done = cropmap("weights", "list", "--json", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    rows = json.loads(done.stdout)
    assert {row["key"] for row in rows} >= {"mobile_sam", "sam_vit_b", "sam_vit_l", "sam_vit_h"}
    assert [row["key"] for row in rows if row["present"]] == ["cropmap_small"]


def test_worldcover_without_a_network_names_the_file_to_get(farmland, tmp_path) -> None:
    done = cropmap(
        "map", farmland.scene, "--landcover", "worldcover", "--out", tmp_path, CROPMAP_OFFLINE="1"
    )
    assert done.returncode == 1
    assert "ESA_WorldCover_10m_2021_v200_N45E015_Map.tif" in done.stderr


def test_a_full_disk_is_told_and_leaves_the_old_files_whole(farmland, tmp_path) -> None:
    arguments = ["map", farmland.scene, "--landcover", farmland.landcover, "--out", tmp_path]
    assert cropmap(*arguments).returncode == 0
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}

    def no_more_space() -> None:
        # Writing beyond this size fails as on a full disk (EFBIG), with no signal.
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments), "--seed", "9"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_more_space,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert after == before
