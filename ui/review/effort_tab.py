"""What the work took and what it changed: the figures that one shows to others."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.csv_file import Cell, to_csv
from core.files import safe_name
from core.project import Project
from core.review import PAUSE_S, Effort, Share, TileChange, changes_of, ledger, pooled, total
from core.task import Cancelled, Progress
from ui.review.action_words import kinds_in_words
from ui.review.comparisons import compared, now
from ui.review.history_tab import whole_history
from ui.review.tile_queue import Entry
from ui.shared import area_words
from ui.shared.browser_session import Place
from ui.shared.text import count

Changes = dict[str, TileChange]

KIND = "changes"
"""Kind of this module's jobs."""


def show(place: Place, queue: list[Entry]) -> None:
    """The figures, the tables and the file."""
    shares = now(place, "effort", _ledger)
    if not shares or place.scene is None:
        st.info("Nobody has worked on this scene yet: no click, no verdict.")
        return
    above = st.container()
    found = compared(place, KIND, "Compare with the automatic map", _changes)
    changes: Changes = {change.tile: change for change in found or []}
    accepted = [e.tile.name for e in queue if e.verdict.verdict == "accepted"]
    with above:
        _figures(shares, changes, accepted)
    numbers = {entry.tile.name: entry.number for entry in queue}
    st.markdown("**By person**")
    _table(_people_rows(shares))
    st.markdown("**By tile**")
    _table(_tile_rows(shares, changes, numbers))
    st.download_button(
        "Download as CSV",
        lambda: effort_csv(shares, changes, numbers),
        f"{safe_name(place.scene.name, 'scene')}_effort.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(
        f"Active time is the time between one action and the next of the same person on the same "
        f"tile. Of a longer pause only {PAUSE_S:.0f} s are counted. The time before "
        "the first action "
        "is not counted. Actions are edits, undo, redo and verdicts. Per parcel: divided by the "
        "parcels of the tile. Overlap (IoU) compares the automatic map with your map now, "
        "pixel by pixel: 1.00 means that nothing was changed."
    )


def _ledger(project: Project, scene_id: str) -> list[Share]:
    return ledger(whole_history(project, scene_id))


def _changes(
    project: Project, scene_id: str, progress: Progress, cancelled: Cancelled
) -> list[TileChange]:
    return changes_of(project, scene_id, progress, cancelled)


def _figures(shares: Sequence[Share], changes: Changes, accepted: Sequence[str]) -> None:
    effort, tiles = total(shares), len({share.tile for share in shares})
    actions, time, iou, area = st.columns(4)
    _metric(actions, "Actions per tile", f"{effort.actions / tiles:,.1f}", count(tiles, "tile"))
    _metric(
        time, "Active time per tile", duration(effort.seconds / tiles), duration(effort.seconds)
    )
    judged = [changes[name] for name in accepted if name in changes]
    if judged:
        same = pooled(judged).iou
        _metric(
            iou,
            "Overlap (IoU) with the automatic map",
            "–" if same is None else f"{same:.3f}",
            f"{count(len(judged), 'accepted tile')}",
            "The automatic map compared with your map, on accepted tiles. 1 means that "
            "nothing was changed.",
        )
    if changes:
        changed = sum(change.changed_ha for change in changes.values())
        touched = sum(change.touched for change in changes.values())
        _metric(
            area, "Area changed by hand", area_words.area(changed), f"in {count(touched, 'parcel')}"
        )


def _metric(
    column: st.delta_generator.DeltaGenerator, title: str, value: str, note: str, more: str = ""
) -> None:
    column.metric(title, value, note, delta_color="off", delta_arrow="off", help=more or None)


def duration(seconds: float) -> str:
    """``45 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def _table(rows: list[dict[str, object]]) -> None:
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(318, 38 + 35 * len(rows)),
        placeholder="–",
        column_config={
            "Who": st.column_config.TextColumn(width=170),
            "Tile": st.column_config.NumberColumn(width=60),
            "Tiles": st.column_config.NumberColumn(width=60),
            "Actions": st.column_config.NumberColumn(width=75),
            "Active": st.column_config.TextColumn("Active time", width=95),
            "IoU": st.column_config.NumberColumn(format="%.3f", width=70),
            _changed_area(): st.column_config.NumberColumn(format="%.2f", width=115),
            "Per parcel": st.column_config.NumberColumn(
                "Actions per parcel", format="%.1f", width=135
            ),
            "s per parcel": st.column_config.NumberColumn(
                "Seconds per parcel", format="%.0f", width=140
            ),
            "Edits": st.column_config.TextColumn(width=320),
        },
    )


def _people_rows(shares: Sequence[Share]) -> list[dict[str, object]]:
    people = sorted({share.person for share in shares})
    rows = []
    for person in people:
        own = [share for share in shares if share.person == person]
        effort = total(own)
        rows.append(
            {
                "Who": person,
                "Tiles": len({share.tile for share in own}),
                "Actions": effort.actions,
                "Active": duration(effort.seconds),
                "Edits": kinds_in_words(effort.kinds),
            }
        )
    return rows


def _tile_rows(
    shares: Sequence[Share], changes: Changes, numbers: dict[str, int]
) -> list[dict[str, object]]:
    efforts: dict[str, Effort] = {}
    for share in shares:
        efforts[share.tile] = efforts.get(share.tile, Effort()) + share.effort
    rows = []
    for tile in sorted(efforts, key=lambda name: numbers.get(name, 0)):
        effort, change = efforts[tile], changes.get(tile)
        row: dict[str, object] = {
            "Tile": numbers.get(tile),
            "Actions": effort.actions,
            "Active": duration(effort.seconds),
        }
        if changes:
            row |= _changed(effort, change)
        rows.append({**row, "Edits": kinds_in_words(effort.kinds)})
    return rows


def _changed(effort: Effort, change: TileChange | None) -> dict[str, object]:
    parcels = change.parcels if change else 0
    return {
        "IoU": change.pixels.iou if change else None,
        _changed_area(): area_words.in_my_unit(change.changed_ha) if change else None,
        "Per parcel": effort.actions / parcels if parcels else None,
        "s per parcel": effort.seconds / parcels if parcels else None,
    }


def _changed_area() -> str:
    return f"Changed, {area_words.my_unit().name}"


def effort_csv(shares: Sequence[Share], changes: Changes, numbers: dict[str, int]) -> bytes:
    """One line for each person on each tile; what changed is the tile's, whoever changed it."""
    kinds = sorted({kind for share in shares for kind in share.effort.kinds})
    columns = [
        "tile", "person", "actions", "active_s", "edits", "undone", *kinds, "tile_parcels",
        "tile_parcels_changed", "tile_iou_automatic_label", "tile_added_ha", "tile_removed_ha",
    ]  # fmt: skip
    lines: list[dict[str, Cell]] = []
    for share in sorted(shares, key=lambda s: (numbers.get(s.tile, 0), s.person)):
        effort, change = share.effort, changes.get(share.tile)
        line: dict[str, Cell] = {
            "tile": numbers.get(share.tile),
            "person": share.person,
            "actions": effort.actions,
            "active_s": round(effort.seconds, 1),
            "edits": effort.edits,
            "undone": effort.undone,
            **{kind: effort.kinds[kind] for kind in kinds},
        }
        if change is not None:
            line |= {
                "tile_parcels": change.parcels,
                "tile_parcels_changed": change.touched,
                "tile_iou_automatic_label": _rounded(change.pixels.iou),
                "tile_added_ha": round(change.added_ha, 4),
                "tile_removed_ha": round(change.removed_ha, 4),
            }
        lines.append(line)
    return to_csv(lines, columns)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
