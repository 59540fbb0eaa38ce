"""What the work took: actions and active time, from the record of who did what when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.project import HistoryRow

PAUSE_S = 60.0
"""Of a longer gap between two actions, only this much counts: nobody knows what filled the rest."""

_UNDOING = ("undo", "verdict undone", "second verdict undone")
_VERDICTS = ("verdict", "verdict redone", "second verdict", "second verdict redone")
_ACTIONS = ("edit", *_UNDOING, "redo", *_VERDICTS)


@dataclass(slots=True)
class Effort:
    """Work of one person on one tile, or a sum of such.

    Parameters
    ----------
    actions : int
        Steps, undo, redo and verdicts: what a click, a drawn line or a key did; the same change
        of many parcels is one.
    seconds : float
        Active time: gaps from one action to the next, each counted up to :data:`PAUSE_S`.  What
        was looked at before the first action is not in the record, and not in here.
    kinds : Counter
        Edits by kind, those undone later included.
    undone : int
        Times something was undone.
    """

    actions: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    undone: int = 0

    @property
    def edits(self) -> int:
        """Edits of all kinds."""
        return self.kinds.total()

    def __add__(self, other: Effort) -> Effort:
        """Both together."""
        return Effort(
            self.actions + other.actions,
            self.seconds + other.seconds,
            self.kinds + other.kinds,
            self.undone + other.undone,
        )


@dataclass(frozen=True, slots=True)
class Share:
    """One person's work on one tile."""

    scene_id: str
    tile: str
    person: str
    effort: Effort


def ledger(history: Sequence[HistoryRow], pause_s: float = PAUSE_S) -> list[Share]:
    """Each person's work on each tile, in the order in which it was begun.

    Parameters
    ----------
    history : sequence of HistoryRow
        Newest first, as the store gives it.  A gap counts for a tile only where the person's
        actions before and after it are both on that tile.
    """
    efforts: dict[tuple[str, str, str], Effort] = defaultdict(Effort)
    last: dict[str, tuple[str, str, datetime]] = {}
    for row in reversed(history):
        if row.action not in _ACTIONS or row.tile is None:
            continue
        effort = efforts[row.scene_id, row.tile, row.author]
        _count(effort, row)
        scene, tile, at = last.get(row.author, ("", "", row.at))
        if (scene, tile) == (row.scene_id, row.tile):
            effort.seconds += min(max((row.at - at).total_seconds(), 0.0), pause_s)
        last[row.author] = (row.scene_id, row.tile, row.at)
    return [Share(scene, tile, who, effort) for (scene, tile, who), effort in efforts.items()]


def total(shares: Iterable[Share]) -> Effort:
    """All of it together."""
    return sum((share.effort for share in shares), Effort())


def _count(effort: Effort, row: HistoryRow) -> None:
    kinds = [str(kind) for kind in row.detail.get("kinds", [])]
    if row.action == "edit":
        effort.kinds.update(kinds)
    effort.actions += 1
    effort.undone += row.action in _UNDOING
