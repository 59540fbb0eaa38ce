"""Every tile of a scene to its parcels; predictions are kept, so that a stopped run resumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.imagery.scene import check_scene_file
from core.label.labelled import LabelledScene, LabelSource
from core.landcover.source import check_landcover_file
from core.mapping.join import Piece, join_parcels
from core.mapping.tile_task import MapRun, map_one
from core.task import Cancelled, Progress, check

STAGE = "Mapping tiles"


@dataclass(frozen=True, slots=True, eq=False)
class MappedScene:
    """A scene's parcels and what was found on the way.

    Parameters
    ----------
    kept_tiles : int
        Tiles that an earlier, stopped run had finished.
    covered : float
        Share of the scene's valid pixels of which the land cover says anything; 1 without one.
    """

    labelled: LabelledScene
    kept_tiles: int
    covered: float


def map_tiles(run: MapRun, progress: Progress, cancelled: Cancelled) -> MappedScene:
    """Predict the tiles that are not kept yet, label all of them and join their parcels.

    Raises
    ------
    CancelledError
        As soon as ``cancelled`` says so; the tiles done until then are kept.
    InputError
        The imagery or the land cover cannot be read any more, or is another file than at first.
    OutputError
        A tile cannot be kept.
    """
    pieces: list[Piece] = []
    known = np.zeros(run.scene.working_grid.shape, dtype=np.bool_)
    kept = seen = covered = 0
    progress(STAGE, 0, len(run.tiles))
    for done, tile in enumerate(run.tiles, start=1):
        check(
            cancelled,
            f"{done - 1} of {len(run.tiles)} tiles are done and kept.",
            "Run the same command again to continue from there.",
        )
        result = map_one(run, tile, cancelled)
        kept += result.kept
        seen += result.seen
        covered += result.covered
        pieces += result.pieces
        known[result.core.slices] = result.known.read()
        progress(STAGE, done, len(run.tiles))
    check_scene_file(run.scene)
    share = 1.0
    if run.landcover is not None:
        check_landcover_file(run.landcover)
        share = covered / max(1, seen)
    return MappedScene(_labelled(run, pieces, known), kept, share)


def _labelled(run: MapRun, pieces: list[Piece], known: npt.NDArray[np.bool_]) -> LabelledScene:
    scene = run.scene
    source = LabelSource.of(
        scene,
        Path(scene.path).stem,
        run.options.chosen_strategy,
        run.options.needed_model,
        run.landcover.title if run.landcover else None,
    )
    parcels = join_parcels(pieces, scene.working_grid)
    return LabelledScene(parcels, scene.working_grid, known, source, scene)
