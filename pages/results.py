"""Results: the overview, hectares, and files for QGIS."""

from __future__ import annotations

from ui.results import scene_results
from ui.shared import moved_imagery, navigation
from ui.shared.browser_session import Place
from ui.shared.page_frame import empty, heading, project_page


def body(place: Place) -> None:
    """The page, top to bottom."""
    if place.scene is None:
        empty(
            "Results",
            "This project has no imagery yet, so there are no results.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scene page", place),
        )
        return
    heading("Results", place.scene.name)
    moved_imagery.tell(place)
    scene_results.show(place)


project_page("Results", body, shows=("areas", "files"))
