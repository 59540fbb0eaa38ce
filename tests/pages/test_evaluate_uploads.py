"""A truth that a browser sends: our own copy is read, and stays with the project."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from core.errors import InputError
from core.session.opened import open_project_scene
from core.study.projects.truth import TruthSource, missing_file, read_truth
from tests.rasters import write_raster
from tests.ui.shared.test_uploaded_files import Sent, quiet
from ui.evaluate.truth_rows import _brought_in
from ui.shared.browser_session import Place
from ui.shared.uploaded_files import Source


@pytest.fixture
def place(project) -> Place:
    return Place(project, project.scenes()[0], "")


@pytest.fixture
def grid(project, place):
    return open_project_scene(project, place.scene.id).scene.grid


def brought(place, path) -> TruthSource:
    wish = TruthSource("file", "", path.name)
    source = Source(uploads=(Sent(path.name, path.read_bytes()),))
    return _brought_in(place, wish, source, quiet, lambda: False)


def test_a_mask_is_copied_by_a_process_of_its_own(project, place, grid, tmp_path) -> None:
    codes = np.zeros((1, *grid.shape), dtype=np.uint8)
    codes[:, 10:40, 10:40] = 1
    path = write_raster(tmp_path / "t.tif", codes, crs=grid.crs, transform=grid.transform)
    wish = brought(place, path)
    path.unlink()
    assert (project.folder / "evaluation" / "files") in _parents(wish.path)
    assert not list((project.folder / "uploads").iterdir())
    truth = read_truth(project, place.scene.id, wish)
    assert sum(truth.tiles.values()) == codes.size
    assert missing_file(truth) is None


def test_polygons_stay_where_they_were_stored(project, place, grid, tmp_path) -> None:
    left, top = grid.bounds.left, grid.bounds.top
    box = shapely.box(left, top - 50, left + 50, top)
    path = tmp_path / "t.gpkg"
    geopandas.GeoDataFrame(geometry=[box], crs=grid.crs).to_file(path)
    wish = brought(place, path)
    path.unlink()
    assert project.folder in _parents(wish.path)
    assert read_truth(project, place.scene.id, wish).says == "every polygon is cropland"


def test_what_is_no_file_of_labels_leaves_nothing(project, place, tmp_path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("no labels")
    with pytest.raises(InputError, match="No file of labels"):
        brought(place, path)
    broken = tmp_path / "t.tif"
    broken.write_bytes(b"II*\0" + bytes(60))
    with pytest.raises(InputError):
        brought(place, broken)
    assert not [p for p in (project.folder / "uploads").rglob("*") if p.is_file()]


def _parents(path: str):
    return Path(path).parents
