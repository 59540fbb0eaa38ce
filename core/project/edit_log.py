"""The edit log of a tile inside a transaction: append, undo, redo.

See :mod:`core.project.schema` for how steps make a tree.  A step is numbered by the version that
the log had after it, so that numbers grow along every branch and are never used twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core.edit_record import SILENT_KINDS, NewEdit
from core.project.branches import Branch, Branches, child_towards, read_branch
from core.project.chain import ROOT, Checks, LogState, Verified, log_state
from core.project.journal import Change
from core.project.links import edit_link, stored_json, stored_time
from core.project.records import TileLog, TileRecord
from core.project.schema import edit, step
from core.project.tiles import change_log, tile_record, tile_row

_ACTIONS = ("edit", "undo", "redo")


def read_log(
    connection: Connection, branches: Branches, checks: Checks, scene_id: str, name: str
) -> tuple[TileRecord, TileLog]:
    """A tile and its edits in force, inside a transaction that only reads."""
    row = tile_row(connection, scene_id, name)
    state = _state(connection, checks, row)
    branch = read_branch(connection, state.id, state.head, branches.get(state.id))
    branches.keep({state.id: branch})
    return tile_record(row, state), _log(connection, state, branch)


def read_log_at(
    connection: Connection,
    branches: Branches,
    checks: Checks,
    scene_id: str,
    name: str,
    head: int,
) -> TileLog:
    """The edits that were in force when the log stood at ``head``; they are only to be read."""
    state = _state(connection, checks, tile_row(connection, scene_id, name))
    branch = read_branch(connection, state.id, state.good_head(head), branches.get(state.id))
    return TileLog(
        state.log_version, branch.edits, can_undo=False, can_redo=False, steps=branch.steps
    )


def _state(connection: Connection, checks: Checks, row: Row[Any]) -> LogState:
    state, verified = log_state(connection, checks, row, checks.get(row.id))
    checks.keep({row.id: verified})
    return state


def _log(connection: Connection, state: LogState, branch: Branch) -> TileLog:
    return TileLog(
        state.log_version,
        branch.edits,
        state.head != ROOT,
        state.tip != state.head,
        _redo_author(connection, state.id, state.tip, state.head),
        branch.steps,
    )


def _redo_author(connection: Connection, tile_id: int, tip: int, head: int) -> str:
    """Who did the step after ``head`` on the way to ``tip``; empty where there is none."""
    if tip == head:
        return ""
    number = child_towards(connection, tile_id, tip, head)
    query = select(edit.c.author).where(edit.c.tile_id == tile_id, edit.c.step == number).limit(1)
    return str(connection.execute(query).scalar() or "")


def _unchanged(change: Change, state: LogState) -> TileLog:
    return _log(change.connection, state, change.branch(state.id, state.head))


def _verdict_along(state: LogState, kinds: Sequence[str], head: int) -> dict[str, Any]:
    """The verdict's place in the log where the head passes a step that changes no label."""
    stood_here = state.row.verdict_head == state.head
    if stood_here and kinds and set(kinds) <= set(SILENT_KINDS):
        return {"verdict_head": head}
    return {}


def append_edits(
    change: Change,
    scene_id: str,
    name: str,
    edits: Sequence[NewEdit],
    *,
    author: str,
    expected_version: int,
) -> TileLog:
    """Append edits as one step; a redo that was possible no longer is."""
    state = _expected(change, scene_id, name, expected_version)
    if not edits:
        return _unchanged(change, state)
    number = state.log_version + 1
    at, link, rows = stored_time(change.at), state.link, []
    for sequence, entry in enumerate(edits, start=state.last_sequence + 1):
        stored = (entry.kind, stored_json(entry.data), author, at)
        link = edit_link(link, state.id, sequence, number, state.head, *stored)
        rows.append(
            {
                "tile_id": state.id,
                "sequence": sequence,
                "step": number,
                "kind": entry.kind,
                "data": entry.data,
                "author": author,
                "at": change.at,
                "link": link,
            }
        )
    change.connection.execute(
        insert(step).values(tile_id=state.id, number=number, parent=state.head)
    )
    change.connection.execute(insert(edit), rows)
    last_sequence = state.last_sequence + len(edits)
    change_log(
        change,
        state,
        log_version=number,
        head=number,
        tip=number,
        last_sequence=last_sequence,
        edit_count=state.edit_count + len(edits),
        link=link,
        **_verdict_along(state, [entry.kind for entry in edits], number),
    )
    if state.survey is None:
        change.verified[state.id] = Verified(number, last_sequence, link)
    detail = {"kinds": [entry.kind for entry in edits], "first_sequence": state.last_sequence + 1}
    change.record("edit", author=author, scene_id=scene_id, tile=name, detail=detail)
    branch = change.branch(state.id, number)
    return TileLog(number, branch.edits, can_undo=True, can_redo=False, steps=branch.steps)


def undo_step(
    change: Change, scene_id: str, name: str, *, author: str, expected_version: int
) -> TileLog:
    """Take the last step out of force; without one, the log as it is."""
    state = _expected(change, scene_id, name, expected_version)
    if state.head == ROOT:
        return _unchanged(change, state)
    parent = change.connection.execute(
        select(step.c.parent).where(step.c.tile_id == state.id, step.c.number == state.head)
    ).scalar_one()
    return _move(change, state, "undo", head=parent, passed=state.head, author=author)


def redo_step(
    change: Change, scene_id: str, name: str, *, author: str, expected_version: int
) -> TileLog:
    """Put the step that was undone last back in force; without one, the log as it is."""
    state = _expected(change, scene_id, name, expected_version)
    if state.tip == state.head:
        return _unchanged(change, state)
    number = child_towards(change.connection, state.id, state.tip, state.head)
    return _move(change, state, "redo", head=number, passed=number, author=author)


def _expected(change: Change, scene_id: str, name: str, version: int) -> LogState:
    state = change.log_state(tile_row(change.connection, scene_id, name))
    if state.log_version != version:
        raise change.conflict(f"tile {name}", scene_id, name, _ACTIONS)
    return state


def _move(
    change: Change, state: LogState, action: str, *, head: int, passed: int, author: str
) -> TileLog:
    """Let the head pass a step, in either direction."""
    kinds = list(
        change.connection.execute(
            select(edit.c.kind)
            .where(edit.c.tile_id == state.id, edit.c.step == passed)
            .order_by(edit.c.sequence)
        ).scalars()
    )
    edits = len(kinds) if action == "redo" else -len(kinds)
    change_log(
        change,
        state,
        log_version=state.log_version + 1,
        head=head,
        edit_count=state.edit_count + edits,
        **_verdict_along(state, kinds, head),
    )
    change.record(
        action,
        author=author,
        scene_id=state.row.scene_id,
        tile=state.row.name,
        detail={"kinds": kinds},
    )
    branch = change.branch(state.id, head)
    back = _redo_author(change.connection, state.id, state.tip, head)
    redoable = state.tip != head
    return TileLog(state.log_version + 1, branch.edits, head != ROOT, redoable, back, branch.steps)
