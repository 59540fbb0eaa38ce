"""A scene's parcels as they stand, put together from its tiles, and as files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely

from core.errors import CancelledError, EmptySceneError
from core.export.labelled_scene import LabelledScene
from core.export.parcel_table import LabelledParcel, LabelSource
from core.grid import Grid, Window
from core.label.frame import Frame
from core.label.tile_label import Label, Polygonal
from core.parcels.parcel import Parcel
from core.parcels.seams import REACH, share_border, united
from core.project import Project, VerdictRecord
from core.session.opened import OpenedScene, open_scene
from core.session.preparation import TilePlace
from core.session.workspace import default_choices
from core.session.workspaces import Workspaces, get_workspaces
from core.task import Cancelled, Progress, never, silent

STAGE = "Putting parcels together"

_TILE_STATES = {"accepted": "accepted", "rejected": "rejected", "fix": "unsure"}
"""What a tile's verdict says of the parcels on which there is none of their own."""

_LEAST_BORDER = 3.0
"""Pixels of the working grid: parcels of two tiles that share a longer border are one."""

_OWN_VERDICTS = ("accepted", "rejected", "unsure")

_EXPLAINED = ("rejected", "unsure")
"""States of a tile whose comment is the reason of its parcels."""


def labelled_scene(
    project: Project,
    scene_id: str,
    tiles: Sequence[str],
    *,
    workspaces: Workspaces | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> LabelledScene:
    """The scene's parcels as they stand in these tiles, which count as reviewed.

    Parcels that the seam of two tiles cuts are put together again.

    Raises
    ------
    EmptySceneError
        There is no tile.
    CancelledError
        ``cancelled`` said so.
    CropMapError
        A label cannot be made.
    """
    if not tiles:
        raise EmptySceneError(
            "No tile counts yet.",
            "Accept tiles on the Annotate page, or map all tiles on the Review page.",
        )
    own = workspaces or get_workspaces()
    opened = open_scene(project, scene_id)
    pieces: list[Piece] = []
    grid = opened.scene.working_grid
    reviewed = np.zeros(grid.shape, dtype=np.bool_)
    for done, name in enumerate(tiles):
        if cancelled():
            raise CancelledError("Putting the parcels together was cancelled.", "")
        progress(STAGE, done, len(tiles))
        frame = opened.frame(name)
        label = own.get(project, scene_id, name).finished()
        pieces += pieces_of(label, frame, name, project.tile(scene_id, name).verdict)
        reviewed[core_window(opened, name).slices] = True
    progress(STAGE, len(tiles), len(tiles))
    return LabelledScene(
        joined_parcels(pieces, grid), grid, reviewed, _source(opened), opened.scene
    )


def core_window(opened: OpenedScene, tile: str) -> Window:
    """The pixels of the scene's working grid that a tile answers for."""
    core, corner = opened.frame(tile).core, opened.tile(tile).window
    return Window(corner.column + core.column, corner.row + core.row, core.width, core.height)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A parcel's part in one tile, in the scene's CRS."""

    parcel: Parcel
    shape: Polygonal
    tile: str
    verdict: VerdictRecord


def chosen_tiles(project: Project, scene_id: str, *, accepted_only: bool) -> list[str]:
    """Names of the tiles that count: the accepted ones, or all that have a label."""
    tiles = project.tiles(scene_id)
    if accepted_only:
        return [t.name for t in tiles if t.verdict.verdict == "accepted"]
    return [t.name for t in tiles if t.figures or t.edit_count]


def pieces_of(label: Label, frame: Frame, tile: str, verdict: VerdictRecord) -> list[Piece]:
    """What a tile's label holds, in the scene's CRS."""
    native = np.empty(len(label.parcels), dtype=object)
    native[:] = [parcel.polygon for parcel in label.parcels]
    world = frame.natives_to_world(native) if native.size else native
    return [Piece(p, shape, tile, verdict) for p, shape in zip(label.parcels, world, strict=True)]


def own_parcels(label: Label, frame: Frame, tile: str) -> list[LabelledParcel]:
    """A tile's parcels in the scene's CRS by what was said of each, whatever its tile's verdict."""
    nothing_said = VerdictRecord("open", "", "", None, 0)
    pieces = pieces_of(label, frame, tile, nothing_said)
    return [_labelled([piece], 0.0) for piece in pieces]


def joined_parcels(pieces: Sequence[Piece], grid: Grid) -> list[LabelledParcel]:
    """Parcels of the pieces that tiles hold, put together at the seams of the working grid."""
    least = _LEAST_BORDER * abs(grid.transform.determinant) ** 0.5
    return [_labelled(group, least) for group in _joined(pieces, least)]


def _joined(pieces: Sequence[Piece], least: float) -> list[list[Piece]]:
    """Pieces grouped where two of different tiles share a border longer than ``least``."""
    shapes = np.array([piece.shape for piece in pieces], dtype=object)
    group = list(range(len(pieces)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    if len(pieces) > 1:
        near = shapely.STRtree(shapes).query(shapes, "dwithin", REACH * least)
        for i, j in near.T.tolist():
            apart = i >= j or pieces[i].tile == pieces[j].tile or root(i) == root(j)
            if apart or not _alike(pieces[i], pieces[j]):
                continue
            if share_border(shapes[i], shapes[j], least):
                group[root(j)] = root(i)
    groups: dict[int, list[Piece]] = defaultdict(list)
    for i, piece in enumerate(pieces):
        groups[root(i)].append(piece)
    return list(groups.values())


def _alike(one: Piece, other: Piece) -> bool:
    """Whether two pieces may be one field: what a person told apart stays apart."""
    return (one.parcel.land_class, one.parcel.is_cropland) == (
        other.parcel.land_class,
        other.parcel.is_cropland,
    )


def _labelled(group: list[Piece], least: float) -> LabelledParcel:
    first = max(group, key=lambda piece: piece.shape.area)
    shape: Polygonal = first.shape
    if len(group) > 1:
        shape = united([piece.shape for piece in group], least) or first.shape
    said = max(group, key=_weight)
    state, reviewer, at, reason = _review(said)
    return LabelledParcel(
        f"{first.tile}/{first.parcel.id}",
        shape,
        first.parcel.score,
        state,
        reviewer,
        at,
        first.tile,
        said.parcel.land_class,
        reason,
    )


def _weight(piece: Piece) -> tuple[bool, bool, float]:
    """Of a field that a seam cuts, the part of which most was said speaks for all."""
    state = piece.parcel.state
    return state in _OWN_VERDICTS, state == "corrected", piece.shape.area


def _review(piece: Piece) -> tuple[str, str, datetime | None, str]:
    """State, reviewer, time and reason: a parcel's own verdict beats that of its tile."""
    parcel, tile = piece.parcel, piece.verdict
    own = parcel.reviewer, parcel.reviewed_at, parcel.reason
    if parcel.state in _OWN_VERDICTS:
        return parcel.state, *own
    state = _TILE_STATES.get(tile.verdict, "auto")
    by_tile = tile.reviewer, tile.at, tile.comment if state in _EXPLAINED else parcel.reason
    if parcel.state != "corrected" or state == "rejected":
        return state, *by_tile
    # Who looked at it last: whoever corrected it, or whoever accepted the tile afterwards.
    newer = tile.at is not None and (parcel.reviewed_at is None or tile.at > parcel.reviewed_at)
    return "corrected", *(by_tile if newer else own)


def _source(opened: OpenedScene) -> LabelSource:
    choices = default_choices(opened)
    model = TilePlace.model_of(opened)
    return LabelSource(
        scene_name=opened.record.name,
        image_source=Path(opened.scene.path).name,
        method=choices.strategy,
        model=model or "none",
        land_cover=opened.landcover_title or "none",
    )
