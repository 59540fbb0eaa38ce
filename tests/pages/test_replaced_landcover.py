"""Land cover that was replaced, on the Scenes page."""

import shutil

import numpy as np
import rasterio

from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project
from tests.pages.conftest import press, wrong


def test_a_replaced_land_cover_is_asked_about_and_taken_as_new(page, farmland, tmp_path) -> None:
    landcover = tmp_path / farmland.landcover.name
    shutil.copyfile(farmland.landcover, landcover)
    path = new_project_path("Replaced")
    Project.create(path, "Replaced").close()
    made = open_project(path)
    add_scene(made, farmland.scene, name="North", landcover_path=landcover)
    remember_project(path)
    with rasterio.open(landcover, "r+") as dataset:  # noqa: TID251
        dataset.write(np.ascontiguousarray(dataset.read()[:, ::-1]))
    (before,) = made.scenes()
    app = page("scene", made)
    assert "The land cover of North is another file than the one that was added." in wrong(app)
    app = press(app, "Use it as new land cover")
    (after,) = made.scenes()
    assert after.version > before.version
    assert after.landcover["fingerprint"] != before.landcover["fingerprint"]
    assert not app.error
