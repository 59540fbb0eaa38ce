"""The truth of a project's scene, tile by tile."""

import json
import shutil
from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely

from core.errors import CancelledError, EmptySceneError, InputError, MissingCrsError
from core.project import Project
from core.record_files import UnreadableRecordError
from core.session.opened import open_project_scene
from core.study.projects.run_locations import truth_folder
from core.study.projects.truth import (
    RECORD,
    Truth,
    TruthSource,
    forget_truth,
    is_current,
    kept_truth,
    missing_file,
    read_truth,
    tile_path,
)
from tests.rasters import write_raster
from tests.study.projects.conftest import read_codes


def accept(project, scene_id, tile) -> None:
    version = project.tile(scene_id, tile).verdict.version
    project.set_verdict(
        scene_id, tile, "accepted", comment="", reviewer="A", expected_version=version
    )


def write_mask(path, grid, codes, nodata=None):
    return write_raster(path, codes[None], crs=grid.crs, transform=grid.transform, nodata=nodata)


def test_each_tile_has_its_own_pixels_and_no_neighbours(
    project, scene_id, numbers, true_fields, tiles
) -> None:
    truth = read_truth(project, scene_id, numbers)
    assert list(truth.tiles) == tiles
    assert sum(truth.tiles.values()) == true_fields.size
    opened = open_project_scene(project, scene_id)
    for name in tiles:
        window = opened.core(name)
        np.testing.assert_array_equal(
            read_codes(tile_path(project, scene_id, name)), true_fields[window.slices]
        )
    assert kept_truth(project, scene_id) == truth
    assert is_current(project, scene_id, truth)


def test_tiles_of_which_nothing_is_known_have_no_truth(project, scene_id, tiles, tmp_path) -> None:
    opened = open_project_scene(project, scene_id)
    grid = opened.scene.grid
    codes = np.full(grid.shape, 255, dtype=np.uint8)
    codes[:40, :50] = 0
    path = write_mask(tmp_path / "part.tif", grid, codes, nodata=255)
    truth = read_truth(project, scene_id, TruthSource("file", str(path), "part.tif"))
    assert sum(truth.tiles.values()) == 40 * 50
    assert len(truth.tiles) < len(tiles)
    found = {
        code
        for name in truth.tiles
        for code in np.unique(read_codes(tile_path(project, scene_id, name))).tolist()
    }
    # No cropland and unknown beside it: no black and white picture.
    assert found == {0, 255}


def test_polygons_are_a_truth(project, scene_id, tmp_path) -> None:
    grid = open_project_scene(project, scene_id).scene.grid
    left, bottom, right, top = (
        grid.bounds.left,
        grid.bounds.bottom,
        grid.bounds.right,
        grid.bounds.top,
    )
    box = shapely.box(left, (top + bottom) / 2, (left + right) / 2, top)
    path = tmp_path / "fields.gpkg"
    geopandas.GeoDataFrame(geometry=[box], crs=grid.crs).to_file(path)
    truth = read_truth(project, scene_id, TruthSource("file", str(path), "fields.gpkg"))
    assert truth.says == "every polygon is cropland"
    cropland = sum(
        (read_codes(tile_path(project, scene_id, name)) == 1).sum() for name in truth.tiles
    )
    assert cropland == pytest.approx(grid.width * grid.height / 4, rel=0.02)


def test_what_cannot_be_a_truth_is_one_sentence_and_the_present_one_stays(
    project, scene_id, numbers, tmp_path
) -> None:
    before = read_truth(project, scene_id, numbers)
    grid = open_project_scene(project, scene_id).scene.grid
    far = replace(grid, transform=grid.transform.translation(1e5, 0) @ grid.transform)
    codes = np.zeros(grid.shape, dtype=np.uint8)
    elsewhere = write_mask(tmp_path / "far.tif", far, codes)
    with pytest.raises(InputError, match=r"far\.tif lies elsewhere"):
        read_truth(project, scene_id, TruthSource("file", str(elsewhere), "far.tif"))
    values = write_mask(tmp_path / "v.tif", grid, codes + np.uint8(7))
    with pytest.raises(InputError, match="no mask of cropland: it holds 7"):
        read_truth(project, scene_id, TruthSource("file", str(values), "v.tif"))
    lost = tmp_path / "lost.shp"
    geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=grid.crs).to_file(lost)
    lost.with_suffix(".prj").unlink()
    with pytest.raises(MissingCrsError, match="does not say in which CRS"):
        read_truth(project, scene_id, TruthSource("file", str(lost), "lost.shp"))
    nothing = write_mask(tmp_path / "n.tif", grid, codes + np.uint8(255), nodata=255)
    with pytest.raises(EmptySceneError, match=r"n\.tif says nothing about North"):
        read_truth(project, scene_id, TruthSource("file", str(nothing), "n.tif"))
    with pytest.raises(CancelledError):
        read_truth(project, scene_id, numbers, cancelled=lambda: True)
    assert kept_truth(project, scene_id) == before


