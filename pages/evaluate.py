"""Evaluate: how good the map is, and whether another method would draw these fields better."""

from __future__ import annotations

from ui import evaluate, go, relink
from ui.frame import empty, heading, project_page
from ui.session import Place


def body(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        empty(
            "Evaluate",
            "This project has no imagery yet, so there is nothing to evaluate.",
            lambda: go.link(go.SCENE, "Add imagery on the Scene page", place),
        )
        return
    heading("Evaluate")
    relink.tell(place)
    evaluate.show(place)


project_page("Evaluate", body, shows=evaluate.KINDS)
