"""The tiles of a scene as a reviewer meets them: what is to do, order, filter, progress."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from core.project import Project, SecondReview, TileRecord, VerdictRecord
from core.review import asked, settled
from core.session import open_project_scene

ORDERS = {
    "uncertainty": "Most uncertain first",
    "disagreement": "Most different from the land cover first",
    "place": "From tile to neighbouring tile",
}

VERDICTS = {  # and what is read of a tile whose label is not the accepted one any more
    "open": "Not decided",
    "accepted": "Accepted",
    "changed": "Changed since accepted",
    "fix": "To fix",
    "rejected": "Rejected",
}

GIVEN = [name for name in VERDICTS if name != "changed"]
"""What may be said of a tile."""

LISTS = {
    "todo": "To do",
    "fix": "To fix",
    "second": "Second look",
    "reviewed": "Reviewed",
    "all": "All",
}

_NOTHING_HERE = {
    "todo": "Every tile of this scene has a verdict.",
    "fix": "No tile waits to be fixed.",
    "second": "No tile waits for a second look.",
    "reviewed": "No tile has a verdict yet.",
    "all": "This scene has no tile.",
}
_OF_THE_LABEL = ("cropland_ha", "landcover_ha", "disagreement", "uncertainty")
"""Figures that say nothing of what people said."""

_COVERED = VerdictRecord("open", "", "", None, 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A tile and the area that it answers for.

    Parameters
    ----------
    review : SecondReview or None
        The second look at it, waiting or done.
    asked : bool
        Whether it waits for this person's second verdict; the first is hidden from them.
    """

    tile: TileRecord
    area_ha: float
    review: SecondReview | None = None
    asked: bool = False

    @property
    def number(self) -> int:
        """The tile's number, as the annotation map counts."""
        return self.tile.order + 1

    @property
    def mapped(self) -> bool:
        """Whether there is a prediction."""
        return bool(self.tile.figures)

    @property
    def verdict(self) -> VerdictRecord:
        """The verdict as this person may see it."""
        return _COVERED if self.asked else self.tile.verdict

    @property
    def figures(self) -> dict[str, float]:
        """The tile's figures as this person may see them: a second look hides what others said."""
        said = self.tile.figures
        if not self.asked:
            return said
        shown = {name: value for name, value in said.items() if name in _OF_THE_LABEL}
        if "parcels" in said:
            shown["parcels"] = said["parcels"] - said.get("parcels_rejected", 0.0)
        return shown

    @property
    def reviewed(self) -> bool:
        """Whether there is a first verdict on the label as it is, seen or not."""
        return self.tile.verdict.verdict not in ("open", "changed")

    @property
    def second_state(self) -> str:
        """What the second look waits for, in a few words; empty where there is none."""
        if self.review is None or self.tile.verdict.verdict == "open":
            return ""
        if self.asked:
            return "Waits for you"
        if self.review.second is None:
            return "Waits for somebody else"
        if settled(self.tile.verdict, self.review):
            return "Done"
        return "Verdicts differ"

    @property
    def needs_second(self) -> bool:
        """Whether the second look, or what came of it, is still to do."""
        return self.second_state not in ("", "Done")


@dataclass(frozen=True, slots=True)
class TileFilter:
    """What of a list is shown; empty members do not restrict.

    Parameters
    ----------
    text : str
        Tile numbers (``12``, ``3, 7``, ``10-20``), or words of a comment.
    """

    verdicts: Collection[str] = ()
    reviewers: Collection[str] = ()
    commented: bool = False
    text: str = ""

    @property
    def restrictions(self) -> int:
        """How many members restrict."""
        return sum(map(bool, (self.verdicts, self.reviewers, self.commented, self.text.strip())))


@dataclass(frozen=True, slots=True)
class Done:
    """How far the review is.

    Parameters
    ----------
    by_reviewer : dict of str to (int, float)
        Tiles and hectares of each, the largest area first.
    changed : int
        Tiles whose label is not the accepted one any more; they are to be reviewed again.
    """

    tiles: int
    reviewed: int
    area_ha: float
    reviewed_ha: float
    by_reviewer: dict[str, tuple[int, float]] = field(default_factory=dict)
    changed: int = 0

    @property
    def share(self) -> float:
        """Share of the area, 0 to 1."""
        return self.reviewed_ha / self.area_ha if self.area_ha else 0.0


