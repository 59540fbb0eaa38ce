"""Everything made on the Results page in a real browser, and opened with software not ours."""

import io
import json
import subprocess
import sys
import zipfile
from contextlib import redirect_stdout

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
from PIL import Image
from pycocotools.coco import COCO

from core.farmland import write_scene
from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from tests.journeys.conftest import storing_in

CHOSEN = ("Training chips", "COCO instances", "YOLO segmentation", "Land cover error report",
          "Replay bundle")  # fmt: skip


@pytest.fixture(scope="module")
def farm(home, tmp_path_factory):
    """A made scene whose only tile is accepted; without a model, so that nobody waits for one."""
    with storing_in(home):
        files = write_scene(tmp_path_factory.mktemp("made"), seed=11, size=400)
        path = new_project_path("Files")
        project = Project.create(path, "Files")
        scene = add_scene(project, files.scene, name="Süd", landcover_path=files.landcover)
        project.update_scene(scene.id, expected_version=scene.version, settings={"model": None})
        remember_project(path)
        yield project, scene.id, files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("taken")


def test_everything_is_made_taken_and_opened(visitor, farm, folder) -> None:
    project, scene_id, files = farm
    tile = project.tiles(scene_id)[0].name
    visitor.open(f"/annotate?project={project.id}&scene={scene_id}&tile={tile}")
    visitor.map_ready()
    visitor.press("verdict-accepted")
    visitor.page.wait_for_function("window.__cropmap.state.verdict.verdict === 'accepted'")

    visitor.open(f"/results?project={project.id}&scene={scene_id}")
    visitor.click(visitor.page.get_by_text("Accepted tiles", exact=True))
    visitor.page.get_by_text("1 tile so far").wait_for()
    visitor.calm()
    for title in CHOSEN:
        visitor.click(visitor.page.get_by_text(title, exact=True))
    visitor.click(visitor.page.get_by_role("button", name="More formats"))
    for title in ("GeoParquet", "fiboa field boundaries"):
        visitor.click(visitor.page.get_by_text(title, exact=True))
        visitor.calm()
    visitor.page.keyboard.press("Escape")
    visitor.write(visitor.page.get_by_role("textbox", name="Licence"), "CC-BY-4.0")
    visitor.click(visitor.page.get_by_role("button", name="Make the files"))
    taken = {title: visitor.take(title, folder) for title in (
        "Shapefile", "GeoPackage", "GeoJSON", "GeoParquet", "fiboa field boundaries", "Mask",
        "Data card", "Training set", "Land cover error report", "Report with map and tables",
        "Replay bundle",
    )}  # fmt: skip
    assert taken["Shapefile"].name.startswith("Files_Süd_")
    assert taken["Shapefile"].name.endswith("_accepted.shp.zip")

    vectors_agree(taken)
    mask_agrees(taken, files)
    training_set_opens(taken["Training set"], folder)
    error_report_opens(visitor, taken, folder)
    replay_makes_it_again(taken["Replay bundle"], files, folder)


def vectors_agree(taken) -> None:
    tables = [
        geopandas.GeoDataFrame(pyogrio.read_dataframe(f"/vsizip/{taken['Shapefile']}")),
        geopandas.GeoDataFrame(pyogrio.read_dataframe(taken["GeoPackage"], layer="parcels")),
        geopandas.GeoDataFrame(pyogrio.read_dataframe(taken["GeoJSON"])),
        geopandas.read_parquet(taken["GeoParquet"]),
        geopandas.read_parquet(taken["fiboa field boundaries"]),
    ]
    first = tables[0]
    assert len(first) > 3
    assert set(first["status"]) <= {"accepted", "corrected"}
    for table in tables:
        assert len(table) == len(first)
        area = table.to_crs(first.crs).area.sum()
        assert area == pytest.approx(first.area.sum(), rel=1e-3)
    card = taken["Data card"].read_text(encoding="utf-8")
    assert "CC-BY-4.0" in card


def mask_agrees(taken, files) -> None:
    with rasterio.open(taken["Mask"]) as mask, rasterio.open(files.scene) as scene:  # noqa: TID251
        assert (mask.width, mask.height, mask.crs) == (scene.width, scene.height, scene.crs)
        cropland = int((mask.read(1) == 1).sum())
        pixel = abs(mask.transform.determinant)
    parcels = geopandas.GeoDataFrame(pyogrio.read_dataframe(taken["GeoPackage"], layer="parcels"))
    assert cropland * pixel == pytest.approx(parcels.area.sum(), rel=0.02)


def training_set_opens(path, folder) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    root = folder / "training"
    chips = list((root / "images").rglob("*.png"))
    assert chips
    for image in chips:
        mask = root / "masks" / image.relative_to(root / "images")
        with Image.open(image) as seen, Image.open(mask) as codes:
            assert seen.size == codes.size == (512, 512)
            assert set(np.unique(np.asarray(codes))) <= {0, 1, 2, 3}
    with redirect_stdout(io.StringIO()):
        coco = COCO(str(root / "instances_train.json"))
    assert coco.getAnnIds()
    assert coco.annToMask(coco.loadAnns(coco.getAnnIds()[:1])[0]).any()
    assert (root / "data.yaml").is_file()


def error_report_opens(visitor, taken, folder) -> None:
    page = visitor.context.browser.new_page()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(taken["Land cover error report"].as_uri())
    assert "compared with the accepted map" in page.inner_text("h1")
    assert page.evaluate("document.images[0].naturalWidth") == 400
    assert [url for url in loaded if not url.startswith("data:")] == [
        taken["Land cover error report"].as_uri()
    ]
    page.close()
    with zipfile.ZipFile(taken["Report with map and tables"]) as archive:
        archive.extractall(folder)
    errors = folder / "landcover" / "landcover_errors.tif"
    with rasterio.open(errors) as dataset:  # noqa: TID251
        assert set(np.unique(dataset.read(1))) <= {0, 1, 2, 3, 255}
        assert dataset.overviews(1) or dataset.width <= 512


def replay_makes_it_again(path, files, folder) -> None:
    command = [sys.executable, "-m", "core", "replay", path, "--scene", files.scene,
               "--landcover", files.landcover, "--out", folder / "again", "--json"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["identical"] is True
