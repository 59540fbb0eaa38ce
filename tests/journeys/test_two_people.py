"""Two people in two browsers at one tile: names, undo, and a second look that is blind."""

import re

import pytest

from core.farmland import write_scene
from core.label.withdrawal import counting
from tests.journeys.conftest import Visitor
from tests.journeys.test_working_day import made_project

pytestmark = pytest.mark.xdist_group("journeys")


@pytest.fixture(scope="module")
def place(at_home):
    """A project of one tile without a model, so that nothing has to be predicted."""
    project, scene, address = made_project("Two", write_scene(at_home / "two", 7, size=300).scene)
    version = project.scene(scene).version
    project.update_scene(scene, settings={"model": None}, expected_version=version)
    return project, scene, address


def you(visitor: Visitor):
    """The name in the header."""
    return visitor.page.locator(".st-key-cropmap_you").get_by_role("button")


def here(visitor: Visitor, column_share: float, row_share: float) -> tuple[float, float]:
    column, row, width, height = visitor.state()["window"]
    return column + width * column_share, row + height * row_share


def paint(visitor: Visitor, column_share: float, row_share: float) -> None:
    """A dab of cropland with the brush."""
    count = visitor.state()["edit_count"]
    visitor.page.keyboard.press("3")
    visitor.click_at(*here(visitor, column_share, row_share))
    edits(visitor, count + 1)
    visitor.page.keyboard.press("Escape")


def edits(visitor: Visitor, count: int) -> None:
    """Wait until the map shows so many edits, all saved."""
    visitor.page.wait_for_function(
        f"window.__cropmap.state.edit_count === {count} && !window.__cropmap.pending()"
    )


def test_a_name_belongs_to_a_browser(browser, app, visitor, second_visitor, place) -> None:
    project, scene, address = place
    carla = Visitor(browser, app)
    carla.open(f"/review?project={project.id}&scene={scene}")
    carla.page.get_by_text("You are asked once in this browser").wait_for()
    carla.write(carla.page.get_by_role("textbox", name="Your name"), "Carla")
    carla.page.get_by_text("reviewed ·").wait_for()
    assert you(carla).inner_text().endswith("Carla")
    carla.page.reload()
    carla.page.get_by_text("reviewed ·").wait_for()
    assert you(carla).inner_text().endswith("Carla")
    carla.close()

    for who, name in ((visitor, "Ada"), (second_visitor, "Ben")):
        who.open(address)
        who.map_ready()
        assert you(who).inner_text().endswith(name)
    paint(visitor, 0.3, 0.3)
    visitor.click(you(visitor))
    visitor.page.get_by_text("Work saved as “Ada” keeps that name").wait_for()
    visitor.page.get_by_role("dialog").get_by_role("textbox").fill("Ana")
    visitor.click(visitor.page.get_by_role("dialog").get_by_role("button", name="Save"))
    you(visitor).filter(has_text="Ana").wait_for()
    visitor.map_ready()
    paint(visitor, 0.3, 0.7)
    edits(second_visitor, 2)
    paint(second_visitor, 0.7, 0.5)
    signed = [row.author for row in project.history(scene_id=scene) if row.action == "edit"]
    assert signed == ["Ben", "Ana", "Ada"]
    assert you(second_visitor).inner_text().endswith("Ben")


def test_undo_is_ones_own(visitor, second_visitor, place) -> None:
    project, scene, address = place
    for who in (visitor, second_visitor):
        who.open(address)
        who.map_ready()
    before = visitor.state()["edit_count"]
    paint(visitor, 0.2, 0.5)
    edits(second_visitor, before + 1)
    paint(second_visitor, 0.8, 0.2)
    edits(visitor, before + 2)
    mine = project.log(scene, visitor.state()["name"]).edits[-2]
    visitor.page.keyboard.press("z")
    edits(visitor, before + 1)
    assert mine.sequence not in _counting(project, scene, visitor)
    visitor.page.keyboard.press("Shift+Z")
    edits(visitor, before + 2)
    version = visitor.state()["version"]
    second_visitor.page.wait_for_function(f"window.__cropmap.state.version === {version}")
    # Ben takes back all of his own; what is left then is Ada's, and he is asked.
    notice = second_visitor.page.get_by_test_id("notice")
    while not notice.is_visible():
        count = second_visitor.state()["edit_count"]
        second_visitor.page.keyboard.press("z")
        second_visitor.page.wait_for_function(
            f"window.__cropmap.state.edit_count < {count}"
            " || !document.querySelector('[data-testid=notice]').hidden"
        )
    assert "The last step here is Ada's: undo it?" in notice.inner_text()
    count = second_visitor.state()["edit_count"]
    second_visitor.press("theirs-yes")
    edits(second_visitor, count - 1)


def _counting(project, scene, visitor) -> set[int]:
    return {edit.sequence for edit in counting(project.log(scene, visitor.state()["name"]).edits)}


def test_a_second_look_is_blind_and_says_on_the_map_what_to_mend(
    visitor, second_visitor, place
) -> None:
    project, scene, address = place
    visitor.open(address)
    name = visitor.map_ready()["name"]
    paint(visitor, 0.5, 0.5)
    visitor.page.keyboard.press("s")
    visitor.click_at(*here(visitor, 0.5, 0.5))
    visitor.page.get_by_test_id("parcel-card").wait_for()
    visitor.page.keyboard.press("y")
    visitor.saved()
    visitor.page.keyboard.press("Escape")
    visitor.press("verdict-accepted")
    visitor.page.wait_for_function("window.__cropmap.state.verdict.verdict === 'accepted'")
    project.draw_second_reviews(scene, [name], seed=1, author="Ada")

    ben = second_visitor
    ben.open(f"/review?project={project.id}&scene={scene}&tile={name}")
    ben.page.get_by_text("give your own verdict").wait_for()
    ben.click(ben.page.get_by_role("button", name="Open on the map"))
    ben.page.wait_for_url("**/annotate?*")
    state = ben.map_ready(name)
    assert ben.page.get_by_test_id("verdict-chip").inner_text() == "Second look"
    assert {parcel["state"] for parcel in state["parcels"]} == {"auto"}
    assert {parcel["reviewer"] for parcel in state["parcels"]} == {""}
    listed = ben.page.get_by_test_id("parcel-list").inner_text()
    assert "accepted" not in listed

    ben.press("verdict-fix")
    ben.page.get_by_test_id("fix-comment").fill("a hedge runs here")
    ben.press("fix-pin")
    ben.click_at(*here(ben, 0.8, 0.8))
    ben.page.wait_for_function("window.__cropmap.state.verdict.verdict === 'fix'")
    assert {parcel["state"] for parcel in ben.map_ready()["parcels"]} >= {"accepted"}
    assert project.second_review(scene, name).second.comment == "a hedge runs here"
    assert project.tile(scene, name).verdict.verdict == "accepted"

    note = visitor.page.get_by_test_id("note")
    note.wait_for()
    assert re.sub(r"\s+", " ", note.inner_text()) == "a hedge runs here Ben"
    zoom = visitor.page.evaluate("window.__cropmap.zoom")
    note.click()
    visitor.page.wait_for_function(f"window.__cropmap.zoom > {zoom}")
    visitor.press("note-done")
    ben.page.wait_for_function("window.__cropmap.state.notes[0].done_by === 'Ada'")
    assert ben.page.get_by_test_id("note-pin").count() == 0
