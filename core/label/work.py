"""A tile's log of edits, replayed: prompts, boxes, choices and corrections as they now stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Literal

from core.edit_record import EditRecord
from core.errors import InputError
from core.grid import PixelPoint
from core.imagery.frame import Frame
from core.label.acceptance import Acceptance
from core.label.choices import Choices
from core.label.choices_change import ChoicesChange
from core.label.correction_import import LabelsImport
from core.label.correction_statements import still_accepted
from core.label.correction_types import Signature, Signed
from core.label.edit_units import EditUnits
from core.label.edits import Edit, read_edit
from core.label.notes import Note, NoteDone, PinnedNote
from core.label.plain_values import shown
from core.label.prompt_edits import BoxSet, PointSet, PromptDelete, PromptsClear
from core.label.withdrawal import Withdrawal, withdrawn
from core.predict.predict_options import AUTO


@dataclass(frozen=True, slots=True)
class PersonPrompt:
    """A point that a person set, in native pixels.

    Parameters
    ----------
    field : str, optional
        Positive points that name the same field mean one; by default each has its own, whose name
        is the point's.
    tidy : bool
        As of :class:`core.label.prompt_edits.PointSet`.
    """

    id: str
    point: PixelPoint
    label: Literal[0, 1]
    field: str | None = None
    tidy: bool = False


@dataclass(frozen=True, slots=True)
class PersonBox:
    """A box that a person drew, in native pixels; ``tidy`` as of a point."""

    id: str
    left: float
    top: float
    right: float
    bottom: float
    tidy: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """A tile's log, replayed.

    Parameters
    ----------
    points : tuple of PersonPrompt
        In the order in which they were last set.
    denied : frozenset of str
        Automatic prompts that were changed or deleted.
    corrections : tuple of Signed
        In native pixels, in order.
    signatures : dict
        Who set a point or box last, by its id.
    imported : LabelsImport or None
        Labels taken over from a file, in native pixels; what was done before is under them.
    notes : tuple of PinnedNote
        In the order in which they were pinned.
    accepted_before : tuple of Acceptance
        What had been accepted when they were taken over, and says so itself.
    """

    choices: Choices
    points: tuple[PersonPrompt, ...] = ()
    boxes: tuple[PersonBox, ...] = ()
    denied: frozenset[str] = frozenset()
    corrections: tuple[Signed, ...] = ()
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    imported: LabelsImport | None = None
    notes: tuple[PinnedNote, ...] = ()
    accepted_before: tuple[Acceptance, ...] = ()

    @property
    def needs_prediction(self) -> bool:
        """Whether any of the automatic prediction is part of the label."""
        return self.imported is None or self.imported.area is not None

    @property
    def changes_prompts(self) -> bool:
        """Whether an automatic prompt was changed or deleted."""
        return any(name.startswith(AUTO) for name in self.denied)

    @property
    def asks_model(self) -> bool:
        """Whether a person's prompts need answers."""
        return bool(self.points or self.boxes)


class BrokenEditError(InputError):
    """A step of a tile's log that cannot be replayed.

    Parameters
    ----------
    step : int
        Its place among the edits in force, from 1.
    record : EditRecord
    why : str
        One sentence.
    """

    def __init__(self, step: int, record: EditRecord, why: str) -> None:
        when = record.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
        who = f" by {shown(record.author)}" if record.author else ""
        super().__init__(
            f"Step {step} of this tile's edits ('{shown(record.kind)}'{who}, {when} UTC) cannot be "
            f"understood: {why}",
            "What is shown is the label before that step; undo goes back to it.",
        )
        self.step, self.kind, self.author, self.at = step, record.kind, record.author, record.at


@dataclass(slots=True)
class _Replay:
    choices: Choices
    points: dict[str, PersonPrompt] = field(default_factory=dict)
    boxes: dict[str, PersonBox] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    corrections: list[Signed] = field(default_factory=list)
    signatures: dict[str, Signature] = field(default_factory=dict)
    imported: LabelsImport | None = None
    notes: dict[str, PinnedNote] = field(default_factory=dict)
    accepted_before: tuple[Acceptance, ...] = ()

    def take(self, edit: Edit, signature: Signature) -> None:
        """Do one edit."""
        match edit:
            case PointSet(name):
                self._set_prompt(edit)
                self.signatures[name] = signature
            case PromptDelete(name):
                self.points.pop(name, None)
                self.boxes.pop(name, None)
                self.denied.add(name)
            case PromptsClear():
                self.points.clear()
                self.boxes.clear()
            case BoxSet(name, left, top, right, bottom, tidy):
                self.boxes[name] = PersonBox(name, left, top, right, bottom, tidy)
                self.signatures[name] = signature
            case ChoicesChange():
                self.choices = edit.applied_to(self.choices)
            case LabelsImport():
                self.imported = edit
                self.accepted_before = still_accepted(self.accepted_before, self.corrections)
                for earlier in (self.points, self.boxes, self.corrections):
                    earlier.clear()
            case Note(name):
                self.notes[name] = PinnedNote(edit, signature)
            case NoteDone(name, done):
                if name in self.notes:
                    resolved = signature if done else None
                    self.notes[name] = replace(self.notes[name], done=resolved)
            case Withdrawal():
                pass  # what it says of other edits was heard before any of them was done
            case _:
                self.corrections.append(Signed(edit, signature))

    def _set_prompt(self, edit: PointSet) -> None:
        before = self.points.pop(edit.id, None)
        # Moved or flipped, it goes on meaning the field that it meant.
        named = edit.field or (before.field if before else None)
        self.points[edit.id] = PersonPrompt(edit.id, edit.point, edit.label, named, edit.tidy)
        self.denied.add(edit.id)

    def work(self) -> Work:
        """What the edits so far amount to."""
        return Work(
            self.choices,
            tuple(self.points.values()),
            tuple(self.boxes.values()),
            frozenset(self.denied),
            tuple(self.corrections),
            self.signatures,
            self.imported,
            tuple(self.notes.values()),
            self.accepted_before,
        )


def replay(edits: Sequence[EditRecord], frame: Frame, defaults: Choices) -> Work:
    """The work that a tile's edits amount to.

    Raises
    ------
    BrokenEditError
        One of them cannot be understood.
    """
    work, broken = replay_until_broken(edits, frame, defaults)
    if broken is not None:
        raise broken
    return work


def replay_until_broken(
    edits: Sequence[EditRecord], frame: Frame, defaults: Choices
) -> tuple[Work, BrokenEditError | None]:
    """The work of the edits before the first that cannot be understood, and what is wrong there."""
    state, units = _Replay(defaults), EditUnits.stored(frame)
    gone = set(withdrawn(edits))
    for step, record in enumerate(edits, start=1):
        if record.sequence in gone:
            continue
        try:
            state.take(read_edit(record, units), Signature(record.author, record.at))
        except InputError as error:
            broken = BrokenEditError(step, record, error.message)
            broken.__cause__ = error
            return state.work(), broken
    return state.work(), None
