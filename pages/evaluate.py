"""Evaluate: how good the map is, and whether another method would draw these fields better."""

from __future__ import annotations

from ui.evaluate import sections
from ui.shared import moved_imagery, navigation
from ui.shared.browser_session import Place
from ui.shared.page_frame import empty, heading, project_page


def body(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        empty(
            "Evaluate",
            "This project has no imagery yet, so there is nothing to evaluate.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scene page", place),
        )
        return
    heading("Evaluate")
    moved_imagery.tell(place)
    sections.show(place)


project_page("Evaluate", body, shows=sections.KINDS)
