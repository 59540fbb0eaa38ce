import csv
import io
import re
import sqlite3
from contextlib import closing

import pytest
from streamlit.testing.v1 import AppTest

from core.project import NewEdit, Project
from core.session.opened import open_project
from tests.pages.conftest import BROWSER, press, said, settle, wrong
from ui.review.second_look import pairs_csv
from ui.review.tile_queue import entries
from ui.review.verdict_form import Seen, _save
from ui.shared import preferences
from ui.shared.preferences import Preferences

SECOND, EFFORT, LOG = "Second look", "Effort", "Who did what"


def judged(page, project) -> AppTest:
    """The review page with its only tile chosen."""
    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)
    return page("review", project, scene=scene.id, tile=tile.name)


def on(app: AppTest, project: Project, part: str) -> AppTest:
    """Another part of the page."""
    app.session_state[f"review part {project.scenes()[0].id}"] = part
    app.run()
    assert not app.exception
    return app


def group(app: AppTest, label: str):
    return next(b for b in app.get("button_group") if b.label == label)


def field(app: AppTest, label: str):
    return next(t for t in app.text_input if t.label == label)


def give(
    project: Project, who: str, verdict: str = "accepted", comment: str = "", at: int = 0
) -> None:
    (scene,) = project.scenes()
    tile = project.tiles(scene.id)[at]
    project.set_verdict(
        scene.id,
        tile.name,
        verdict,
        comment=comment,
        reviewer=who,
        expected_version=tile.verdict.version,
    )


def draw(project: Project) -> None:
    (scene,) = project.scenes()
    names = [tile.name for tile in project.tiles(scene.id)]
    project.draw_second_reviews(scene.id, names, seed=5, author="Ada")


@pytest.fixture
def many(project: Project, tile_size) -> Project:
    """The same scene, cut into sixteen tiles."""
    from core.project import new_project_path, remember_project
    from core.session.adding_scenes import add_scene
    from core.session.opened import open_project

    tile_size(112)
    path = new_project_path("Sixteen")
    Project.create(path, "Sixteen").close()
    made = open_project(path)
    add_scene(made, project.scenes()[0].scene["path"], name="Sixteen")
    remember_project(path)
    return made


def test_the_queue_and_how_far_it_is(page, project) -> None:
    app = judged(page, project)
    assert not app.error
    table = app.dataframe[0].value
    assert list(table["Verdict"]) == ["Not decided"]
    assert "0 of 1 tile reviewed" in "".join(p.proto.text for p in app.get("progress"))
    assert "Nobody has reviewed a tile yet" in said(app)


def test_a_verdict_is_saved_and_its_tile_leaves_the_list(page, project) -> None:
    app = judged(page, project)
    group(app, "Verdict").set_value("accepted")
    field(app, "Comment").set_value("good *edges*")
    press(app, "Save")
    (scene,) = project.scenes()
    verdict = project.tiles(scene.id)[0].verdict
    assert (verdict.verdict, verdict.comment) == ("accepted", "good *edges*")
    assert verdict.reviewer
    assert "Every tile of this scene has a verdict" in said(app)
    assert "good *edges*" in said(app)
    assert f"{verdict.reviewer}: 1 tile" in said(app)
    group(app, "Show").set_value("reviewed")
    app.run()
    assert list(app.dataframe[0].value["Verdict"]) == ["Accepted"]
    on(app, project, LOG)
    assert "Verdict: accepted — good *edges*" in list(app.dataframe[0].value["What"])


def test_somebody_else_was_faster_and_nothing_typed_is_lost(page, project) -> None:
    app = judged(page, project)
    group(app, "Verdict").set_value("fix")
    field(app, "Comment").set_value("hedge is missing")
    give(project, "Ada", "rejected", "clouds")
    press(app, "Save")
    assert "what you typed is still here" in wrong(app)
    (scene,) = project.scenes()
    assert project.tiles(scene.id)[0].verdict.reviewer == "Ada"
    assert "clouds" in said(app)
    assert field(app, "Comment").value == "hedge is missing"
    assert group(app, "Verdict").value == "fix"
    press(app, "Save")
    assert not app.error
    verdict = project.tiles(scene.id)[0].verdict
    assert (verdict.verdict, verdict.comment) == ("fix", "hedge is missing")


def test_a_verdict_that_nobody_waits_for_changes_nothing(project) -> None:
    (scene,) = project.scenes()
    tile = project.tiles(scene.id)[0]
    _save(Seen(project, scene.id, tile.name, 7, 1, 0), "no such form")
    assert project.tiles(scene.id)[0].verdict.version == tile.verdict.version


