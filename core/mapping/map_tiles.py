"""Every tile of a scene to its parcels; predictions are kept, so that a stopped run resumes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import storage_error
from core.imagery.frame import core_on_scene, plan_scene
from core.imagery.scene import Scene, check_scene_file
from core.imagery.tile_plan import Tile
from core.label.labelled import LabelledScene, LabelSource
from core.label.make import make_label, prompts_in_force
from core.label.work import Work
from core.landcover.source import LandCover, check_landcover_file
from core.mapping.join import Piece, join_parcels, pieces_of
from core.mapping.options import MapOptions
from core.predict.kept_prediction import Prediction, load_prediction, save_prediction
from core.predict.key import prediction_key
from core.predict.tile import TileInputs, predict_tile, read_tile_inputs
from core.sam.protocol import Segmenter
from core.task import Cancelled, Progress, check, never

STAGE = "Mapping tiles"


@dataclass(frozen=True, slots=True)
class MapRun:
    """One run: its scene, land cover, options, model, and where its finished tiles are kept.

    Parameters
    ----------
    landcover : LandCover or None
        None where the field map alone tells cropland.
    tiles : tuple of Tile
        The scene's whole plan, in reading order.
    folder : Path
        One file for each finished tile.
    """

    scene: Scene
    landcover: LandCover | None
    options: MapOptions
    segmenter: Segmenter | None
    tiles: tuple[Tile, ...]
    folder: Path

    def kept(self, tile: Tile) -> Prediction | None:
        """The kept prediction of a tile, where it was made from these very inputs."""
        return load_prediction(self._path(tile), self._key(tile))

    def keep(self, tile: Tile, prediction: Prediction) -> None:
        """Keep the prediction of a tile.

        Raises
        ------
        OutputError
            The disk is full or the folder cannot be written.
        """
        save_prediction(self._path(tile), prediction, self._key(tile))

    def clear(self) -> None:
        """Remove the finished tiles.

        Raises
        ------
        OutputError
            The folder may not be changed.
        """
        try:
            shutil.rmtree(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise storage_error(error, self.folder) from error

    def _path(self, tile: Tile) -> Path:
        return self.folder / f"{tile.name}.tile"

    def _key(self, tile: Tile) -> str:
        return prediction_key(
            self.scene,
            self.landcover.fingerprint if self.landcover else None,
            tile,
            self.options.choices.prediction,
            self.segmenter.weights_hash if self.segmenter else None,
        )


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


def plan_run(
    scene: Scene,
    landcover: LandCover | None,
    options: MapOptions,
    segmenter: Segmenter | None,
    folder: Path,
) -> MapRun:
    """A run over the whole of a scene."""
    return MapRun(scene, landcover, options, segmenter, plan_scene(scene), folder)


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
    grid = run.scene.working_grid
    known = np.zeros(grid.shape, dtype=np.bool_)
    work = Work(run.options.choices)
    kept = 0
    seen = covered = 0
    progress(STAGE, 0, len(run.tiles))
    for done, tile in enumerate(run.tiles, start=1):
        check(
            cancelled,
            f"{done - 1} of {len(run.tiles)} tiles are done and kept.",
            "Run the same command again to continue from there.",
        )
        inputs = read_tile_inputs(run.scene, run.landcover, tile)
        prediction = run.kept(tile)
        if prediction is None:
            prediction = _predict(run, tile, inputs, cancelled)
        else:
            kept += 1
        frame = inputs.frame
        own = inputs.image.valid[frame.core.slices]
        seen += int(own.sum())
        if inputs.landcover is not None:
            covered += int((own & inputs.landcover.valid[frame.core.slices]).sum())
        label = make_label(inputs, prediction, work)
        prompts = prompts_in_force(prediction, work, frame)
        pieces += pieces_of(label, frame, tile.name, prompts=prompts)
        known[core_on_scene(frame, tile).slices] = prediction.known[frame.core.slices]
        progress(STAGE, done, len(run.tiles))
    check_scene_file(run.scene)
    share = 1.0
    if run.landcover is not None:
        check_landcover_file(run.landcover)
        share = covered / max(1, seen)
    return MappedScene(_labelled(run, pieces, known), kept, share)


def prediction_of(run: MapRun, tile: Tile) -> Prediction:
    """The kept prediction of a tile, which is made again where it was lost.

    Raises
    ------
    InputError, OutputError
        As for :func:`map_tiles`.
    """
    prediction = run.kept(tile)
    if prediction is None:
        inputs = read_tile_inputs(run.scene, run.landcover, tile)
        prediction = _predict(run, tile, inputs, never)
    return prediction


def _predict(run: MapRun, tile: Tile, inputs: TileInputs, cancelled: Cancelled) -> Prediction:
    options = run.options.choices.prediction
    prediction = predict_tile(inputs, options, run.segmenter, cancelled=cancelled)
    run.keep(tile, prediction)
    return prediction


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