def entries(project: Project, scene_id: str, person: str) -> list[Entry]:
    """All tiles of a scene as a person may see them, in reading order."""
    opened = open_project_scene(project, scene_id)
    hectares = opened.scene.working_grid.pixel_area_m2 / 10_000.0
    cores = {name: opened.frame(name).core for name in opened.tiles}
    areas = {name: core.width * core.height * hectares for name, core in cores.items()}
    reviews = {review.tile: review for review in project.second_reviews(scene_id)}
    return [
        Entry(
            tile,
            areas.get(tile.name, 0.0),
            reviews.get(tile.name),
            asked(person, tile.verdict, reviews.get(tile.name)),
        )
        for tile in project.tiles(scene_id)
    ]


def listed(queue: Sequence[Entry], name: str) -> list[Entry]:
    """The entries of one of :data:`LISTS`."""
    tests: dict[str, Callable[[Entry], bool]] = {
        "todo": lambda entry: not entry.reviewed,
        "fix": lambda entry: entry.verdict.verdict == "fix",
        "second": lambda entry: entry.needs_second,
        "reviewed": lambda entry: entry.reviewed,
        "all": lambda entry: True,
    }
    keep = tests[name]
    return [entry for entry in queue if keep(entry)]


def filtered(queue: Sequence[Entry], chosen: TileFilter) -> list[Entry]:
    """Entries that fulfil the whole filter; a hidden verdict fulfils none about verdicts."""
    return [entry for entry in queue if _fulfils(entry, chosen)]


def _fulfils(entry: Entry, chosen: TileFilter) -> bool:
    verdict = entry.verdict
    if chosen.verdicts and (entry.asked or verdict.verdict not in chosen.verdicts):
        return False
    if chosen.reviewers and verdict.reviewer not in chosen.reviewers:
        return False
    if chosen.commented and not verdict.comment:
        return False
    return _matches(entry, chosen.text.strip())


def _matches(entry: Entry, text: str) -> bool:
    if not text:
        return True
    if re.fullmatch(r"[\d\s,;–-]+", text):
        return any(first <= entry.number <= last for first, last in _ranges(text))
    return text.casefold() in entry.verdict.comment.casefold()


def _ranges(text: str) -> list[tuple[int, int]]:
    found = []
    for first, last in re.findall(r"(\d{1,9})(?:\s*[–-]\s*(\d{1,9}))?", text):
        found.append((int(first), int(last or first)))
    return found


def nothing_here(name: str, chosen: TileFilter) -> str:
    """Why a list is empty."""
    return "No tile matches the filter." if chosen.restrictions else _NOTHING_HERE[name]


def ordered(queue: Sequence[Entry], order: str) -> list[Entry]:
    """The queue in one of :data:`ORDERS`; tiles without the figure come last, by place."""
    if order == "place":
        return _path(queue)

    def rank(entry: Entry) -> tuple[bool, float, int]:
        figure = entry.tile.figures.get(order)
        return figure is None, -(figure or 0.0), entry.tile.order

    return sorted(queue, key=rank)


def _path(queue: Sequence[Entry]) -> list[Entry]:
    """Row by row, every second one backwards: each step goes to a neighbour."""
    rows: dict[int, list[Entry]] = defaultdict(list)
    for entry in queue:
        rows[entry.tile.window[1]].append(entry)
    path = []
    for number, top in enumerate(sorted(rows)):
        path += sorted(rows[top], key=lambda entry: entry.tile.window[0], reverse=bool(number % 2))
    return path


def next_up(queue: Sequence[Entry], order: str, busy: Collection[str] = ()) -> Entry | None:
    """The tile to take next: one to do, else one that waits for this person's second look.

    Tiles that somebody else has open (``busy``) are passed over while there are others.
    """
    for waiting in (listed(queue, "todo"), [entry for entry in queue if entry.asked]):
        if waiting:
            line = ordered(waiting, order)
            return next((entry for entry in line if entry.tile.name not in busy), line[0])
    return None


def done(queue: Sequence[Entry]) -> Done:
    """How far the review is, by count, by area and by reviewer."""
    reviewed = [entry for entry in queue if entry.reviewed]
    by: dict[str, tuple[int, float]] = {}
    for entry in reviewed:
        who = entry.tile.verdict.reviewer or "unnamed"
        tiles, area = by.get(who, (0, 0.0))
        by[who] = (tiles + 1, area + entry.area_ha)
    return Done(
        len(queue),
        len(reviewed),
        sum(entry.area_ha for entry in queue),
        sum(entry.area_ha for entry in reviewed),
        dict(sorted(by.items(), key=lambda item: (-item[1][1], item[0]))),
        sum(entry.tile.verdict.verdict == "changed" for entry in queue),
    )
