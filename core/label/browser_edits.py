"""Edits as the browser sends them: checked, bounded, and made what is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
from shapely.errors import GEOSException

from core.edit_record import NewEdit
from core.errors import InputError
from core.grid import PixelPoint
from core.imagery.frame import Frame
from core.label.brush import STROKE, BrushStroke
from core.label.correction_import import LABELS_IMPORT
from core.label.drawing_budget import DrawingBudget
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits
from core.label.edits import Edit, edit_from_json, edit_to_json
from core.label.notes import Note
from core.label.plain_values import check
from core.label.prompt_edits import BoxSet, PointSet
from core.label.withdrawal import Withdrawal

_MOST_EDITS = 1000


def to_new_edits(raw: Any, frame: Frame) -> list[NewEdit]:
    """Edits as the browser sends them (``docs/app.md``), as they are stored.

    Raises
    ------
    InputError
        Not edits, beside the tile, geometry without area, or drawings that would take too long to
        compute, now and whenever the log is replayed; none of them is taken.
    """
    check(isinstance(raw, list) and 0 < len(raw) <= _MOST_EDITS, "No edits were sent.")
    budget, stored = DrawingBudget(), EditUnits.stored(frame)
    return [
        _as_stored(_edit_from_browser(one, frame, stored.in_pixels(), budget), stored)
        for one in raw
    ]


def _as_stored(edit: Edit, stored: EditUnits) -> NewEdit:
    """The edit for the log, from which it can be read again: rounding may leave nothing of it."""
    new = edit_to_json(edit, stored)
    edit_from_json(new.kind, new.data, stored)
    return new


def _edit_from_browser(raw: Any, frame: Frame, units: EditUnits, budget: DrawingBudget) -> Edit:
    check(isinstance(raw, dict) and isinstance(raw.get("kind"), str), "That is no edit.")
    kind = raw["kind"]
    check(kind != LABELS_IMPORT, "Labels are imported on the Scenes page.")
    check(kind != Withdrawal.kind, "An edit is taken back by undo.")
    reader = EditReader(raw, units, budget)
    if kind == PointSet.kind:
        prompt = PointSet.from_browser(reader)
        held = frame.holds(prompt.point)
        check(held, "That point is outside this tile; go to its own tile first.")
        return prompt
    if kind == Note.kind:
        note = Note.from_json(reader)
        held = frame.holds(PixelPoint(note.point.x, note.point.y))
        check(held, "That point is outside this tile; go to its own tile first.")
        return note
    if kind == BoxSet.kind:
        return BoxSet.from_browser(reader)
    if kind == STROKE:
        return _painted(reader, budget)
    # What is drawn from now on is finished; what the log holds stays as it was.
    return edit_from_json(kind, {**raw, "tidy": True}, units, budget)


def _painted(reader: EditReader, budget: DrawingBudget) -> Edit:
    try:
        with np.errstate(all="ignore"):  # as in edit_from_json
            painted = BrushStroke.from_browser(reader).as_area()
    except GEOSException as error:
        raise InputError("That stroke cannot be computed.", "Draw it again.") from error
    budget.take_shape(painted.area)
    return painted
