"""A person finds out which method draws her fields best, in a real browser."""

import csv
import io
import os
import zipfile
from contextlib import suppress

import psutil
import pytest

from core.farmland import write_scene
from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from core.study.projects.run_locations import cells_folder
from tests.journeys.conftest import PATIENCE_MS, storing_in

SEEN_ROWS = """() => {
  const cells = document.querySelectorAll('[data-testid="stDataFrame"] [role="gridcell"]');
  return [...cells].map(cell => cell.textContent);
}"""


@pytest.fixture(scope="module")
def farm(home, tmp_path_factory):
    """A made scene of one tile, that nobody has worked on."""
    with storing_in(home):
        files = write_scene(tmp_path_factory.mktemp("made"), seed=29, size=400)
        path = new_project_path("Evaluated")
        project = Project.create(path, "Evaluated")
        scene = add_scene(project, files.scene, name="Süd", landcover_path=files.landcover)
        remember_project(path)
        yield project, scene.id, files


def workers() -> list[int]:
    """Processes that run an evaluation, of the app under test."""
    found = []
    for child in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may end while it is looked at
            if "core.jobs.job_worker" in " ".join(child.cmdline()):
                found.append(child.pid)
    return found


def test_methods_are_compared_stopped_gone_on_with_and_taken_along(visitor, farm, tmp_path) -> None:
    project, scene_id, files = farm
    page = visitor.page
    visitor.open(f"/evaluate?project={project.id}&scene={scene_id}")
    page.get_by_text("it has no reference fields yet").wait_for()
    visitor.click(page.get_by_text("A file", exact=True))
    visitor.write(page.get_by_placeholder("/data/true_fields.gpkg"), str(files.truth))
    visitor.click(page.get_by_text("Each field has its own number in the mask"))
    visitor.click(page.get_by_role("button", name="Read the file"))
    page.get_by_text("Ready: 1 tile with reference fields from truth.tif").wait_for()

    visitor.click(page.get_by_text("Recommended", exact=True))
    visitor.click(page.get_by_role("button", name="Compare", exact=True))
    page.get_by_role("button", name="Cancel").wait_for()
    wait_for(page, lambda: cells(project), "no step was finished")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("it can go on from there").wait_for()
    wait_for(page, lambda: not workers(), "a process was left")
    kept = {path.name: path.stat().st_mtime_ns for path in cells(project)}

    visitor.click(page.get_by_role("button", name="Continue it"))
    page.get_by_role("button", name="Cancel").wait_for()
    page.reload()  # it goes on without the page, and the page finds it again
    page.get_by_text("too few to say which method is better").wait_for()
    visitor.calm()  # the page is written from top to bottom
    again = {path.name: path.stat().st_mtime_ns for path in cells(project)}
    assert {name: again[name] for name in kept} == kept
    wait_for(page, lambda: not workers(), "a process was left")
    page.get_by_text("Part of this data is simulated").wait_for()

    page.get_by_test_id("stDataFrame").wait_for()
    visitor.calm()
    for title in ("Land cover as it is", "Colours of this image", "All points at once"):
        page.wait_for_function(f"({SEEN_ROWS})().includes('{title}')")
    first = page.evaluate(SEEN_ROWS)
    frame = page.get_by_test_id("stDataFrame")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.click(box["x"] + 60, box["y"] + 18)
    page.wait_for_function(f"before => ({SEEN_ROWS})().join() !== before", arg=",".join(first))

    packed(visitor.take("Everything", tmp_path))

    visitor.click(page.get_by_role("button", name="Open in Annotate").first)
    page.wait_for_url("**/annotate*")
    assert f"scene={scene_id}" in page.url
    assert visitor.map_ready()["name"] == project.tiles(scene_id)[0].name


def packed(path) -> None:
    """The zip holds tables, plots and pictures that open, and no path of this computer."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = {name.split("/", 1)[1]: name for name in archive.namelist()}
        assert {"summary.md", "table.csv", "tiles.csv", "record.json"} <= set(names)
        assert any(name.startswith("worst/") and name.endswith(".png") for name in names)
        table = archive.read(names["table.csv"]).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(table)))
        assert [row["method"] for row in rows] == ["land cover", "classifier", "joint"]
        assert all(0 < float(row["mean_iou"]) <= 1 for row in rows)
        assert b"/tmp/" not in archive.read(names["record.json"])


def cells(project) -> list:
    folder = cells_folder(project)
    return [path for path in folder.iterdir() if len(path.name) == 64] if folder.is_dir() else []


def wait_for(page, found, otherwise: str) -> None:
    for _ in range(PATIENCE_MS // 100):
        if found():
            return
        page.wait_for_timeout(100)
    raise AssertionError(otherwise)
