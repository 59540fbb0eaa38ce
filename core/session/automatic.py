"""The automatic prediction of one tile: image, land cover, prompts, model, probability."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import NoOverlapError
from core.fingerprint import PREDICTION, result_hash
from core.grid import Grid, PixelPoint
from core.imagery.scene import SceneImage, read_window
from core.label.click import TileViews, in_full, in_half
from core.label.frame import Frame
from core.label.work import Choices
from core.landcover.align import align
from core.landcover.source import LandCoverTile
from core.predict.classifier import classify
from core.predict.kept import UNKNOWN, AutoPrompt, Base, Bytes, from_bytes, to_bytes
from core.predict.prediction import StrategyOptions, TilePrediction
from core.predict.strategies import STRATEGIES, WITHOUT_MODEL
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import Decoded, Embedding, PromptBatch, Segmenter
from core.sam.registry import get_model
from core.session.opened import OpenedScene
from core.session.relink import check_imagery
from core.task import Cancelled

AUTO = "auto-"

Stage = Callable[[str, float], None]


@dataclass(slots=True)
class TileMemory:
    """What a tile's next question need not compute again.

    ``views`` holds the embedding, its features in half precision.
    """

    views: TileViews | None = None
    classified: Bytes | None = None


@dataclass(frozen=True, slots=True)
class _Remembering:
    """A segmenter whose embedding of this tile is at hand."""

    inner: Segmenter
    embedding: Embedding

    @property
    def name(self) -> str:
        """Key of the model."""
        return self.inner.name

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights."""
        return self.inner.weights_hash

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """The remembered embedding."""
        return self.embedding

    def decode(self, embedding: Embedding, batch: PromptBatch, *, multimask: bool) -> Decoded:
        """Answer prompts."""
        return self.inner.decode(embedding, batch, multimask=multimask)


def base_key(
    opened: OpenedScene, tile: str, choices: Choices, denied: frozenset[str], model: str | None
) -> str:
    """SHA-256 over all that the automatic prediction of a tile depends on."""
    facts = {
        "code": result_hash(*PREDICTION, __name__),
        "scene": opened.scene.fingerprint,
        "bands": opened.scene.bands,
        "stretch": opened.scene.stretch.to_json(),
        "factor": opened.scene.working_factor,
        "landcover": opened.landcover_fingerprint,
        "tile": [tile, repr(opened.tile(tile).window)],
        "strategy": choices.strategy,
        "points": choices.points_per_class,
        "denied": sorted(name for name in denied if name.startswith(AUTO)),
        "model": None
        if model is None or choices.strategy == WITHOUT_MODEL
        else get_model(model).sha256,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def embed_tile(
    opened: OpenedScene, tile: str, segmenter: Segmenter | None, memory: TileMemory
) -> SceneImage:
    """The tile's pixels; its embedding is in ``memory`` afterwards, where there is a model."""
    check_imagery(opened.scene.path)
    image = read_window(opened.scene, opened.tile(tile).window)
    if memory.views is None and segmenter is not None and image.valid.any():
        memory.views = TileViews(image.rgb, in_half(segmenter.embed(image.rgb)))
    return image


def predict_base(
    opened: OpenedScene,
    tile: str,
    choices: Choices,
    segmenter: Segmenter | None,
    memory: TileMemory,
    *,
    key: str,
    remaining: tuple[AutoPrompt, ...] | None,
    stage: Stage,
    cancelled: Cancelled,
) -> Base:
    """Predict a tile.

    Parameters
    ----------
    remaining : tuple of AutoPrompt or None
        The automatic prompts that the person left; None places them.

    Raises
    ------
    CancelledError
        ``cancelled`` said so.
    InputError
        The imagery or the land cover cannot be read any more.
    """
    stage("Reading the image", 0.05)
    image = embed_tile(opened, tile, segmenter, memory)
    frame = opened.frame(tile)
    landcover = _landcover(opened, image.grid)
    if landcover is None or not image.valid.any():
        return _nothing(image, key, remaining or ())
    options = StrategyOptions(
        points_per_class=choices.points_per_class,
        prompts=None if remaining is None else _on_tile(remaining, image.grid),
        cancelled=cancelled,
    )
    if choices.strategy == "apt_plus":
        stage("Learning from the land cover", 0.25)
        options = replace(options, classified=_classified(image, landcover, options, memory))
    stage("Drawing the fields", 0.8)
    asked = segmenter
    if segmenter is not None and memory.views is not None:
        asked = _Remembering(segmenter, in_full(memory.views.whole))
    prediction = STRATEGIES[choices.strategy](image, landcover, asked, options)
    return _to_base(prediction, landcover, frame, key, remaining)


def _landcover(opened: OpenedScene, grid: Grid) -> LandCoverTile | None:
    if opened.landcover_error is not None:
        raise opened.landcover_error
    if opened.landcover is None:
        return None
    try:
        return align(opened.landcover, grid)
    except NoOverlapError:
        # The scene overlaps; this tile alone lies beside the product and is prompted by hand.
        return None


def _classified(
    image: SceneImage, landcover: LandCoverTile, options: StrategyOptions, memory: TileMemory
) -> npt.NDArray[np.float32]:
    if memory.classified is None:
        memory.classified = to_bytes(classify(image, landcover, options.seed).probability)
    return from_bytes(memory.classified)


def _on_tile(prompts: tuple[AutoPrompt, ...], grid: Grid) -> PromptSet:
    return PromptSet(
        tuple(Prompt(grid.world_to_pixel(p.world), 1 if p.label else 0) for p in prompts)
    )


def _to_base(
    prediction: TilePrediction,
    landcover: LandCoverTile,
    frame: Frame,
    key: str,
    remaining: tuple[AutoPrompt, ...] | None,
) -> Base:
    inside = frame.core.slices
    crop = landcover.cropland[inside]
    known = np.isfinite(prediction.probability[inside]) & landcover.valid[inside]
    differs = (prediction.probability[inside] >= 0.5) != crop
    hectares = float(np.nansum(np.where(landcover.valid, landcover.cropland_fraction, 0.0)[inside]))
    return Base(
        key,
        to_bytes(prediction.probability),
        to_bytes(prediction.uncertainty),
        prediction.instances,
        _named(prediction.prompts, landcover.grid) if remaining is None else remaining,
        hectares * frame.core_grid.pixel_area_m2 / 10_000.0,
        float(differs[known].mean()) if known.any() else None,
    )


def _named(prompts: PromptSet, grid: Grid) -> tuple[AutoPrompt, ...]:
    """Prompts with names that say where they lie, so that a name outlives another placement."""
    named = []
    for prompt in prompts.points:
        world = grid.pixel_to_world(PixelPoint(prompt.point.column, prompt.point.row))
        text = f"{world.x!r} {world.y!r} {prompt.label}"
        name = AUTO + hashlib.sha256(text.encode()).hexdigest()[:12]
        named.append(AutoPrompt(name, world, prompt.label))
    return tuple(named)


def _nothing(image: SceneImage, key: str, prompts: tuple[AutoPrompt, ...]) -> Base:
    """No cropland anywhere: there is no land cover to prompt from; the person's clicks add it."""
    blank = np.where(image.valid, np.uint8(0), np.uint8(UNKNOWN)).astype(np.uint8)
    return Base(key, blank, blank.copy(), None, prompts, None, None)


def base_path(folder: Path, scene_id: str, tile: str, *, changed: bool) -> Path:
    """Where a tile's prediction is kept: one file as placed, one with the person's changes."""
    kind = "changed" if changed else "placed"
    return folder / "predictions" / scene_id / f"{tile}.{kind}"
