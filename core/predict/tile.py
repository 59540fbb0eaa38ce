"""One tile from image and land cover to its prediction: the one way, whoever asks.

Batch, app, replay, experiments and benchmarks call :func:`predict_tile`.  It is a function of
values; what is remembered of a tile (:class:`TileMemory`) makes it faster and never different.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import NoOverlapError
from core.grid import Grid, PixelPoint
from core.imagery.frame import Frame, frame_of
from core.imagery.scene import Scene, SceneImage, read_window
from core.imagery.tile_plan import Tile
from core.landcover.alignment import align
from core.landcover.source import LandCover, LandCoverTile
from core.predict.classifier import classify
from core.predict.features import fill_missing
from core.predict.field_hierarchy import NO_JOINS
from core.predict.fields_apart import (
    FieldSegments,
    KeptFieldMap,
    Parcels,
    extent_on,
    keep_fields,
    tell_apart,
)
from core.predict.kept_prediction import (
    UNKNOWN,
    Bytes,
    Prediction,
    WorldPrompt,
    from_bytes,
    to_bytes,
)
from core.predict.names import WITH_MODEL, WITHOUT_MODEL
from core.predict.predict_options import AUTO, PredictOptions
from core.predict.prediction import StrategyOptions, TilePrediction
from core.predict.strategies import STRATEGIES
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import Embedding, Segmenter, in_half
from core.task import Cancelled, StageProgress, never, silent_stage


@dataclass(frozen=True, slots=True, eq=False)
class TileInputs:
    """All that the prediction of a tile is made from.

    Parameters
    ----------
    image : SceneImage
        Stretched pixels of the tile's window, halo included.
    landcover : LandCoverTile or None
        On the image's grid; None without land cover, or where the tile lies beside it.
    frame : Frame
        Where the tile lies, and which part of it is its own.
    beside : bool
        The scene has a land cover, and this tile lies beside it: nothing is known here.
    """

    image: SceneImage
    landcover: LandCoverTile | None
    frame: Frame
    beside: bool = False


@dataclass(slots=True, eq=False)
class TileMemory:
    """What the next question about the same pixels and land cover need not compute again.

    Parameters
    ----------
    embedding : Embedding or None
        In half precision.
    classified : uint8 (rows, columns) or None
        The image's own classifier's probability, as :func:`to_bytes` has it, by seed.
    fields : KeptFieldMap or None
    segments : FieldSegments or None
    """

    embedding: Embedding | None = None
    classified: tuple[int, Bytes] | None = None
    fields: KeptFieldMap | None = None
    segments: FieldSegments | None = None


def read_tile_inputs(scene: Scene, landcover: LandCover | None, tile: Tile) -> TileInputs:
    """Read a tile's image and land cover.

    Raises
    ------
    InputError
        The imagery or the land cover cannot be read any more.
    """
    return gather_inputs(read_window(scene, tile.window), landcover, frame_of(scene, tile))


def gather_inputs(image: SceneImage, landcover: LandCover | None, frame: Frame) -> TileInputs:
    """What a tile is predicted from, its pixels being at hand.

    Raises
    ------
    InputError
        The land cover cannot be read any more.
    """
    aligned = None if landcover is None else align_tile(landcover, image.grid)
    return TileInputs(image, aligned, frame, beside=landcover is not None and aligned is None)


def align_tile(landcover: LandCover, grid: Grid) -> LandCoverTile | None:
    """Land cover on a tile's grid; None where this tile lies beside the product.

    Raises
    ------
    InputError
        The land cover cannot be read any more.
    """
    try:
        return align(landcover, grid)
    except NoOverlapError:
        return None


def embed_tile(
    image: SceneImage, segmenter: Segmenter | None, memory: TileMemory
) -> Embedding | None:
    """The image's embedding in half precision, remembered; None without a model or valid pixel."""
    if memory.embedding is None and segmenter is not None and image.valid.any():
        memory.embedding = in_half(segmenter.embed(image.rgb))
    return memory.embedding


def segment_tile(
    image: SceneImage, segmenter: Segmenter | None, memory: TileMemory
) -> FieldSegments | None:
    """The field map's fields, remembered; None where nobody can tell fields apart."""
    if memory.segments is None and image.valid.any():
        fields = look_for_fields(image, segmenter, memory)
        memory.segments = None if fields is None else FieldSegments.of(fields)
    return memory.segments


