"""Edits as they are stored: rows with JSON inside, which ``core.label.edits`` reads into types.

This stands below the store, which keeps the rows, and below the label, which reads them, so that
neither of the two imports the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SILENT_KINDS = ("note", "note_done", "attributes")
"""Edits that change no outline and no class: a verdict holds after them as before."""


@dataclass(frozen=True, slots=True)
class NewEdit:
    """An edit to append; ``data`` is JSON in world coordinates of the scene's CRS."""

    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EditRecord:
    """A stored edit; ``sequence`` is unique in its tile and never used again, even after undo.

    Attributes
    ----------
    memory : dict
        What the row was read into, by the units in which it was read, so that a row is parsed
        once however often its log is replayed.  No part of the row's value.
    """

    sequence: int
    kind: str
    data: dict[str, Any]
    author: str
    at: datetime
    memory: dict[object, object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
