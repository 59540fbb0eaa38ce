"""Uploaded labels and imagery: stored, read in a process of their own, and gone afterwards."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.existing.class_choice import ClassChoice
from core.existing.mask import MaskFileLabels
from core.existing.scene_labels import VectorLabels
from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project_scene
from core.session.taking_over import stake_of
from tests.existing.conftest import fields, table, write
from tests.rasters import write_raster
from tests.ui.shared.test_uploaded_files import Sent, quiet
from ui.shared.moved_imagery import OtherFileError, find
from ui.shared.reading_labels import LabelsCrsQuestionError, LabelsRequest, read, take
from ui.shared.uploaded_files import Source


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def files(made_scene):
    return made_scene(5, size=200)


@pytest.fixture
def project(tmp_path, files) -> Project:
    made = Project.create(tmp_path / "p" / "p.cropmap", "P")
    image = tmp_path / "image.tif"
    shutil.copyfile(files.scene, image)
    add_scene(made, image)
    return made


def sent(*paths: Path, name: str = "") -> Source:
    return Source(uploads=tuple(Sent(name or path.name, path.read_bytes()) for path in paths))


def taken(project, found, labels):
    scene = project.scenes()[0]
    stake = stake_of(project, scene.id, labels)
    return take(
        project,
        scene.id,
        labels,
        stake,
        found,
        author="Ann",
        replace_work=False,
        empty_beside=False,
        progress=quiet,
        cancelled=never,
    )


def test_the_parts_of_a_shapefile(project, tmp_path) -> None:
    scene = project.scenes()[0]
    grid = open_project_scene(project, scene.id).scene.grid
    path = write(tmp_path / "old fields.shp", table(grid, fields((5, 5, 60, 60)), crop=["Öl"]))
    parts = [path.with_suffix(end) for end in (".dbf", ".shp", ".shx", ".prj", ".cpg")]
    request = LabelsRequest(sent(*parts), "old fields.shp")
    found = read(project, scene.id, request, quiet, never)
    assert found.file.columns["crop"] == ["Öl"]
    assert taken(project, found, found.on_scene(ClassChoice(), grid)).parcels == 1
    assert isinstance(found.on_scene(ClassChoice(), grid), VectorLabels)
    assert not list((project.folder / "uploads").iterdir())
    # What other pages show is there before anybody opens the tile.
    assert project.tiles(scene.id)[0].figures["cropland_ha"] > 0


def test_a_missing_crs_needs_no_second_upload(project, tmp_path) -> None:
    scene = project.scenes()[0]
    grid = open_project_scene(project, scene.id).scene.grid
    path = write(tmp_path / "a.shp", table(grid, fields((5, 5, 60, 60))))
    request = LabelsRequest(sent(path, path.with_suffix(".shx")), "a.shp")
    with pytest.raises(LabelsCrsQuestionError) as asked:
        read(project, scene.id, request, quiet, never)
    stored = asked.value.request
    answered = LabelsRequest(stored.source, stored.name, crs="EPSG:32633")
    found = read(project, scene.id, answered, quiet, never)
    assert found.on_scene(ClassChoice(), grid).counts.parcels == 1


def test_a_mask_without_crs_and_its_copy(project, tmp_path) -> None:
    scene = project.scenes()[0]
    grid = open_project_scene(project, scene.id).scene.grid
    values = np.zeros((1, *grid.shape), dtype=np.uint8)
    values[0, 20:90, 20:90] = 1
    path = write_raster(tmp_path / "m.tif", values, crs=None, transform=grid.transform)
    request = LabelsRequest(sent(path), "m.tif")
    with pytest.raises(LabelsCrsQuestionError) as asked:
        read(project, scene.id, request, quiet, never)
    answered = LabelsRequest(asked.value.request.source, "m.tif", crs="EPSG:32633")
    found = read(project, scene.id, answered, quiet, never)
    assert taken(project, found, MaskFileLabels(found.file, frozenset({1}))).parcels == 1
    assert not list((project.folder / "existing").iterdir())


def test_uploaded_imagery_is_the_same_file_after_it_was_copied(project, tmp_path, files) -> None:
    scene = project.scenes()[0]
    (tmp_path / "image.tif").unlink()
    found = find(project, scene.id, sent(files.scene, name="renamed.tif"), quiet, never).scene
    assert found.scene["fingerprint"] == scene.scene["fingerprint"]
    assert Path(found.scene["path"]).is_relative_to(project.folder / "imagery")
    other = write_raster(tmp_path / "other.tif", np.ones((3, 40, 48), np.uint8))
    with pytest.raises(OtherFileError, match="is another file"):
        find(project, scene.id, sent(other), quiet, never)
    assert not list((project.folder / "uploads").iterdir())
