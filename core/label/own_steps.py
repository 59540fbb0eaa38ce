"""Which step an undo or a redo means: one's own; another person's only where that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.edit_record import EditRecord
from core.errors import CropMapError
from core.label.withdrawal import Withdrawal, counting, sequences_of, withdrawn
from core.people import same_person


class NotOwnStepError(CropMapError):
    """The step is somebody else's: nothing was done, and the person is asked whether it shall be.

    Parameters
    ----------
    author : str
        Who did the step.
    """

    def __init__(self, message: str, author: str) -> None:
        super().__init__(message, "Nothing was changed.")
        self.author = author


@dataclass(frozen=True, slots=True)
class Undoing:
    """What an undo would take back.

    Parameters
    ----------
    edits : tuple of EditRecord
        Those of the step, at least one.
    is_last : bool
        Whether they are the last rows in force, so that the log need only go back before them.
    later : tuple of EditRecord
        Edits of others that were made since and count.
    """

    edits: tuple[EditRecord, ...]
    is_last: bool
    later: tuple[EditRecord, ...] = ()


def count_steps(edits: Sequence[EditRecord], steps: Sequence[int]) -> int:
    """How many steps the edits that count belong to; arguments as of :func:`to_undo`."""
    step_of = dict(zip((edit.sequence for edit in edits), steps, strict=True))
    return len({step_of[edit.sequence] for edit in counting(edits)})


def to_undo(
    edits: Sequence[EditRecord], steps: Sequence[int], person: str, *, anybody: bool = False
) -> Undoing | None:
    """The last step of a person, or of ``anybody``; None where there is none.

    Parameters
    ----------
    edits : sequence of EditRecord
        All rows of a tile that are in force.
    steps : sequence of int
        The step that each belongs to.
    """
    step_of = dict(zip((edit.sequence for edit in edits), steps, strict=True))
    valid = counting(edits)
    meant = [edit for edit in valid if anybody or same_person(edit.author, person)]
    if not meant:
        return None
    number = step_of[meant[-1].sequence]
    own = tuple(edit for edit in valid if step_of[edit.sequence] == number)
    later = tuple(edit for edit in valid if step_of[edit.sequence] > number)
    return Undoing(own, steps[-1] == number, later)


def to_redo(edits: Sequence[EditRecord], person: str) -> tuple[int, ...]:
    """Sequences of the step that a person took back last out of its turn; empty without one.

    As with every redo, none is possible once the person has done something new.
    """
    gone = set(withdrawn(edits))
    for record in reversed([one for one in edits if same_person(one.author, person)]):
        if record.kind != Withdrawal.kind:
            break
        named = sequences_of(record)
        if gone.issuperset(named):
            return tuple(named)
    return ()


def ask_about_last(
    edits: Sequence[EditRecord], steps: Sequence[int], person: str
) -> NotOwnStepError | None:
    """The question whether the last step of the tile shall be taken back; None without one."""
    last = to_undo(edits, steps, person, anybody=True)
    if last is None:
        return None
    who = last.edits[-1].author or "somebody else"
    return NotOwnStepError(f"The last step here is {who}'s: undo it?", who)
