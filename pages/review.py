"""Review: which tiles need eyes, what was said about them, and by whom."""

from __future__ import annotations

from ui.review import review_tabs
from ui.shared import navigation
from ui.shared.browser_session import Place
from ui.shared.page_frame import empty, heading, project_page


def body(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        empty(
            "Review",
            "This project has no imagery yet, so there is nothing to review.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scene page", place),
        )
        return
    heading("Review")
    review_tabs.show(place)


project_page("Review", body, shows=("map", "changes", "second labels"))
