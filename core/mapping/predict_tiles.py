"""Every tile of a scene to its probability, kept on disk so that a stopped run resumes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import CancelledError, NoOverlapError
from core.fingerprint import PREDICTION, result_hash
from core.imagery.scene import Scene, read_window
from core.imagery.tile_plan import Tile, plan_tiles
from core.landcover.align import align
from core.landcover.source import LandCover
from core.mapping.options import MapOptions
from core.mapping.tile_store import TileStore
from core.parcels.fields import split_fields
from core.predict.prediction import StrategyOptions, TilePrediction
from core.predict.strategies import STRATEGIES
from core.prompts.prompt import PromptSet
from core.sam.protocol import Segmenter
from core.settings import get_settings
from core.task import Cancelled, Progress

STAGE = "Mapping tiles"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its scene, land cover, options, model and the store of its finished tiles."""

    scene: Scene
    landcover: LandCover
    options: MapOptions
    segmenter: Segmenter | None
    tiles: tuple[Tile, ...]
    store: TileStore


def plan_run(
    scene: Scene,
    landcover: LandCover,
    options: MapOptions,
    segmenter: Segmenter | None,
    folder: Path,
) -> Run:
    """A run whose store lies under ``folder`` and holds only tiles of these very inputs."""
    settings = get_settings()
    tiles = plan_tiles(scene.working_grid, size=settings.tile_size, halo=settings.tile_halo)
    key = options.prediction_key(
        result_hash(*PREDICTION, __name__),
        scene.fingerprint,
        json.dumps(scene.to_json(), sort_keys=True),
        landcover.fingerprint,
        segmenter.weights_hash if segmenter else "",
        f"{settings.tile_size}/{settings.tile_halo}",
    )
    return Run(scene, landcover, options, segmenter, tiles, TileStore(folder, key))


def predict_tiles(run: Run, progress: Progress, cancelled: Cancelled) -> int:
    """Predict the tiles that the store does not hold yet; returns how many it already held.

    Raises
    ------
    CancelledError
        As soon as ``cancelled`` says so; the tiles done until then stay in the store.
    """
    kept = 0
    progress(STAGE, 0, len(run.tiles))
    for done, tile in enumerate(run.tiles, start=1):
        if cancelled():
            raise CancelledError(
                f"{done - 1} of {len(run.tiles)} tiles are done and kept.",
                "Run the same command again to go on from there.",
            )
        if run.store.has(tile.name):
            kept += 1
        else:
            grid = run.scene.working_grid.window_grid(tile.window)
            run.store.save(tile.name, predict_tile(run, tile, cancelled), grid)
        progress(STAGE, done, len(run.tiles))
    return kept


def predict_tile(run: Run, tile: Tile, cancelled: Cancelled) -> TilePrediction:
    """The prediction of one tile; probability is NaN where image or land cover is missing."""
    image = read_window(run.scene, tile.window)
    if not image.valid.any():
        return _nothing(image.grid.shape)
    try:
        landcover = align(run.landcover, image.grid)
    except NoOverlapError:
        # The whole scene overlaps (checked at the start); this tile alone lies beside the product.
        return _nothing(image.grid.shape)
    options = StrategyOptions(seed=run.options.seed, cancelled=cancelled)
    strategy = STRATEGIES[run.options.chosen_strategy]
    prediction = strategy(image, landcover, run.segmenter, options)
    if prediction.instances is not None:
        return prediction
    cropland = np.nan_to_num(prediction.probability) >= run.options.threshold
    return replace(prediction, instances=split_fields(image, cropland))


def _nothing(shape: tuple[int, int]) -> TilePrediction:
    missing = np.full(shape, np.nan, dtype=np.float32)
    return TilePrediction(missing, missing.copy(), None, PromptSet())
