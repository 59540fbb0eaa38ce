"""The annotation map on its page: which tile it shows, and what it tells back."""

from __future__ import annotations

import streamlit as st

from core.project import TileRecord
from ui.map import annotate_map
from ui.shared.browser_session import Place, choose_tile, token

HEIGHT = 640
"""For browsers that do not stretch the map to the window themselves."""


def show(place: Place) -> None:
    """The map of the place's tile; a tile chosen on it becomes the place."""
    if place.scene is None:
        return
    tiles = place.project.tiles(place.scene.id)
    name = tile_to_show(tiles, place.tile)
    if name is None:
        st.info("This scene has no tile: it is smaller than one pixel of the map.")
        return
    if name != place.tile:
        place = choose_tile(place, name)
    event = annotate_map(
        token(place.project),
        place.scene.id,
        name,
        height=HEIGHT,
        key=f"annotate {place.project.id} {place.scene.id}",
    )
    if event is not None and event.tile != name and any(t.name == event.tile for t in tiles):
        choose_tile(place, event.tile)


def tile_to_show(tiles: list[TileRecord], wanted: str) -> str | None:
    """The wanted tile, else the first that nobody has judged, else the first."""
    if any(tile.name == wanted for tile in tiles):
        return wanted
    unjudged = [tile for tile in tiles if tile.verdict.verdict == "open"]
    return next((tile.name for tile in (*unjudged, *tiles)), None)
