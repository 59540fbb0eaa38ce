"""The page Evaluate: truth of scenes, what is started, what is shown."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

import core.study.projects.runs
from core.errors import CancelledError
from core.session.adding_scenes import change_landcover
from core.session.opened import open_project_scene
from core.study.metrics.bootstrap import Interval
from core.study.projects.own_labels import Judged
from core.study.projects.run_locations import truth_folder
from core.study.projects.run_request import RunRequest
from core.study.projects.runs import ABOUT, new_run, past_runs
from core.study.projects.truth import TruthSource, kept_truth, read_truth
from tests.existing.conftest import fields, table, write
from tests.pages.conftest import press, said, settle, wrong
from tests.pages.test_scene import fill
from tests.rasters import write_raster
from ui.evaluate import map_quality
from ui.evaluate.map_quality import labels_key
from ui.evaluate.start_run import run_key
from ui.evaluate.truth_rows import truth_key
from ui.shared.browser_session import Place
from ui.shared.settings_dialog import scene_settings


@pytest.fixture
def place(project) -> Place:
    return Place(project, project.scenes()[0], "")


@pytest.fixture
def ready(project, place, farmland) -> Place:
    """The scene's truth is read."""
    wish = TruthSource("file", str(farmland.truth), "fields <i>.tif", numbered=True)
    read_truth(project, place.scene.id, wish)
    return place


@pytest.fixture
def started(monkeypatch):
    """Runs are noted and end at once, as the test wants."""
    runs = []

    def do_run(project, run, *, progress, cancelled):
        runs.append(run)
        progress("Steps", 1, 2)
        raise CancelledError("The evaluation was stopped.")

    monkeypatch.setattr(core.study.projects.runs, "do_run", do_run)
    return runs


def boxes(app) -> dict:
    return {box.label.split(" ·")[0]: box for box in app.checkbox}


def choose(app, what: str, label: str = "Reference from") -> None:
    next(g for g in app.button_group if g.label == label).set_value(what).run()
    assert not app.exception


def tables(app) -> str:
    return "".join(h.proto.body for h in app.get("html"))


def test_without_imagery_the_way_is_shown(page, empty_project) -> None:
    app = page("evaluate", empty_project)
    assert "no imagery yet" in said(app)
    assert not app.error


def test_a_scene_without_truth_cannot_be_compared(page, project) -> None:
    app = page("evaluate", project)
    assert "Not ready: it has no reference fields yet" in said(app)
    assert boxes(app)["**North**"].disabled
    (button,) = [b for b in app.button if b.label == "Compare"]
    assert button.disabled
    assert "Nothing is ready yet" in said(app)


def test_a_scene_without_land_cover_says_so(page, project, place) -> None:
    change_landcover(project, place.scene.id, None)
    app = page("evaluate", project)
    assert "it has no land cover" in said(app)
    assert not [b for b in app.button if b.label == "Read the file"]


def test_truth_from_a_file(page, project, place, farmland) -> None:
    app = page("evaluate", project)
    choose(app, "A file")
    fill(app, f"path truth {place.scene.id}", str(farmland.truth))
    app = settle(press(app, "Read the file"), truth_key(place, place.scene))
    assert "it holds" in wrong(app)
    assert kept_truth(project, place.scene.id) is None
    boxes(app)["Each field has its own number in the mask: 1, 2, 3, …"].check()
    app = settle(press(app, "Read the file"), truth_key(place, place.scene))
    assert not app.error
    assert "Ready: 1 tile with reference fields from truth.tif" in said(app)
    assert boxes(app)["**North**"].value
    app = press(app, "Remove this reference")
    assert "Not ready" in said(app)
    assert farmland.truth.is_file()


def test_layers_and_classes_of_truth_are_asked(page, project, place, tmp_path) -> None:
    grid = open_project_scene(project, place.scene.id).scene.grid
    path = write(tmp_path / "t.gpkg", table(grid, fields((0, 0, 150, 150))), layer="aoi")
    drawn = table(grid, fields(), landuse=["arable", "Brache"])
    write(path, drawn, layer="drawn", append=True)
    app = page("evaluate", project)
    choose(app, "A file")
    fill(app, f"path truth {place.scene.id}", str(path))
    app = settle(press(app, "Read the file"), truth_key(place, place.scene))
    assert "several layers of areas: aoi, drawn" in said(app)
    next(s for s in app.selectbox if s.label == "Layer").set_value("drawn")
    app = settle(press(app, "Continue"), truth_key(place, place.scene))
    assert "are cropland: Brache" in said(app)
    app = settle(press(app, "Continue"), truth_key(place, place.scene))
    assert not app.error
    truth = kept_truth(project, place.scene.id)
    assert truth.says == "layer drawn: polygons are cropland where landuse is arable"
    assert (truth.source.layer, truth.source.cropland) == ("drawn", ("arable",))


