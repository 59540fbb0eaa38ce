"""Edits that were made on a version of a tile's log that is not the newest any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from core import wire
from core.errors import ConflictError, CropMapError, InputError
from core.grid import PixelPoint
from core.label.correction_layer import Layer
from core.label.edit_units import EditUnits
from core.label.edits import edit_from_json, read_edit
from core.label.label_maker import snap_length
from core.label.merging import PromptGround, do_not_touch, prompts_do_not_touch
from core.project import NewEdit, Project, TileLog
from core.session.place import TilePlace

FieldOf = Callable[[PixelPoint], BaseGeometry | None]
"""What the model answers to a click alone, in native pixels."""

_TRIES = 4
_ACTIONS = ("edit", "undo", "redo")
_MOST_TOLD = 50


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What somebody saw who makes an edit: a log, and the parcels that came of it.

    Parameters
    ----------
    layer : Layer
        Of final answers, not cut at the tile's core.
    before : tuple of geometry
        Automatic parcels and fields of prompts, as they are before all corrections.
    """

    log: TileLog
    layer: Layer
    before: tuple[BaseGeometry, ...] = ()


def append_or_merge(
    place: TilePlace,
    edits: list[NewEdit],
    *,
    author: str,
    version: int,
    ground: Ground | None,
    field_of: FieldOf | None = None,
    together: bool = False,
) -> TileLog:
    """Append edits that were made on a version, each a step of its own or all ``together``.

    Where the log has gone on meanwhile they are appended all the same if they do not touch what
    was done since.

    Parameters
    ----------
    ground : Ground or None
        Of ``version``; None where it is not at hand, so that nobody can tell.
    field_of : callable, optional
        What the model answers to a click; without it clicks of two people are in doubt.

    Raises
    ------
    ConflictError
        Somebody was faster in the same place, or it is in doubt; nothing is stored.
    """
    scene_id, tile = place.opened.record.id, place.tile
    expected = version
    for left in reversed(range(_TRIES)):
        try:
            return place.project.append(
                scene_id, tile, edits, author=author, expected_version=expected, together=together
            )
        except ConflictError:
            if ground is None or left == 0:
                raise
            log = place.project.log(scene_id, tile)
            if not _can_merge(place, ground, log, edits, field_of):
                raise
            expected = log.version
    raise AssertionError("the last try returns or raises")


def _can_merge(
    place: TilePlace,
    ground: Ground,
    log: TileLog,
    edits: Sequence[NewEdit],
    field_of: FieldOf | None,
) -> bool:
    """Whether all that was done since the ground was appended, and none of it touches the edits."""
    before = len(ground.log.edits)
    since = log.edits[before:]
    # Where there are fewer steps than versions, something was undone or redone.
    steps = len(set(log.steps[before:]))
    if log.edits[:before] != ground.log.edits or log.version - ground.log.version != steps:
        return False
    units = EditUnits.stored(place.frame)
    try:
        theirs = [read_edit(record, units) for record in since]
    except InputError:
        return False
    ours = [edit_from_json(edit.kind, edit.data, units) for edit in edits]
    snap = snap_length(place.frame)
    if do_not_touch(ours, theirs, ground.layer, snap):
        return True
    if field_of is None:
        return False
    ids = frozenset(str(edit.data.get("id")) for edit in ground.log.edits)
    prompts = PromptGround(ground.before, ids, field_of)
    try:
        return prompts_do_not_touch(ours, theirs, ground.layer, snap, prompts)
    except CropMapError:
        return False  # the model cannot be asked


def changed_since(
    project: Project, scene_id: str, tile: str, version: int | None
) -> wire.Overtaken:
    """What was done to a tile since a version of its log; nothing is computed but this.

    Parameters
    ----------
    version : int or None
        None tells the present version alone.
    """
    present = project.tile(scene_id, tile).log_version
    count = 0 if version is None else max(0, present - version)
    rows = []
    if count:
        rows = project.history(scene_id=scene_id, tile=tile, limit=2 * _MOST_TOLD)
    done = [row for row in rows if row.action in _ACTIONS][: min(count, _MOST_TOLD)]
    kinds = {
        str(kind)
        for row in done
        for kind in (row.detail.get("kinds", []) if row.action == "edit" else [row.action])
    }
    return {
        "version": present,
        "count": count,
        "kinds": sorted(kinds),
        "authors": sorted({row.author for row in done}),
    }
