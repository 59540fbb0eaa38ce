"""Undo and redo of a person's own steps on a tile: edits in its log, and verdicts on it.

The last step is undone by going back in the log.  One under steps of other people is taken out by
an edit of its own, where nothing that was done since stands on it.
"""

from __future__ import annotations

from core.edit_record import NewEdit
from core.errors import InputError
from core.label.edit_units import EditUnits
from core.label.edits import read_edit
from core.label.label_maker import snap_length
from core.label.merging import can_be_withdrawn
from core.label.own_steps import NotOwnStepError, Undoing, ask_about_last, to_redo, to_undo
from core.label.withdrawal import Withdrawal
from core.people import same_person
from core.project import Project, TileLog, VerdictSteps
from core.session.appending import Ground
from core.session.place import TilePlace

_RECENT_ROWS = 100
"""Of the journal; what a person did before so much else is not what they did just now."""


def undo(
    place: TilePlace, *, author: str, version: int, anybody: bool, ground: Ground | None
) -> TileLog | None:
    """Take back the last thing that a person did on a tile; None where that was a verdict.

    Parameters
    ----------
    anybody : bool
        The last edit is meant, whoever made it.
    ground : Ground or None
        Of ``version``; None where it is not at hand.

    Raises
    ------
    NotOwnStepError
        There is only somebody else's to take back, or something stands on one's own.
    ConflictError
        The log has gone on since ``version``.
    """
    scene_id, tile, project = place.opened.record.id, place.tile, place.project
    log = _log_of(place, version, author)
    found = to_undo(log.edits, log.steps, author, anybody=anybody)
    if not anybody and _is_newer(project.second_steps(scene_id, tile), author, found):
        project.step_second_verdict(scene_id, tile, forward=False, author=author)
        return None
    if not anybody and _is_newer(project.verdict_steps(scene_id, tile), author, found):
        _step_verdict(place, author, forward=False)
        return None
    if found is None:
        question = ask_about_last(log.edits, log.steps, author)
        if question is None:
            return log
        raise question
    if found.is_last:
        return project.undo(scene_id, tile, author=author, expected_version=version)
    if not anybody and not _stands_free(place, found, ground):
        who = found.later[-1].author or "Somebody else"
        message = f"{who} has worked in the same place since. Take back {who}'s last step first?"
        raise NotOwnStepError(message, who)
    sequences = tuple(edit.sequence for edit in found.edits)
    return _withdraw(place, sequences, author, version, counts=False)


def redo(place: TilePlace, *, author: str, version: int, anybody: bool) -> TileLog | None:
    """Do again what a person took back last; None where that was a verdict.

    Raises
    ------
    NotOwnStepError
        The step is somebody else's.
    ConflictError
        The log has gone on since ``version``.
    """
    scene_id, tile, project = place.opened.record.id, place.tile, place.project
    log = _log_of(place, version, author)
    second = same_person(project.second_steps(scene_id, tile).redo_author, author)
    verdict = same_person(project.verdict_steps(scene_id, tile).redo_author, author)
    last = _last_action(place, author) if second or verdict else ""
    if second and last == "second verdict undone":
        project.step_second_verdict(scene_id, tile, forward=True, author=author)
        return None
    if verdict and last == "verdict undone":
        _step_verdict(place, author, forward=True)
        return None
    if log.can_redo and (anybody or same_person(log.redo_author, author)):
        return project.redo(scene_id, tile, author=author, expected_version=version)
    sequences = to_redo(log.edits, author)
    if sequences:
        return _withdraw(place, sequences, author, version, counts=True)
    if verdict:
        _step_verdict(place, author, forward=True)
        return None
    if log.can_redo:
        who = log.redo_author or "somebody else"
        raise NotOwnStepError(f"The step that was undone is {who}'s: redo it?", who)
    return log


def can_redo(project: Project, scene_id: str, tile: str, log: TileLog, person: str) -> bool:
    """Whether there is anything that a redo of this person could mean."""
    if log.can_redo or to_redo(log.edits, person):
        return True
    steps = (project.verdict_steps(scene_id, tile), project.second_steps(scene_id, tile))
    return any(same_person(one.redo_author, person) for one in steps)


def can_undo(project: Project, scene_id: str, tile: str, log: TileLog, person: str) -> bool:
    """Whether there is anything that an undo of this person could mean."""
    if to_undo(log.edits, log.steps, person, anybody=True) is not None:
        return True
    steps = (project.verdict_steps(scene_id, tile), project.second_steps(scene_id, tile))
    return any(same_person(one.undo_author, person) for one in steps)


def _log_of(place: TilePlace, version: int, author: str) -> TileLog:
    """The log, which must be what the person saw: nobody is asked about what they have not seen."""
    scene_id, tile = place.opened.record.id, place.tile
    log = place.project.log(scene_id, tile)
    if log.version != version:
        # Appending nothing compares the versions, and says who was faster.
        place.project.append(scene_id, tile, [], author=author, expected_version=version)
    return log


def _is_newer(last: VerdictSteps, author: str, found: Undoing | None) -> bool:
    """Whether the last thing that a person did was to give the tile this verdict."""
    if last.given_at is None or not same_person(last.undo_author, author):
        return False
    return found is None or last.given_at > found.edits[-1].at


def _last_action(place: TilePlace, person: str) -> str:
    """What a person did last on the tile, as the journal calls it."""
    rows = place.project.history(
        scene_id=place.opened.record.id, tile=place.tile, limit=_RECENT_ROWS
    )
    return next((row.action for row in rows if same_person(row.author, person)), "")


def _step_verdict(place: TilePlace, author: str, *, forward: bool) -> None:
    scene_id, tile, project = place.opened.record.id, place.tile, place.project
    present = project.tile(scene_id, tile).verdict.version
    project.step_verdict(scene_id, tile, forward=forward, author=author, expected_version=present)


def _stands_free(place: TilePlace, found: Undoing, ground: Ground | None) -> bool:
    """Whether nothing that others have done since stands on the step."""
    units = EditUnits.stored(place.frame)
    try:
        mine = [read_edit(record, units) for record in found.edits]
        later = [read_edit(record, units) for record in found.later]
    except InputError:
        return False
    layer = ground.layer if ground is not None else None
    snap = snap_length(place.frame)
    return all(can_be_withdrawn(edit, later, layer, snap) for edit in mine)


def _withdraw(
    place: TilePlace, sequences: tuple[int, ...], author: str, version: int, *, counts: bool
) -> TileLog:
    edit = Withdrawal(sequences, counts)
    new = NewEdit(edit.kind, edit.to_json(EditUnits.stored(place.frame)))
    return place.project.append(
        place.opened.record.id, place.tile, [new], author=author, expected_version=version
    )
