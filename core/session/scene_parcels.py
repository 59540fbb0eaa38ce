"""A scene's parcels as they stand in its tiles' labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import EmptySceneError, Remedy
from core.imagery.packed_mask import PackedMask
from core.imagery.tiled_mask import TiledMask
from core.label.labelled import LabelledScene, LabelSource
from core.label.make import prompts_in_force
from core.mapping.join import Piece, join_parcels, pieces_of
from core.project import CHANGED, Project, VerdictRecord
from core.session.finished_tile import FinishedTile
from core.session.opened import OpenedScene, open_project_scene
from core.session.place import default_choices, model_of
from core.session.workspaces import Workspaces, get_workspaces
from core.task import Cancelled, Progress, check, never, silent

STAGE = "Joining parcels"


def labelled_scene(
    project: Project,
    scene_id: str,
    tiles: Sequence[str],
    *,
    workspaces: Workspaces | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> LabelledScene:
    """The scene's parcels as they stand in these tiles.

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
        raise EmptySceneError("No tile counts yet.", remedy=Remedy.MAP_TILES)
    own = workspaces or get_workspaces()
    opened = open_project_scene(project, scene_id)
    pieces: list[Piece] = []
    grid = opened.scene.working_grid
    reviewed = TiledMask(grid.shape)
    for done, name in enumerate(tiles):
        check(cancelled, "Joining the parcels was cancelled.")
        progress(STAGE, done, len(tiles))
        frame = opened.frame(name)
        finished = own.get(project, scene_id, name).finished_tile()
        verdict = project.tile(scene_id, name).verdict
        prompts = prompts_in_force(finished.prediction, finished.work, frame)
        pieces += pieces_of(finished.label, frame, name, verdict, prompts)
        known = _known(finished, verdict)
        core = opened.core(name)
        whole = PackedMask((core.height, core.width), core.height * core.width)
        reviewed.put(core, whole if known is None else PackedMask.of(known[frame.core.slices]))
    progress(STAGE, len(tiles), len(tiles))
    parcels, schema = join_parcels(pieces, grid), project.attributes()
    return LabelledScene(parcels, grid, reviewed, _source(opened), opened.scene, schema)


def chosen_tiles(project: Project, scene_id: str, *, accepted_only: bool) -> list[str]:
    """Names of the tiles that count: the accepted ones, or all that have a label."""
    tiles = project.tiles(scene_id)
    if accepted_only:
        return [t.name for t in tiles if t.verdict.verdict == "accepted"]
    return [t.name for t in tiles if t.figures or t.edit_count]


def changed_tiles(project: Project, scene_id: str) -> int:
    """How many tiles were accepted with another label than they have; they count as not."""
    return sum(tile.verdict.verdict == CHANGED for tile in project.tiles(scene_id))


def _known(finished: FinishedTile, verdict: VerdictRecord) -> npt.NDArray[np.bool_] | None:
    """Where a tile's label says what is there, bool (rows, columns) of its window; None: all.

    Whoever accepts or edits a tile has seen its image; nobody has seen an untouched one, of which
    the prediction says what it knows.
    """
    prediction = finished.prediction
    if prediction is None:
        return None
    seen = verdict.verdict == "accepted" or bool(finished.log.edits)
    return prediction.valid if seen else prediction.known


def _source(opened: OpenedScene) -> LabelSource:
    return LabelSource.of(
        opened.scene,
        opened.record.name,
        default_choices(opened).strategy,
        model_of(opened),
        opened.landcover_title,
    )
