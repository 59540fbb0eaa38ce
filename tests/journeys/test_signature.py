"""What one person has signed, and another works on: two people in two browsers."""

from __future__ import annotations

import pytest
import shapely

from core.session import chosen_tiles
from tests.journeys.conftest import PATIENCE_MS
from tests.journeys.test_working_day import farm  # noqa: F401  (fixture)

pytestmark = pytest.mark.xdist_group("journeys")


def inner_point(parcel) -> tuple[float, float]:
    shape = shapely.Polygon(parcel["rings"][0], parcel["rings"][1:])
    return shapely.get_coordinates(shapely.maximum_inscribed_circle(shape))[0].tolist()


def states(visitor) -> dict[str, set[str]]:
    """The states of the tile's parcels that are not automatic, and who is named beside each."""
    found: dict[str, set[str]] = {}
    for parcel in visitor.map_ready()["parcels"]:
        if parcel["state"] != "auto":
            found.setdefault(parcel["state"], set()).add(parcel["reviewer"])
    return found


def follow(visitor, script: str) -> None:
    visitor.page.wait_for_function(f"window.__cropmap.{script}", timeout=PATIENCE_MS)


def test_what_she_signs_stays_signed(visitor, second_visitor, farm) -> None:  # noqa: F811
    project, scene, address = farm
    review = f"/review?project={project.id}&scene={scene}"
    visitor.open(address)
    field = max(visitor.map_ready()["parcels"], key=lambda one: one["area_ha"])
    middle = inner_point(field)
    visitor.page.keyboard.press("s")
    visitor.click_at(*middle)
    visitor.page.keyboard.press("y")
    visitor.saved()
    assert states(visitor) == {"accepted": {"Ada"}}

    # The click that would change it says so, and does nothing.
    second_visitor.open(address)
    assert states(second_visitor) == {"accepted": {"Ada"}}
    page = second_visitor.page
    page.mouse.move(*second_visitor.on_screen(middle[0] + 20, middle[1] + 20))
    assert "accepted by Ada" in page.get_by_test_id("tool-hint").inner_text()
    second_visitor.click_at(*middle)
    page.get_by_text("Ada accepted this parcel, so it is locked.").wait_for()
    assert second_visitor.map_ready()["version"] == 1

    # Neither does a line across it, which the server refuses; one press does it all the same.
    page.keyboard.press("5")
    left, _, right, _ = shapely.Polygon(field["rings"][0]).bounds
    for column in (left - 3, right + 3):
        second_visitor.click_at(column, middle[1])
    page.keyboard.press("Enter")
    page.get_by_text("This would change a parcel that Ada accepted").wait_for()
    second_visitor.press("change-anyway")
    follow(second_visitor, "state.changed.length === 1")
    assert states(second_visitor)["changed"] == {"Ben"}
    assert "accepted" not in states(second_visitor)
    follow(visitor, "state.changed.length === 1")

    # What was accepted is shown dashed beside what it is now, comes back, and that is one step.
    page.keyboard.press("s")
    second_visitor.click_at(middle[0], middle[1] + 12)
    page.get_by_text("Accepted: ").wait_for()
    assert page.locator(".cm-accepted-shape").count() == 1
    second_visitor.press("parcel-restore")
    follow(second_visitor, "state.changed.length === 0")
    assert states(second_visitor)["accepted"] == {"Ada"}
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    follow(second_visitor, "state.changed.length === 1")
    page.keyboard.press("z")
    follow(second_visitor, "state.edit_count === 1")
    assert states(second_visitor) == {"accepted": {"Ada"}}

    # A tile's verdict belongs to its label.
    follow(visitor, "state.changed.length === 0")
    visitor.map_ready()
    visitor.press("verdict-accepted")
    visitor.saved()
    follow(second_visitor, "state.verdict.verdict === 'accepted'")
    assert len(chosen_tiles(project, scene, accepted_only=True)) == 1
    other = min(second_visitor.map_ready()["parcels"], key=lambda one: abs(one["area_ha"] - 1.5))
    page.keyboard.press("s")
    second_visitor.click_at(*inner_point(other))
    page.keyboard.press("o")
    follow(visitor, "state.verdict.verdict === 'changed'")
    assert "Changed since accepted" in visitor.page.get_by_test_id("verdict-chip").inner_text()
    assert chosen_tiles(project, scene, accepted_only=True) == []
    visitor.open(review)
    visitor.page.get_by_text("1 tile changed since accepted: accept again").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    follow(second_visitor, "state.verdict.verdict === 'accepted'")
    assert len(chosen_tiles(project, scene, accepted_only=True)) == 1
