"""Existing labels taken over into a scene's tiles: one edit in each tile's log, to undo there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import CancelledError, ConflictError
from core.existing.scene_labels import Labels
from core.label.correction_import import LABELS_IMPORT, LabelsImport, import_to_json
from core.project import NewEdit, Project, TileRecord
from core.session.opened import OpenedScene, open_project_scene
from core.task import Cancelled, Progress, never, silent

STAGE = "Taking over the labels"


@dataclass(frozen=True, slots=True)
class Stake:
    """Tiles that labels would reach.

    Parameters
    ----------
    reached : dict of str to int
        Version of the log of each, as it stood when the person was asked.
    worked_on : tuple of str
        Those of them on which people have worked.
    beside : tuple of str
        Tiles of which the labels say nothing, and on which nobody has worked.
    """

    reached: dict[str, int]
    worked_on: tuple[str, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of it.

    Parameters
    ----------
    tiles : tuple of str
        Tiles that have the labels now.
    parcels : int
        Parcels on them; one that a seam cuts counts on both sides.
    emptied : int
        Tiles without a parcel in the file that hold none now.
    left : tuple of str
        Tiles that were left as they are, because people worked on them.
    changed : tuple of str
        Tiles that somebody changed meanwhile; left as they are.
    """

    tiles: tuple[str, ...]
    parcels: int
    emptied: int
    left: tuple[str, ...]
    changed: tuple[str, ...]


def stake_of(project: Project, scene_id: str, labels: Labels) -> Stake:
    """The tiles that labels would reach, and those that people have worked on."""
    opened = open_project_scene(project, scene_id)
    reached, worked_on, beside = {}, [], []
    for tile in project.tiles(scene_id):
        if labels.touches(opened.frame(tile.name).core_grid):
            reached[tile.name] = tile.log_version
            if _has_work(tile):
                worked_on.append(tile.name)
        elif not _has_work(tile):
            beside.append(tile.name)
    return Stake(reached, tuple(worked_on), tuple(beside))


def take_over(
    project: Project,
    scene_id: str,
    labels: Labels,
    stake: Stake,
    *,
    author: str,
    replace_work: bool,
    empty_beside: bool,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> TakenOver:
    """Let labels stand where the automatic parcels stood, tile by tile.

    Parameters
    ----------
    replace_work : bool
        Whether they also replace what people did on tiles, as one more step to undo; such tiles
        are left as they are otherwise.
    empty_beside : bool
        Whether tiles of which the labels say nothing lose their automatic parcels.

    Raises
    ------
    CancelledError
        ``cancelled`` said so; the tiles that are done keep the labels.
    """
    opened = open_project_scene(project, scene_id)
    left = () if replace_work else stake.worked_on
    names = [name for name in stake.reached if name not in left]
    total = len(names) + (len(stake.beside) if empty_beside else 0)
    parcels, emptied = 0, 0
    tiles: list[str] = []
    changed: list[str] = []
    for done, name in enumerate(names):
        _tell(progress, cancelled, done, total)
        found = labels.within(opened.frame(name).core_grid)
        if found is None:
            continue
        if _append(project, opened, name, found, author, stake.reached):
            tiles.append(name)
            parcels += len(found.parcels)
        else:
            changed.append(name)
    for done, name in enumerate(stake.beside if empty_beside else (), start=len(names)):
        _tell(progress, cancelled, done, total)
        version = {name: project.tile(scene_id, name).log_version}
        emptied += _append(project, opened, name, LabelsImport(labels.name, ()), author, version)
    progress(STAGE, total, total)
    return TakenOver(tuple(tiles), parcels, emptied, left, tuple(changed))


def _has_work(tile: TileRecord) -> bool:
    return tile.edit_count > 0 or tile.verdict.verdict != "open"


def _tell(progress: Progress, cancelled: Cancelled, done: int, total: int) -> None:
    if cancelled():
        raise CancelledError(
            f"{done} of {total} tiles have the labels now.",
            "Undo takes them back there; the other tiles are as they were.",
        )
    progress(STAGE, done, total)


def _append(
    project: Project,
    opened: OpenedScene,
    tile: str,
    labels: LabelsImport,
    author: str,
    versions: Mapping[str, int],
) -> bool:
    """Whether the edit could be stored: not where somebody was faster."""
    edit = NewEdit(LABELS_IMPORT, import_to_json(labels))
    try:
        project.append(
            opened.record.id, tile, [edit], author=author, expected_version=versions[tile]
        )
    except ConflictError:
        return False
    return True
