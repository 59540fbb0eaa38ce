"""A duplicate is a project of its own that works without the first; an archived one rests."""

import shutil

import pytest

from core.errors import CancelledError, ProjectError, ProjectUnavailableError
from core.project import (
    Project,
    duplicate_project,
    is_archived,
    new_project_path,
    projects_in_bin,
    put_back,
    put_in_archive,
    put_in_bin,
    recent_projects,
    take_from_archive,
)
from core.session.opened import archive_project, open_project
from core.settings import get_settings
from tests.project.conftest import TILES, Farm, make_farm, names


@pytest.fixture
def lived_in(tmp_path) -> Farm:
    """A project with edits, an undo, a verdict, a removed scene, and files beside it."""
    farm = make_farm(tmp_path / "first")
    farm.append(0, "a", "b")
    farm.undo(farm.append(1, "c").version)
    farm.project.set_verdict(
        farm.scene, farm.tile, "accepted", comment="", reviewer="Ada", expected_version=0
    )
    folder = farm.project.folder
    inside = {"path": str(folder / "june.tif")}
    june = farm.project.add_scene("June", inside, None, TILES)
    farm.project.remove_scene(june.id, june.version)
    for name in ("june.tif", "june.tif.ovr", "june.tfw", "other.tif"):
        (folder / name).write_bytes(b"pixels")
    for part in ("predictions/s/t.placed", "labels/s/t.accepted", "results/x/a.gpkg"):
        (folder / part).parent.mkdir(parents=True)
        (folder / part).write_bytes(part.encode())
    farm.project.backup()
    return farm


def test_a_duplicate_works_without_the_first(lived_in) -> None:
    first = lived_in.project
    path = duplicate_project(first, "Second")
    before = lived_in.log()
    lived_in.append(before.version, "later")
    first.close()
    shutil.rmtree(first.folder)
    second = Project.open(path)
    assert (second.name, second.id == first.id, second.damages()) == ("Second", False, ())
    again = Farm(second, lived_in.scene)
    assert names(again.log()) == names(before) == ["a", "b"]
    assert names(again.redo(again.log().version)) == ["a", "b", "c"]
    assert second.tile(again.scene, again.tile).verdict.reviewer == "Ada"
    (june,) = second.removed_scenes()
    assert june.scene["path"] == str(second.folder / "june.tif")
    there = {p.relative_to(second.folder).as_posix() for p in second.folder.rglob("*.*")}
    assert {one for one in there if ".cropmap" not in one} == {
        *("june.tif", "june.tif.ovr", "june.tfw"),
        *("predictions/s/t.placed", "labels/s/t.accepted"),
    }
    newest = next(row for row in second.history() if row.action == "project duplicated")
    assert newest.detail["of"] == first.id
    # The chain of the second goes on from there.
    second.close()
    assert Project.open(path).damages() == ()


def test_a_duplicate_that_is_cancelled_leaves_nothing(lived_in) -> None:
    folder = get_settings().projects_dir
    before = set(folder.iterdir())
    with pytest.raises(CancelledError):
        duplicate_project(lived_in.project, "Third", cancelled=lambda: True)
    assert set(folder.iterdir()) == before


def test_an_archived_project_is_opened_after_it_was_taken_back() -> None:
    path = new_project_path("Rest")
    Project.create(path, "Rest").close()
    opened = open_project(path)
    archive_project(path)
    with pytest.raises(ProjectError, match="closed"):
        opened.scenes()
    with pytest.raises(ProjectError, match="in the archive"):
        open_project(path)
    put_in_bin(path)
    put_back(projects_in_bin()[0])
    assert is_archived(path)
    assert path in [one.path for one in recent_projects()]
    take_from_archive(path)
    assert open_project(path).name == "Rest"


def test_an_archive_by_another_process_closes_the_project_here() -> None:
    path = new_project_path("Shared")
    Project.create(path, "Shared").close()
    open_project(path)
    put_in_archive(path)
    # Of the kind after which the map keeps what it could not save.
    with pytest.raises(ProjectUnavailableError, match="in the archive"):
        open_project(path)
