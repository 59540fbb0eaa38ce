"""Every tile of a scene to its parcels; predictions are kept, so that a stopped run resumes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.imagery.scene import check_scene_file
from core.label.labelled import LabelledScene, LabelSource
from core.landcover.source import check_landcover_file
from core.mapping.engines.in_order import Engine, OneProcess
from core.mapping.join import Piece, join_parcels
from core.mapping.tile_task import MapRun
from core.task import Cancelled, Progress

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


def map_tiles(
    run: MapRun, progress: Progress, cancelled: Cancelled, engine: Engine | None = None
) -> MappedScene:
    """Predict the tiles that are not kept yet, label all of them and join their parcels.

    Parameters
    ----------
    engine : Engine, optional
        Who maps the tiles; by default this process.

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
    mapped = (engine or OneProcess()).results(run, run.tiles, cancelled)
    with closing(mapped):
        for done, result in enumerate(mapped, start=1):
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
