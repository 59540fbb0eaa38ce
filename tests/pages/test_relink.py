"""Imagery that was moved, on the pages."""

import shutil

import numpy as np
import pytest

from core.imagery.scene import Scene
from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project
from tests.pages.conftest import press, said, settle, wrong
from tests.pages.test_scene import fill
from tests.rasters import write_raster
from ui.shared.browser_session import Place
from ui.shared.moved_imagery import key_of


@pytest.fixture
def lost(farmland, tmp_path) -> Project:
    """A project whose imagery was renamed to ``moved.tif``."""
    image = tmp_path / "image.tif"
    shutil.copyfile(farmland.scene, image)
    path = new_project_path("Lost")
    Project.create(path, "Lost").close()
    made = open_project(path)
    add_scene(made, image, name="North", landcover_path=farmland.landcover)
    remember_project(path)
    image.rename(tmp_path / "moved.tif")
    return made


def path_of(project) -> str:
    return project.scenes()[0].scene["path"]


def offered(page, project, path):
    app = page("scene", project)
    fill(app, "path moved imagery", str(path))
    return settle(press(app, "Use this file"), key_of(Place(project, project.scenes()[0], "")))


def test_the_page_says_where_it_was_and_takes_where_it_is(page, lost, tmp_path) -> None:
    app = page("scene", lost)
    assert f"not at {tmp_path / 'image.tif'} any more" in wrong(app)
    assert "Where is it now?" in said(app)
    assert "No imagery is named yet" in wrong(press(app, "Use this file"))
    app = offered(page, lost, tmp_path / "moved.tif")
    assert path_of(lost) == str(tmp_path / "moved.tif")
    assert not app.error


def test_another_file_is_refused_and_one_on_the_same_grid_taken_knowingly(
    page, lost, tmp_path
) -> None:
    small = write_raster(tmp_path / "small.tif", np.ones((3, 40, 48), np.uint8))
    app = offered(page, lost, small)
    assert "48 × 40 px instead of 256 × 256 px" in wrong(app)
    assert not any(b.label == "Use it anyway" for b in app.button)
    grid = Scene.from_json(lost.scenes()[0].scene).grid
    pixels = np.random.default_rng(0).integers(1, 255, (3, *grid.shape)).astype(np.uint8)
    place = {"crs": grid.crs.to_wkt(), "transform": grid.transform}
    newer = write_raster(tmp_path / "newer.tif", pixels, **place)
    app = offered(page, lost, newer)
    assert "is another file" in wrong(app)
    assert path_of(lost) == str(tmp_path / "image.tif")
    app = press(app, "Use it anyway")
    assert path_of(lost) == str(newer)
    assert not app.error


@pytest.mark.parametrize("name", ["annotate", "results"])
def test_other_pages_say_the_same_sentence(page, lost, tmp_path, name) -> None:
    app = page(name, lost)
    assert f"not at {tmp_path / 'image.tif'} any more" in wrong(app)


@pytest.fixture
def replaced(lost, tmp_path) -> Project:
    """A project with another image on the same grid at its path."""
    grid = Scene.from_json(lost.scenes()[0].scene).grid
    pixels = np.random.default_rng(0).integers(1, 255, (3, *grid.shape)).astype(np.uint8)
    write_raster(tmp_path / "image.tif", pixels, crs=grid.crs.to_wkt(), transform=grid.transform)
    return lost


def test_a_replaced_image_is_asked_about_and_taken_as_new(page, replaced) -> None:
    (before,) = replaced.scenes()
    app = page("scene", replaced)
    assert "The image of North is another file than the one that was added." in wrong(app)
    app = press(app, "Use it as new imagery")
    (after,) = replaced.scenes()
    assert after.version > before.version
    assert after.scene["fingerprint"] != before.scene["fingerprint"]
    assert after.scene["path"] == before.scene["path"]
    assert not app.error


def test_the_right_image_put_back_or_named_ends_the_question(page, replaced, tmp_path) -> None:
    app = offered(page, replaced, tmp_path / "moved.tif")
    assert path_of(replaced) == str(tmp_path / "moved.tif")
    assert not app.error