def test_truth_that_lies_elsewhere_is_told_at_its_row(page, project, place, tmp_path) -> None:
    path = write_raster(tmp_path / "far.tif", np.ones((1, 40, 48), dtype=np.uint8))
    app = page("evaluate", project)
    choose(app, "A file")
    fill(app, f"path truth {place.scene.id}", str(path))
    app = settle(press(app, "Read the file"), truth_key(place, place.scene))
    assert "far.tif lies elsewhere" in wrong(app)
    assert "Not ready" in said(app)
    # What was typed is still there, to be mended.
    (field,) = [t for t in app.text_input if t.key == f"path truth {place.scene.id}"]
    assert field.value == str(path)


def test_the_made_scenes_own_truth_is_one_click(page, project, place) -> None:
    app = settle(press(page("evaluate", project), "Use them"), truth_key(place, place.scene))
    assert "Ready" in said(app)


def test_accepted_labels_say_whom_they_favour(page, project, place) -> None:
    app = page("evaluate", project)
    choose(app, "Tiles accepted here")
    (button,) = [b for b in app.button if b.label == "No tile is accepted yet"]
    assert button.disabled
    scene = project.scene(place.scene.id)
    settings = scene_settings("none", "classifier")
    project.update_scene(scene.id, expected_version=scene.version, settings=settings)
    (tile,) = project.tiles(scene.id)
    project.set_verdict(
        scene.id, tile.name, "accepted", comment="", reviewer="A", expected_version=0
    )
    app.run()
    app = settle(press(app, "Use 1 accepted tile"), truth_key(place, place.scene))
    assert "Ready: 1 tile with labels accepted here" in said(app)
    assert "favours this method" in said(app)


def test_what_is_chosen_is_what_runs_and_the_land_cover_comes_along(
    page, project, ready, started
) -> None:
    app = page("evaluate", project)
    assert "fields <i>.tif" in said(app)
    named = boxes(app)
    assert named["Colours of this image"].value
    assert not named["Published method"].value
    named["Land cover as it is"].uncheck()
    named["All points at once"].uncheck()
    next(n for n in app.number_input if n.label.startswith("Tiles of each")).set_value(3)
    app = settle(press(app, "Compare"), run_key(ready))
    (run,) = started
    assert run.request.methods == ("land cover", "classifier", "apt_plus")
    assert run.request.scenes == (ready.scene.id,)
    assert run.request.most_tiles == 3
    assert "The evaluation was stopped" in said(app)
    app = settle(press(app, "Continue it"), run_key(ready))
    assert [one.folder for one in started] == [run.folder, run.folder]
    assert len(past_runs(project).runs) == 1


def test_without_a_model_only_what_needs_none_is_offered(page, project, ready) -> None:
    scene = project.scene(ready.scene.id)
    settings = scene_settings("none", "classifier")
    project.update_scene(scene.id, expected_version=scene.version, settings=settings)
    named = boxes(page("evaluate", project))
    assert named["Recommended"].disabled
    assert not named["Colours of this image"].disabled


def test_other_experiments_say_what_they_need(page, project, ready, started) -> None:
    app = page("evaluate", project)
    runs = {b.key: b for b in app.button if b.label == "Run"}
    assert runs["run training"].disabled
    assert "Needs two folders of images" in said(app)
    runs["run robustness"].click()
    app = settle(app, run_key(ready))
    assert [run.request.experiment for run in started] == ["robustness"]


def test_a_folder_that_is_no_region_is_one_sentence(page, project, place, tmp_path) -> None:
    app = page("evaluate", project)
    fill(app, "path region", str(tmp_path))
    app = settle(press(app, "Add the folder"), ("folder", str(project.path)))
    assert "is no region" in wrong(app)


def written(project, place, rows: list[tuple[str, list[int]]]):
    """A finished run of made figures."""
    from PIL import Image

    from core.record_files import write_record
    from core.study.experiments.cells import Cell, CellResult
    from core.study.experiments.experiment_plan import Column, Experiment
    from core.study.experiments.experiment_record import RECORD, ExperimentRecord, PictureRecord
    from core.study.experiments.tables import tabulate, tiles_csv
    from core.study.metrics.figures import TileFigures, to_sums

    columns = (Column("region", "region"), Column("method", "method"))
    (tile,) = open_project_scene(project, place.scene.id).tiles
    results = []
    for method, rights in rows:
        cell = Cell({"region": "Fields <b>", "method": method}, print, None)
        found = tuple(
            TileFigures("North", tile if i == 0 else f"t{i}",
                       to_sums((right, 100 - right, 100 - right, right)))
            for i, right in enumerate(rights)
        )  # fmt: skip
        results.append((cell, CellResult(found)))
    experiment = Experiment("methods", "M", "Q?", columns, (), (), {"method": "land cover"})
    run = new_run(project, RunRequest(scenes=(place.scene.id,)))
    worst = run.files / "worst"
    worst.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(worst / "01.png")
    pictures = tuple(
        PictureRecord({"region": "Fields <b>", "method": method, "seed": 0}, "North", tile,
                      0.5, 10, 20, "worst/01.png", "worst/01.tif")
        for method, _ in rows
    )  # fmt: skip
    notes = ("Land cover <i> is SIMULATED.",)
    reference, table = {"method": "land cover"}, tuple(tabulate(experiment, results, seed=0))
    record = ExperimentRecord("methods", "M", "Q?", "2026-01-01T00:00:00+00:00", 0, {}, "", notes,
                    columns, reference, table, (), pictures, (), 1.0, {})  # fmt: skip
    write_record(run.files / RECORD, record)
    (run.files / "tiles.csv").write_bytes(tiles_csv(columns, results))
    (run.files / "summary.md").write_text("# M")
    run.zip_file.write_bytes(b"PK")
    return run


