"""Imagery that was moved, and land cover that was deleted: what people did stays."""

import shutil

import numpy as np
import pytest

from core.errors import InputError, Remedy
from core.imagery.scene import Scene
from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.moved_imagery import OtherImageryError, look_at, missing_imagery, relink
from core.session.opened import open_project_scene
from tests.rasters import UTM, write_raster
from tests.session.conftest import ready

pytestmark = pytest.mark.usefixtures("small_tiles")


@pytest.fixture
def own(tmp_path, farmland, small_tiles) -> Project:
    """A project whose files may be moved."""
    project = Project.create(tmp_path / "farm.cropmap", "Farm")
    image, landcover = tmp_path / "image.tif", tmp_path / farmland.landcover.name
    shutil.copyfile(farmland.scene, image)
    shutil.copyfile(farmland.landcover, landcover)
    add_scene(project, image, landcover_path=landcover)
    return project


@pytest.fixture
def record(own):
    return own.scenes()[0]


def scene_of(project) -> Scene:
    return Scene.from_json(project.scenes()[0].scene)


def test_moved_imagery_is_said_and_found_again(own, record, workspaces, tmp_path) -> None:
    tile = own.tiles(record.id)[0].name
    workspace = workspaces.get(own, record.id, tile)
    state = ready(workspace)
    workspace.edit([{"kind": "parcel_delete", "point": [60, 60]}], state["version"], "Ann")
    before = ready(workspace)
    old = scene_of(own)
    assert missing_imagery(old.path) is None
    moved = tmp_path / "elsewhere" / "renamed.tif"
    moved.parent.mkdir()
    (tmp_path / "image.tif").rename(moved)
    error = missing_imagery(old.path)
    assert str(tmp_path / "image.tif") in error.message
    assert error.remedy is Remedy.FIND_IMAGERY

    found = look_at(old, moved)
    assert found.same
    relink(own, record.id, found)
    assert scene_of(own).path == str(moved)
    assert scene_of(own).fingerprint == old.fingerprint
    after = ready(workspace)
    assert after["parcels"] == before["parcels"]
    assert after["mask_version"] == before["mask_version"]
    assert after["edit_count"] == 1


def test_a_tile_says_the_same_sentence(own, record, workspaces, tmp_path) -> None:
    (tmp_path / "image.tif").unlink()
    tile = own.tiles(record.id)[0].name
    state = ready(workspaces.get(own, record.id, tile))
    assert state["error"]["message"] == missing_imagery(scene_of(own).path).message


def test_other_imagery_is_refused_with_what_differs(own, record, tmp_path) -> None:
    small = write_raster(tmp_path / "small.tif", np.ones((4, 40, 48), np.uint16))
    found = look_at(scene_of(own), small)
    assert not found.same_grid
    with pytest.raises(OtherImageryError, match=r"48 × 40 px instead of 400 × 400 px") as told:
        relink(own, record.id, found, knowingly=True)
    assert "number of bands (4 instead of 3)" in told.value.message
    assert "uint16 instead of uint8" in told.value.message
    grid = scene_of(own).grid
    shifted = write_raster(
        tmp_path / "shifted.tif", np.ones((3, *grid.shape), np.uint8), transform=UTM
    )
    with pytest.raises(OtherImageryError, match="where it lies"):
        relink(own, record.id, look_at(scene_of(own), shifted), knowingly=True)
    assert scene_of(own).path == str(tmp_path / "image.tif")


def test_other_pixels_on_the_same_grid_are_taken_knowingly(own, record, tmp_path) -> None:
    old = scene_of(own)
    pixels = np.random.default_rng(0).integers(1, 255, (3, *old.grid.shape)).astype(np.uint8)
    other = write_raster(
        tmp_path / "new.tif", pixels, crs=old.grid.crs.to_wkt(), transform=old.grid.transform
    )
    found = look_at(old, other)
    assert found.same_grid
    assert not found.same
    with pytest.raises(OtherImageryError, match="pixels") as told:
        relink(own, record.id, found)
    assert "so it can be used" in told.value.hint
    relink(own, record.id, found, knowingly=True)
    new = scene_of(own)
    assert new.path == str(other)
    assert new.fingerprint != old.fingerprint
    assert (new.grid, new.stretch, new.bands) == (old.grid, old.stretch, old.bands)


def test_an_upload_is_compared_as_it_was_sent(own, tmp_path) -> None:
    assert look_at(scene_of(own), tmp_path / "image.tif", trusted=False).same
    (tmp_path / "broken.tif").write_bytes(b"II*\x00broken")
    with pytest.raises(InputError):
        look_at(scene_of(own), tmp_path / "broken.tif", trusted=False)


def test_a_missing_or_broken_file_is_a_sentence(own, tmp_path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"II*\x00broken")
    for name in ("nothing.tif", "broken.tif"):
        with pytest.raises(InputError):
            look_at(scene_of(own), tmp_path / name)


def test_other_bands_of_the_same_file_are_the_same_file(own, record, tmp_path) -> None:
    from core.session.adding_scenes import change_view

    change_view(own, record.id, bands=(3, 2, 1))
    assert look_at(scene_of(own), tmp_path / "image.tif").same


def test_a_deleted_land_cover_stops_only_new_predictions(own, record, workspaces, tmp_path) -> None:
    tile = own.tiles(record.id)[0].name
    workspace = workspaces.get(own, record.id, tile)
    before = ready(workspace)
    assert before["prompts"]
    path = open_project_scene(own, record.id).landcover.path
    shutil.move(path, tmp_path / "away.tif")
    opened = open_project_scene(own, record.id)
    assert opened.landcover is None
    assert path in opened.landcover_error.message
    assert opened.landcover_title

    # In a fresh process: prompts and label from the disk, corrections go on.
    again = type(workspaces)(workspaces.models).get(own, record.id, tile)
    state = ready(again)
    assert (state["prompts"], state["parcels"]) == (before["prompts"], before["parcels"])
    assert state["error"] is None
    again.edit([{"kind": "parcel_delete", "point": [60, 60]}], state["version"], "Ann")
    assert ready(again)["edit_count"] == 1
    # Another method would have to predict anew.
    again.edit([{"kind": "settings", "strategy": "apt"}], ready(again)["version"], "Ann")
    state = ready(again)
    assert "The land cover is not at" in state["error"]["message"]
    again.undo(state["version"], "Ann")
    shutil.move(tmp_path / "away.tif", path)
    assert ready(again)["error"] is None
    assert open_project_scene(own, record.id).landcover is not None
