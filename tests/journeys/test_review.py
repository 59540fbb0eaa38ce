"""Reviewing in a real browser: lists, the way to a tile and back, and a second look by another."""

import re

import pytest

from core.farmland import write_scene
from core.jobs.job_store import JobStore
from core.project import Project
from core.settings import get_settings
from tests.journeys.test_working_day import made_project


@pytest.fixture(scope="module")
def land(at_home):
    """A made scene of several tiles."""
    return write_scene(at_home / "several", seed=5, size=1200)


@pytest.fixture
def several(land, request) -> tuple[Project, str, str]:
    """A project of its own with several tiles; the address of its review."""
    project, scene, _ = made_project(request.node.name, land.scene)
    # Neither model nor land cover: what is tried here needs no prediction.
    version = project.scene(scene).version
    project.update_scene(scene, settings={"model": None}, expected_version=version)
    assert len(project.tiles(scene)) > 3
    return project, scene, f"/review?project={project.id}&scene={scene}"


def arrive(visitor, address: str) -> None:
    """Open the review."""
    visitor.open(address)
    visitor.page.get_by_text("reviewed ·").wait_for()
    visitor.calm()


def judge(project: Project, scene: str, order: int, verdict: str, comment: str) -> str:
    tile = project.tiles(scene)[order]
    project.set_verdict(
        scene, tile.name, verdict, comment=comment, reviewer="Ada", expected_version=0
    )
    return tile.name


def show(visitor, name: str) -> None:
    """One of the lists."""
    visitor.click(visitor.page.get_by_role("radio", name=re.compile(f"^{name}")))
    visitor.calm()


def test_filter_then_to_the_tile_and_back(visitor, second_visitor, several) -> None:
    project, scene, address = several
    judge(project, scene, 0, "accepted", "")
    arrive(visitor, address)
    page = visitor.page
    assert page.get_by_text(re.compile("^1 of . tiles reviewed")).is_visible()
    assert page.get_by_text("Ada: 1 tile").is_visible()
    show(visitor, "All")
    find = page.get_by_role("textbox", name="Find")
    visitor.write(find, "2-3")
    visitor.click(
        page.get_by_test_id("stSelectbox").filter(has_text="Order").get_by_role("combobox")
    )
    visitor.click(page.get_by_role("option", name=re.compile("From tile to neighbouring tile")))

    visitor.click(page.get_by_role("button", name="Next to review"))
    page.wait_for_url("**/annotate?*")
    name = visitor.map_ready()["name"]
    # Tile 1 is done; the path begins at the top left.
    assert name == project.tiles(scene)[1].name

    arrive(second_visitor, address)
    second_visitor.page.get_by_text("Open now: Ada on tile 2").wait_for()

    page.go_back()
    page.get_by_text("reviewed ·").wait_for()
    visitor.calm()
    assert re.search(rf"/review\?.*project={project.id}.*scene={scene}", page.url)
    assert find.input_value() == "2-3"
    assert (
        page.get_by_role("radio", name=re.compile("^All")).get_attribute("aria-checked") == "true"
    )
    order = page.get_by_test_id("stSelectbox").filter(has_text="Order").get_by_role("combobox")
    assert order.input_value().startswith("From tile to neighbouring tile")
    page.reload()
    page.get_by_text("tiles reviewed · ").wait_for()


def test_mapping_all_tiles_is_seen_and_cancelled_from_another_browser(
    visitor, second_visitor, several
) -> None:
    project, scene, address = several
    arrive(visitor, address)
    page, others = visitor.page, second_visitor.page
    store = JobStore(get_settings().jobs_folder)
    # As long as these are held, it waits.
    with store.slot([1]), store.slot([2]):
        visitor.click(page.get_by_role("button", name="Map all tiles"))
        page.get_by_role("progressbar", name="Mapping").wait_for()
        page.reload()
        page.get_by_role("progressbar", name="Mapping").wait_for()
        arrive(second_visitor, address)
        others.get_by_role("progressbar", name="Mapping").wait_for()
        second_visitor.click(others.get_by_role("button", name="Cancel"))
        for seen in (others, page):
            seen.get_by_text("was cancelled before it began").wait_for()
    visitor.click(page.get_by_role("button", name="Close this message"))
    page.get_by_text("was cancelled before it began").wait_for(state="detached")
    visitor.click(page.get_by_role("button", name="Map all tiles"))
    page.get_by_role("progressbar", name="Mapping").wait_for()
    page.get_by_role("button", name="Map all tiles").wait_for()
    assert all("cropland_ha" in tile.figures for tile in project.tiles(scene))


def test_two_people_at_one_tile_lose_nothing(visitor, second_visitor, several) -> None:
    project, scene, address = several
    name = project.tiles(scene)[0].name
    arrive(visitor, f"{address}&tile={name}")
    arrive(second_visitor, f"{address}&tile={name}")
    for who, verdict, comment in (
        (visitor, "Rejected", "clouds"),
        (second_visitor, "To fix", "the western corner is missing"),
    ):
        form = who.page.get_by_test_id("stForm")
        who.click(form.get_by_role("radio", name=verdict))
        form.get_by_role("textbox", name="Comment").fill(comment)
        who.click(form.get_by_role("button", name="Save"))
        who.calm()
    page = second_visitor.page
    page.get_by_text("what you typed is still here").wait_for()
    assert page.get_by_text("clouds").is_visible()
    comment = page.get_by_test_id("stForm").get_by_role("textbox", name="Comment")
    assert comment.input_value() == "the western corner is missing"
    assert project.tile(scene, name).verdict.reviewer == "Ada"
    second_visitor.click(page.get_by_role("button", name="Save"))
    second_visitor.calm()
    verdict = project.tile(scene, name).verdict
    assert (verdict.verdict, verdict.comment) == ("fix", "the western corner is missing")