def test_results_are_a_sentence_a_table_and_files(page, project, place) -> None:
    written(project, place, [("land cover", [70, 71, 72, 70, 71, 72]),
                             ("classifier", [90, 91, 92, 90, 91, 92])])  # fmt: skip
    app = page("evaluate", project)
    assert not app.error
    assert "On these 6 tiles *Colours of this image* has the highest overlap" in said(app)
    assert "better than the land cover" in said(app)
    assert "simulated" in said(app)
    (table,) = app.dataframe
    assert list(table.value["Method"]) == ["Colours of this image", "Land cover as it is"]
    assert "better (" in table.value["Against the land cover"][0]
    links = tables(app)
    assert "/evaluation/" in links.replace("&#47;", "/").replace("&#x2F;", "/")
    assert "<b>" not in links
    assert "<i>" not in "".join(m.value for m in app.markdown)
    assert any(b.label == "Open in Annotate" for b in app.button)


def test_a_worst_tile_opens_in_annotate(page, project, place) -> None:
    written(project, place, [("land cover", [70] * 6), ("classifier", [90] * 6)])
    app = page("evaluate", project)
    app = press(app, "Open in Annotate")
    (tile,) = open_project_scene(project, place.scene.id).tiles
    assert app.query_params["tile"] == tile


def test_a_damaged_result_is_one_sentence_and_can_be_deleted(page, project, place) -> None:
    run = written(project, place, [("land cover", [70] * 6)])
    (run.files / "record.json").write_text("{")
    app = page("evaluate", project)
    assert "record.json cannot be read (it is damaged); it is kept as it is" in wrong(app)


def test_records_that_cannot_be_read_are_named_and_the_page_goes_on(page, project, ready) -> None:
    run = new_run(project, RunRequest(scenes=(ready.scene.id,)))
    (run.folder / ABOUT).write_text('{"format": 2, "started": "yesterday"}')
    truth = truth_folder(project, ready.scene.id) / "truth.json"
    truth.write_text("{")
    folders = project.folder / "evaluation" / "folders.json"
    folders.write_text('{"format": 9, "folders": []}')
    app = page("evaluate", project)
    said_wrong = wrong(app)
    for name in (f"{run.folder.name}/run.json", "truth.json", "evaluation/folders.json"):
        assert f"{name} cannot be read" in said_wrong, name
    assert "a newer version of CropMap wrote it" in said_wrong
    assert "Not ready: it has no reference fields yet" in said(app)
    assert (run.folder / ABOUT).is_file()
    assert truth.read_text() == "{"


def test_a_run_that_was_not_finished_can_be_deleted(page, project, place) -> None:
    run = new_run(project, RunRequest(scenes=(place.scene.id,)))
    about = json.loads((run.folder / ABOUT).read_text())
    assert about["scenes"] == ["North"]
    app = page("evaluate", project)
    choose(app, "results", "Show")
    assert "not finished" in said(app)
    app = press(app, "Delete this result")
    assert past_runs(project).runs == []
    assert replace(run, finished=True).title == "Compare methods"


def test_my_labels_are_judged_by_a_file_and_not_by_themselves(
    page, project, ready, monkeypatch
) -> None:
    judged = []

    def judge_labels(project, scene_id, *, accepted_only, progress, cancelled):
        judged.append((scene_id, accepted_only))

    monkeypatch.setattr(map_quality, "judge_labels", judge_labels)
    app = page("evaluate", project)
    choose(app, "labels", "Show")
    app = settle(press(app, "Compare my map"), labels_key(ready))
    assert judged == [(ready.scene.id, False)]
    assert not app.error


def test_how_good_my_labels_are_is_told_in_words(page, project, ready, monkeypatch) -> None:
    figures = {key: Interval(0.9, 0.85, 0.95) for key, _ in map_quality._FIGURES.values()}
    found = Judged(
        *(project.folder, datetime.now(UTC), 8, figures, figures, Interval(0.2, 0.1, 0.3), ()),
        missed_ha=4.67,
        extra_ha=12.0,
    )
    monkeypatch.setattr(map_quality, "last_judged", lambda *_: found)
    app = page("evaluate", project)
    choose(app, "labels", "Show")
    assert "**90%** overlap with the reference (mean IoU): 4.67 ha missed, 12.0 ha" in said(app)
    assert "Compared with the land cover: 0.20 better" in said(app)
    (table,) = app.dataframe
    assert table.value["Your map"][0] == "0.900 (0.850 to 0.950)"
