"""Methods on images and land cover that are made worse, one thing at a time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.landcover.product_agreement import Agreement, agreement
from core.landcover.source import LandCoverTile
from core.study.experiments.cells import CellResult, Context, compare_with_truth
from core.study.experiments.degrade_imagery import (
    CLEAN,
    ImageDegradation,
    coarser_landcover,
    degrade_image,
    finer_mask,
)
from core.study.experiments.degrade_landcover import (
    AS_IT_IS,
    Degradation,
    degrade_landcover,
    simulate_landcover,
)
from core.study.experiments.methods import LANDCOVER, probability, thresholded
from core.study.experiments.region import StudyImage
from core.study.experiments.samples import Sample, tiles
from core.study.metrics.figures import Label, TileFigures

Start = Literal["truth", "product"]
"""What land cover is made from: the truth of the tile, or the product that the region brings."""

PRODUCTS = (
    Degradation(),
    Degradation(shift_cells=-1.0),
    Degradation(shift_cells=0.0, shift_down_cells=1.0),
)
"""Three products with mistakes of one kind, independent of each other."""

GRASSLAND = "grassland"
"""Key of the one change that not every product allows."""

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
    combined: Literal["majority", "majority where all agree", "all agree"] | None = None


@dataclass(frozen=True, slots=True)
class QualityChange:
    """One thing that is changed.

    Parameters
    ----------
    key : str
        For options and files.
    title : str
        In the column ``changed``, with the unit of the amounts.
    points : tuple of (label, Condition)
        Amounts.
    chance : bool
        Whether the result hangs on where chance puts the mistakes: several seeds are drawn.
    kind : {"lines", "bars"}
        Of the plot: bars where amounts are no numbers.
    """

    key: str
    title: str
    points: tuple[tuple[Label, Condition], ...]
    chance: bool = False
    kind: Literal["lines", "bars"] = "lines"


def given(start: Start) -> Degradation:
    """Land cover's mistakes where nothing is changed."""
    return Degradation() if start == "truth" else AS_IT_IS


def coarser(base: Degradation, resolution_m: float) -> Degradation:
    """Larger cells, all other mistakes the same on the ground; no clump is less than a cell."""
    times = resolution_m / (base.resolution_m or resolution_m)
    return replace(
        base,
        resolution_m=resolution_m,
        shift_cells=base.shift_cells / times,
        clump_cells=max(1, round(base.clump_cells / times)),
    )


def quality_changes(start: Start) -> tuple[QualityChange, ...]:
    """All that can be changed; amounts that are as given stand among the others."""
    base = given(start)
    least = round(100 * base.clump_share) or 10

    def landcover(
        key: str,
        title: str,
        amounts: Sequence[int],
        wrong: Callable[[int], Degradation],
        *,
        chance: bool = True,
    ) -> QualityChange:
        return QualityChange(key, title, tuple((n, Condition(wrong(n))) for n in amounts), chance)

    def imagery(
        key: str, title: str, amounts: Sequence[int], wrong: Callable[[int], ImageDegradation]
    ) -> QualityChange:
        return QualityChange(key, title, tuple((n, Condition(base, wrong(n))) for n in amounts))

    alone = [Condition(wrong, draw=draw) for draw, wrong in enumerate(PRODUCTS)]
    several = (
        *zip(("first alone", "second alone", "third alone"), alone, strict=True),
        ("majority", Condition(base, combined="majority")),
        ("majority, where all agree", Condition(base, combined="majority where all agree")),
        ("all agree, there", Condition(base, combined="all agree")),
    )
    called = replace(base, grassland_is_cropland=True)
    grass = (("told apart", Condition(base)), ("called cropland", Condition(called)))
    # Known to products alone: the truth says cropland or not.
    grassland = (
        (QualityChange(GRASSLAND, "grassland", grass, kind="bars"),) if start == "product" else ()
    )
    return (
        landcover(
            *("resolution", "land cover cells (m)", (10, 30, 100, 300)),
            lambda m: coarser(base, float(m)),
        ),
        landcover(
            *("noise", "land cover noise (% of clumps)", (0, least, 20, 30, 40)),
            lambda n: replace(base, clump_share=n / 100),
        ),
        landcover(
            *("shift", "land cover shift (cells)", (0, 1, 2, 3)),
            lambda n: replace(base, shift_cells=float(n)),
            chance=False,
        ),
        landcover(
            *("missing", "parcels called something else (% of cropland)", (0, 25, 50)),
            lambda n: replace(base, missing_share=n / 100),
        ),
        *grassland,
        QualityChange("products", "several products", several, chance=True, kind="bars"),
        imagery(
            *("gsd", "image pixels (times as long)", (1, 2, 4, 8)),
            lambda n: ImageDegradation(coarser=n),
        ),
        imagery(
            "blur", "image blur (m)", (0, 2, 4, 8), lambda m: ImageDegradation(blur_m=float(m))
        ),
        imagery(
            *("haze", "image haze (% opaque)", (0, 25, 50, 75)),
            lambda n: ImageDegradation(haze=n / 100),
        ),
        imagery(
            *("sensor", "image noise (grey levels)", (0, 10, 20, 40)),
            lambda n: ImageDegradation(noise=float(n)),
        ),
    )


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

    image: StudyImage
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
    found: list[TileFigures] = []
    factor = task.condition.imagery.coarser
    for number, sample in enumerate(own):
        landcover, judged, elsewhere = _given(sample, task)
        image = degrade_image(sample.image, task.condition.imagery, tile_seed(sample, task.seed))
        # What methods see; its pixels may be fewer than the truth has.
        seen = replace(judged, image=image, landcover=coarser_landcover(landcover, factor))
        for index, method in enumerate(task.methods):
            context.step((number + index / len(task.methods)) / len(own))
            mask = landcover.cropland
            if method != LANDCOVER:
                answer = probability(seen, method, task.seed, task.model)
                if elsewhere is not None:
                    rest = coarser_landcover(elsewhere, factor).cropland_fraction
                    answer = np.where(np.isnan(answer), rest, answer)
                mask = finer_mask(thresholded(answer, seen), factor, sample.truth.shape)
            found.append(compare_with_truth(mask, judged, method=method))
    return CellResult(tuple(found))


def _given(
    sample: Sample, task: DegradedTask
) -> tuple[LandCoverTile, Sample, LandCoverTile | None]:
    """The land cover of a tile, the sample as it is judged, the map where methods say nothing."""
    condition = task.condition
    if condition.combined is None:
        return _landcover(sample, task, condition.landcover, condition.draw), sample, None
    votes = three_products(sample, task)
    majority, agreed = votes.to_tile(_MAJORITY), votes.to_tile()
    if condition.combined == "majority":
        return majority, sample, None
    there = replace(sample, known=sample.known & agreed.valid)
    if condition.combined == "all agree":
        return agreed, there, majority
    return majority, there, None


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
