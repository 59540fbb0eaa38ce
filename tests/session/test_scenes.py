import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import (
    CancelledError,
    NoOverlapError,
    ProjectError,
    UnreadableRasterError,
)
from core.imagery.scene import read_window
from core.imagery.stretch import Stretch
from core.project import Project, recent_projects
from core.session.adding_scenes import add_scene, change_landcover, change_view
from core.session.made_project import make_demo
from core.session.opened import open_project, open_project_scene
from tests.rasters import write_raster


def test_a_scene_is_kept_with_its_tiles_and_land_cover(project, scene_id, farmland) -> None:
    opened = open_project_scene(project, scene_id)
    assert opened.scene.path == str(farmland.scene)
    assert opened.landcover is not None
    assert [t.name for t in project.tiles(scene_id)] == list(opened.tiles)
    assert open_project_scene(project, scene_id) is opened


def test_land_cover_that_lies_elsewhere_is_refused_and_the_old_one_stays(
    project, scene_id, tmp_path, farmland
) -> None:
    codes = np.full((1, 40, 48), 40, dtype=np.uint8)
    elsewhere = write_raster(tmp_path / "ESA_WorldCover_10m_2021_v200_N45E015_Map.tif", codes)
    with pytest.raises(NoOverlapError):
        change_landcover(project, scene_id, elsewhere)
    assert open_project_scene(project, scene_id).landcover.path == str(farmland.landcover)


def test_another_stretch_is_another_view_of_the_same_tiles(project, scene_id) -> None:
    before = open_project_scene(project, scene_id)
    stretch = Stretch((0.0, 0.0, 0.0), (100.0, 120.0, 140.0))
    change_view(project, scene_id, bands=(3, 2, 1), stretch=stretch)
    after = open_project_scene(project, scene_id)
    assert after.scene.bands == (3, 2, 1)
    assert after.scene.stretch == stretch
    assert list(after.tiles) == list(before.tiles)


def test_what_said_so_goes_with_what_was_changed_and_what_was_not(project, scene_id) -> None:
    before = open_project_scene(project, scene_id).scene
    assert (before.bands_source, before.stretch_source) == ("colours", "file")
    change_view(project, scene_id, bands=(3, 2, 1), stretch=before.stretch)
    after = open_project_scene(project, scene_id).scene
    assert (after.bands_source, after.stretch_source) == ("person", "file")
    change_view(project, scene_id, stretch=Stretch((0.0, 0.0, 0.0), (9.0, 9.0, 9.0)))
    after = open_project_scene(project, scene_id).scene
    assert (after.bands_source, after.stretch_source) == ("person", "person")


def test_the_stretch_that_a_project_has_stays(project, scene_id) -> None:
    record = project.scene(scene_id)
    old = dict(record.scene)
    for name in ("bands_source", "stretch_source", "band_names"):
        del old[name]
    old["stretch"] = {"low": [1.0, 2.0, 3.0], "high": [100.0, 90.0, 80.0]}
    project.update_scene(scene_id, expected_version=record.version, scene=old)
    scene = open_project_scene(project, scene_id).scene
    assert scene.stretch == Stretch((1.0, 2.0, 3.0), (100.0, 90.0, 80.0))
    assert scene.bands == (1, 2, 3)


def test_a_broken_file_adds_nothing(project, tmp_path) -> None:
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\x00 and then nothing")
    with pytest.raises(UnreadableRasterError):
        add_scene(project, broken)
    assert len(project.scenes()) == 1


def test_an_unknown_scene_or_project_is_a_sentence(project, tmp_path) -> None:
    with pytest.raises(ProjectError):
        open_project_scene(project, "nothing")
    with pytest.raises(ProjectError):
        open_project(tmp_path / "nothing.cropmap")


def test_the_demo_is_made_listed_and_has_several_tiles() -> None:
    told = []
    demo = make_demo(lambda *a: told.append(a), lambda: False)
    assert told[-1][1] == told[-1][2]
    (scene,) = demo.scenes()
    tiles = demo.tiles(scene.id)
    assert len(tiles) == 4
    # No slivers: a stakeholder sees whole fields on every tile.
    assert {t.window[2:] for t in tiles} == {(1024, 1024)}
    assert demo.path in {p.path for p in recent_projects()}


def test_a_demo_that_is_cancelled_is_not_listed() -> None:
    before = len(recent_projects())
    with pytest.raises(CancelledError):
        make_demo(lambda *_: None, lambda: True, size=200)
    assert len(recent_projects()) == before


def test_a_project_whose_file_was_deleted_takes_no_more_edits(project) -> None:
    opened = open_project(project.path)
    opened.path.unlink()
    with pytest.raises(ProjectError):
        open_project(project.path)


def test_a_moved_project_opens_with_the_imagery_and_land_cover_inside_it(
    tmp_path, farmland, small_tiles
) -> None:
    made = Project.create(tmp_path / "old" / "farm.cropmap", "Farm")
    inside = made.folder / "uploads" / "3f"
    inside.mkdir(parents=True)
    scene = Path(shutil.copy(farmland.scene, inside))
    landcover = Path(shutil.copy(farmland.landcover, inside))
    scene_id = add_scene(made, scene, landcover_path=landcover).id
    made.close()
    (tmp_path / "old").rename(tmp_path / "new")
    moved = open_project(tmp_path / "new" / "farm.cropmap")
    opened = open_project_scene(moved, scene_id)
    assert opened.scene.path == str(tmp_path / "new" / "uploads" / "3f" / scene.name)
    assert opened.landcover.path == str(tmp_path / "new" / "uploads" / "3f" / landcover.name)
    assert read_window(opened.scene, next(iter(opened.tiles.values())).window).valid.any()


def test_paths_given_relative_to_the_start_are_kept_absolute(
    project, farmland, monkeypatch
) -> None:
    monkeypatch.chdir(farmland.scene.parent)
    record = add_scene(project, farmland.scene.name, landcover_path=farmland.landcover.name)
    assert record.scene["path"] == str(farmland.scene)
    assert record.landcover["path"] == str(farmland.landcover)