def test_a_file_that_changed_is_noticed_and_one_that_went_is_told(
    project, scene_id, numbers, farmland, tmp_path
) -> None:
    own = tmp_path / "own.tif"
    shutil.copyfile(farmland.truth, own)
    truth = read_truth(project, scene_id, replace(numbers, path=str(own)))
    assert missing_file(truth) is None
    with own.open("ab") as file:
        file.write(b"\0")
    assert not is_current(project, scene_id, truth)
    own.unlink()
    problem = missing_file(truth)
    assert problem is not None
    assert "not at" in problem.message


def test_accepted_labels_are_known_where_somebody_looked(
    project, scene_id, tiles, true_fields
) -> None:
    with pytest.raises(EmptySceneError, match="No tile of North is accepted yet"):
        read_truth(project, scene_id, TruthSource("corrected"))
    opened = open_project_scene(project, scene_id)
    sizes = {name: opened.core(name) for name in tiles}
    largest = max(tiles, key=lambda name: sizes[name].width * sizes[name].height)
    accept(project, scene_id, largest)
    truth = read_truth(project, scene_id, TruthSource("corrected"))
    window = sizes[largest]
    assert truth.tiles == {largest: window.width * window.height}
    assert truth.strategy == "classifier"
    codes = read_codes(tile_path(project, scene_id, largest))
    # The label is the classifier's, which is good and not perfect.
    assert 0.8 < (codes == true_fields[window.slices]).mean() < 1.0
    assert is_current(project, scene_id, truth)
    accept(project, scene_id, next(name for name in tiles if name != largest))
    assert not is_current(project, scene_id, truth)


def test_a_project_that_moves_finds_what_was_uploaded(
    project, scene_id, numbers, farmland, tmp_path
) -> None:
    inside = project.folder / "uploads" / "truth.tif"
    inside.parent.mkdir()
    shutil.copyfile(farmland.truth, inside)
    read_truth(project, scene_id, replace(numbers, path=str(inside)))
    path = project.path
    project.close()
    shutil.move(path.parent, tmp_path / "moved")
    again = Project.open(tmp_path / "moved" / path.name)
    truth = kept_truth(again, scene_id)
    assert truth is not None
    assert truth.source.path == str(tmp_path / "moved" / "uploads" / "truth.tif")
    assert missing_file(truth) is None


def test_a_record_that_cannot_be_read_is_named_and_another_truth_may_be_read(
    project, scene_id, numbers, farmland
) -> None:
    read_truth(project, scene_id, numbers)
    record = truth_folder(project, scene_id) / RECORD
    record.write_text(json.dumps({"format": 1, "wish": []}))
    with pytest.raises(UnreadableRecordError, match=r"truth\.json cannot be read"):
        kept_truth(project, scene_id)
    assert json.loads(record.read_text()) == {"format": 1, "wish": []}
    read_truth(project, scene_id, numbers)
    assert kept_truth(project, scene_id) is not None
    forget_truth(project, scene_id)
    assert kept_truth(project, scene_id) is None
    assert farmland.truth.is_file()


def test_a_truth_of_the_version_before_is_read(project, scene_id) -> None:
    folder = truth_folder(project, scene_id)
    folder.mkdir(parents=True)
    wish = {"kind": "file", "path": "uploads/t.tif", "name": "t.tif", "numbered": True}
    old = {"format": 1, "wish": wish, "says": "x", "state": "y", "strategy": "", "tiles": {"a": 7}}
    (folder / RECORD).write_text(json.dumps(old, indent=1))
    path = str(project.folder / "uploads" / "t.tif")
    source = TruthSource("file", path, "t.tif", numbered=True)
    assert kept_truth(project, scene_id) == Truth(source, "x", "y", "", {"a": 7})
