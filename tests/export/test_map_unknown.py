"""A map of files in which much is unknown: nothing of it is cropland, and it is said everywhere."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio

from core.export.scene_map import map_scene
from core.mapping import MapOptions, SceneRequest
from tests.rasters import UTM, write_raster

PLAIN = MapOptions(model=None, min_area_m2=0.0)
SIDE = 128


def pixels(side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(6).integers(20, 200, (3, side, side)).astype(np.uint8)


def cover(path, side: int = SIDE, columns: int | None = None) -> str:
    codes = np.full((1, side, columns or side), 40, dtype=np.uint8)
    codes[:, : side // 4] = 10
    return str(write_raster(path, codes))


def mapped(scene, landcover: str, out, **options):
    result = map_scene(SceneRequest(str(scene), landcover, **options), PLAIN, out)
    with rasterio.open(out / "mask.tif") as dataset:  # noqa: TID251
        mask = dataset.read(1)
    return result, mask, json.loads((out / "run.json").read_text())


def test_a_collar_is_no_cropland_and_is_said(tmp_path) -> None:
    values = pixels()
    values[:, :, :48] = 0
    path = write_raster(tmp_path / "a.tif", values)
    land = cover(tmp_path / "worldcover.tif")
    result, mask, record = mapped(path, land, tmp_path / "out")
    assert (mask[:, :48] == 255).all()
    assert (mask[:, 48:] != 255).all()
    told = "38 % of the image is plain black"
    assert told in result.warnings[0]
    assert told in record["warnings"][0]
    assert record["scene"]["unknown"]["collars"][0]["share"] == pytest.approx(0.375)
    _, mask, record = mapped(path, land, tmp_path / "all", nodata=())
    assert (mask != 255).all()
    assert record["warnings"] == []
    _, mask, _ = mapped(path, land, tmp_path / "said", nodata=(0.0,))
    assert (mask[:, :48] == 255).all()


def test_land_cover_of_a_part_is_said_in_sentence_and_record(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", pixels())
    land = cover(tmp_path / "worldcover.tif", columns=59)
    result, mask, record = mapped(path, land, tmp_path / "out")
    assert result.covered == pytest.approx(59 / SIDE, abs=1e-5)
    assert result.sentence().endswith(
        "The land cover covers 46 % of the image; the rest is unknown."
    )
    assert record["land_cover"]["covered"] == pytest.approx(59 / SIDE, abs=1e-5)
    assert result.summary()["land_cover_covers"] == pytest.approx(59 / SIDE, abs=1e-5)
    assert (mask[:, 60:] == 255).all()


@pytest.mark.parametrize(
    "shape",
    [(1, 64), (64, 1), (1, 1), (2, 2), (1, 2), (3, 64), (7, 5), (16, 16), (33, 17), (64, 64)],
)
def test_odd_shapes_are_a_map(tmp_path, shape) -> None:
    path = write_raster(tmp_path / "a.tif", pixels()[:, : shape[0], : shape[1]])
    _, mask, _ = mapped(path, cover(tmp_path / "worldcover.tif"), tmp_path / "out")
    assert mask.shape == shape
    assert (mask != 255).all()


@pytest.mark.parametrize("shape", [(1, 64), (64, 1), (1, 1), (5, 3)])
def test_odd_shapes_are_a_map_by_the_model_as_well(tmp_path, shape) -> None:
    path = write_raster(tmp_path / "a.tif", pixels()[:, : shape[0], : shape[1]])
    request = SceneRequest(str(path), cover(tmp_path / "worldcover.tif"))
    assert map_scene(request, MapOptions(min_area_m2=0.0), tmp_path / "out").tiles == 1


@pytest.mark.parametrize("value", [1, 77, 254])
@pytest.mark.parametrize("one_class", [False, True])
def test_a_scene_of_one_value_is_a_map(tmp_path, value, one_class) -> None:
    path = write_raster(tmp_path / "a.tif", np.full((3, 64, 64), value, dtype=np.uint8))
    codes = np.full((1, 64, 64), 40, dtype=np.uint8)
    if not one_class:
        codes[:, :20] = 10
    land = write_raster(tmp_path / "worldcover.tif", codes)
    _, mask, _ = mapped(path, str(land), tmp_path / "out")
    assert (mask != 255).all()


def test_tiles_of_which_nothing_is_known_are_left_out(tmp_path, tile_size) -> None:
    tile_size(64)
    values = pixels(192)
    known = np.zeros((192, 192), dtype=bool)
    known[10:30, 10:30] = True
    path = write_raster(tmp_path / "a.tif", values, mask=known, transform=UTM)
    _, mask, _ = mapped(path, cover(tmp_path / "worldcover.tif", 192), tmp_path / "out")
    assert np.array_equal(mask != 255, known)
