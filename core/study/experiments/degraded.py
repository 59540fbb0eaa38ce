"""Methods on images and land cover that are made worse: the work of the robustness experiment."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.landcover.agreement import Agreement, agreement
from core.landcover.source import LandCoverTile
from core.study.experiments.cells import CellResult, Context, Flags, TileResult, judge
from core.study.experiments.degrade_imagery import (
    CLEAN,
    ImageDegradation,
    coarser_landcover,
    degrade_image,
    finer_mask,
)
from core.study.experiments.degrade_landcover import (
    Degradation,
    degrade_landcover,
    simulate_landcover,
)
from core.study.experiments.methods import LANDCOVER, probability, thresholded
from core.study.experiments.samples import Sample, tiles
from core.study.metrics.pairs import LabelledScene

Start = Literal["truth", "product"]
"""What land cover is made from: the truth of the tile, or the product that the region brings."""

Combined = Literal["majority", "majority where all agree", "all agree"]

PRODUCTS = (
    Degradation(),
    Degradation(shift_cells=-1.0),
    Degradation(shift_cells=0.0, shift_down_cells=1.0),
)
"""Three products with mistakes of one kind, independent of each other."""

_MAJORITY = 2 / 3


@dataclass(frozen=True, slots=True)
class Condition:
    """What a method is given.

    Parameters
    ----------
    landcover : Degradation
    imagery : ImageDegradation
    draw : int
        Tells products of one seed apart: they err in different places.
    combined : {"majority", "majority where all agree", "all agree"}, optional
        Instead of one land cover that of three (``PRODUCTS``).  The last teaches nothing where not
        all agree, and its map has the majority there: a map of scattered pieces would be cleaned
        away.  The last two are judged where all agree alone, so that they can be compared.
    """

    landcover: Degradation
    imagery: ImageDegradation = CLEAN
    draw: int = 0
    combined: Combined | None = None


@dataclass(frozen=True, slots=True)
class DegradedTask:
    """Methods on one image under one condition.

    Parameters
    ----------
    seed : int
        Of the land cover's mistakes, of haze and noise, and of the methods.
    model : str
        Key in the registry.
    weights : str
        SHA-256 of the model's weights, because results are kept.
    """

    image: LabelledScene
    condition: Condition
    start: Start
    methods: tuple[str, ...]
    seed: int
    model: str
    weights: str


def run_degraded(task: DegradedTask, context: Context) -> CellResult:
    """Work of a cell: all methods on all tiles of an image.

    One cell, because they share what takes the time: the image's embedding, and the classifier's
    answer, which is half of ``apt_plus``.
    """
    own = tiles(task.image)
    found: list[TileResult] = []
    for number, sample in enumerate(own):
        given = _given(sample, task)
        shown = _shown(given, task)
        for index, method in enumerate(task.methods):
            context.step((number + index / len(task.methods)) / len(own))
            if method == LANDCOVER:
                mask = given.landcover.cropland
            else:
                mask = _drawn(shown, given.elsewhere, method, task)
            found.append(judge(mask, given.judged, method=method))
    return CellResult(tuple(found))


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """The land cover of a tile, the sample as it is judged, the map where methods say nothing."""

    landcover: LandCoverTile
    judged: Sample
    elsewhere: LandCoverTile | None = None


def _given(sample: Sample, task: DegradedTask) -> _Given:
    condition = task.condition
    if condition.combined is None:
        return _Given(_landcover(sample, task, condition.landcover, condition.draw), sample)
    votes = three_products(sample, task)
    majority, agreed = votes.to_tile(_MAJORITY), votes.to_tile()
    if condition.combined == "majority":
        return _Given(majority, sample)
    there = replace(sample, known=sample.known & agreed.valid)
    if condition.combined == "all agree":
        return _Given(agreed, there, elsewhere=majority)
    return _Given(majority, there)


def _shown(given: _Given, task: DegradedTask) -> Sample:
    """What methods see; its pixels may be fewer than the truth has."""
    sample, wrong = given.judged, task.condition.imagery
    image = degrade_image(sample.image, wrong, tile_seed(sample, task.seed))
    landcover = coarser_landcover(given.landcover, wrong.coarser)
    return replace(sample, image=image, landcover=landcover)


def _drawn(
    shown: Sample, elsewhere: LandCoverTile | None, method: str, task: DegradedTask
) -> Flags:
    """What a method draws, on the pixels of the truth."""
    factor = task.condition.imagery.coarser
    said = probability(shown, method, task.seed, task.model)
    if elsewhere is not None:
        rest = coarser_landcover(elsewhere, factor).cropland_fraction
        said = np.where(np.isnan(said), rest, said)
    return finer_mask(thresholded(said, shown), factor, shown.truth.shape)


def three_products(sample: Sample, task: DegradedTask) -> Agreement:
    """``PRODUCTS`` over a tile."""
    return agreement([_landcover(sample, task, wrong, draw) for draw, wrong in enumerate(PRODUCTS)])


def _landcover(sample: Sample, task: DegradedTask, wrong: Degradation, draw: int) -> LandCoverTile:
    seed = tile_seed(sample, task.seed, draw)
    if task.start == "truth":
        return simulate_landcover(sample.truth, sample.image.grid, wrong, seed, sample.parcels)
    return degrade_landcover(sample.landcover, wrong, seed, sample.parcels)


def tile_seed(sample: Sample, seed: int, draw: int = 0) -> int:
    """A seed of the tile's own: chance falls differently on every tile."""
    return zlib.crc32(f"{sample.name}/{sample.tile}/{seed}/{draw}".encode())
