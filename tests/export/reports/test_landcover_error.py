"""The land cover error report: its hectares against a count of our own, its map, its page."""

import csv
import re

import numpy as np
import pytest
import rasterio
from PIL import Image

from core.area_units import AREA_UNITS
from core.errors import CancelledError, EmptySceneError, InputError
from core.export.reports import landcover_error
from core.export.reports.areas import AreaReport, ClassArea, areas
from core.export.reports.landcover_error import MAP, MATRIX, PAGE, PICTURE, write_error_report
from core.farmland import write_scene
from core.landcover.alignment import align
from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project_scene
from core.study.metrics.pixels import Confusion
from tests.projects import tiles_of
from tests.session.conftest import ready

NAME = 'Nord <script>alert("1")</script> & Süd'


@pytest.fixture(scope="module", autouse=True)
def small_tiles():
    with tiles_of(224):
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory, workspaces) -> Project:
    """Two tiles with labels, the first accepted, with one parcel that is unsure."""
    folder = tmp_path_factory.mktemp("project")
    files = write_scene(folder, seed=3, size=300)
    made = Project.create(folder / "farm.cropmap", "Farm")
    scene = add_scene(made, files.scene, name=NAME, landcover_path=files.landcover)
    first, second = (tile.name for tile in made.tiles(scene.id)[:2])
    workspace = workspaces.get(made, scene.id, first)
    state = ready(workspace)
    column, row, width, height = state["window"]
    ring = [[column + width * x, row + height * y]
            for x, y in ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6), (0.2, 0.2))]  # fmt: skip
    point = [column + width * 0.4, row + height * 0.4]
    workspace.edit(
        [{"kind": "area_remove", "ring": ring}, {"kind": "area_add", "ring": ring},
         {"kind": "parcel_verdict", "point": point, "verdict": "unsure", "reason": "wet"}],
        state["version"],
        "Ana",
    )  # fmt: skip
    for name in (first, second):
        workspaces.get(made, scene.id, name).finished()
    workspaces.settle()
    made.set_verdict(scene.id, first, "accepted", comment="", reviewer="Ana", expected_version=0)
    return made


@pytest.fixture(scope="module")
def scene_id(project) -> str:
    return project.scenes()[0].id


