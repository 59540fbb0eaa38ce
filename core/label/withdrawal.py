"""The edit by which a person takes back an earlier one that is not the last any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from core.edit_record import EditRecord
from core.errors import InputError
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A step of this tile counts no longer, or counts again; those after it stay as they are.

    Parameters
    ----------
    sequences : tuple of int
        Those of the rows of its edits, which no other row of the tile has or will have.
    counts : bool
        Whether they count from now on.
    """

    kind: ClassVar[str] = "withdrawal"

    sequences: tuple[int, ...]
    counts: bool = False

    def __post_init__(self) -> None:
        if not self.sequences or not all(map(_is_sequence, self.sequences)):
            raise InputError("The step that is taken back has no number.", "Nothing was changed.")

    @classmethod
    def from_json(cls, read: EditReader) -> Withdrawal:
        """The edit that JSON describes."""
        found = read.data.get("sequences")
        sequences = tuple(found) if isinstance(found, list) else ()
        return cls(sequences, read.flag("counts", default=False))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values, which have no place."""
        return {"sequences": list(self.sequences), "counts": self.counts}


def _is_sequence(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def withdrawn(edits: Sequence[EditRecord]) -> list[int]:
    """Sequences of the edits that count no longer, in the order in which they were taken back."""
    found: list[int] = []
    for record in edits:
        if record.kind != Withdrawal.kind:
            continue
        named = sequences_of(record)
        found = [sequence for sequence in found if sequence not in named]
        if named and record.data.get("counts") is not True:
            found += named
    return found


def sequences_of(record: EditRecord) -> list[int]:
    """Sequences that a row of this kind names; none where it is damaged."""
    # A stranger's bundle may hold anything.
    data = record.data if isinstance(record.data, Mapping) else {}
    named = data.get("sequences")
    return [value for value in named if _is_sequence(value)] if isinstance(named, list) else []


def counting(edits: Sequence[EditRecord]) -> list[EditRecord]:
    """The edits that count: what was taken back is gone, and what took it back as well.

    Replayed alone they give the same label.
    """
    gone = set(withdrawn(edits))
    return [
        record for record in edits if record.kind != Withdrawal.kind and record.sequence not in gone
    ]
