"""The review queue: progress, the list, and one tile's verdict."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.errors import ConflictError, CropMapError
from core.project import HistoryRow, Project
from ui import errors, go, mapping
from ui.review_queue import ORDERS, VERDICTS, Done, Entry, done, entries, filtered, ordered
from ui.session import Place, choose_tile, notify, person
from ui.text import count, hectares
from ui.when import local

_FAILED = "cropmap_review_error"
_MOST_ROWS = 200
_TABLE_HEIGHT = 283
"""Seven rows, so that the chosen tile is seen below them."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A tile as it was when its form was drawn: the verdict is given on this version."""

    project: Project
    scene_id: str
    tile: str
    version: int
    number: int


def show(place: Place) -> None:
    """The whole review of the place's scene."""
    if place.scene is None:
        return
    failed = st.session_state.pop(_FAILED, None)
    if failed is not None:
        errors.show(failed)
    queue = entries(place.project, place.scene.id)
    _head(place, queue)
    chosen = _list(place, queue)
    if chosen is not None:
        _tile(place, chosen)
    with st.expander("Who did what"):
        _history(place)


def _head(place: Place, queue: list[Entry]) -> None:
    so_far = done(queue)
    bar, action = st.columns([4, 1], gap="large", vertical_alignment="center")
    with bar:
        st.progress(so_far.share, text=_progress_text(so_far))
    with action:
        mapping.controls(place, sum(not entry.mapped for entry in queue))
    mapping.progress_of(place)


def _progress_text(so_far: Done) -> str:
    return (
        f"{so_far.reviewed:,} of {count(so_far.tiles, 'tile')} reviewed · "
        f"{hectares(so_far.reviewed_ha)} of {hectares(so_far.area_ha)}"
    )


def _list(place: Place, queue: list[Entry]) -> Entry | None:
    """The table; the entry of the chosen row."""
    order_column, filter_column = st.columns([2, 3], gap="large")
    order = order_column.selectbox(
        "Order", list(ORDERS), format_func=ORDERS.__getitem__, key="review order"
    )
    verdicts = filter_column.pills(
        "Show",
        list(VERDICTS),
        selection_mode="multi",
        format_func=VERDICTS.__getitem__,
        key="review verdicts",
        help="None chosen shows all.",
    )
    shown = ordered(filtered(queue, verdicts), order)
    if not shown:
        st.info("No tile has this verdict.")
        return None
    event = st.dataframe(
        _table(shown),
        key=f"review table {place.scene.id if place.scene else ''} {order} {verdicts}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(_TABLE_HEIGHT, 38 + 35 * len(shown)),
        placeholder="–",
        column_config={
            "Uncertainty": st.column_config.ProgressColumn(
                min_value=0.0, max_value=1.0, format="%.2f", width="small"
            ),
            "Differs from land cover": st.column_config.NumberColumn(format="%.0f %%"),
            "Cropland, ha": st.column_config.NumberColumn(format="%.1f", width="small"),
            "Edits": st.column_config.NumberColumn(width="small"),
        },
    )
    rows = event.selection.rows
    if rows and rows[0] < len(shown):
        return shown[rows[0]]
    st.caption("Choose a row to give a verdict or to open its tile.")
    return next((entry for entry in shown if entry.tile.name == place.tile), None)


def _table(shown: list[Entry]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Tile": entry.number,
                "Verdict": VERDICTS.get(entry.tile.verdict.verdict, entry.tile.verdict.verdict),
                "Uncertainty": entry.tile.figures.get("uncertainty"),
                "Differs from land cover": _percent(entry.tile.figures.get("disagreement")),
                "Cropland, ha": entry.tile.figures.get("cropland_ha"),
                "Edits": entry.tile.edit_count,
                "Reviewer": entry.tile.verdict.reviewer,
                "Comment": entry.tile.verdict.comment,
                "When": local(entry.tile.verdict.at),
            }
            for entry in shown
        ]
    ).astype({"Uncertainty": float, "Differs from land cover": float, "Cropland, ha": float})


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100.0


