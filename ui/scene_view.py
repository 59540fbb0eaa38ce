"""A scene as it is: facts in one line, and a map to look at."""

from __future__ import annotations

from core.annotate.opened import open_scene
from ui.map import view_map
from ui.session import Place, token
from ui.text import hectares

_HEIGHT = 520


def facts(place: Place) -> str:
    """Size, resolution, CRS and tiles in one line."""
    if place.scene is None:
        return ""
    opened = open_scene(place.project, place.scene.id)
    grid = opened.scene.grid
    area = grid.width * grid.height * grid.pixel_area_m2 / 10_000.0
    stated = ", as you stated" if opened.scene.crs_source == "person" else ""
    return (
        f"{grid.width:,} × {grid.height:,} px · {grid.gsd_m:.3g} m · {hectares(area)} · "
        f"{grid.crs.name}{stated} · {len(opened.tiles):,} tiles"
    )


def show(place: Place) -> None:
    """Imagery, land cover and label over each other, with opacity and swipe."""
    if place.scene is None:
        return
    layers = ["imagery", "landcover", "label"]
    if place.scene.landcover is None:
        layers.remove("landcover")
    view_map(
        token(place.project),
        place.scene.id,
        layers=tuple(layers),
        swipe=True,
        height=_HEIGHT,
        key=f"view {place.project.id} {place.scene.id}",
        version=f"{place.scene.version}-{place.project.revision()}",
    )
