"""Every tile of a scene to its parcels; predictions are kept, so that a stopped run resumes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.imagery.frame import core_on_scene, frame_of
from core.imagery.scene import check_scene_file
from core.imagery.tiled_mask import TiledMask
from core.label.labelled import LabelledScene, LabelSource
from core.label.parcel_spool import ParcelSpool
from core.landcover.source import check_landcover_file
from core.mapping.engines.in_order import Engine, OneProcess
from core.mapping.seam_joiner import SeamJoiner
from core.mapping.tile_task import MapRun, TileResult
from core.task import Cancelled, Progress

STAGE = "Mapping tiles"


@dataclass(frozen=True, slots=True, eq=False)
class MappedScene:
    """A scene's parcels and what was found on the way.

    Parameters
    ----------
    labelled : LabelledScene
        With parcels that lie in the run's folder.
    kept_tiles : int
        Tiles that an earlier, stopped run had finished.
    covered : float
        Share of the scene's valid pixels of which the land cover says anything; 1 without one.
    blank : frozenset of str
        Names of the tiles in which the image holds nothing, of which no prediction is kept.
    """

    labelled: LabelledScene
    kept_tiles: int
    covered: float
    blank: frozenset[str] = frozenset()


class Gathering:
    """Results of tiles, taken in reading order, become a mapped scene.

    What is finished goes to the disk: memory holds the pieces at open seams, about a row of tiles.
    """

    def __init__(self, run: MapRun) -> None:
        self._run = run
        scene = run.scene
        grid = scene.working_grid
        cores = [core_on_scene(frame_of(scene, tile), tile) for tile in run.tiles]
        self._joiner = SeamJoiner(grid, cores)
        self._known = TiledMask(grid.shape)
        self._source = LabelSource.of(
            scene,
            Path(scene.path).stem,
            run.options.chosen_strategy,
            run.options.needed_model,
            run.landcover.title if run.landcover else None,
        )
        self._parcels = ParcelSpool(run.folder / "parcels.sqlite", grid, self._source.scene_name)
        self._blank: set[str] = set()
        self._before = run.there()
        self._kept = self._seen = self._covered = 0

    def take(self, tile: int, result: TileResult) -> None:
        """Take the result of a tile, given by its place in the plan.

        Raises
        ------
        OutputError
            The disk is full.
        """
        self._kept += result.kept and result.tile in self._before
        self._seen += result.seen
        self._covered += result.covered
        if result.blank:
            self._blank.add(result.tile)
            return
        self._known.put(result.core, result.known)
        for place, parcel in self._joiner.add(tile, result.pieces):
            self._parcels.add(place, parcel)

    def mapped(self) -> MappedScene:
        """The scene, all of whose tiles have been taken.

        Raises
        ------
        OutputError
            The disk is full.
        """
        for place, parcel in self._joiner.rest():
            self._parcels.add(place, parcel)
        self._parcels.number()
        scene = self._run.scene
        labelled = LabelledScene(
            self._parcels, scene.working_grid, self._known, self._source, scene
        )
        share = self._covered / max(1, self._seen) if self._run.landcover is not None else 1.0
        return MappedScene(labelled, self._kept, share, frozenset(self._blank))

    def close(self) -> None:
        """Remove the parcels from the disk, once nobody needs them any more."""
        self._parcels.close()


def map_tiles(
    run: MapRun,
    gathering: Gathering,
    progress: Progress,
    cancelled: Cancelled,
    engine: Engine | None = None,
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
    progress(STAGE, 0, len(run.tiles))
    mapped = (engine or OneProcess()).results(run, run.tiles, cancelled)
    with closing(mapped):
        for place, result in enumerate(mapped):
            gathering.take(place, result)
            progress(STAGE, place + 1, len(run.tiles))
    check_scene_file(run.scene)
    if run.landcover is not None:
        check_landcover_file(run.landcover)
    return gathering.mapped()
