"""Methods that need no labels, side by side: which one is best on these fields?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.sam.registry import DEFAULT_MODEL
from core.study.experiments.experiment import Column, Experiment, Plot, check_known
from core.study.experiments.methods import LANDCOVER, METHODS, method_cells
from core.study.experiments.notes import data_notes
from core.study.experiments.region import Region


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """What is compared.

    Parameters
    ----------
    methods : tuple of str
        Of ``METHODS``.
    model : str
        Key in the registry.
    """

    methods: tuple[str, ...] = METHODS
    model: str = DEFAULT_MODEL
    seed: int = 0

    def __post_init__(self) -> None:
        check_known(self.methods, METHODS, "method")


def comparison(regions: Sequence[Region], options: ComparisonOptions) -> Experiment:
    """The experiment; every image that only measures is judged."""
    cells = tuple(method_cells(regions, options.methods, options.model, options.seed))
    return Experiment(
        "methods",
        "Methods that need no labels",
        "Which method that needs no labels draws cropland best on these images?",
        (Column("region", "region"), Column("method", "method")),
        (cells,),
        data_notes(regions, options.model, options.seed),
        {"method": LANDCOVER},
        (Plot("mean_iou", "Mean IoU of methods that need no labels", "bars", "region", "method"),),
        {"method": options.methods},
    )
