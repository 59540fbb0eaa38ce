"""Results: the overview, hectares, and files for QGIS."""

from __future__ import annotations

from ui import go, relink, results
from ui.frame import empty, heading, project_page
from ui.session import Place


def body(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        empty(
            "Results",
            "This project has no imagery yet, so there are no results.",
            lambda: go.link(go.SCENE, "Add imagery on the Scene page", place),
        )
        return
    heading("Results", place.scene.name)
    relink.tell(place)
    results.show(place)


project_page("Results", body, shows=("areas", "files"))
