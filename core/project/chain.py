"""Whether the rows of a project are those that were written, and what is good where they are not.

Every row of a log is hashed together with the one before (:mod:`core.project.links`).  A row whose
hash is wrong is damaged; the steps that grow from it are not in force either, and stay in the file.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, select

from core.project.links import (
    NO_LINK,
    RawEdit,
    edit_link,
    raw_edits,
    raw_steps,
    seal,
)
from core.project.schema import scene

ROOT = 0
"""The head of a log without edits in force."""

_SEARCHED_STEPS = 64
_SEARCHED_PARENTS = 20_000
_MOST_SEARCHES = 8


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a part of a project.

    Attributes
    ----------
    scene_id, tile : str
        Empty for the history of the whole project.
    step : int
        The first damaged step of the tile's log; 0 where it is not the steps.
    since : str
        Time of the last good edit before it, UTC; empty where there is none.
    sentence : str
        For people.
    """

    scene_id: str
    tile: str
    step: int
    since: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How far a tile's log was found to be as it was written: its last step, edit and link."""

    number: int = ROOT
    sequence: int = 0
    link: str = NO_LINK


@dataclass(slots=True)
class Survey:
    """The steps of a tile's log, and which of them are good.

    Attributes
    ----------
    end : Verified
        The last rows that there are, and the link that the next row follows.
    parents : dict of int to int
        By step, what its row says.
    sizes : dict of int to int
        By good step, its number of edits.
    suspects : dict of int to (str, RawEdit)
        By damaged step, its first damaged edit and the link before that.
    first_bad : int
        The first damaged step; 0 where there is none.
    since : str
        Time of the last good edit before it, UTC.
    """

    tile_id: int
    parents: dict[int, int]
    end: Verified = field(default_factory=Verified)
    sizes: dict[int, int] = field(default_factory=dict)
    suspects: dict[int, tuple[str, RawEdit]] = field(default_factory=dict)
    first_bad: int = 0
    since: str = ""

    def nearest_good(self, head: int) -> int:
        """The last good step on the way from the root to ``head``; it ends for any content."""
        searches = _MOST_SEARCHES
        while head != ROOT and head not in self.sizes:
            before = self._parent(head, search=searches > 0)
            searches -= 1
            if before is None:
                # Its place in the tree is not known: what was saved last before it.
                return max((number for number in self.sizes if number < head), default=ROOT)
            head = before
        return head

    def passes(self, number: int, head: int) -> bool:
        """Whether the way from the root to a good step passes another."""
        while head > number:
            head = self.parents[head]
        return head == number

    def edits_until(self, head: int) -> int:
        """How many edits are in force at a good step."""
        count = 0
        while head != ROOT:
            count += self.sizes[head]
            head = self.parents[head]
        return count

    def _parent(self, number: int, *, search: bool) -> int | None:
        """The parent that the hash of an edit stands for, or else the one that the step says."""
        stored = self.parents.get(number)
        if stored is not None and search and number in self.suspects:
            link, entry = self.suspects[number]
            for parent in range(min(number, _SEARCHED_PARENTS)):
                if _link(self.tile_id, link, entry, entry.step, parent) == entry.link:
                    return parent
        return stored if stored is not None and 0 <= stored < number else None


@dataclass(frozen=True, slots=True)
class LogState:
    """Where the log of a tile stands: as the tile's row says, or what is good of it.

    Attributes
    ----------
    row : Row
        Of the tile, as it is stored.
    link : str
        That of the last row of the log.
    survey : Survey or None
        Where there is damage.
    """

    row: Row[Any]
    id: int
    log_version: int
    head: int
    tip: int
    last_sequence: int
    edit_count: int
    link: str
    survey: Survey | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What of the tile's row has to be put right before it is sealed again."""
        if self.survey is None:
            return {}
        names = ("log_version", "head", "tip", "last_sequence", "edit_count", "link")
        return {name: getattr(self, name) for name in names}

    def good_head(self, head: int) -> int:
        """The nearest good step to an earlier head of the log."""
        return head if self.survey is None else self.survey.nearest_good(head)


