"""The tiles of a scene as a reviewer meets them: figures, order, progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.annotate.opened import open_scene
from core.project import Project, TileRecord

ORDERS = {
    "uncertainty": "Most uncertain first",
    "disagreement": "Most against the land cover first",
    "place": "By place",
}

VERDICTS = {
    "open": "Open",
    "accepted": "Accepted",
    "fix": "To fix",
    "rejected": "Rejected",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A tile and the area that it answers for."""

    tile: TileRecord
    area_ha: float

    @property
    def number(self) -> int:
        """The tile's number, as the annotation map counts."""
        return self.tile.order + 1

    @property
    def mapped(self) -> bool:
        """Whether there is a prediction."""
        return bool(self.tile.figures)


@dataclass(frozen=True, slots=True)
class Done:
    """How far the review is."""

    tiles: int
    reviewed: int
    area_ha: float
    reviewed_ha: float

    @property
    def share(self) -> float:
        """Share of the area, 0 to 1."""
        return self.reviewed_ha / self.area_ha if self.area_ha else 0.0


def entries(project: Project, scene_id: str) -> list[Entry]:
    """All tiles of a scene, in reading order."""
    opened = open_scene(project, scene_id)
    hectares = opened.scene.working_grid.pixel_area_m2 / 10_000.0
    cores = {name: opened.frame(name).core for name in opened.tiles}
    areas = {name: core.width * core.height * hectares for name, core in cores.items()}
    return [Entry(tile, areas.get(tile.name, 0.0)) for tile in project.tiles(scene_id)]


def ordered(queue: Sequence[Entry], order: str) -> list[Entry]:
    """The queue in one of :data:`ORDERS`; tiles without the figure come last, by place."""
    if order == "place":
        return sorted(queue, key=lambda entry: entry.tile.order)

    def rank(entry: Entry) -> tuple[bool, float, int]:
        figure = entry.tile.figures.get(order)
        return figure is None, -(figure or 0.0), entry.tile.order

    return sorted(queue, key=rank)


def filtered(queue: Sequence[Entry], verdicts: Sequence[str]) -> list[Entry]:
    """Tiles with one of these verdicts; none chosen means all."""
    return [entry for entry in queue if not verdicts or entry.tile.verdict.verdict in verdicts]


def done(queue: Sequence[Entry]) -> Done:
    """How far the review is, by count and by area."""
    reviewed = [entry for entry in queue if entry.tile.verdict.verdict != "open"]
    return Done(
        len(queue),
        len(reviewed),
        sum(entry.area_ha for entry in queue),
        sum(entry.area_ha for entry in reviewed),
    )
