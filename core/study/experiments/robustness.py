"""How much worse do maps get when land cover or imagery do, one thing changed at a time?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from core.errors import InputError
from core.sam.registry import DEFAULT_MODEL, get_model
from core.study.experiments.cells import Cell
from core.study.experiments.degrade_landcover import grassland_codes
from core.study.experiments.degraded import (
    GRASSLAND,
    Condition,
    DegradedTask,
    QualityChange,
    Start,
    given,
    quality_changes,
    run_degraded,
)
from core.study.experiments.experiment_plan import SEED, Column, Experiment, Plot, check_known
from core.study.experiments.methods import LANDCOVER, METHODS
from core.study.experiments.region import Region, StudyImage, data_notes
from core.study.experiments.samples import tiles

ROBUST_METHODS = (LANDCOVER, "classifier", "joint", "apt_plus")
NOTHING, AS_GIVEN = "nothing", "as given"
"""Labels of the rows that all others are compared with."""

_BASE = given("truth")
_FROM: dict[Start, str] = {
    "truth": "Land cover is SIMULATED from the truth of each tile, the region's own is not used: "
    f"majority of {_BASE.resolution_m:g} m cells, {_BASE.shift_cells:g} cell too far east, "
    f"{_BASE.clump_share:.0%} of {_BASE.clump_cells} x {_BASE.clump_cells}-cell clumps flipped. A "
    "row changes one of these, or the imagery; all changes are SIMULATED.",
    "product": "Land cover is the region's own with its own mistakes. A row changes one thing "
    "about it, or the imagery; all changes are SIMULATED.",
}
_NOTES = {
    "resolution": "Larger cells keep shift and clumps as they are on the ground, but no clump is "
    "less than a cell; cells no coarser than a product's own change nothing.",
    "missing": "Parcels called something else are whole ones of the truth (where that is a mask, "
    "parts that hang together), drawn at random until their area is as near to the share as they "
    "get.",
    GRASSLAND: "Grassland is changed only on images whose product has other land that is no "
    "cropland, too.",
    "products": "Three products have independent mistakes of one kind: other clumps, and a cell "
    "too far east, west and south. Two rows are judged only where all three agree, because a "
    "product of agreement says nothing elsewhere.",
    "gsd": "Longer pixels are means of those they replace; maps are judged on the original pixels.",
    "haze": "Haze is a bright veil whose depth varies by half over some 250 m; no stretch takes it "
    "away, as none is applied to 8-bit images.",
}
"""What has to be said of changes, by their key."""


@dataclass(frozen=True, slots=True)
class RobustnessOptions:
    """What is changed.

    Parameters
    ----------
    methods : tuple of str
        Of ``core.study.experiments.methods.METHODS``.
    changes : tuple of str
        Keys of :func:`changes`; all where there is none.
    start : {"truth", "product"}
        What land cover is made from: ``truth`` SIMULATES it, so the amount of its mistakes is
        known; ``product`` makes the region's own product worse.
    draws : int
        Seeds for what chance decides on: ``seed`` and those that follow.
    """

    methods: tuple[str, ...] = ROBUST_METHODS
    changes: tuple[str, ...] = ()
    start: Start = "truth"
    draws: int = 3
    model: str = DEFAULT_MODEL
    seed: int = 0

    def __post_init__(self) -> None:
        check_known(self.methods, METHODS, "method")
        if self.start not in get_args(Start):
            raise InputError(
                f"Land cover cannot be made from '{self.start}'.",
                f"Take one of: {', '.join(get_args(Start))}.",
            )
        known = [change.key for change in quality_changes(self.start)]
        strangers = sorted(set(self.changes) - set(known))
        if strangers:
            raise InputError(
                f"From the {self.start}, nothing called {', '.join(strangers)} can be changed.",
                f"Known are: {', '.join(known)}.",
            )
        if self.draws < 1:
            raise InputError(f"{self.draws} draws have no mean.", "Take at least 1.")


def robustness(regions: Sequence[Region], options: RobustnessOptions) -> Experiment:
    """The experiment; every image that only measures is judged."""
    chosen = [
        one
        for one in quality_changes(options.start)
        if not options.changes or one.key in options.changes
    ]
    nothing = QualityChange(
        NOTHING, NOTHING, ((AS_GIVEN, Condition(given(options.start))),), chance=True
    )
    cells = tuple(
        cell
        for region in regions
        for image in region.test
        for change in (nothing, *chosen)
        if change.key != GRASSLAND or tells_grassland(image)
        for cell in _cells(region, image, change, options)
    )
    return Experiment(
        "robustness",
        "Worse land cover, worse imagery",
        "How much worse do maps get when land cover or imagery do, one thing changed at a time?",
        (*(Column(key, key) for key in ("region", "changed", "amount", "method")),),
        (cells,),
        (*data_notes(regions, options.model, options.seed), *_notes(options, chosen)),
        {"changed": NOTHING, "amount": AS_GIVEN},
        tuple(
            Plot(
                *(one.key, f"Mean IoU by {one.title}", one.kind, "amount", "method"),
                facet="region",
                where={"changed": (one.title,)},
                x_title=one.title,
            )
            for one in chosen
        ),
    )


def tells_grassland(image: StudyImage) -> bool:
    """Whether an image's product has grassland and something else that is no cropland.

    Where all that is no cropland is grassland, calling it cropland would leave one class.
    """
    for sample in tiles(image):
        product = sample.landcover.product
        codes = set(np.unique(sample.landcover.classes[sample.landcover.valid]).tolist())
        others = codes - set(product.cropland_codes)
        grassland = others & set(grassland_codes(product))
        if grassland and others - grassland:
            return True
    return False


def _cells(
    region: Region, image: StudyImage, change: QualityChange, options: RobustnessOptions
) -> Iterator[Cell]:
    weights = get_model(options.model).sha256
    for amount, condition in change.points:
        for seed in range(options.seed, options.seed + (options.draws if change.chance else 1)):
            task = DegradedTask(
                image, condition, options.start, options.methods, seed, options.model, weights
            )
            place = {"region": region.name, "changed": change.title, "amount": amount}
            yield Cell({**place, SEED: seed}, run_degraded, task)


def _notes(options: RobustnessOptions, chosen: Sequence[QualityChange]) -> Iterator[str]:
    yield _FROM[options.start]
    yield from (_NOTES[one.key] for one in chosen if one.key in _NOTES)
    drawn = [NOTHING, *(one.title for one in chosen if one.chance)]
    last = options.seed + options.draws - 1
    yield (
        f"Means over seeds {options.seed} to {last}: {', '.join(drawn)}. All other rows: seed "
        f"{options.seed}; differences pair equal seeds."
        if options.draws > 1
        else "One draw of all that chance decides on."
    )
