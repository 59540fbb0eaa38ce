"""All experiments by key, as people meet them, and what builds each.

An experiment's modules are loaded when it is built, because some bring networks along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from core.errors import InputError
from core.study.experiments.experiment_plan import Experiment
from core.study.experiments.region import ABOUT, Region

_NEEDS_REGIONS = (
    "Needs two folders of images with truth, added above: networks learn in one and are tried in "
    "the other."
)


@dataclass(frozen=True, slots=True)
class ExperimentKind:
    """An experiment as a person meets it.

    Parameters
    ----------
    title, answers : str
        In a few words, and what it answers in one sentence.
    builder : tuple of str
        Module beside this one, its class of options, and its function.
    needs : str
        What it needs beyond scenes with truth; empty where nothing.
    regions : int
        Regions with images to learn from that it needs; 0 where it learns from no truth.
    minutes : float
        That it takes whatever is chosen, on one processor, about.
    minutes_a_tile : float
        That it takes for each tile of 1024 pixels besides.
    """

    key: str
    title: str
    answers: str
    builder: tuple[str, str, str]
    needs: str = ""
    regions: int = 0
    minutes: float = 0.2
    minutes_a_tile: float = 0.0


COMPARISON = ExperimentKind(
    "methods",
    "Compare methods",
    "Which method that needs no training draws these fields best?",
    ("methods", "ComparisonOptions", "comparison"),
)

EXPERIMENTS: dict[str, ExperimentKind] = {
    kind.key: kind
    for kind in (
        COMPARISON,
        ExperimentKind(
            "robustness",
            "Worse land cover, worse imagery",
            "How much worse do maps get with a coarser, shifted or mistaken land cover, or with "
            "blurred or hazy imagery?",
            ("robustness", "RobustnessOptions", "robustness"),
            minutes_a_tile=10.0,
        ),
        ExperimentKind(
            "ablation",
            "What each part is worth",
            "What does a method lose without its land cover points, with fewer of them, or "
            "without cleaning them?",
            ("ablation", "AblationOptions", "ablation"),
            minutes_a_tile=3.5,
        ),
        ExperimentKind(
            "training",
            "Prompting against training",
            "How many labelled images does a trained network need to be better than methods that "
            "need none?",
            ("training", "TrainingOptions", "training"),
            _NEEDS_REGIONS,
            regions=2,
            minutes=45.0,
            minutes_a_tile=1.0,
        ),
        ExperimentKind(
            "adaptation",
            "Networks in another region",
            "Can a network that was trained elsewhere be adapted to these fields without labels?",
            ("adaptation", "AdaptationOptions", "adaptation"),
            _NEEDS_REGIONS,
            regions=2,
            minutes=20.0,
            minutes_a_tile=0.5,
        ),
    )
}


def build_experiment(key: str, regions: Sequence[Region], **options: Any) -> Experiment:
    """An experiment on regions.

    Parameters
    ----------
    options
        Fields of its options; those that are None, or empty, have their defaults.

    Raises
    ------
    InputError
        There is no such experiment, an option cannot be, or a region has nothing to learn from.
    """
    kind = EXPERIMENTS.get(key)
    if kind is None:
        raise InputError(f"There is no experiment {key}.", f"Known are: {', '.join(EXPERIMENTS)}.")
    for region in regions:
        if kind.regions and not region.train:
            raise InputError(
                f"The region {region.name} has no image to learn from: all of them only measure.",
                f'Add images, or name fewer in "test" in its {ABOUT}.',
            )
    module_name, options_class, function = kind.builder
    module = import_module(f"{__package__}.{module_name}")
    given = {name: value for name, value in options.items() if value not in (None, ())}
    built: Experiment = getattr(module, function)(regions, getattr(module, options_class)(**given))
    return built
