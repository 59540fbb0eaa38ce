"""The annotation map on its page: which tile it shows, and what it tells back."""

from __future__ import annotations

import streamlit as st

from core.project import TileRecord
from ui.map import annotate_map
from ui.shared import area_words, moved_imagery, navigation
from ui.shared.browser_session import Place, choose_tile, token
from ui.shared.page_frame import empty

HEIGHT = 640
"""For browsers that do not stretch the map to the window themselves."""


def show(place: Place) -> None:
    """The map of the place's tile; or what is missing for it."""
    scene = place.scene
    if scene is None:
        empty(
            "Annotate",
            "This project has no imagery yet.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scenes page", place),
        )
        return
    if moved_imagery.problem(place) is not None:
        _, middle, _ = st.columns([1, 4, 1])
        with middle:
            moved_imagery.tell(place)
        return
    if scene.landcover is None:
        text, way = st.columns([4, 1], vertical_alignment="center")
        text.caption(
            "Without land cover, fields are drawn from the image alone. Land cover shows "
            "better which of them are cropland."
        )
        with way:
            navigation.link(navigation.SCENE, "Add land cover", place)
    _map(place, scene.id)


def _map(place: Place, scene_id: str) -> None:
    tiles = place.project.tiles(scene_id)
    name = tile_to_show(tiles, place.tile)
    if name is None:
        st.info("This scene has no tile: it is smaller than one pixel of the map.")
        return
    if name != place.tile:
        place = choose_tile(place, name)
    event = annotate_map(
        token(place.project),
        scene_id,
        name,
        height=HEIGHT,
        key=f"annotate {place.project.id} {scene_id}",
        unit=area_words.my_unit().key,
    )
    if event is not None and event.tile != name and any(t.name == event.tile for t in tiles):
        choose_tile(place, event.tile)


def tile_to_show(tiles: list[TileRecord], wanted: str) -> str | None:
    """The wanted tile, else the first that nobody has judged, else the first."""
    if any(tile.name == wanted for tile in tiles):
        return wanted
    unjudged = [tile for tile in tiles if tile.verdict.verdict == "open"]
    return next((tile.name for tile in (*unjudged, *tiles)), None)