def predict_tile(
    inputs: TileInputs,
    options: PredictOptions,
    segmenter: Segmenter | None,
    memory: TileMemory | None = None,
    *,
    stage: StageProgress = silent_stage,
    cancelled: Cancelled = never,
) -> Prediction:
    """Predict a tile.

    Parameters
    ----------
    segmenter : Segmenter or None
        The strategy ``classifier`` asks none.
    memory : TileMemory, optional
        What earlier questions about these very inputs left.

    Raises
    ------
    InputError
        The strategy needs a model and there is none.
    CancelledError
        ``cancelled`` said so.
    """
    image, landcover = inputs.image, inputs.landcover
    if inputs.beside or not image.valid.any():
        return _unknown(image, options.remaining or ())
    own = TileMemory() if memory is None else memory
    uses_model = options.strategy != WITHOUT_MODEL
    fields = None
    if options.strategy == WITH_MODEL or (landcover is None and uses_model):
        stage("Looking for fields", 0.1)
        fields = look_for_fields(image, segmenter, own)
    if landcover is None:
        return _unprompted(image, fields, options.remaining or ())
    classified = None
    if options.strategy == WITH_MODEL:
        stage("Learning from the land cover", 0.25)
        classified = _classified(image, landcover, options.seed, own)
    stage("Drawing the fields", 0.8)
    whole = uses_model and not options.published_scale
    embedding = embed_tile(image, segmenter, own) if whole else None
    remaining = options.remaining
    told = StrategyOptions(
        seed=options.seed,
        points_per_class=options.points_per_class,
        prompts=None if remaining is None else _on_tile(remaining, image.grid),
        extent=None if fields is None else extent_on(fields, image.valid.shape),
        classified=classified,
        embedding=embedding,
        published_scale=options.published_scale,
        cancelled=cancelled,
    )
    found = STRATEGIES[options.strategy](image, landcover, segmenter, told)
    prompts = _named(found.prompts, image.grid) if remaining is None else remaining
    if found.instances is None and fields is None and uses_model:
        # Only now: who draws fields one by one has told them apart without it.
        fields = look_for_fields(image, segmenter, own)
    if found.instances is not None or fields is None:
        parcels = Parcels(found.instances, NO_JOINS)
    else:
        parcels = tell_apart(fields, found.probability)
    return _to_prediction(found, parcels, inputs.frame, landcover, image, prompts)


def look_for_fields(
    image: SceneImage, segmenter: Segmenter | None, memory: TileMemory
) -> KeptFieldMap | None:
    """The field map, remembered; None where there is nobody who can tell fields apart."""
    if memory.fields is None and segmenter is not None:
        seen = segmenter.field_map(fill_missing(image.rgb, image.valid), image.grid.gsd_m)
        memory.fields = None if seen is None else keep_fields(seen)
    return memory.fields


def _classified(
    image: SceneImage, landcover: LandCoverTile, seed: int, memory: TileMemory
) -> npt.NDArray[np.float32]:
    # In the steps in which it is remembered, so that the first answer equals every later one.
    if memory.classified is None or memory.classified[0] != seed:
        memory.classified = seed, to_bytes(classify(image, landcover, seed).probability)
    return from_bytes(memory.classified[1])


def _on_tile(prompts: tuple[WorldPrompt, ...], grid: Grid) -> PromptSet:
    return PromptSet(
        tuple(Prompt(grid.world_to_pixel(p.world), 1 if p.label else 0) for p in prompts)
    )


def _named(prompts: PromptSet, grid: Grid) -> tuple[WorldPrompt, ...]:
    """Prompts with names that say where they lie, so that a name outlives another placement."""
    named = []
    for prompt in prompts.points:
        world = grid.pixel_to_world(PixelPoint(prompt.point.column, prompt.point.row))
        text = f"{world.x!r} {world.y!r} {prompt.label}"
        name = AUTO + hashlib.sha256(text.encode()).hexdigest()[:12]
        named.append(WorldPrompt(name, world, prompt.label))
    return tuple(named)


def _to_prediction(
    found: TilePrediction,
    parcels: Parcels,
    frame: Frame,
    landcover: LandCoverTile,
    image: SceneImage,
    prompts: tuple[WorldPrompt, ...],
) -> Prediction:
    inside = frame.core.slices
    crop = landcover.cropland[inside]
    known = np.isfinite(found.probability[inside]) & landcover.valid[inside]
    differs = (found.probability[inside] >= 0.5) != crop
    pixels = float(np.nansum(np.where(landcover.valid, landcover.cropland_fraction, 0.0)[inside]))
    return Prediction(
        to_bytes(found.probability),
        to_bytes(found.uncertainty),
        image.valid,
        parcels.numbers,
        prompts,
        pixels * frame.core_grid.pixel_area_m2 / 10_000.0,
        float(differs[known].mean()) if known.any() else None,
        parcels.joins,
    )


def _unprompted(
    image: SceneImage, fields: KeptFieldMap | None, prompts: tuple[WorldPrompt, ...]
) -> Prediction:
    """Without land cover the field map alone says where cropland is; without either, nobody."""
    if fields is None:
        return _unknown(image, prompts)
    extent = extent_on(fields, image.valid.shape)
    known = np.where(image.valid, extent, np.nan).astype(np.float32)
    parcels = tell_apart(fields, known)
    unsure = (1.0 - np.abs(2.0 * known - 1.0)).astype(np.float32)
    return Prediction(
        to_bytes(known),
        to_bytes(unsure),
        image.valid,
        parcels.numbers,
        prompts,
        None,
        None,
        parcels.joins,
    )


def _unknown(image: SceneImage, prompts: tuple[WorldPrompt, ...]) -> Prediction:
    """Nothing is known; a person's clicks add fields."""
    blank = np.full(image.valid.shape, UNKNOWN, dtype=np.uint8)
    return Prediction(blank, blank.copy(), image.valid, None, prompts, None, None)
