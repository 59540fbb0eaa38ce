"""Methods that need no labels: the land cover as it is, and the strategies of prompting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from core.mapping import MapOptions
from core.parcels.cleanup import clean_mask
from core.predict.classifier import classify
from core.predict.names import WITHOUT_MODEL
from core.predict.prediction import StrategyOptions
from core.predict.strategies import STRATEGIES
from core.sam.load import load_segmenter
from core.sam.protocol import Embedding, Segmenter
from core.sam.registry import DEFAULT_MODEL, get_model
from core.study.experiments.cells import Cell, CellResult, Context, Label, judge
from core.study.experiments.experiment import SEED
from core.study.experiments.region import Region
from core.study.experiments.samples import Sample, tiles
from core.study.metrics.pairs import LabelledScene

LANDCOVER = "land cover"
METHODS = (LANDCOVER, *STRATEGIES)

_SECONDS = {"apt": 6.0, "apt_plus": 5.0, "classifier": 4.0}
"""For a tile, about; the others take one.  For the progress alone."""

Flags = npt.NDArray[np.bool_]


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

    image: LabelledScene
    method: Method
    keep: bool = False


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
        found.append(judge(task.method.cropland(sample), sample, keep=task.keep))
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
    options = StrategyOptions(seed=seed)
    if method == "apt_plus":
        options = replace(options, classified=classified(sample, seed))
    strategy = STRATEGIES[method]
    return strategy(sample.image, sample.landcover, remembering(model), options).probability


def thresholded(probability: npt.NDArray[np.float32], sample: Sample) -> Flags:
    """A probability as the mask that a map shows: threshold and clean-up by its defaults."""
    options = MapOptions()
    # NaN, which is where nothing is known, is below any threshold.
    return clean_mask(
        probability >= options.threshold,
        sample.image.grid,
        min_part_m2=options.min_area_m2,
        min_hole_m2=options.min_area_m2,
    )


@lru_cache(maxsize=4)
def classified(sample: Sample, seed: int) -> npt.NDArray[np.float32]:
    """The classifier's probability; the last few samples are remembered by identity."""
    return classify(sample.image, sample.landcover, seed).probability


@lru_cache(maxsize=1)
def remembering(model: str) -> Segmenter:
    """The model of this process; it remembers the embeddings of the last few images."""
    # As many threads as the runner gave this process: more would wait for each other.
    return Remembering(load_segmenter(model, threads=torch.get_num_threads()))


class Remembering:
    """A segmenter that keeps the embeddings of the last images, known by their array."""

    _MOST = 4

    def __init__(self, inner: Segmenter) -> None:
        self._inner = inner
        self._kept: list[tuple[npt.NDArray[np.uint8], Embedding]] = []
        self.name, self.weights_hash = inner.name, inner.weights_hash
        self.decode = inner.decode

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        """The embedding of an image, computed once for each array."""
        for known, embedding in self._kept:
            if known is rgb:
                return embedding
        embedding = self._inner.embed(rgb)
        self._kept = [*self._kept[1 - self._MOST :], (rgb, embedding)]
        return embedding