def _tile(place: Place, entry: Entry) -> None:
    tile = entry.tile
    seen = _Seen(place.project, tile.scene_id, tile.name, tile.verdict.version, entry.number)
    # With the version in the keys, a verdict of somebody else replaces what stands here.
    key = f"{tile.scene_id} {tile.name} {tile.verdict.version}"
    with st.container(border=True):
        title, way = st.columns([3, 1], vertical_alignment="center")
        title.markdown(f"**Tile {entry.number}** · {hectares(entry.area_ha)}")
        if way.button("Open on the map", key=f"open {key}", width="stretch"):
            go.go(go.ANNOTATE, choose_tile(place, tile.name))
        with st.form(f"verdict {key}", border=False):
            choice, comment, save = st.columns([5, 5, 2], vertical_alignment="bottom")
            choice.segmented_control(
                "Verdict",
                list(VERDICTS),
                default=tile.verdict.verdict,
                format_func=VERDICTS.__getitem__,
                key=f"choice {key}",
            )
            comment.text_input(
                "Comment", tile.verdict.comment, max_chars=2000, key=f"comment {key}"
            )
            save.form_submit_button("Save", width="stretch", on_click=_save, args=(seen, key))


def _save(seen: _Seen, key: str) -> None:
    """Give the verdict on the version that the person saw, not on what is there by now."""
    verdict = st.session_state.get(f"choice {key}") or "open"
    try:
        seen.project.set_verdict(
            seen.scene_id,
            seen.tile,
            verdict,
            comment=st.session_state.get(f"comment {key}", ""),
            reviewer=person(),
            expected_version=seen.version,
        )
    except ConflictError as error:
        st.session_state[_FAILED] = ConflictError(
            error.message, "Their verdict is shown now; give yours again if it still holds."
        )
    except CropMapError as error:
        st.session_state[_FAILED] = error
    else:
        notify(f"Tile {seen.number}: {VERDICTS[verdict].lower()}, saved.")


def _history(place: Place) -> None:
    rows = place.project.history(scene_id=place.scene.id if place.scene else None, limit=_MOST_ROWS)
    if not rows:
        st.caption("Nothing yet.")
        return
    # People know tiles by the number that the map shows, not by their place in the world.
    tiles = place.project.tiles(place.scene.id) if place.scene else []
    numbers = {tile.name: tile.order + 1 for tile in tiles}
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "When": local(row.at),
                    "Who": row.author,
                    "Tile": numbers.get(row.tile or ""),
                    "What": describe(row),
                }
                for row in rows
            ]
        ),
        hide_index=True,
        height=min(420, 38 + 35 * len(rows)),
    )


_KINDS = {
    "prompt_set": "set a prompt",
    "prompt_delete": "deleted a prompt",
    "prompts_clear": "cleared the prompts",
    "box_set": "drew a box",
    "settings": "changed the tile's settings",
    "area_add": "added an area",
    "area_remove": "removed an area",
    "brush": "used the brush",
    "split": "split a parcel",
    "merge": "merged parcels",
    "parcel_delete": "deleted a parcel",
    "reshape": "reshaped a parcel",
}


def describe(row: HistoryRow) -> str:
    """What was done, in words."""
    kinds = ", ".join(_KINDS.get(str(k), str(k)) for k in row.detail.get("kinds", []))
    if row.action == "edit":
        return kinds.capitalize() or "Edited"
    if row.action in ("undo", "redo"):
        return f"{'Took back' if row.action == 'undo' else 'Brought back'}: {kinds}".rstrip(": ")
    if row.action == "verdict":
        verdict = str(row.detail.get("verdict", ""))
        comment = str(row.detail.get("comment", ""))
        text = f"Verdict: {VERDICTS.get(verdict, verdict).lower()}"
        return f"{text} — {comment}" if comment else text
    name = str(row.detail.get("name", ""))
    return f"{row.action.capitalize()}{f': {name}' if name else ''}"
