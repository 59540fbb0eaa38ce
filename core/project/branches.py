"""The edits between the root of a tile's log and a step, read once and then only what is new.

Steps and edits are never changed, so what was read of a branch stays true; only where the head
stands has to be asked again.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import CTE, Connection, bindparam, select

from core.edit_record import EditRecord
from core.errors import ProjectError, Remedy
from core.project.chain import ROOT
from core.project.rows import EDIT, check_row
from core.project.schema import edit, step

_MOST_TILES = 64


@dataclass(frozen=True, slots=True)
class Branch:
    """The edits of the steps from the root to ``head``.

    Attributes
    ----------
    steps : tuple of int
        The step of each edit, ascending.
    """

    head: int = ROOT
    steps: tuple[int, ...] = ()
    edits: tuple[EditRecord, ...] = ()

    def holds(self, number: int) -> bool:
        """Whether the branch passes this step."""
        place = bisect_right(self.steps, number)
        return number == ROOT or (place > 0 and self.steps[place - 1] == number)

    def until(self, number: int) -> Branch:
        """The part up to one of its steps."""
        place = bisect_right(self.steps, number)
        return Branch(number, self.steps[:place], self.edits[:place])


class Branches:
    """The branches read last, by tile; from any thread.

    Only what is committed belongs in here: a step of a transaction that fails is forgotten, and
    its number is used again.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[int, Branch] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tile_id: int) -> Branch:
        """What is known of a tile; the root at first."""
        with self._lock:
            return self._known.get(tile_id, Branch())

    def keep(self, found: Mapping[int, Branch]) -> None:
        """Remember what was read or committed."""
        with self._lock:
            for tile_id, branch in found.items():
                self._known[tile_id] = branch
                self._known.move_to_end(tile_id)
            while len(self._known) > _MOST_TILES:
                self._known.popitem(last=False)


def _steps() -> CTE:
    """The steps from ``:head`` towards the root that are newer than the step ``:above``.

    Numbers fall from step to step, so that it ends whatever the table holds.
    """
    of_tile = step.c.tile_id == bindparam("tile_id")
    first = (
        select(step.c.number, step.c.parent)
        .where(of_tile, step.c.number == bindparam("head"))
        .cte("branch", recursive=True)
    )
    next_ones = select(step.c.number, step.c.parent).where(
        of_tile,
        step.c.number == first.c.parent,
        step.c.number < first.c.number,
        step.c.number > bindparam("above"),
    )
    return first.union_all(next_ones)


_STEPS = _steps()
# Statements of the way of a click are built once: that takes longer than to run them.
_EDITS_OF_STEPS = (
    select(
        _STEPS.c.number,
        _STEPS.c.parent,
        edit.c.sequence,
        edit.c.kind,
        edit.c.data,
        edit.c.author,
        edit.c.at,
    )
    .join(edit, edit.c.step == _STEPS.c.number)
    .where(edit.c.tile_id == bindparam("tile_id"))
    .order_by(edit.c.sequence)
)
_CHILD = select(_STEPS.c.number).where(_STEPS.c.parent == bindparam("above"))


def read_branch(connection: Connection, tile_id: int, head: int, known: Branch) -> Branch:
    """The branch that ends at ``head``; ``known`` may be any branch of the same tile.

    Raises
    ------
    ProjectError
        The steps do not lead to the root.
    """
    if known.holds(head):
        return known.until(head)
    above = known.head if known.head < head else ROOT
    values = {"tile_id": tile_id, "head": head, "above": above}
    rows = connection.execute(_EDITS_OF_STEPS, values).all()
    for row in rows:
        check_row("edit", f"{tile_id}.{row.sequence}", row, EDIT)
    fork = rows[0].parent if rows else ROOT
    if not known.holds(fork):
        if known.head == ROOT:
            raise _broken(head)
        return read_branch(connection, tile_id, head, Branch())
    common = known.until(fork)
    new = (EditRecord(row.sequence, row.kind, row.data, row.author, row.at) for row in rows)
    return Branch(head, (*common.steps, *(row.number for row in rows)), (*common.edits, *new))


def child_towards(connection: Connection, tile_id: int, tip: int, head: int) -> int:
    """The step after ``head`` on the way to ``tip``; ProjectError where there is none."""
    values = {"tile_id": tile_id, "head": tip, "above": head}
    child = connection.execute(_CHILD, values).scalar_one_or_none()
    if child is None:
        raise _broken(tip)
    return int(child)


def _broken(head: int) -> ProjectError:
    return ProjectError(
        f"The steps before step {head} of this tile are damaged.",
        remedy=Remedy.RESTORE_BACKUP,
    )
