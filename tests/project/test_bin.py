"""A deleted project comes back whole; what lies elsewhere is never touched."""

import pytest

from core.errors import InputError, ProjectError
from core.project import (
    Project,
    erase,
    may_be_binned,
    new_project_path,
    project_file,
    projects_in_bin,
    put_back,
    put_in_bin,
    recent_projects,
)


@pytest.fixture
def farm():
    """A project with a file beside it, closed; its file."""
    path = new_project_path("Farm")
    Project.create(path, "Farm").close()
    (path.parent / "imagery").mkdir()
    (path.parent / "imagery" / "scene.tif").write_bytes(b"pixels")
    return path


def test_a_deleted_project_is_put_back_with_all_that_lies_beside_it(farm) -> None:
    put_in_bin(farm)
    assert not farm.exists()
    assert farm not in [one.path for one in recent_projects()]
    (binned,) = projects_in_bin()
    assert (binned.folder_name, binned.name) == (farm.parent.name, "Farm")
    assert put_back(binned) == farm
    assert (farm.parent / "imagery" / "scene.tif").read_bytes() == b"pixels"
    assert Project.open(farm).name == "Farm"
    assert projects_in_bin() == []


def test_a_new_project_of_its_name_is_not_overwritten(farm) -> None:
    put_in_bin(farm)
    Project.create(farm, "Another").close()
    (binned,) = projects_in_bin()
    with pytest.raises(InputError, match="another project"):
        put_back(binned)
    put_in_bin(farm)
    assert len(projects_in_bin()) == 2
    for one in projects_in_bin():
        erase(one)
    with pytest.raises(InputError, match="not in the bin any more"):
        erase(binned)


def test_what_has_no_folder_of_its_own_in_the_projects_folder_stays(farm, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere" / "field.cropmap"
    Project.create(elsewhere, "Elsewhere").close()
    second = farm.parent / "second.cropmap"
    Project.create(second, "Second").close()
    for path in (elsewhere, farm, second):
        assert not may_be_binned(path)
        with pytest.raises(InputError, match="folder of its own"):
            put_in_bin(path)
        assert path.exists()
    with pytest.raises(ProjectError, match="several projects"):
        project_file(farm.parent)
    assert project_file(elsewhere.parent) == elsewhere


def test_a_removed_scene_is_put_back_with_its_edits(project) -> None:
    (scene,) = project.scenes()
    tiles = [one.name for one in project.tiles(scene.id)]
    project.remove_scene(scene.id, scene.version)
    assert project.scenes() == []
    (removed,) = project.removed_scenes()
    project.restore_scene(removed.id)
    project.restore_scene(removed.id)
    (again,) = project.scenes()
    assert again.id == scene.id
    assert [one.name for one in project.tiles(again.id)] == tiles
    assert project.removed_scenes() == []
