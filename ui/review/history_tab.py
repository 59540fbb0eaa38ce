"""The review's log: who did what when, by person, kind and tile, and as a file."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.csv_file import Cell, to_csv
from core.files import safe_name
from core.project import HistoryRow, Project
from core.review import without_hidden
from ui.review.action_words import ACTIONS, PROJECT, describe, group
from ui.review.comparisons import now
from ui.review.tile_queue import Entry
from ui.shared.browser_session import Place
from ui.shared.times import local

MOST_SHOWN = 500
_ALL = 1_000_000
_COLUMNS = ("when", "who", "tile", "action", "what")


def whole_history(project: Project, scene_id: str) -> list[HistoryRow]:
    """Everything that was done in a scene, newest first."""
    return project.history(scene_id=scene_id, limit=_ALL)


def show(place: Place, queue: list[Entry]) -> None:
    """The log, filtered."""
    everything = now(place, "history", whole_history)
    if not everything or place.scene is None:
        st.caption("Nothing yet.")
        return
    hidden = [entry.tile.name for entry in queue if entry.asked]
    rows = without_hidden(everything, hidden)
    # People know tiles by the number that the map shows, not by their place in the world.
    numbers = {entry.tile.name: entry.number for entry in queue}
    chosen = _filtered(rows, numbers)
    if not chosen:
        st.info("Nothing matches the filter.")
        return
    st.dataframe(
        pd.DataFrame([_shown(row, numbers) for row in chosen[:MOST_SHOWN]]),
        hide_index=True,
        height=min(420, 38 + 35 * len(chosen)),
        column_config={"Tile": st.column_config.NumberColumn(width="small")},
        placeholder="–",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download as CSV",
            # Made when it is asked for, not each time the page is drawn.
            lambda: log_csv(chosen, numbers),
            f"{safe_name(place.scene.name, 'scene')}_log.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        if len(chosen) > MOST_SHOWN:
            st.caption(
                f"The newest {MOST_SHOWN:,} of {len(chosen):,} lines are shown; the file has "
                "all of them."
            )


def _filtered(rows: list[HistoryRow], numbers: dict[str, int]) -> list[HistoryRow]:
    people = sorted({row.author for row in rows if row.author})
    who, what, tile = st.columns([2, 3, 1])
    chosen = who.multiselect("Who", people, key="log people")
    groups = what.pills(
        "What",
        [*dict.fromkeys(ACTIONS.values()), PROJECT],
        selection_mode="multi",
        key="log actions",
    )
    number = tile.number_input("Tile", 1, value=None, step=1, key="log tile", placeholder="all")
    return [
        row
        for row in rows
        if (not chosen or row.author in chosen)
        and (not groups or group(row) in groups)
        and (number is None or numbers.get(row.tile or "") == number)
    ]


def _shown(row: HistoryRow, numbers: dict[str, int]) -> dict[str, object]:
    return {
        "When": local(row.at),
        "Who": row.author,
        "Tile": numbers.get(row.tile or ""),
        "What": describe(row),
    }


def log_csv(rows: list[HistoryRow], numbers: dict[str, int]) -> bytes:
    """The log as a file; times in UTC."""
    lines: list[dict[str, Cell]] = [
        {
            "when": row.at,
            "who": row.author,
            "tile": numbers.get(row.tile or ""),
            "action": row.action,
            "what": describe(row),
        }
        for row in rows
    ]
    return to_csv(lines, _COLUMNS)
