"""Review: which tiles need eyes, what was said about them, and by whom."""

from __future__ import annotations

from ui import go, review
from ui.frame import empty, heading, project_page
from ui.session import Place


def body(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        empty(
            "Review",
            "This project has no imagery yet, so there is nothing to review.",
            lambda: go.link(go.SCENE, "Add imagery on the Scene page", place),
        )
        return
    heading("Review")
    review.show(place)


project_page("Review", body, shows=("map", "changes", "second labels"))