class Checks:
    """How far each tile's log was verified, and the damage that was found; from any thread."""

    def __init__(self) -> None:
        self._verified: dict[int, Verified] = {}
        self._damages: dict[int, Damage] = {}
        self._lock = threading.Lock()

    def get(self, tile_id: int) -> Verified:
        """What is known of a tile; nothing at first."""
        with self._lock:
            return self._verified.get(tile_id, Verified())

    def keep(self, found: Mapping[int, Verified]) -> None:
        """Remember what is committed."""
        with self._lock:
            self._verified.update(found)

    def report(self, place: int, damage: Damage) -> None:
        """Remember damage of a tile, or of the journal under :data:`JOURNAL`."""
        with self._lock:
            self._damages[place] = damage

    def damages(self) -> tuple[Damage, ...]:
        """All damage that was found so far."""
        with self._lock:
            return tuple(self._damages[place] for place in sorted(self._damages))


JOURNAL, LEFT_OVER = -1, -2
"""Places of damage beside the tiles': in the record of who did what, and in the file's journal."""


def foreign_journal(name: str, kept: str) -> Damage:
    """What is said where the ``-wal`` beside a project was another file's."""
    sentence = (
        f"{name} was replaced while its last changes were still in {name}-wal: they belong to the"
        f" file that was there before, are not in this one, and are kept in {kept}."
    )
    return Damage("", "", 0, "", sentence)


def log_state(
    connection: Connection, checks: Checks, row: Row[Any], known: Verified
) -> tuple[LogState, Verified]:
    """Where a tile's log stands, verified as far as it was not yet.

    Parameters
    ----------
    row : Row
        Of the tile, read in the same transaction.
    known : Verified
        How far the log was verified before.
    """
    if known.link != row.link:
        known = _verify(connection, row, known)
    if known.link == row.link and seal(row) == row.seal:
        names = ("id", "log_version", "head", "tip", "last_sequence", "edit_count", "link")
        return LogState(row, *(getattr(row, name) for name in names)), known
    survey = survey_log(connection, row.id)
    state = _recovered(row, survey)
    checks.report(row.id, _damage(connection, state, survey))
    return state, Verified()


def _verify(connection: Connection, row: Row[Any], known: Verified) -> Verified:
    """Go on from what is known to the last step; nothing is known of a log that is damaged."""
    survey = survey_log(connection, row.id, known)
    if (survey.first_bad or survey.end.link != row.link) and known != Verified():
        survey = survey_log(connection, row.id)
    return Verified() if survey.first_bad else survey.end


def survey_log(connection: Connection, tile_id: int, known: Verified | None = None) -> Survey:
    """Look at the steps of a tile: all of them, or those after what is known to be good."""
    known = known or Verified()
    steps = raw_steps(connection, tile_id, known.number)
    return check_log(tile_id, steps, raw_edits(connection, tile_id, known.sequence), known)


def check_log(
    tile_id: int, parents: dict[int, int], edits: Sequence[RawEdit], known: Verified
) -> Survey:
    """Compare edits and steps, in their order, with their hashes.

    Parameters
    ----------
    parents : dict of int to int
        By step, ascending.
    known : Verified
        The rows before them.
    """
    survey = Survey(tile_id, parents)
    intact: Counter[int] = Counter()
    bad: set[int] = set()
    numbers = sorted(parents)
    link, sequence, last = known.link, known.sequence, known.number
    for entry in edits:
        parent = parents.get(entry.step, -1)
        if _link(tile_id, link, entry, entry.step, parent) == entry.link:
            intact[entry.step] += 1
            last = entry.step
        else:
            if entry.sequence > sequence + 1 and not _any_between(numbers, last, entry.step):
                bad.add(last)  # Edits are missing, and it may have been the last one's step.
            step = _step_of(survey, entry, link, last, search=len(bad) < _MOST_SEARCHES)
            survey.suspects.setdefault(step, (link, entry))
            bad.add(step)
        link, sequence = entry.link, entry.sequence
    for number, parent in parents.items():
        rooted = parent in survey.sizes or 0 <= parent <= known.number
        if rooted and parent < number and intact[number] and number not in bad:
            survey.sizes[number] = intact[number]
        else:
            bad.add(number)
    survey.end = Verified(max(parents, default=known.number), sequence, link)
    if bad:
        survey.first_bad = min(bad)
        survey.since = _last_before(survey, edits)
    return survey


