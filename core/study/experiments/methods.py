"""Methods that need no labels, as they are and side by side: land cover, and the strategies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from core.imagery.frame import Frame
from core.imagery.scene import SceneImage
from core.mapping import MapOptions
from core.parcels.cleanup import clean_mask
from core.predict.classifier import classify
from core.predict.kept_prediction import from_bytes, to_bytes
from core.predict.names import STRATEGY_NAMES, WITH_MODEL, WITHOUT_MODEL
from core.predict.predict_options import PredictOptions
from core.predict.tile import TileInputs, TileMemory, predict_tile
from core.sam.load import load_segmenter
from core.sam.protocol import Embedding, Segmenter, in_half
from core.sam.registry import DEFAULT_MODEL, get_model
from core.study.experiments.cells import Cell, CellResult, Context, compare_with_truth
from core.study.experiments.experiment_plan import SEED, Column, Experiment, Plot, check_known
from core.study.experiments.region import Region, StudyImage, data_notes
from core.study.experiments.samples import Sample, tiles
from core.study.metrics.figures import Label

LANDCOVER = "land cover"
METHODS = (LANDCOVER, *STRATEGY_NAMES)

_SECONDS = {"apt": 6.0, "apt_plus": 5.0, "classifier": 4.0}
"""For a tile, about; the others take one.  For the progress alone."""

Flags = npt.NDArray[np.bool_]

_embeddings: deque[tuple[SceneImage, str, Embedding]] = deque(maxlen=4)


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """What is compared: of ``METHODS``, with a model of the registry."""

    methods: tuple[str, ...] = METHODS
    model: str = DEFAULT_MODEL
    seed: int = 0

    def __post_init__(self) -> None:
        check_known(self.methods, METHODS, "method")


@dataclass(frozen=True, slots=True)
class Method:
    """A method, and everything that decides on its answers.

    Parameters
    ----------
    name : str
        One of ``METHODS``.
    model : str
        Key in the registry; methods that ask none ignore it.
    weights : str
        SHA-256 of the model's weights, because results are kept.
    """

    name: str
    seed: int = 0
    model: str = DEFAULT_MODEL
    weights: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", get_model(self.model).sha256)

    def cropland(self, sample: Sample) -> Flags:
        """What it says of a tile: :func:`predict`."""
        return predict(sample, self.name, self.seed, self.model)


@dataclass(frozen=True, slots=True)
class MethodTask:
    """One method on one image; masks are kept for pictures where asked for."""

    image: StudyImage
    method: Method
    keep: bool = False


def comparison(regions: Sequence[Region], options: ComparisonOptions) -> Experiment:
    """Which method is best?  Every image that only measures is judged."""
    return Experiment(
        "methods",
        "Methods that need no labels",
        "Which method that needs no labels draws cropland best on these images?",
        (Column("region", "region"), Column("method", "method")),
        (tuple(method_cells(regions, options.methods, options.model, options.seed)),),
        data_notes(regions, options.model, options.seed),
        {"method": LANDCOVER},
        (Plot("mean_iou", "Mean IoU of methods that need no labels", "bars", "region", "method"),),
        {"method": options.methods},
    )


def method_cells(
    regions: Sequence[Region], methods: Sequence[str], model: str, seed: int, **labels: Label
) -> Iterator[Cell]:
    """Methods as they are on every image that only measures, a cell for each.

    Experiments that share a folder of cells share these, whatever ``labels`` their tables add.
    """
    asked = [Method(name, seed, model) for name in methods]
    for region in regions:
        for method in asked:
            place = {"region": region.name, "method": method.name, SEED: seed, **labels}
            for image in region.test:
                task = MethodTask(image, method, keep=True)
                yield Cell(place, run_method, task, _SECONDS.get(method.name, 1.0))


def run_method(task: MethodTask, context: Context) -> CellResult:
    """Work of a cell: a method on all tiles of an image."""
    own = tiles(task.image)
    found = []
    for number, sample in enumerate(own):
        context.step(number / len(own))
        found.append(compare_with_truth(task.method.cropland(sample), sample, keep=task.keep))
    return CellResult(tuple(found))


def predict(sample: Sample, method: str, seed: int = 0, model: str = DEFAULT_MODEL) -> Flags:
    """Cropland of a tile as ``cropmap map`` would draw it, bool (rows, columns)."""
    if method == LANDCOVER:
        return sample.landcover.cropland
    return thresholded(probability(sample, method, seed, model), sample)


def probability(
    sample: Sample, method: str, seed: int = 0, model: str = DEFAULT_MODEL
) -> npt.NDArray[np.float32]:
    """What a strategy says of a tile, float32 (rows, columns); NaN where it says nothing."""
    if method == WITHOUT_MODEL:
        return classified(sample, seed)
    grid = sample.image.grid
    inputs = TileInputs(sample.image, sample.landcover, Frame(grid, grid, grid.extent))
    memory = TileMemory(embedding_of(sample.image, model))
    if method == WITH_MODEL:
        memory.classified = seed, to_bytes(classified(sample, seed))
    options = PredictOptions(method, seed=seed)
    return from_bytes(predict_tile(inputs, options, segmenter_of(model), memory).probability)


def thresholded(probability: npt.NDArray[np.float32], sample: Sample) -> Flags:
    """A probability as the mask that a map shows: threshold and clean-up by its defaults."""
    options = MapOptions()
    # In the steps in which a map keeps it.
    kept = from_bytes(to_bytes(probability))
    return clean_mask(
        np.nan_to_num(kept) >= options.threshold,
        sample.image.grid,
        min_part_m2=options.min_area_m2,
        min_hole_m2=options.min_area_m2,
        valid=np.isfinite(kept),
    )


@lru_cache(maxsize=4)
def classified(sample: Sample, seed: int) -> npt.NDArray[np.float32]:
    """The classifier's probability as it is kept; the last samples are remembered by identity."""
    return from_bytes(to_bytes(classify(sample.image, sample.landcover, seed).probability))


def embedding_of(image: SceneImage, model: str) -> Embedding:
    """The embedding of an image in half precision; the last images are remembered by identity."""
    for known, name, embedding in _embeddings:
        if known is image and name == model:
            return embedding
    embedding = in_half(segmenter_of(model).embed(image.rgb))
    _embeddings.append((image, model, embedding))
    return embedding


@lru_cache(maxsize=1)
def segmenter_of(model: str) -> Segmenter:
    """The model of this process."""
    # As many threads as the runner gave this process: more would wait for each other.
    return load_segmenter(model, threads=torch.get_num_threads())
