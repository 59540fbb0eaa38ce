import html
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import ProjectError
from core.project import NewEdit, backups_of, recent_projects
from core.session.opened import archive_project, close_project, open_project
from core.settings import get_settings
from tests.pages.conftest import SECONDS, press, said, settle, wrong
from tests.project import flipping
from ui.start.project_list import DEMO


def test_an_empty_start_says_what_the_app_is_and_where_projects_will_be(page) -> None:
    app = page("start")
    assert "There is no project yet" in said(app)
    assert "ready for QGIS" in said(app)
    assert "Open" in [b.label for b in app.button]


def test_a_project_without_a_name_is_one_sentence(page) -> None:
    app = press(page("start"), "Create the project")
    assert "has no name yet" in wrong(app)


def test_a_new_project_is_made_and_leads_to_its_imagery(page) -> None:
    app = page("start")
    app.text_input[0].set_value("Harvest $x$ <i>")
    press(app, "Create the project")
    (made,) = recent_projects()
    assert made.name == "Harvest $x$ <i>"
    assert app.title[0].value == "Add imagery"
    assert app.query_params["project"] == open_project(made.path).id


def test_recent_projects_are_listed_with_their_names_escaped(page, project) -> None:
    app = page("start")
    assert "Fields <b>&" in said(app)
    assert not any("<b>&" in m.value for m in app.markdown)
    assert "1 scene · 0 of 1 tile reviewed" in said(app)


def test_a_damaged_project_says_so_and_does_not_stop_the_page(page, project) -> None:
    broken = Path(project.path.parent.parent) / "broken" / "broken.cropmap"
    broken.parent.mkdir()
    broken.write_bytes(b"no database")
    app = page("start")
    assert "Fields" in said(app)
    assert "Take from the list" in [b.label for b in app.button]


def test_a_wrong_path_is_one_sentence(page, tmp_path) -> None:
    app = page("start")
    app.text_input[1].set_value(str(tmp_path / "gone.cropmap"))
    next(b for b in app.button if b.label == "Open").click()
    app.run()
    assert "There is no project at" in wrong(app)


def test_the_demo_is_one_click_away_and_ends_on_the_map(page, monkeypatch) -> None:
    from core.session import made_project as demo

    small = demo.make_demo
    monkeypatch.setattr(demo, "make_demo", lambda p, c: small(p, c, size=256))
    app = press(page("start"), "Try it with example fields")
    app = settle(app, DEMO)
    assert not app.error
    assert recent_projects()[0].name == demo.DEMO_NAME
    assert app.query_params["tile"]


def test_an_address_typed_as_a_project_file_is_not_repeated(page) -> None:
    app = page("start")
    app.text_input[1].set_value("postgresql+psycopg://ada:hunter2@host/db?schema=x")
    next(b for b in app.button if b.label == "Open").click()
    app.run()
    assert "That is a web address" in wrong(app)
    assert "hunter2" not in wrong(app)


def edited(project):
    """One edit on the first tile, and a backup with it."""
    scene = project.scenes()[0]
    tile = project.tiles(scene.id)[0].name
    edits = [NewEdit("prompt_set", {"id": "a"})]
    project.append(scene.id, tile, edits, author="Ada", expected_version=0)
    project.backup()
    return project, scene.id, tile


def test_a_damaged_project_is_named_on_every_page_and_goes_back_to_its_backup(
    page, project
) -> None:
    project, scene, tile = edited(project)
    close_project(project.path)
    flipping.flip_text(project.path, "edit", "data", "sequence = 1", bit=60)
    damaged = open_project(project.path)
    assert "is damaged from step 1" in said(page("review", damaged))
    app = page("start")
    assert "is damaged from step 1" in said(app)
    (button,) = [b for b in app.button if b.label.startswith("Restore from backup of 20")]
    assert button.label.endswith("(1 edit)")
    press(app, button.label)
    assert "is damaged" not in said(app)
    restored = open_project(project.path)
    assert [edit.data["id"] for edit in restored.log(scene, tile).edits] == ["a"]
    assert len(list(project.folder.glob("*.damaged-*.cropmap"))) == 1
    assert damaged.path == restored.path
    with pytest.raises(ProjectError, match="closed"):
        damaged.log(scene, tile)


def test_a_missing_project_is_offered_from_its_backup(page, project) -> None:
    project, scene, tile = edited(project)
    close_project(project.path)
    project.path.unlink()
    app = page("start")
    assert "There is no project at" in said(app)
    (button,) = [b for b in app.button if b.label.startswith("Restore from backup of 20")]
    press(app, button.label)
    assert len(open_project(project.path).log(scene, tile).edits) == 1


def dialog() -> None:
    from core.project import recent_projects
    from ui.start.backups import body

    body(recent_projects()[0])


def test_a_backup_is_made_from_start_and_says_where(page, project) -> None:
    app = page("start")
    next(b for b in app.button if b.key and b.key.startswith("backups 0")).click()
    app.run()
    assert "There is no backup yet" in said(app)
    app = press(AppTest.from_function(dialog, default_timeout=SECONDS).run(), "Back up now")
    (backup,) = backups_of(project.path)
    assert any(backup.path.name in html.unescape(done.value) for done in app.success)
    assert "0 edits" in said(app)


def menu() -> None:
    from core.project import recent_projects
    from ui.start.project_menu import body

    for summary in recent_projects()[-1:]:
        body(summary)


def test_a_project_is_renamed_deleted_and_put_back(page, project) -> None:
    app = page("start")
    next(b for b in app.button if (b.key or "").startswith("menu 0")).click()
    app.run()
    assert "Delete this project" in [b.label for b in app.button]
    dialog_alone = AppTest.from_function(menu, default_timeout=SECONDS).run()
    dialog_alone.text_input[0].set_value("Other fields")
    press(dialog_alone, "Rename")
    assert recent_projects()[0].name == "Other fields"
    press(dialog_alone, "Delete this project")
    assert not project.path.exists()
    app = page("start")
    assert recent_projects() == []
    assert "Deleted projects stay here" in said(app)
    press(app, "Put back")
    assert project.path.exists()


def test_a_project_is_opened_by_its_folder(page, project) -> None:
    app = page("start")
    app.text_input[1].set_value(str(project.path.parent))
    next(b for b in app.button if b.label == "Open").click()
    app.run(timeout=SECONDS)
    assert app.query_params["project"] == project.id


def test_a_project_is_duplicated_and_archived_from_its_menu(page, project) -> None:
    dialog_alone = AppTest.from_function(menu, default_timeout=SECONDS).run()
    dialog_alone = press(dialog_alone, "Duplicate this project")
    settle(dialog_alone, ("duplicate", str(project.path)))
    assert {one.name for one in recent_projects()} == {project.name, f"{project.name} (copy)"}
    archive_project(project.path)
    app = page("start")
    assert "Archived (1)" in [e.label for e in app.expander]
    assert not any(b.key == f"open 1 {project.path}" for b in app.button)
    assert "take it back from the archive" in wrong(page("scene", project))
    press(page("start"), "Take back")
    assert "North" in said(page("scene", open_project(project.path)))


def test_a_project_in_a_folder_that_is_not_allowed_is_one_sentence(
    page, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("CROPMAP_ALLOWED_FOLDERS", str(tmp_path / "fields"))
    get_settings.cache_clear()
    app = page("start")
    app.text_input[1].set_value(str(tmp_path / "gone.cropmap"))
    press(app, "Open")
    assert "CROPMAP_ALLOWED_FOLDERS" in wrong(app)