@pytest.fixture(scope="module")
def written(project, scene_id, workspaces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "landcover"
    report = write_error_report(
        project, scene_id, folder, accepted_only=False, workspaces=workspaces
    )
    return folder, report


def read(path):
    with rasterio.open(path) as dataset:  # noqa: TID251
        return dataset.read(1), dataset.tags(), dataset.transform, dataset.overviews(1)


def test_the_hectares_are_those_of_the_map(written, project, scene_id) -> None:
    folder, report = written
    codes, tags, _, _ = read(folder / MAP)
    opened = open_project_scene(project, scene_id)
    pixel_ha = opened.scene.working_grid.pixel_area_m2 / 1e4
    count = {code: int((codes == code).sum()) * pixel_ha for code in (0, 1, 2, 3)}
    found = report.confusion
    assert count[1] == pytest.approx(found.true_positive / 1e4, rel=1e-3)
    assert count[2] == pytest.approx(report.missed_ha, rel=1e-3)
    assert count[3] == pytest.approx(report.false_ha, rel=1e-3)
    assert count[0] == pytest.approx(found.true_negative / 1e4, rel=1e-3)
    assert tags["scene"] == NAME
    assert 0 < report.false_ha < report.landcover_ha
    assert report.tiles == 2
    assert report.accepted == 1


def test_the_map_says_what_land_cover_and_label_say(written, project, scene_id) -> None:
    folder, _ = written
    codes = read(folder / MAP)[0]
    opened = open_project_scene(project, scene_id)
    product = align(opened.landcover, opened.scene.working_grid)
    judged = codes != 255
    crop = np.isin(product.classes, product.product.cropland_codes)
    assert set(np.unique(codes[judged & crop])) <= {1, 3}
    assert set(np.unique(codes[judged & ~crop])) <= {0, 2}
    # The unsure parcel, and the tiles without a label, are not judged.
    first = project.tiles(scene_id)[0].name
    core = opened.frame(first).core
    assert codes[core.row + core.height * 2 // 5, core.column + core.width * 2 // 5] == 255
    assert (~judged).sum() > codes.size // 8


def test_accepted_tiles_alone(project, scene_id, workspaces, tmp_path) -> None:
    report = write_error_report(
        project, scene_id, tmp_path / "a", accepted_only=True, workspaces=workspaces
    )
    assert (report.tiles, report.accepted, report.all_tiles) == (1, 1, 4)
    assert "all accepted by a person" in (tmp_path / "a" / PAGE).read_text()
    assert report.unknown_ha > 0


def test_the_tables_open_and_add_up(written) -> None:
    folder, report = written
    with (folder / MATRIX).open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(report.rows)
    for row in rows:
        parts = float(row["label_cropland_ha"]) + float(row["label_not_cropland_ha"])
        assert parts == pytest.approx(float(row["total_ha"]), abs=2e-4)


def test_the_page_needs_nothing_else_and_runs_nothing(written) -> None:
    folder, _ = written
    page = (folder / PAGE).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "url(" not in page
    assert "not ground truth" in page
    with Image.open(folder / PICTURE) as picture:
        assert picture.size == (300, 300)


def test_without_land_cover_it_is_one_sentence(project, tmp_path, workspaces) -> None:
    files = write_scene(tmp_path / "bare", seed=4, size=64)
    scene = add_scene(project, files.scene)
    with pytest.raises(InputError, match="no land cover"):
        write_error_report(project, scene.id, tmp_path / "r", accepted_only=False)


def test_without_a_tile_that_counts_it_is_one_sentence(tmp_path) -> None:
    files = write_scene(tmp_path / "new", seed=4, size=64)
    made = Project.create(tmp_path / "new.cropmap", "New")
    scene = add_scene(made, files.scene, landcover_path=files.landcover)
    with pytest.raises(EmptySceneError, match="No tile is accepted"):
        write_error_report(made, scene.id, tmp_path / "r", accepted_only=True)
    assert not (tmp_path / "r").exists()


def test_cancelled_leaves_the_earlier_report(written, project, scene_id, workspaces) -> None:
    folder, _ = written
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(CancelledError):
        write_error_report(
            project, scene_id, folder, accepted_only=False, workspaces=workspaces,
            cancelled=lambda: True,
        )  # fmt: skip
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_figures_follow_from_hectares() -> None:
    rows = (
        ClassArea("Crops", "#f096ff", True, 8.0, 6.0),
        ClassArea("Grass", "#00aa00", False, 12.0, 3.0),
    )
    report = AreaReport(9.0, 8.0, rows, 1, 1)
    assert report.confusion == Confusion(60_000, 20_000, 30_000, 90_000)
    figures = {figure.key: figure for figure in landcover_error.figures_of(report)}
    assert figures["overall_accuracy"].value == pytest.approx(0.75)
    assert figures["users_accuracy"].value == pytest.approx(0.75)
    assert figures["producers_accuracy"].value == pytest.approx(6 / 9)
    assert figures["iou"].value == pytest.approx(6 / 11)
    assert figures["f1"].value == pytest.approx(12 / 17)
    assert figures["missed_ha"].shown(AREA_UNITS["mu"]) == "45.0 mu"
    nothing = AreaReport(0.0, 0.0, (), 1, 1)
    shares = [f for f in landcover_error.figures_of(nothing) if not f.unit]
    assert {f.shown(AREA_UNITS["ha"]) for f in shares} == {"–"}


def test_areas_on_the_page_are_those_of_the_report(
    written, project, scene_id, workspaces, monkeypatch
) -> None:
    monkeypatch.setattr("core.export.reports.areas.get_workspaces", lambda: workspaces)
    assert areas(project, scene_id) == written[1]
