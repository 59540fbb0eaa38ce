"""The edit log of a tile inside a transaction: append, undo, redo.

See :mod:`core.project.schema` for how steps make a tree.  A step is numbered by the version that
the log had after it, so that numbers grow along every branch and are never used twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core.project.branches import ROOT, Branch, Branches, child_towards, read_branch
from core.project.journal import Change
from core.project.records import NewEdit, TileLog, TileRecord
from core.project.schema import edit, step
from core.project.tiles import change_tile, tile_record, tile_row

_ACTIONS = ("edit", "undo", "redo")


def read_log(
    connection: Connection, branches: Branches, scene_id: str, name: str
) -> tuple[TileRecord, TileLog]:
    """A tile and its edits in force, inside a transaction that only reads."""
    row = tile_row(connection, scene_id, name)
    branch = read_branch(connection, row.id, row.head, branches.get(row.id))
    branches.keep({row.id: branch})
    return tile_record(row), _log(row, branch)


def read_log_at(
    connection: Connection, branches: Branches, scene_id: str, name: str, head: int
) -> TileLog:
    """The edits that were in force when the log stood at ``head``; they are only to be read."""
    row = tile_row(connection, scene_id, name)
    branch = read_branch(connection, row.id, head, branches.get(row.id))
    return TileLog(row.log_version, branch.edits, can_undo=False, can_redo=False)


def _log(row: Row[Any], branch: Branch) -> TileLog:
    return TileLog(row.log_version, branch.edits, row.head != ROOT, row.tip != row.head)


def _unchanged(change: Change, row: Row[Any]) -> TileLog:
    return _log(row, change.branch(row.id, row.head))


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
    row = _expected(change, scene_id, name, expected_version)
    if not edits:
        return _unchanged(change, row)
    number = row.log_version + 1
    change.connection.execute(insert(step).values(tile_id=row.id, number=number, parent=row.head))
    change.connection.execute(
        insert(edit),
        [
            {
                "tile_id": row.id,
                "sequence": row.last_sequence + place,
                "step": number,
                "kind": entry.kind,
                "data": entry.data,
                "author": author,
                "at": change.at,
            }
            for place, entry in enumerate(edits, start=1)
        ],
    )
    change_tile(
        change,
        row,
        log_version=number,
        head=number,
        tip=number,
        last_sequence=row.last_sequence + len(edits),
        edit_count=row.edit_count + len(edits),
    )
    detail = {"kinds": [entry.kind for entry in edits], "first_sequence": row.last_sequence + 1}
    change.record("edit", author=author, scene_id=scene_id, tile=name, detail=detail)
    branch = change.branch(row.id, number)
    return TileLog(number, branch.edits, can_undo=True, can_redo=False)


def undo_step(
    change: Change, scene_id: str, name: str, *, author: str, expected_version: int
) -> TileLog:
    """Take the last step out of force; without one, the log as it is."""
    row = _expected(change, scene_id, name, expected_version)
    if row.head == ROOT:
        return _unchanged(change, row)
    parent = change.connection.execute(
        select(step.c.parent).where(step.c.tile_id == row.id, step.c.number == row.head)
    ).scalar_one()
    return _move(change, row, "undo", head=parent, passed=row.head, author=author)


def redo_step(
    change: Change, scene_id: str, name: str, *, author: str, expected_version: int
) -> TileLog:
    """Put the step that was undone last back in force; without one, the log as it is."""
    row = _expected(change, scene_id, name, expected_version)
    if row.tip == row.head:
        return _unchanged(change, row)
    number = child_towards(change.connection, row.id, row.tip, row.head)
    return _move(change, row, "redo", head=number, passed=number, author=author)


def _expected(change: Change, scene_id: str, name: str, version: int) -> Row[Any]:
    row = tile_row(change.connection, scene_id, name)
    if row.log_version != version:
        raise change.conflict(f"tile {name}", scene_id, name, _ACTIONS)
    return row


def _move(
    change: Change, row: Row[Any], action: str, *, head: int, passed: int, author: str
) -> TileLog:
    """Let the head pass a step, in either direction."""
    kinds = list(
        change.connection.execute(
            select(edit.c.kind)
            .where(edit.c.tile_id == row.id, edit.c.step == passed)
            .order_by(edit.c.sequence)
        ).scalars()
    )
    edits = len(kinds) if action == "redo" else -len(kinds)
    change_tile(
        change,
        row,
        log_version=row.log_version + 1,
        head=head,
        edit_count=row.edit_count + edits,
    )
    change.record(
        action, author=author, scene_id=row.scene_id, tile=row.name, detail={"kinds": kinds}
    )
    branch = change.branch(row.id, head)
    return TileLog(row.log_version + 1, branch.edits, head != ROOT, row.tip != head)
