import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from rasterio.features import rasterize

from core.errors import (
    CancelledError,
    EmptySceneError,
    InputError,
    MissingCrsError,
    MissingWeightsError,
    NoOverlapError,
    OutputError,
)
from core.export.scene_map import MapResult, map_scene
from core.files import folder_lock
from core.imagery.scene import open_scene
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from core.mapping import MapOptions, SceneRequest, Workers
from core.sam.registry import get_model
from core.settings import get_settings
from core.study.metrics.pixels import compare_pixels
from tests.fakes import ColourSegmenter
from tests.sam.own_models import OWN_SHA256, own

PLAIN = MapOptions(model=None)
"""Without a model: what these tests are about comes after the probability."""


@pytest.fixture(scope="module")
def farmland(made_scene):
    return made_scene(3, size=400)


@pytest.fixture
def small_tiles(tile_size):
    """Tiles of 160 pixels, so that a scene of 400 has several."""
    tile_size(160)


def request(farmland) -> SceneRequest:
    return SceneRequest(scene=str(farmland.scene), landcover=str(farmland.landcover))


def read(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:  # noqa: TID251
        return dataset.read(1)


@pytest.fixture(scope="module")
def plain(farmland, tmp_path_factory) -> tuple[MapResult, Path]:
    """The scene mapped without a model, and where its files are; to be read only."""
    folder = tmp_path_factory.mktemp("plain")
    return map_scene(request(farmland), PLAIN, folder), folder


def test_every_file_is_there_and_in_its_place(farmland, plain) -> None:
    result, folder = plain
    names = {path.name for path in result.files}
    assert names == {
        "probability.tif",
        "mask.tif",
        "parcels.gpkg",
        "parcels.shp.zip",
        "parcels.geojson",
        "parcels.qml",
        "run.json",
    }
    assert sorted(p.name for p in folder.iterdir()) == sorted(names)
    with (
        rasterio.open(farmland.scene) as scene,  # noqa: TID251
        rasterio.open(folder / "mask.tif") as mask,  # noqa: TID251
        rasterio.open(folder / "probability.tif") as probability,  # noqa: TID251
    ):
        for raster in (mask, probability):
            assert (raster.crs, raster.transform, raster.shape) == (
                scene.crs,
                scene.transform,
                scene.shape,
            )
        assert mask.nodata == 255
        cropland = mask.read(1) == 1
        transform = mask.transform
    parcels = pyogrio.read_dataframe(folder / "parcels.gpkg", layer="parcels")
    drawn = rasterize(
        [(g, 1) for g in parcels.geometry], out_shape=cropland.shape, transform=transform
    ).astype(bool)
    # Parcels under the least area are dropped from the vectors; nothing else differs.
    assert not (drawn & ~cropland).any()
    assert (cropland & ~drawn).mean() < 0.01
    shapefile = pyogrio.read_dataframe(f"/vsizip/{folder}/parcels.shp.zip")
    assert len(shapefile) == len(parcels) == result.parcels
    assert shapefile.crs == parcels.crs
    np.testing.assert_allclose(shapefile["area_ha"], parcels["area_ha"], rtol=1e-6)


def test_the_map_beats_the_land_cover_it_came_from(farmland, plain) -> None:
    truth = read(farmland.truth) > 0
    mask = read(plain[1] / "mask.tif")
    coarse = align(open_landcover(farmland.landcover), open_scene(farmland.scene).grid)
    mapped = compare_pixels(mask == 1, truth, mask != 255).mean_iou
    assert mapped > compare_pixels(coarse.cropland, truth, coarse.valid).mean_iou + 0.05


def test_without_land_cover_the_field_map_draws(farmland, tmp_path) -> None:
    result = map_scene(SceneRequest(str(farmland.scene)), MapOptions(), tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["land_cover"] is None
    assert record["tiles"][0]["prompts"] == []
    assert "no land cover: the model's field map" in result.sentence()
    truth = read(farmland.truth) > 0
    mask = read(tmp_path / "mask.tif")
    assert compare_pixels(mask == 1, truth, mask != 255).mean_iou > 0.6


def test_without_land_cover_a_strategy_that_starts_from_it_is_refused(farmland, tmp_path) -> None:
    for options in (PLAIN, MapOptions(strategy="joint")):
        with pytest.raises(InputError, match="starts from a land cover, and none is given"):
            map_scene(SceneRequest(str(farmland.scene)), options, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_by_default_the_small_model_draws(farmland, tmp_path) -> None:
    result = map_scene(request(farmland), MapOptions(), tmp_path)
    assert (result.strategy, result.model) == ("apt_plus", "cropmap_small")
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["model"]["weights_sha256"] == get_model("cropmap_small").sha256
    assert list(get_settings().embeddings_folder.glob("*.embedding"))
    truth = read(farmland.truth) > 0
    mask = read(tmp_path / "mask.tif")
    coarse = align(open_landcover(farmland.landcover), open_scene(farmland.scene).grid)
    mapped = compare_pixels(mask == 1, truth, mask != 255).mean_iou
    assert mapped > compare_pixels(coarse.cropland, truth, coarse.valid).mean_iou + 0.05


def test_a_checkpoint_of_ones_own_is_named_with_its_hash(farmland, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / "weights"))
    get_settings.cache_clear()
    own("fields")
    segmenter = ColourSegmenter(name="fields", weights_hash=OWN_SHA256)
    options = MapOptions(strategy="joint", model="fields")
    result = map_scene(request(farmland), options, tmp_path / "out", segmenter=segmenter)
    assert f"with fields (your own vit_b), SHA-256 {OWN_SHA256[:12]};" in result.sentence()
    assert result.summary()["weights_sha256"] == OWN_SHA256
    assert json.loads((tmp_path / "out" / "run.json").read_text())["model"] == {
        "name": "fields",
        "weights_sha256": OWN_SHA256,
        "architecture": "vit_b",
        "file": "best.ckpt",
    }
    get_settings.cache_clear()


def test_the_classifier_loads_no_model(farmland, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("core.sam.load.load_segmenter", None)
    result = map_scene(request(farmland), MapOptions(strategy="classifier"), tmp_path)
    assert result.model == "none"


def test_the_record_names_what_the_result_came_from(farmland, tmp_path) -> None:
    map_scene(request(farmland), MapOptions(model=None, seed=5), tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["model"] is None
    assert record["options"]["strategy"] == "classifier"
    assert record["options"]["seed"] == 5
    assert record["land_cover"]["simulated"] is True
    assert "SIMULATED" in record["land_cover"]["title"]
    from core.files import sha256_of

    for name, digest in record["files"].items():
        assert sha256_of(tmp_path / name) == digest


def test_a_run_that_was_cancelled_resumes(farmland, tmp_path, small_tiles) -> None:
    done: list[int] = []

    def progress(stage: str, step: int, _total: int) -> None:
        if stage == "Mapping tiles":
            done.append(step)

    with pytest.raises(CancelledError, match="tiles are done and kept"):
        map_scene(
            request(farmland),
            PLAIN,
            tmp_path / "stopped",
            progress=progress,
            cancelled=lambda: len(done) > 3,
            # Of several processes some are at a tile when it is cancelled.
            workers=Workers(1),
        )
    result = map_scene(request(farmland), PLAIN, tmp_path / "stopped")
    assert result.kept_tiles == 3
    whole = map_scene(request(farmland), PLAIN, tmp_path / "whole")
    assert whole.kept_tiles == 0
    for name in ("mask.tif", "probability.tif"):
        np.testing.assert_array_equal(
            read(tmp_path / "stopped" / name), read(tmp_path / "whole" / name)
        )


def test_other_options_do_not_take_an_earlier_runs_tiles(farmland, tmp_path, small_tiles) -> None:
    steps: list[int] = []
    with pytest.raises(CancelledError):
        map_scene(
            request(farmland),
            MapOptions(model=None, seed=1),
            tmp_path,
            progress=lambda _s, step, _t: steps.append(step),
            cancelled=lambda: len(steps) > 3,
        )
    assert map_scene(request(farmland), MapOptions(model=None, seed=2), tmp_path).kept_tiles == 0


def test_a_damaged_kept_tile_is_made_again(farmland, tmp_path, small_tiles) -> None:
    steps: list[int] = []
    with pytest.raises(CancelledError):
        map_scene(
            request(farmland),
            PLAIN,
            tmp_path,
            progress=lambda _s, step, _t: steps.append(step),
            cancelled=lambda: len(steps) > 3,
        )
    kept = sorted(tmp_path.rglob("*.tile"))
    body = bytearray(kept[0].read_bytes())
    body[-1] ^= 1
    kept[0].write_bytes(body)
    assert map_scene(request(farmland), PLAIN, tmp_path).kept_tiles == len(kept) - 1


def test_land_cover_elsewhere_is_told_with_both_places(farmland, tmp_path) -> None:
    with rasterio.open(farmland.landcover) as source:  # noqa: TID251
        profile, codes = source.profile, source.read()
        tags = source.tags()
    profile["transform"] = rasterio.Affine.translation(20, 10) @ profile["transform"]
    with rasterio.open(tmp_path / "far_simulated.tif", "w", **profile) as out:  # noqa: TID251
        out.write(codes)
        out.update_tags(**tags)
    wrong = SceneRequest(str(farmland.scene), str(tmp_path / "far_simulated.tif"))
    with pytest.raises(NoOverlapError, match=r"far_simulated\.tif does not cover the scene"):
        map_scene(wrong, PLAIN, tmp_path / "out")


def bare_raster(path: Path, values: np.ndarray, **profile: object) -> Path:
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        driver="GTiff",
        width=values.shape[2],
        height=values.shape[1],
        count=len(values),
        dtype=values.dtype.name,
        **profile,
    ) as dataset:
        dataset.write(values)
    return path


def test_no_crs_and_no_data_have_their_own_sentence(farmland, tmp_path) -> None:
    place = rasterio.Affine(1, 0, 512_345, 0, -1, 5_311_220)
    zeros = np.zeros((3, 64, 64), dtype=np.uint8)
    lost = bare_raster(tmp_path / "lost.tif", zeros + 7, transform=place)
    empty = bare_raster(tmp_path / "empty.tif", zeros, transform=place, crs="EPSG:32633", nodata=0)
    with pytest.raises(MissingCrsError, match="in which CRS"):
        map_scene(SceneRequest(str(lost), str(farmland.landcover)), PLAIN, tmp_path / "o")
    with pytest.raises(EmptySceneError, match="no valid pixel"):
        map_scene(SceneRequest(str(empty), str(farmland.landcover)), PLAIN, tmp_path / "o")
    stated = SceneRequest(str(lost), str(farmland.landcover), crs="EPSG:32633")
    assert map_scene(stated, PLAIN, tmp_path / "o").tiles == 1


def test_two_runs_cannot_map_into_one_folder(farmland, tmp_path) -> None:
    out = tmp_path / "out"
    with folder_lock(out), pytest.raises(OutputError, match="Another run is writing into"):
        map_scene(request(farmland), PLAIN, out)
    assert list(out.iterdir()) == []
    map_scene(request(farmland), PLAIN, out)
    assert not list(out.glob(".*"))  # the lock goes with the run
    # Where one result cannot be replaced, none is.
    (out / "parcels.gpkg").write_text("earlier")
    (out / "mask.tif").unlink()
    (out / "mask.tif").mkdir()
    with pytest.raises(OutputError, match=r"mask\.tif cannot be written \(is a directory\)"):
        map_scene(request(farmland), PLAIN, out)
    assert (out / "parcels.gpkg").read_text() == "earlier"


def test_a_folder_that_cannot_be_written_is_told_before_the_work(farmland, tmp_path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        map_scene(request(farmland), PLAIN, tmp_path / "taken")
    with pytest.raises(OutputError):
        map_scene(request(farmland), PLAIN, tmp_path / "taken" / "below")


def test_strategies_and_models_that_do_not_exist(farmland, tmp_path) -> None:
    with pytest.raises(InputError, match="no strategy 'magic'"):
        map_scene(request(farmland), MapOptions(strategy="magic"), tmp_path)
    with pytest.raises(InputError, match="needs a model"):
        map_scene(request(farmland), MapOptions(strategy="apt", model=None), tmp_path)
    with pytest.raises(MissingWeightsError):
        map_scene(request(farmland), MapOptions(model="sam_vit_b"), tmp_path)
    with pytest.raises(InputError, match="threshold"):
        MapOptions(threshold=1.0)
    with pytest.raises(InputError, match="seed -1"):
        MapOptions(seed=-1)
    with pytest.raises(InputError, match="simplify_px"):
        MapOptions(simplify_px=-1.0)


@pytest.mark.real_data
def test_the_map_of_real_tiles_beats_their_simulated_land_cover(shared_data, tmp_path) -> None:
    import geopandas

    total = None
    for name in ("41.3315N_92.0259W", "42.6745N_89.6856W"):
        folder = shared_data / "naip_fields"
        scene = folder / "images" / f"{name}.tif"
        landcover = folder / "landcover_simulated" / f"{name}.tif"
        map_scene(SceneRequest(str(scene), str(landcover)), PLAIN, tmp_path / name)
        fields = geopandas.read_file(folder / "fields" / f"{name}.geojson")  # noqa: TID251
        with rasterio.open(scene) as dataset:  # noqa: TID251
            shape, transform = dataset.shape, dataset.transform
        truth = rasterize(
            [(g, 1) for g in fields.geometry], out_shape=shape, transform=transform
        ).astype(bool)
        mask = read(tmp_path / name / "mask.tif")
        one = compare_pixels(mask == 1, truth, mask != 255)
        total = one if total is None else total + one
    assert total is not None
    assert total.mean_iou > 0.85
