"""Files that were replaced after they were added: nothing is predicted or kept from them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio

from core.errors import Remedy, ReplacedFileError
from core.imagery.scene import Scene, open_scene
from core.landcover.source import open_landcover
from core.project import Project
from core.session.adding_scenes import add_scene, change_view
from core.session.moved_imagery import imagery_problem, look_at
from core.session.opened import open_project_scene
from core.session.taking_new import take_imagery, take_landcover
from core.session.workspaces import Workspaces
from tests.session.conftest import ready

pytestmark = pytest.mark.usefixtures("small_tiles")


@pytest.fixture
def own(tmp_path, farmland, small_tiles) -> Project:
    """A project whose files may be replaced."""
    project = Project.create(tmp_path / "farm.cropmap", "Farm")
    image, landcover = tmp_path / "image.tif", tmp_path / farmland.landcover.name
    shutil.copyfile(farmland.scene, image)
    shutil.copyfile(farmland.landcover, landcover)
    add_scene(project, image, name="North", landcover_path=landcover)
    return project


@pytest.fixture
def record(own):
    return own.scenes()[0]


def flip(path) -> bytes:
    """Turn a raster upside down in place; what it was."""
    before = path.read_bytes()
    with rasterio.open(path) as dataset:  # noqa: TID251
        values, profile = dataset.read(), dataset.profile
        tags = dataset.tags()
    with rasterio.open(path, "w", **profile) as dataset:  # noqa: TID251
        dataset.write(np.ascontiguousarray(values[:, ::-1]))
        dataset.update_tags(**tags)
    return before


def kept_files(project) -> dict[str, bytes]:
    """What is kept of tiles, by name; the times in them do not matter."""
    return {str(p): p.read_bytes() for p in project.folder.rglob("*.placed")}


def accept(project, scene_id, tile, verdict="accepted") -> None:
    version = project.tile(scene_id, tile).verdict.version
    project.set_verdict(
        scene_id, tile, verdict, reviewer="Ann", comment="", expected_version=version
    )


def fresh(workspaces) -> Workspaces:
    """As after the program was started again."""
    return Workspaces(workspaces.models)


def test_nothing_is_predicted_from_a_replaced_image_and_an_accepted_label_stays(
    own, record, workspaces, tmp_path
) -> None:
    first, second = (tile.name for tile in own.tiles(record.id)[:2])
    before = ready(workspaces.get(own, record.id, first))
    accept(own, record.id, first)
    label = workspaces.get(own, record.id, first).finished()
    workspaces.settle()
    kept = kept_files(own)
    assert kept
    right = flip(tmp_path / "image.tif")

    again = fresh(workspaces)
    assert again.get(own, record.id, first).finished().to_json() == label.to_json()
    state = ready(again.get(own, record.id, second))
    message = "The image of North is another file than the one that was added."
    assert state["error"]["message"] == message
    with pytest.raises(ReplacedFileError, match="The image of North is another file") as told:
        again.get(own, record.id, second).finished()
    assert told.value.remedy is Remedy.PUT_BACK_IMAGERY
    with pytest.raises(ReplacedFileError):
        change_view(own, record.id, bands=(3, 2, 1))
    assert kept_files(own) == kept
    assert own.scenes()[0].version == record.version

    # The right one is back: as if nothing had been.
    (tmp_path / "image.tif").write_bytes(right)
    assert ready(again.get(own, record.id, second))["error"] is None
    assert ready(again.get(own, record.id, first))["parcels"] == before["parcels"]


def test_taken_as_new_an_accepted_tile_keeps_its_label_and_says_so(
    own, record, workspaces, tmp_path
) -> None:
    first, second = (tile.name for tile in own.tiles(record.id)[:2])
    before = ready(workspaces.get(own, record.id, first))
    other = ready(workspaces.get(own, record.id, second))
    accept(own, record.id, first)
    label = workspaces.get(own, record.id, first).finished()
    workspaces.settle()
    flip(tmp_path / "image.tif")
    old = Scene.from_json(record.scene)
    again = fresh(workspaces)
    new = take_imagery(own, record.id, look_at(old, old.path), workspaces=again)
    assert new.version > record.version
    assert imagery_problem(Scene.from_json(new.scene), "North") is None

    again = fresh(workspaces)
    state = ready(again.get(own, record.id, first))
    assert state["parcels"] == before["parcels"]
    assert "keeps its accepted label" in state["note"]["message"]
    assert again.get(own, record.id, first).finished().to_json() == label.to_json()
    assert again.get(own, record.id, first).finished_tile().label.to_json() == label.to_json()
    assert ready(again.get(own, record.id, second))["parcels"] != other["parcels"]

    # Another verdict is about the new imagery.
    accept(own, record.id, first, "open")
    state = ready(again.get(own, record.id, first))
    assert state["error"] is None
    assert state["parcels"] != before["parcels"]
    accept(own, record.id, first)
    assert ready(again.get(own, record.id, first))["parcels"] == state["parcels"]


def test_a_replaced_land_cover_stops_predictions_until_it_is_taken_or_put_back(
    own, record, workspaces
) -> None:
    first, second = (tile.name for tile in own.tiles(record.id)[:2])
    before = ready(workspaces.get(own, record.id, first))
    accept(own, record.id, first)
    opened = open_project_scene(own, record.id)
    path = opened.landcover.path
    right = flip(Path(path))
    again = fresh(workspaces)
    opened = open_project_scene(own, record.id)
    assert opened.landcover is None
    message = "The land cover of North is another file than the one that was added."
    assert opened.landcover_error.message == message
    assert opened.landcover_error.remedy is Remedy.PUT_BACK_LANDCOVER
    assert ready(again.get(own, record.id, first))["parcels"] == before["parcels"]
    assert ready(again.get(own, record.id, second))["error"]["message"] == message
    Path(path).write_bytes(right)
    assert ready(again.get(own, record.id, second))["error"] is None

    flip(Path(path))
    take_landcover(own, record.id, path, record.landcover["product"], workspaces=again)
    again = fresh(workspaces)
    state = ready(again.get(own, record.id, first))
    assert state["parcels"] == before["parcels"]
    assert "keeps its accepted label" in state["note"]["message"]
    assert ready(again.get(own, record.id, second))["error"] is None


def as_before(project) -> None:
    """Let the project hold what earlier versions stored."""
    (record,) = project.scenes()
    scene = open_scene(record.scene["path"])
    landcover = open_landcover(record.landcover["path"], product=record.landcover["product"])
    stored = {**record.scene, "fingerprint": scene.overview_fingerprint}
    del stored["file_fingerprint"], stored["overview_fingerprint"]
    covered = {**record.landcover, "fingerprint": landcover.overview_fingerprint}
    del covered["file_fingerprint"]
    project.update_scene(
        record.id, expected_version=record.version, scene=stored, landcover=covered
    )


def test_a_project_of_an_earlier_version_opens_without_a_question(
    own, record, workspaces, tmp_path
) -> None:
    as_before(own)
    (old,) = own.scenes()
    opened = open_project_scene(own, record.id)
    assert opened.landcover_error is None
    assert imagery_problem(opened.scene, "North") is None
    # What is kept goes by the names that it had; the files are known exactly from now on.
    assert opened.scene.fingerprint == old.scene["fingerprint"]
    assert opened.landcover_fingerprint == old.landcover["fingerprint"]
    (new,) = own.scenes()
    assert new.scene["file_fingerprint"].startswith("exact:")
    assert new.landcover["file_fingerprint"].startswith("exact:")
    assert open_project_scene(own, record.id).record.version == new.version
    flip(tmp_path / "image.tif")
    assert imagery_problem(open_project_scene(own, record.id).scene, "North") is not None


def test_a_file_replaced_before_the_upgrade_is_asked_about(own, record, tmp_path) -> None:
    as_before(own)
    right = flip(tmp_path / "image.tif")
    scene = open_project_scene(own, record.id).scene
    error = imagery_problem(scene, "North")
    assert error.message == "The image of North is another file than the one that was added."
    (tmp_path / "image.tif").write_bytes(right)
    assert imagery_problem(open_project_scene(own, record.id).scene, "North") is None
