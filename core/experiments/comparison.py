"""Methods without training, side by side: which one is best on these fields?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InputError
from core.experiments.cells import Cell
from core.experiments.experiment import SEED, Column, Experiment, Plot
from core.experiments.methods import LANDCOVER, METHODS, MethodTask, run_method
from core.experiments.notes import data_notes
from core.experiments.regions import Region
from core.sam.registry import DEFAULT_MODEL, get_model

_COSTS = {"apt": 3.0, "classifier": 2.0, "apt_plus": 2.5}
"""Beside the other methods, about."""


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
        check_methods(self.methods)


def check_methods(methods: Sequence[str]) -> None:
    """Raise unless there are methods, and all of them are known.

    Raises
    ------
    InputError
        There is none, or one that is not known.
    """
    strangers = sorted(set(methods) - set(METHODS))
    if strangers or not methods:
        raise InputError(
            f"There is no method {', '.join(strangers) or 'to compare'}.",
            f"Known are: {', '.join(METHODS)}.",
        )


def comparison(regions: Sequence[Region], options: ComparisonOptions) -> Experiment:
    """The experiment; every image that only measures is judged."""
    weights = get_model(options.model).sha256
    cells = tuple(
        Cell(
            {"region": region.name, "method": method, SEED: options.seed},
            run_method,
            MethodTask(image, method, options.seed, options.model, weights, keep=True),
            _COSTS.get(method, 1.0),
        )
        for region in regions
        for method in options.methods
        for image in region.test
    )
    return Experiment(
        "methods",
        "Methods without training",
        "Which method that needs no labels draws cropland best on these images?",
        (Column("region", "region"), Column("method", "method")),
        (cells,),
        data_notes(regions, options.model, options.seed),
        {"method": LANDCOVER},
        (Plot("mean_iou", "Mean IoU of methods without training", "bars", "region", "method"),),
        {"method": options.methods},
    )
