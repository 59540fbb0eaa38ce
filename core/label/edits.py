"""Everything that a person does on a tile, as one union of types, and its JSON.

An edit in memory is in native pixels throughout; what its JSON is in, :class:`EditUnits` says.
Each type knows its ``kind``, reads itself (``from_json``) and writes itself (``to_json``).  How to
add a kind: ``docs/architecture.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

import numpy as np
from shapely.errors import GEOSException

from core.edit_record import EditRecord, NewEdit
from core.errors import InputError
from core.label.choices_change import ChoicesChange
from core.label.correction_import import LabelsImport
from core.label.correction_types import Correction
from core.label.drawing_budget import DrawingBudget
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits
from core.label.notes import Note, NoteDone
from core.label.plain_values import shown
from core.label.prompt_edits import BoxSet, PointSet, PromptDelete, PromptsClear
from core.label.withdrawal import Withdrawal

Edit = (
    PointSet
    | PromptDelete
    | PromptsClear
    | BoxSet
    | ChoicesChange
    | LabelsImport
    | Note
    | NoteDone
    | Withdrawal
    | Correction
)

EDITS: dict[str, type[Edit]] = {edit.kind: edit for edit in get_args(Edit)}
"""The types by their kind."""


def edit_from_json(
    kind: str,
    data: Mapping[str, Any],
    units: EditUnits,
    budget: DrawingBudget | None = None,
) -> Edit:
    """The edit that JSON describes; fields that the kind does not know are ignored.

    Parameters
    ----------
    kind : str
        One of :data:`EDITS`.
    data : mapping
        May come from anybody.
    units : EditUnits
        What its numbers mean.
    budget : DrawingBudget, optional
        What drawings may cost, and take from; without it they are read however long they take.

    Raises
    ------
    InputError
        The kind is unknown, or something is missing, wrong, too large, or encloses nothing.
    """
    if not isinstance(kind, str) or kind not in EDITS:
        raise InputError(f"There is no edit '{shown(kind)}'.", "Nothing was changed.")
    if not isinstance(data, Mapping):
        raise InputError("That is no edit.", "Nothing was changed.")
    reader = EditReader(data, units, budget)
    try:
        # Where GEOS meets edges of hardly any length it divides by zero and copes; numpy warns.
        with np.errstate(all="ignore"):
            return EDITS[kind].from_json(reader)
    except GEOSException as error:
        raise InputError("That drawing cannot be computed.", "Draw it again.") from error


def edit_to_json(edit: Edit, units: EditUnits) -> NewEdit:
    """An edit with its data as plain values in some units."""
    return NewEdit(edit.kind, edit.to_json(units))


def read_edit(record: EditRecord, units: EditUnits) -> Edit:
    """The edit of a stored row, parsed once and remembered with the row.

    Raises
    ------
    InputError
        The row holds no edit that can be understood.
    """
    kept = record.memory.get(units)
    if kept is None:
        # Of two threads the first wins, so that both have the same object.
        kept = record.memory.setdefault(units, edit_from_json(record.kind, record.data, units))
    return cast(Edit, kept)
