"""The tab 'Existing labels' of the Scene page."""

import numpy as np
import pytest

from core.project import NewEdit
from core.session.opened import open_project_scene
from tests.existing.conftest import fields, table, write
from tests.pages.conftest import press, said, settle, wrong
from tests.pages.test_scene import fill
from tests.rasters import write_raster
from ui.scenes.existing_labels import read_key, take_key
from ui.shared.browser_session import Place


@pytest.fixture
def grid(project):
    return open_project_scene(project, project.scenes()[0].id).scene.grid


@pytest.fixture
def place(project) -> Place:
    return Place(project, project.scenes()[0], "")


def opened(page, project, place, path):
    """The page once a file was read."""
    app = page("scene", project)
    fill(app, "path labels", str(path))
    return settle(press(app, "Read the file"), read_key(place))


def edits_of(project) -> list[str]:
    (scene,) = project.scenes()
    return [
        edit.kind
        for tile in project.tiles(scene.id)
        for edit in project.log(scene.id, tile.name).edits
    ]


def metrics(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_a_geopackage_is_taken_over(page, project, place, grid, tmp_path) -> None:
    parcels = table(grid, fields(), crop=["wheat", "arable land"])
    app = opened(page, project, place, write(tmp_path / "old <b>.gpkg", parcels))
    assert metrics(app)["Parcels on this scene"] == "2"
    assert "ha" in metrics(app)["Cropland"]
    assert not edits_of(project)
    app = settle(press(app, "Import these labels"), take_key(place))
    assert not app.error
    assert "2 parcels on 1 tile" in "".join(s.value for s in app.success)
    assert edits_of(project) == ["labels_import"]
    app = press(app, "Import more labels")
    assert any(b.label == "Read the file" for b in app.button)


def test_the_class_is_guessed_and_can_be_changed(page, project, place, grid, tmp_path) -> None:
    shapes = fields((10, 10, 60, 60), (70, 10, 120, 60), (10, 70, 60, 120))
    parcels = table(grid, shapes, landuse=["Acker", "Wiese", None], n=[1, 1, 2])
    app = opened(page, project, place, write(tmp_path / "old.gpkg", parcels))
    assert metrics(app)["Parcels on this scene"] == "1"
    assert "2 of other classes" in said(app)
    # What a feature without a class is, nobody knows but the person.
    assert "are cropland: (empty)" in said(app)
    take = next(b for b in app.button if b.label == "Import these labels")
    assert take.disabled
    next(c for c in app.checkbox if c.label == "My choice is right").check()
    app.run()
    assert not next(b for b in app.button if b.label == "Import these labels").disabled
    next(s for s in app.selectbox if s.label == "What is cropland").set_value("n")
    app.run()
    assert "Nothing in the file is cropland on this scene" in said(app)
    next(m for m in app.multiselect if m.label == "Values that mean cropland").set_value(["1"])
    app.run()
    assert metrics(app)["Parcels on this scene"] == "2"


def test_a_shapefile_without_prj_is_one_question(page, project, place, grid, tmp_path) -> None:
    path = write(tmp_path / "old.shp", table(grid, fields()))
    path.with_suffix(".prj").unlink()
    app = opened(page, project, place, path)
    assert "does not say in which CRS" in said(app)
    next(t for t in app.text_input if t.label == "CRS of the labels").set_value("EPSG:32633")
    app = settle(press(app, "Continue"), read_key(place))
    assert metrics(app)["Parcels on this scene"] == "2"
    assert "as you stated" in said(app)
    app = press(app, "Use another file")
    assert any(b.label == "Read the file" for b in app.button)


def test_a_mask_is_taken_over(page, project, place, grid, tmp_path) -> None:
    values = np.zeros((1, *grid.shape), dtype=np.uint8)
    values[0, :, 50:90] = 3
    values[0, :20] = 9
    path = write_raster(
        tmp_path / "m.tif", values, crs=grid.crs.to_wkt(), transform=grid.transform, nodata=9
    )
    app = opened(page, project, place, path)
    assert "there the automatic parcels stay" in said(app)
    app = settle(press(app, "Import these labels"), take_key(place))
    assert "1 parcel on 1 tile" in "".join(s.value for s in app.success)
    assert path.exists()


def test_work_of_people_is_asked_about(page, project, place, grid, tmp_path) -> None:
    (scene,) = project.scenes()
    tile = project.tiles(scene.id)[0].name
    clear = NewEdit("prompts_clear", {})
    project.append(scene.id, tile, [clear], author="Ben", expected_version=0)
    path = write(tmp_path / "old.gpkg", table(grid, fields()))
    app = opened(page, project, place, path)
    button = next(b for b in app.button if b.label == "Import these labels")
    assert button.disabled
    policy = next(r for r in app.radio if r.label.startswith("People have worked on 1 tile"))
    policy.set_value(False)
    app.run()
    app = settle(press(app, "Import these labels"), take_key(place))
    assert "1 tile left as they were" in "".join(s.value for s in app.success)
    assert edits_of(project) == ["prompts_clear"]
    app = press(app, "Import more labels")
    fill(app, "path labels", str(path))
    app = settle(press(app, "Read the file"), read_key(place))
    next(r for r in app.radio if r.label.startswith("People have worked")).set_value(True)
    app.run()
    settle(press(app, "Import these labels"), take_key(place))
    assert edits_of(project) == ["prompts_clear", "labels_import"]


def test_what_cannot_be_read_is_one_sentence(page, project, place, tmp_path) -> None:
    app = page("scene", project)
    assert "No file is named yet" in wrong(press(app, "Read the file"))
    (tmp_path / "vrt.geojson").write_text("<OGRVRTDataSource/>")
    app = opened(page, project, place, tmp_path / "vrt.geojson")
    assert "is not a file of labels" in wrong(app)
    assert any(b.label == "Read the file" for b in app.button)


def test_layers_can_be_chosen(page, project, place, grid, tmp_path) -> None:
    path = write(tmp_path / "old.gpkg", table(grid, fields()), layer="first")
    write(path, table(grid, fields((5, 5, 50, 50))), layer="second", append=True)
    app = opened(page, project, place, path)
    assert "several layers of areas: first, second" in said(app)
    assert "No layer is chosen yet" in wrong(press(app, "Continue"))
    next(s for s in app.selectbox if s.label == "Layer").set_value("second")
    app = settle(press(app, "Continue"), read_key(place))
    assert metrics(app)["Parcels on this scene"] == "1"
    next(s for s in app.selectbox if s.label == "Layer").set_value("first")
    app.run()
    app = settle(app, read_key(place))
    assert metrics(app)["Parcels on this scene"] == "2"
