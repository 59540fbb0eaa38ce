"""A scene as it is: facts in one line, and a map to look at."""

from __future__ import annotations

import streamlit as st

from core.imagery import Scene, scene_remarks
from ui.map import view_map
from ui.scenes import unknown_card
from ui.shared import area_words
from ui.shared.browser_session import Place, token
from ui.shared.text import escape

_HEIGHT = 470
_WHO = {"person": ", as you stated", "sidecar": ", by its .aux.xml"}
_OVER, _SWIPE = "Overlay", "Swipe"


def facts(place: Place) -> str:
    """Size, resolution, CRS and tiles in one line."""
    if place.scene is None:
        return ""
    # From the record alone: the page must stand where a file has gone, so that it can be replaced.
    scene = Scene.from_json(place.scene.scene)
    grid = scene.grid
    area = grid.width * grid.height * grid.pixel_area_m2 / 10_000.0
    stated = _WHO.get(scene.crs_source, "")
    return (
        f"{grid.width:,} × {grid.height:,} px · {grid.gsd_m:.3g} m · {area_words.area(area)} · "
        f"{grid.crs.name}{stated}"
    )


def remarks(place: Place) -> None:
    """What was guessed about the image, so that nobody works on with what is wrong."""
    if place.scene is None:
        return
    for remark in scene_remarks(Scene.from_json(place.scene.scene)):
        st.caption(f"{escape(remark)} You can change it under *Colours*.")


def show(place: Place) -> None:
    """Imagery, land cover and label over each other, with opacity and swipe."""
    if place.scene is None:
        return
    layers = ["imagery", "landcover", "label"]
    if place.scene.landcover is None:
        layers.remove("landcover")
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        way = st.segmented_control(
            "How the layers are shown",
            (_OVER, _SWIPE),
            default=_OVER,
            key="scene layers",
            label_visibility="collapsed",
        )
        unknown_card.nodata(place)
    view_map(
        token(place.project),
        place.scene.id,
        layers=tuple(layers),
        swipe=way == _SWIPE,
        height=_HEIGHT,
        key=f"view {place.project.id} {place.scene.id}",
        version=f"{place.scene.version}-{place.project.revision()}",
    )