def _link(tile_id: int, previous: str, entry: RawEdit, step: int, parent: int) -> str:
    return edit_link(previous, tile_id, entry.sequence, step, parent, *entry.values)


def _any_between(numbers: Sequence[int], low: int, high: int) -> bool:
    place = bisect_right(numbers, low)
    return place < len(numbers) and numbers[place] < high


def _step_of(survey: Survey, entry: RawEdit, link: str, last: int, *, search: bool) -> int:
    """The step of an edit that is damaged; what it says of its step may be what is damaged."""
    near = (number for number in survey.parents if number >= last)
    for number in islice(near, _SEARCHED_STEPS if search else 0):
        if _link(survey.tile_id, link, entry, number, survey.parents[number]) == entry.link:
            return number
    return entry.step if entry.step >= last else max(last, 1)


def _last_before(survey: Survey, edits: Sequence[RawEdit]) -> str:
    times = [entry.values[-1] for entry in edits if entry.step in survey.sizes]
    count = sum(size for step, size in survey.sizes.items() if step < survey.first_bad)
    return times[count - 1][:16].decode("ascii", "replace") if count else ""


def _recovered(row: Row[Any], survey: Survey) -> LogState:
    """What is good of a tile's log, where its rows or the tile's own are damaged."""
    unflipped = _unflipped(row, survey)
    if not survey.first_bad and row.link != survey.end.link and seal(row) == row.seal:
        # The last rows are missing.
        survey.first_bad = survey.end.number + 1
    stored = {**row._mapping, **unflipped}
    numbers = {
        name: stored[name] if isinstance(stored[name], int) and stored[name] >= 0 else 0
        for name in ("log_version", "head", "tip", "last_sequence")
    }
    head = survey.nearest_good(numbers["head"])
    tip = numbers["tip"]
    return LogState(
        row,
        row.id,
        max(numbers["log_version"], survey.end.number),
        head,
        tip if tip in survey.sizes and survey.passes(head, tip) else head,
        max(numbers["last_sequence"], survey.end.sequence),
        survey.edits_until(head),
        survey.end.link,
        survey,
    )


def _unflipped(row: Row[Any], survey: Survey) -> dict[str, int]:
    """The head or tip that the tile's seal stands for, where one of them alone was changed."""
    if seal(row) == row.seal:
        return {}
    steps = (ROOT, *list(survey.parents)[-_SEARCHED_PARENTS:])
    for name in ("head", "tip"):
        for number in steps:
            if seal(row, **{name: number}) == row.seal:
                return {name: number}
    return {}


def lacking_steps(row: Row[Any], count: int) -> Damage:
    """What is said where the record of who did what tells of more than a log holds."""
    sentence = (
        f"The log of tile {row.position + 1} lacks the last {count} of the changes that the project"
        " has a record of: something else than this program put an older state in its place."
    )
    return Damage(row.scene_id, row.name, 0, "", sentence)


def _damage(connection: Connection, state: LogState, survey: Survey) -> Damage:
    row = state.row
    name = connection.execute(select(scene.c.name).where(scene.c.id == row.scene_id)).scalar()
    place = f"tile {row.position + 1} in the scene {name}"
    edits = f"{state.edit_count} {'edit' if state.edit_count == 1 else 'edits'}"
    since = f" (saved after {survey.since} UTC)" if survey.since else ""
    if not survey.first_bad:
        sentence = (
            f"What is kept of {place} beside its edits, such as its verdict, was changed"
            f" by something else than this program; its {edits} are whole."
        )
    elif state.head != row.head:
        sentence = (
            f"The log of {place} is damaged from step {survey.first_bad}{since}:"
            f" the {edits} before it are shown."
        )
    else:
        sentence = (
            f"Step {survey.first_bad} of {place}{since} is damaged and is not in force;"
            f" the {edits} shown are whole."
        )
    return Damage(row.scene_id, row.name, survey.first_bad, survey.since, sentence)