def test_lists_filters_and_finding_tiles(page, many) -> None:
    (scene,) = many.scenes()
    total = len(many.tiles(scene.id))
    assert total == 16
    give(many, "Ada", "accepted", "good", at=0)
    give(many, "Ben", "fix", "Hedge is missing", at=4)
    app = page("review", many, scene=scene.id)
    assert len(app.dataframe[0].value) == total - 2
    group(app, "Show").set_value("fix")
    app.run()
    assert list(app.dataframe[0].value["Tile"]) == [5]
    group(app, "Show").set_value("all")
    field(app, "Find").set_value("2-3, 7")
    app.run()
    assert sorted(app.dataframe[0].value["Tile"]) == [2, 3, 7]
    field(app, "Find").set_value("hedge")
    app.run()
    assert list(app.dataframe[0].value["Tile"]) == [5]
    field(app, "Find").set_value("")
    next(m for m in app.multiselect if m.label == "Reviewer").set_value(["Ada"])
    app.run()
    assert list(app.dataframe[0].value["Tile"]) == [1]
    assert "1 of the filters" in said(app)
    next(t for t in app.toggle if t.label == "Has a comment").set_value(True)
    group(app, "Show").set_value("second")
    app.run()
    assert "No tile matches the filter" in said(app)


def test_next_to_review_is_disabled_when_nothing_is_left(page, project) -> None:
    give(project, "Ada")
    app = judged(page, project)
    assert next(b for b in app.button if b.label == "Next to review").disabled


def test_a_second_look_from_drawing_to_settling(page, project) -> None:
    give(project, "Ada", "accepted", "fine")
    preferences.save(BROWSER, Preferences(person="Ada"))
    app = on(judged(page, project), project, SECOND)
    press(app, "Pick 1 of 1 reviewed tile at random")
    (scene,) = project.scenes()
    assert project.second_reviews(scene.id)[0].seed == 1
    assert "1 waiting." in said(app)

    preferences.save(BROWSER, Preferences(person="Ben"))
    app = judged(page, project)
    assert next(b for b in app.button if b.label == "Next second look")
    group(app, "Show").set_value("second")
    app.run()
    assert list(app.dataframe[0].value["Verdict"]) == ["Hidden"]
    assert "Reviewer" not in app.dataframe[0].value
    assert "fine" not in said(app)
    on(app, project, LOG)
    what = list(app.dataframe[0].value["What"])
    assert "Verdict: hidden until you give yours" in what
    assert not any("fine" in line for line in what)

    on(app, project, "Tiles")
    press(app, "Save")
    assert "needs a verdict" in wrong(app)
    group(app, "Verdict").set_value("fix")
    field(app, "Comment").set_value("gap")
    press(app, "Save")
    assert not app.error
    assert "fine" in said(app)
    assert "You disagree" in said(app)
    on(app, project, SECOND)
    assert "Kappa needs at least two tiles" in said(app)
    assert "To decide" in said(app)
    (entry,) = entries(project, scene.id, "Ben")
    (line,) = csv.DictReader(io.StringIO(pairs_csv([entry]).decode("utf-8-sig"), newline=""))
    assert (line["first_verdict"], line["second_comment"], line["settled"]) == (
        "accepted",
        "gap",
        "no",
    )

    on(app, project, "Tiles")
    group(app, "Verdict").set_value("fix")
    press(app, "Save")
    assert project.tiles(scene.id)[0].verdict.verdict == "fix"
    assert "You disagree" not in said(app)


def test_waiting_second_looks_are_taken_back(page, project) -> None:
    give(project, "Ada")
    draw(project)
    app = on(judged(page, project), project, SECOND)
    press(app, "Cancel the 1 waiting")
    assert project.second_reviews(project.scenes()[0].id) == []
    assert not app.error


def test_effort_without_and_with_work(page, project) -> None:
    app = on(judged(page, project), project, EFFORT)
    assert "Nobody has worked on this scene" in said(app)
    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)
    edits = [NewEdit("settings", {"threshold": 0.99}), NewEdit("prompts_clear", {})]
    project.append(scene.id, tile.name, edits, author="=Ada", expected_version=0)
    give(project, "=Ada")
    app.run()
    assert [m.value for m in app.metric][:2] == ["2.0", "0 s"]
    people = app.dataframe[0].value
    assert list(people["Who"]) == ["=Ada"]
    assert "settings 1" in people["Edits"][0]
    assert "only 60 s are counted" in said(app)


