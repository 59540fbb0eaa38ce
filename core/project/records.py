"""What the store takes and gives: plain values without a connection behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

from core.edit_record import EditRecord

VERDICTS: Final = ("open", "accepted", "fix", "rejected")
"""What a reviewer may say of a tile; 'open' takes an earlier verdict back."""

CHANGED: Final = "changed"
"""What is read of a tile that was accepted, and whose edit log stands elsewhere since."""


class Unset(Enum):
    """Type of :data:`UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""'Leave as it is', where None is a value of its own."""


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """A scene of the project.

    Attributes
    ----------
    scene, landcover, settings : dict
        JSON of those who own them; the store does not look inside.  ``landcover`` is None where
        the person has chosen none.
    version : int
        Grows with every change of these fields; send it back with the next change.
    added_at : datetime
        UTC.
    """

    id: str
    name: str
    scene: dict[str, Any]
    landcover: dict[str, Any] | None
    settings: dict[str, Any]
    version: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class NewTile:
    """A tile to add: ``window`` is (column, row, width, height) on the working grid."""

    name: str
    order: int
    window: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """The present verdict on a tile; ``at`` is None where nobody has given one.

    Attributes
    ----------
    verdict : str
        One of :data:`VERDICTS`, or :data:`CHANGED`: accepted, but not as the label is now.
    head : int
        Where the tile's edit log stands now.
    """

    verdict: str
    reviewer: str
    comment: str
    at: datetime | None
    version: int
    head: int = field(default=0, compare=False)


def verdict_now(verdict: str, given_at: int | None, head: int) -> str:
    """What a verdict says of the label as it is now: an acceptance is of one label alone.

    Parameters
    ----------
    given_at : int or None
        Where the edit log stood when it was given; None where that is not known, and it stands.
    head : int
        Where the log stands now.
    """
    elsewhere = verdict == "accepted" and given_at is not None and given_at != head
    return CHANGED if elsewhere else verdict


@dataclass(frozen=True, slots=True)
class VerdictSteps:
    """Which verdicts on a tile can be taken back and brought back.

    Attributes
    ----------
    undo_author, redo_author : str
        Who gave them; empty where there is none.
    given_at : datetime or None
        When the one was given that would be taken back.
    """

    undo_author: str
    given_at: datetime | None
    redo_author: str


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """A verdict as it was given.

    Attributes
    ----------
    head : int or None
        Where the tile's edit log stood: the label that was judged can be made again from it.
        None for verdicts of projects older than this knowledge.
    """

    verdict: str
    reviewer: str
    comment: str
    at: datetime
    head: int | None


@dataclass(frozen=True, slots=True)
class SecondReview:
    """A tile that is looked at a second time, by somebody else.

    Attributes
    ----------
    seed : int
        Of the random draw that chose the tile.
    first, second : PastVerdict or None
        Both None while the tile waits; its first verdict is the tile's own then.
    first_version : int or None
        Version of the tile's verdict when the second was given: a later one settles it.
    """

    scene_id: str
    tile: str
    drawn_at: datetime
    drawn_by: str
    seed: int
    first: PastVerdict | None
    second: PastVerdict | None
    first_version: int | None

    @property
    def waiting(self) -> bool:
        """Whether the second verdict is still to come."""
        return self.second is None


@dataclass(frozen=True, slots=True)
class TileRecord:
    """A tile of a scene.

    Attributes
    ----------
    window : tuple of int
        (column, row, width, height) on the working grid.
    figures : dict
        What the last prediction measured; empty until then.
    log_version : int
        Version of the edit log (:class:`TileLog`).
    edit_count : int
        Edits in force, which excludes those undone.
    """

    scene_id: str
    name: str
    order: int
    window: tuple[int, int, int, int]
    verdict: VerdictRecord
    figures: dict[str, float]
    log_version: int
    edit_count: int


@dataclass(frozen=True, slots=True)
class TileLog:
    """The edits of a tile that are in force, in their order.

    Attributes
    ----------
    redo_author : str
        Who did the step that a redo would bring back; empty where there is none.
    steps : tuple of int
        The step that each edit belongs to, which an undo takes back as a whole.
    """

    version: int
    edits: tuple[EditRecord, ...]
    can_undo: bool
    can_redo: bool
    redo_author: str = ""
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TileMoment:
    """A scene, one of its tiles and the tile's log, read in one transaction."""

    scene: SceneRecord
    tile: TileRecord
    log: TileLog


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """Who did what: ``scene_id`` is empty for what concerns the project as a whole."""

    at: datetime
    author: str
    scene_id: str
    tile: str | None
    action: str
    detail: dict[str, Any]
