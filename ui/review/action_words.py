"""The words of the review: what was done, by kind and by action."""

from __future__ import annotations

from collections.abc import Mapping

from core.project import HistoryRow
from ui.review.tile_queue import VERDICTS
from ui.shared.text import count

KINDS = {
    "prompt_set": "set a point",
    "prompt_delete": "removed a point",
    "prompts_clear": "removed all points that people set",
    "box_set": "drew a box",
    "settings": "changed the settings of the tile",
    "area_add": "added an area",
    "area_remove": "removed an area",
    "brush": "used the brush",
    "split": "split a parcel",
    "merge": "merged parcels",
    "parcel_delete": "removed a parcel",
    "reshape": "reshaped a parcel",
    "border_move": "moved a border",
    "reclassify": "changed the land type of a parcel",
    "attributes": "filled in attributes of a parcel",
    "parcel_verdict": "gave a parcel a verdict",
    "restore_accepted": "restored an accepted parcel",
    "smooth": "smoothed a parcel",
    "straighten": "straightened a parcel",
    "fill_holes": "filled the holes of a parcel",
    "snap": "snapped a parcel to its neighbours",
    "repair": "repaired the outlines",
    "labels_import": "imported an existing label",
    "note": "pinned a note",
    "note_done": "marked a note as done",
    "withdrawal": "undid or redid an earlier edit",
}

SHORT_KINDS = {
    "prompt_set": "points",
    "prompt_delete": "points removed",
    "prompts_clear": "all set points removed",
    "box_set": "boxes",
    "settings": "settings",
    "area_add": "areas added",
    "area_remove": "areas removed",
    "split": "splits",
    "merge": "merges",
    "parcel_delete": "parcels removed",
    "reshape": "reshaped",
    "border_move": "borders moved",
    "reclassify": "classes",
    "attributes": "attributes",
    "parcel_verdict": "verdicts on parcels",
    "restore_accepted": "accepted parcels restored",
    "smooth": "smoothed",
    "straighten": "straightened",
    "fill_holes": "holes filled",
    "snap": "snapped",
    "repair": "repairs",
    "labels_import": "labels imported",
    "note": "notes",
    "note_done": "notes done",
    "withdrawal": "earlier edits undone",
}

ACTIONS = {
    "edit": "Edits",
    "undo": "Undo",
    "redo": "Redo",
    "verdict": "Verdicts",
    "verdict undone": "Verdicts",
    "verdict redone": "Verdicts",
    "second verdict": "Second verdicts",
    "second verdict undone": "Second verdicts",
    "second verdict redone": "Second verdicts",
}
"""Actions that people filter by; the others are 'Project'."""

_TITLES = {
    "verdict": "Verdict",
    "second verdict": "Second verdict",
    "second verdict undone": "Undid the second verdict",
    "second verdict redone": "Redid the second verdict",
    "verdict undone": "Undid the verdict; now",
    "verdict redone": "Redid the verdict",
}

PROJECT = "Project"
HIDDEN = "Verdict: hidden until you give yours"


def plain(kind: str) -> str:
    """A kind without words of its own, readable all the same."""
    return kind.replace("_", " ")


def group(row: HistoryRow) -> str:
    """The group of an action, as the filter names it."""
    return ACTIONS.get(row.action, PROJECT)


def kinds_in_words(kinds: Mapping[str, int]) -> str:
    """``points 12, splits 3``, the most frequent first."""
    return ", ".join(
        f"{SHORT_KINDS.get(kind, plain(kind))} {number:,}"
        for kind, number in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    )


def describe(row: HistoryRow) -> str:
    """What was done, in words."""
    if row.detail.get("hidden"):
        return HIDDEN
    kinds = ", ".join(KINDS.get(str(k), plain(str(k))) for k in row.detail.get("kinds", []))
    if row.action == "edit":
        return kinds[:1].upper() + kinds[1:] or "Edited"
    if row.action in ("undo", "redo"):
        return f"{'Undid' if row.action == 'undo' else 'Redid'}: {kinds}".rstrip(": ")
    if row.action in _TITLES:
        return _verdict(row)
    if row.action.startswith("second look"):
        return _second_look(row)
    name = str(row.detail.get("name", ""))
    return f"{row.action.capitalize()}{f': {name}' if name else ''}"


def _verdict(row: HistoryRow) -> str:
    verdict = str(row.detail.get("verdict", ""))
    comment = str(row.detail.get("comment", ""))
    text = f"{_TITLES[row.action]}: {VERDICTS.get(verdict, verdict).lower()}"
    return f"{text} — {comment}" if comment else text


def _second_look(row: HistoryRow) -> str:
    tiles = count(int(row.detail.get("tiles", 0)), "tile")
    if row.action == "second look drawn":
        return f"Picked {tiles} for a second look (seed {row.detail.get('seed', '–')})"
    return f"Took {tiles} out of the second look"
