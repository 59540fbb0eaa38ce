"""Labels that were taken over from a file travel in a replay bundle like every other edit."""

from core.existing.class_choice import ClassChoice
from core.existing.labels_file import LabelsFile
from core.existing.scene_labels import VectorLabels
from core.export.replay.bundle_file import read_bundle
from core.export.replay.make_bundle import make_bundle
from core.session.opened import open_project_scene
from core.session.taking_over import stake_of, take_over
from tests.existing.conftest import fields, table
from tests.export.replay.conftest import largest
from tests.export.replay.test_replay import again
from tests.projects import farm_project


def test_a_label_that_was_taken_over_is_made_again(farmland, workspaces, tmp_path) -> None:
    project = farm_project(tmp_path, farmland)
    scene_id, _ = largest(project)
    grid = open_project_scene(project, scene_id).scene.grid
    shapes = table(grid, fields((20, 20, 280, 130), (40, 160, 250, 270))).geometry.to_numpy()
    file = LabelsFile("old.gpkg", "geopackage", "old", ("old",), grid.crs, 2, shapes)
    labels = VectorLabels(file, ClassChoice(), grid, grid.crs)
    stake = stake_of(project, scene_id, labels)
    take_over(project, scene_id, labels, stake, author="Ann", replace_work=False, empty_beside=True)
    path = make_bundle(project, scene_id, tmp_path / "label.zip", workspaces=workspaces)
    kinds = {edit.kind for tile in read_bundle(path).record.tiles for edit in tile.edits}
    assert kinds == {"labels_import"}
    assert again(path, farmland, tmp_path / "again").identical
