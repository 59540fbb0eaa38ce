"""The review's tiles: lists, order, filter, table; and the chosen tile below."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from ui.review import verdict_form
from ui.review.tile_queue import (
    LISTS,
    ORDERS,
    VERDICTS,
    Entry,
    TileFilter,
    filtered,
    listed,
    nothing_here,
    ordered,
)
from ui.shared import area_words
from ui.shared.browser_session import Place, choose_tile
from ui.shared.times import local

_ORDER, _LIST = "review order", "review list"
_TEXTS = ("Parcel status", "Second look", "Reviewer", "Comment", "When")
_TABLE_HEIGHT = 283
"""Seven rows, so that the chosen tile is seen below them."""


def chosen_order() -> str:
    """The order that the person chose, before its widget is drawn."""
    order = st.session_state.get(_ORDER)
    return order if order in ORDERS else next(iter(ORDERS))


def show(place: Place, queue: list[Entry]) -> None:
    """The table and the card of the chosen tile."""
    chosen = _list(place, queue)
    if chosen is not None:
        verdict_form.show(place, chosen)


def _list(place: Place, queue: list[Entry]) -> Entry | None:
    """The entry of the chosen row; where none is chosen, that of the place."""
    name = _which_list(queue)
    order, tile_filter = _order_and_filter(queue)
    shown = ordered(filtered(listed(queue, name), tile_filter), order)
    here = next((entry for entry in queue if entry.tile.name == place.tile), None)
    if not shown:
        st.info(nothing_here(name, tile_filter))
        return here
    rows = _table_of(place, shown)
    if rows and rows[0] < len(shown):
        chosen = shown[rows[0]]
        if chosen.tile.name != place.tile:
            # So that a reload, and the way back from the map, land at this row.
            choose_tile(place, chosen.tile.name)
        return chosen
    if here is None:
        st.caption("Choose a row to give a verdict or to open its tile.")
    return here


def _which_list(queue: list[Entry]) -> str:
    numbers = {name: len(listed(queue, name)) for name in LISTS}
    chosen = st.segmented_control(
        "Show",
        list(LISTS),
        default="todo",
        required=True,
        format_func=lambda name: f"{LISTS[name]} {numbers[name]:,}",
        key=_LIST,
        label_visibility="collapsed",
        persist_state="session",
    )
    return chosen or "todo"


def _order_and_filter(queue: list[Entry]) -> tuple[str, TileFilter]:
    order_column, text_column, more_column = st.columns([5, 5, 3], vertical_alignment="bottom")
    order = order_column.selectbox(
        "Order",
        list(ORDERS),
        format_func=ORDERS.__getitem__,
        key=_ORDER,
        persist_state="session",
    )
    text = text_column.text_input(
        "Find",
        key="review text",
        placeholder="12, 20-25, or words of a comment",
        persist_state="session",
    )
    people = sorted({entry.verdict.reviewer for entry in queue if entry.verdict.reviewer})
    # The label must not change with what is chosen inside: that would make another popover.
    with more_column.popover("Filter", icon=":material/filter_list:", width="stretch"):
        verdicts = st.pills(
            "Verdicts",
            list(VERDICTS),
            selection_mode="multi",
            format_func=VERDICTS.__getitem__,
            key="review verdicts",
            persist_state="session",
        )
        # A name that is remembered and gone would be an error; it is dropped instead.
        kept = st.session_state.get("review people") or []
        if any(name not in people for name in kept):
            st.session_state["review people"] = [name for name in kept if name in people]
        reviewers = st.multiselect("Reviewer", people, key="review people", persist_state="session")
        commented = st.toggle("Has a comment", key="review commented", persist_state="session")
    tile_filter = TileFilter(tuple(verdicts or ()), tuple(reviewers), commented, text or "")
    _say_filter(tile_filter)
    return order or chosen_order(), tile_filter


def _say_filter(tile_filter: TileFilter) -> None:
    hidden = replace(tile_filter, text="").restrictions
    if hidden:
        st.caption(f":material/filter_list: {hidden} of the filters under *Filter* are active.")


def _table_of(place: Place, shown: list[Entry]) -> list[int]:
    """The table; rows that are chosen in it."""
    names = [entry.tile.name for entry in shown]
    chosen = [names.index(place.tile)] if place.tile in names else []
    table = _table(shown)
    event = st.dataframe(
        table,
        # A list of other tiles is another table: a row number chosen in the old one says nothing.
        key=f"review table {hash((place.scene.id if place.scene else '', tuple(names)))}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": chosen}} if chosen else None,
        height=min(_TABLE_HEIGHT, 38 + 35 * len(shown)),
        placeholder="–",
        column_config={
            "Tile": st.column_config.NumberColumn(width=60),
            "Verdict": st.column_config.TextColumn(width=160),
            "Uncertainty": st.column_config.ProgressColumn(
                min_value=0.0, max_value=1.0, format="%.2f", width=115
            ),
            "Differs from land cover": st.column_config.NumberColumn(format="%.0f %%", width=160),
            _cropland(): st.column_config.NumberColumn(format="%.1f", width=115),
            "Edits": st.column_config.NumberColumn(width=60),
            "Parcels": st.column_config.NumberColumn(format="%d", width=70),
            "Open notes": st.column_config.NumberColumn(
                format="%d", width=75, help="Notes on the map that are not done yet."
            ),
            "Parcel status": st.column_config.TextColumn(width=160),
            "Second look": st.column_config.TextColumn(width=150),
            "Reviewer": st.column_config.TextColumn(width=130),
            "Comment": st.column_config.TextColumn(width=220),
        },
    )
    return list(event.selection.rows)


def _table(shown: list[Entry]) -> pd.DataFrame:
    table = pd.DataFrame([_row(entry) for entry in shown]).astype(
        {
            "Uncertainty": float,
            "Differs from land cover": float,
            _cropland(): float,
            "Parcels": float,
            "Open notes": float,
        }
    )
    # A column without anything in it only takes room.
    empty = [name for name in _TEXTS if not table[name].astype(bool).any()]
    empty += [name for name in ("Parcels", "Open notes") if table[name].isna().all()]
    return table.drop(columns=empty)


def _row(entry: Entry) -> dict[str, object]:
    figures, verdict = entry.figures, entry.verdict
    return {
        "Tile": entry.number,
        "Verdict": "Hidden" if entry.asked else VERDICTS.get(verdict.verdict, verdict.verdict),
        "Uncertainty": figures.get("uncertainty"),
        "Differs from land cover": _percent(figures.get("disagreement")),
        _cropland(): area_words.in_my_unit(figures.get("cropland_ha")),
        "Edits": entry.tile.edit_count,
        "Parcels": figures.get("parcels"),
        "Parcel status": parcels_in_words(figures),
        "Open notes": _number_or_none(figures.get("notes_open")),
        "Second look": entry.second_state,
        "Reviewer": verdict.reviewer,
        "Comment": verdict.comment,
        "When": local(verdict.at),
    }


def _cropland() -> str:
    return f"Cropland, {area_words.my_unit().name}"


_SAID = {
    "parcels_edited": "corrected",
    "parcels_accepted": "accepted",
    "parcels_changed": "changed since accepted",
    "parcels_rejected": "rejected",
    "parcels_unsure": "not sure",
    "parcels_other": "other land",
}


def parcels_in_words(figures: dict[str, float]) -> str:
    """``corrected 3, unsure 1``: what people have said of a tile's parcels."""
    said = ((words, int(figures.get(name, 0))) for name, words in _SAID.items())
    return ", ".join(f"{words} {number:,}" for words, number in said if number)


def _number_or_none(count: float | None) -> float | None:
    return count or None


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100.0