def test_the_automatic_map_is_compared_in_the_background(page, project, monkeypatch) -> None:
    from core.review.change import TileChange
    from core.study.metrics.pixels import Confusion
    from ui.review import effort_tab

    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)
    give(project, "Ada")

    def changes(asked, scene_id, progress, cancelled):
        progress("Comparing labels", 1, 1)
        return [TileChange(tile.name, Confusion(90, 4, 6, 900), 0.01, 7, 2)]

    monkeypatch.setattr(effort_tab, "changes_of", changes)
    app = on(judged(page, project), project, EFFORT)
    press(app, "Compare with the automatic map")
    settle(app, ("changes", str(project.path), scene.id))
    on(app, project, EFFORT)
    assert [m.value for m in app.metric][2:] == ["0.900", "0.10 ha"]
    assert list(app.dataframe[1].value["IoU"]) == [0.9]
    preferences.save(BROWSER, Preferences("Ana", area_unit="mu"))
    on(app, project, EFFORT)
    assert app.metric[3].value == "1.50 mu"
    assert list(app.dataframe[1].value["Changed, mu"]) == [1.5]
    assert not re.search(r"\d ha\b|, ha$", said(app) + " ".join(app.dataframe[1].value))
    give(project, "Ada", "fix")
    on(app, project, EFFORT)
    assert "has changed since" in said(app)
    assert next(b for b in app.button if b.label == "Compare again")


def test_the_log_is_filtered_and_safe_in_a_spreadsheet(page, many) -> None:
    from core.project import HistoryRow
    from ui.review.history_tab import log_csv, whole_history

    (scene,) = many.scenes()
    give(many, "=cmd|' /C calc'!A0", "accepted", "=HYPERLINK(1)", at=0)
    give(many, "Ben", "fix", "", at=1)
    app = on(page("review", many, scene=scene.id), many, LOG)
    assert len(app.dataframe[0].value) == 3
    next(m for m in app.multiselect if m.label == "Who").set_value(["Ben"])
    app.run()
    assert list(app.dataframe[0].value["What"]) == ["Verdict: to fix"]
    group(app, "What").set_value(["Undo"])
    app.run()
    assert "Nothing matches the filter" in said(app)
    rows: list[HistoryRow] = whole_history(many, scene.id)
    body = log_csv(rows, {many.tiles(scene.id)[0].name: 1}).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(body, newline="")))
    assert lines[1]["who"].startswith("'=cmd")
    assert lines[1]["what"] == "Verdict: accepted — =HYPERLINK(1)"
    assert [line["tile"] for line in lines] == ["", "1", ""]


def test_mapping_all_tiles_goes_on_in_the_background(page, project, monkeypatch) -> None:
    from core.session import batch

    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)

    def predict(asked, scene_id, progress, cancelled) -> int:
        progress("Mapping tiles", 0, 1)
        asked.set_figures(scene_id, tile.name, {"uncertainty": 0.25, "cropland_ha": 3.0})
        return 1

    monkeypatch.setattr(batch, "predict_all", predict)
    app = press(judged(page, project), "Map all tiles")
    app = settle(app, ("map", str(project.path), scene.id))
    assert list(app.dataframe[0].value["Uncertainty"]) == [0.25]
    assert not app.error


def test_a_failed_mapping_is_one_sentence(page, project, monkeypatch) -> None:
    from core.session import batch

    def predict(*_) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(batch, "predict_all", predict)
    (scene,) = project.scenes()
    app = press(judged(page, project), "Map all tiles")
    app = settle(app, ("map", str(project.path), scene.id))
    assert "something went wrong in the app itself" in wrong(app)


def test_a_verdict_for_a_file_that_was_replaced_is_not_given_to_the_other(page, project) -> None:
    app = judged(page, project)
    copy = project.path.with_name("incoming")
    with closing(sqlite3.connect(copy)) as target, project._database.read() as connection:
        connection.connection.driver_connection.backup(target)
    copy.replace(project.path)
    group(app, "Verdict").set_value("accepted")
    press(app, "Save")
    assert "was replaced by another file" in wrong(app)
    assert "The last change was not saved" in wrong(app)
    now = open_project(project.path)
    (tile,) = now.tiles(now.scenes()[0].id)
    assert tile.verdict.verdict == "open"
    press(app, "Continue with the file that is there now")
    group(app, "Verdict").set_value("accepted")
    press(app, "Save")
    assert now.tiles(now.scenes()[0].id)[0].verdict.verdict == "accepted"


def test_a_project_of_another_kind_in_its_place_is_said_too(page, project) -> None:
    app = judged(page, project)
    other = Project.create(project.path.with_name("other.cropmap"), "Other")
    other.close()
    other.path.replace(project.path)
    app.run()
    assert "was replaced by another file" in wrong(app)
    press(app, "Continue with the file that is there now")
    assert wrong(app) == ""
    assert "This project has no imagery yet" in said(app)
