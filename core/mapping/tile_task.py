"""One tile of a scene, from its pixels to the pieces of parcels that it holds."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from core.errors import storage_error
from core.grid import Window
from core.imagery.frame import core_on_scene, frame_of, plan_scene
from core.imagery.packed_mask import PackedMask
from core.imagery.scene import Scene, may_hold, read_window
from core.imagery.tile_plan import Tile
from core.label.make import make_label, prompts_in_force
from core.label.work import Work
from core.landcover.source import LandCover
from core.mapping.join import Piece, pieces_of
from core.mapping.options import MapOptions
from core.predict.kept_prediction import Prediction, load_prediction, save_prediction
from core.predict.key import prediction_key
from core.predict.tile import TileInputs, gather_inputs, predict_tile, read_tile_inputs
from core.sam.protocol import Segmenter
from core.task import Cancelled, never


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

    def there(self) -> frozenset[str]:
        """Names of the tiles of which a prediction is in the folder, whatever it was made from."""
        # There is no folder before the first run.
        return frozenset(path.stem for path in self.folder.glob("*.tile"))

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
class TileResult:
    """What mapping one tile gave: a small value that can be sent from one process to another.

    Parameters
    ----------
    tile : str
        The tile's name.
    core : Window
        The pixels of the scene's working grid that the tile answers for.
    pieces : tuple of Piece
        Its parcels, in the scene's CRS, cut to the core.
    known : PackedMask
        Where the prediction says anything, on ``core``.
    blank : bool
        Whether the image holds nothing in the tile's whole window: such a tile is not predicted,
        and not kept.
    seen, covered : int
        Valid pixels of the core, and those of them of which the land cover says anything.
    kept : bool
        Whether its prediction was found kept: made by an earlier run, or by a process of this one
        that ended before it could say so.
    """

    tile: str
    core: Window
    pieces: tuple[Piece, ...]
    known: PackedMask
    seen: int
    covered: int
    kept: bool
    blank: bool = False


def plan_run(
    scene: Scene,
    landcover: LandCover | None,
    options: MapOptions,
    segmenter: Segmenter | None,
    folder: Path,
) -> MapRun:
    """A run over the whole of a scene."""
    return MapRun(scene, landcover, options, segmenter, plan_scene(scene), folder)


def map_one(run: MapRun, tile: Tile, cancelled: Cancelled = never) -> TileResult:
    """Predict a tile if it is not kept yet, and draw its parcels.

    Raises
    ------
    CancelledError
        ``cancelled`` said so; then the tile is not kept.
    InputError
        The imagery or the land cover cannot be read any more.
    OutputError
        The tile cannot be kept.
    """
    inputs = tile_inputs(run, tile)
    if inputs is None:
        return blank_tile(run, tile)
    kept = run.kept(tile)
    prediction = _predict(run, tile, inputs, cancelled) if kept is None else kept
    return _drawn(run, tile, inputs, prediction, kept=kept is not None)


def map_unkept(
    run: MapRun, tile: Tile, inputs: TileInputs | None = None
) -> tuple[TileResult, Prediction | None]:
    """Map a tile for somebody else, who keeps the prediction; there is none of a blank tile.

    Parameters
    ----------
    inputs : TileInputs, optional
        The tile's pixels where whoever asks has read them.

    Raises
    ------
    InputError
        The imagery or the land cover cannot be read any more.
    """
    inputs = inputs or tile_inputs(run, tile)
    if inputs is None:
        return blank_tile(run, tile), None
    prediction = predict_tile(inputs, run.options.choices.prediction, run.segmenter)
    return _drawn(run, tile, inputs, prediction, kept=False), prediction


def tile_inputs(run: MapRun, tile: Tile) -> TileInputs | None:
    """What a tile is mapped from; None where the image holds nothing in its window.

    Raises
    ------
    InputError
        The imagery or the land cover cannot be read any more.
    """
    image = read_window(run.scene, tile.window) if may_hold(run.scene, tile.window) else None
    if image is None or not image.valid.any():
        return None
    return gather_inputs(image, run.landcover, frame_of(run.scene, tile))


def blank_tile(run: MapRun, tile: Tile) -> TileResult:
    """The result of a tile in which the image holds nothing."""
    core = core_on_scene(frame_of(run.scene, tile), tile)
    nothing = PackedMask((core.height, core.width), 0)
    return TileResult(tile.name, core, (), nothing, 0, 0, kept=False, blank=True)


def prediction_of(run: MapRun, tile: Tile) -> Prediction:
    """The kept prediction of a tile, which is made again where it was lost.

    Raises
    ------
    InputError, OutputError
        As for :func:`map_one`.
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


def _drawn(
    run: MapRun, tile: Tile, inputs: TileInputs, prediction: Prediction, *, kept: bool
) -> TileResult:
    frame, own = inputs.frame, inputs.frame.core.slices
    valid = inputs.image.valid[own]
    told = 0
    if inputs.landcover is not None:
        told = int((valid & inputs.landcover.valid[own]).sum())
    work = Work(run.options.choices)
    label = make_label(inputs, prediction, work)
    prompts = prompts_in_force(prediction, work, frame)
    return TileResult(
        tile.name,
        core_on_scene(frame, tile),
        tuple(pieces_of(label, frame, tile.name, prompts=prompts)),
        PackedMask.of(prediction.known[own]),
        int(valid.sum()),
        told,
        kept,
    )
