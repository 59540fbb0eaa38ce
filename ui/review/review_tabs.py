"""The review page: how far it is, and its four parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import streamlit as st

from ui.review import effort_tab, history_tab, map_all_tiles, second_look, tile_lists
from ui.review.presence_line import show_open_now
from ui.review.tile_queue import Done, Entry, done, entries, next_up
from ui.server.presence import ROOM
from ui.shared import area_words, navigation, show_errors
from ui.shared.browser_session import Place, person, token
from ui.shared.page_frame import empty, heading
from ui.shared.text import count, escape

JOB_KINDS = (map_all_tiles.KIND, effort_tab.KIND, second_look.KIND)
"""Kinds of jobs that the page itself shows."""

_MOST_NAMES = 6


def show(place: Place) -> None:
    """The whole review of the place's scene."""
    if place.scene is None:
        empty(
            "Review",
            "This project has no imagery yet, so there is nothing to review.",
            lambda: navigation.link(navigation.SCENE, "Add imagery on the Scenes page", place),
        )
        return
    heading("Review")
    queue = entries(place.project, place.scene.id, person())
    _head(place, queue)
    tiles, second, effort, history = st.tabs(
        ["Tiles", "Second look", "Effort", "Who did what"],
        key=f"review part {place.scene.id}",
        on_change="rerun",
    )
    # What is not looked at is not worked out.
    for part, draw in (
        (tiles, tile_lists.show),
        (second, second_look.show),
        (effort, effort_tab.show),
        (history, history_tab.show),
    ):
        if part.open:
            with part, show_errors.told():
                draw(place, queue)


def _head(place: Place, queue: list[Entry]) -> None:
    so_far = done(queue)
    bar, action = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with bar:
        st.progress(so_far.share, text=_progress_text(so_far))
    with action, st.container(horizontal=True, horizontal_alignment="right"):
        missing = sum(not entry.mapped for entry in queue)
        map_all_tiles.controls(place, missing)
        _next(place, queue, first=not missing)
    st.caption(reviewers_text(so_far))
    if place.scene is not None:
        show_open_now(token(place.project), place.scene.id)
    map_all_tiles.progress_of(place)


def _next(place: Place, queue: list[Entry], *, first: bool) -> None:
    """Straight to the map of the tile that the chosen order puts first.

    ``first`` says that nothing else on the page is to be done before.
    """
    busy = {seen.tile for seen in ROOM.others(place.project.path, token(place.project))}
    entry = next_up(queue, tile_lists.chosen_order(), busy)
    label = "Next second look" if entry is not None and entry.asked else "Next to review"
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    if st.button(label, type=kind, disabled=entry is None, icon=":material/arrow_forward:"):
        assert entry is not None  # noqa: S101  (the button is disabled otherwise)
        navigation.go(navigation.ANNOTATE, replace(place, tile=entry.tile.name))


def _progress_text(so_far: Done) -> str:
    return (
        f"{so_far.reviewed:,} of {count(so_far.tiles, 'tile')} reviewed · "
        f"{area_words.area(so_far.reviewed_ha)} of {area_words.area(so_far.area_ha)}"
    )


def reviewers_text(so_far: Done) -> str:
    """Who has reviewed how much: those of the most area by name, the others as a number."""
    people = list(so_far.by_reviewer.items())
    parts = [
        f"{escape(name)}: {count(tiles, 'tile')}, {area_words.area(area)}"
        for name, (tiles, area) in people[:_MOST_NAMES]
    ]
    if len(people) > _MOST_NAMES:
        parts.append(f"and {count(len(people) - _MOST_NAMES, 'other')}")
    if so_far.changed:
        parts.append(f"{count(so_far.changed, 'tile')} changed since accepted: accept again")
    return " · ".join(parts) or "Nobody has reviewed a tile yet."
