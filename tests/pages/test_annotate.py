import pytest

from core.session.adding_scenes import change_landcover
from tests.pages.conftest import said, wrong


@pytest.mark.parametrize("name", ["scene", "annotate", "review", "results"])
def test_without_a_project_a_page_leads_to_the_start(page, name) -> None:
    app = page(name)
    assert "No project is open" in said(app)
    assert not app.error


@pytest.mark.parametrize("name", ["annotate", "review", "results"])
def test_without_a_scene_a_page_leads_to_the_imagery(page, empty_project, name) -> None:
    app = page(name, empty_project)
    assert "no imagery yet" in said(app)
    assert not app.error


@pytest.mark.parametrize("name", ["scene", "annotate", "review", "results"])
def test_an_address_of_an_unknown_project_is_one_sentence(page, project, name) -> None:
    app = page(name, None, project="f" * 32)
    assert "not in the list of projects" in wrong(app)
    assert "No project is open" in said(app)


@pytest.mark.parametrize("name", ["scene", "annotate", "review", "results"])
def test_a_project_that_is_gone_is_one_sentence(page, project, name) -> None:
    app = page("start", project)
    project.path.rename(project.path.with_suffix(".moved"))
    app.session_state["page_under_test"] = name
    app.query_params["project"] = "0" * 32
    app.run()
    assert not app.exception
    assert app.error


def test_the_map_is_shown_and_the_address_holds_the_tile(page, project) -> None:
    (scene,) = project.scenes()
    app = page("annotate", project)
    assert not app.error
    (tile,) = project.tiles(scene.id)
    assert app.query_params["scene"] == scene.id
    assert app.query_params["tile"] == tile.name


def test_a_tile_that_does_not_exist_gives_way_to_one_that_does(page, project) -> None:
    (scene,) = project.scenes()
    app = page("annotate", project, scene=scene.id, tile="x9_y9")
    (tile,) = project.tiles(scene.id)
    assert app.query_params["tile"] == tile.name


def test_without_land_cover_it_says_where_fields_come_from(page, project) -> None:
    (scene,) = project.scenes()
    change_landcover(project, scene.id, None)
    app = page("annotate", project)
    assert "fields are drawn from the image alone" in said(app)
