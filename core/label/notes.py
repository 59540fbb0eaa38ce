"""Notes: what a person says is to be mended at a place, and that it was.  They change no label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from shapely import Point

from core.errors import InputError
from core.label.correction_types import Signature
from core.label.drawing_checks import check_coordinates, check_reason
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits
from core.label.edit_writer import place_json


@dataclass(frozen=True, slots=True)
class Note:
    """A note pinned to a point, in native pixels."""

    kind: ClassVar[str] = "note"

    id: str
    point: Point
    text: str

    def __post_init__(self) -> None:
        check_coordinates(self.point)
        if not self.text:
            raise InputError("The note says nothing.", "Type what needs fixing there.")
        check_reason(self.text, "note")

    @classmethod
    def from_json(cls, read: EditReader) -> Note:
        """The edit that JSON describes."""
        return cls(read.identifier(), read.point(), read.text("text"))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {"id": self.id, **place_json(self.point, units), "text": self.text}


@dataclass(frozen=True, slots=True)
class NoteDone:
    """What a note asked for was done, or is open again."""

    kind: ClassVar[str] = "note_done"

    id: str
    done: bool = True

    @classmethod
    def from_json(cls, read: EditReader) -> NoteDone:
        """The edit that JSON describes."""
        return cls(read.identifier(), read.flag("done", default=True))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values, which have no place."""
        return {"id": self.id, "done": self.done}


@dataclass(frozen=True, slots=True)
class PinnedNote:
    """A note as it now stands.

    Parameters
    ----------
    by : Signature
        Who pinned it, and when.
    done : Signature or None
        Who did what it asks for; None while it is open.
    """

    note: Note
    by: Signature
    done: Signature | None = None
