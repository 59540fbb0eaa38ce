from pathlib import Path

from core.project import recent_projects
from core.session.opened import open_project
from tests.pages.conftest import press, said, settle, wrong
from ui.start.project_list import DEMO


def test_an_empty_start_says_what_the_app_is_and_where_projects_will_be(page) -> None:
    app = page("start")
    assert "Projects that you make or open are listed here" in said(app)
    assert "ready for QGIS" in said(app)
    assert "Open" in [b.label for b in app.button]


def test_a_project_without_a_name_is_one_sentence(page) -> None:
    app = press(page("start"), "Make the project")
    assert "has no name yet" in wrong(app)


def test_a_new_project_is_made_and_leads_to_its_imagery(page) -> None:
    app = page("start")
    app.text_input[0].set_value("Harvest $x$ <i>")
    press(app, "Make the project")
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
    assert "Forget" in [b.label for b in app.button]


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
    app = press(page("start"), "Try it with made fields")
    app = settle(app, DEMO)
    assert not app.error
    assert recent_projects()[0].name == demo.DEMO_NAME
    assert app.query_params["tile"]


def test_an_address_typed_as_a_project_file_is_not_repeated(page) -> None:
    app = page("start")
    app.text_input[1].set_value("postgresql+psycopg://ada:hunter2@host/db?schema=x")
    next(b for b in app.button if b.label == "Open").click()
    app.run()
    assert "That is an address" in wrong(app)
    assert "hunter2" not in wrong(app)
