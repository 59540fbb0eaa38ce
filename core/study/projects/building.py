"""The experiment that a wish asks for; no other is loaded, because some bring networks along."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.errors import InputError
from core.study.experiments.experiment import Experiment
from core.study.experiments.region import Region
from core.study.projects.questions import LEARNING_REGIONS
from core.study.projects.run_request import RunWish


def experiment_of(regions: Sequence[Region], wish: RunWish) -> Experiment:
    """The experiment of a wish on its regions.

    Raises
    ------
    InputError
        No such experiment, or too few regions to learn from.
    """
    build = _BUILDS.get(wish.experiment)
    if build is None:
        raise InputError(
            f"There is no experiment {wish.experiment}.", f"Known are: {', '.join(_BUILDS)}."
        )
    return build(regions, wish)


def _methods(regions: Sequence[Region], wish: RunWish) -> Experiment:
    from core.study.experiments.comparison import ComparisonOptions, comparison

    return comparison(regions, ComparisonOptions(wish.methods, wish.model, wish.seed))


def _ablation(regions: Sequence[Region], wish: RunWish) -> Experiment:
    from core.study.experiments.ablation import AblationOptions, ablation

    return ablation(regions, AblationOptions((wish.model,), wish.seed))


def _robustness(regions: Sequence[Region], wish: RunWish) -> Experiment:
    from core.study.experiments.robustness import RobustnessOptions, robustness

    return robustness(regions, RobustnessOptions(model=wish.model, seed=wish.seed))


def _training(regions: Sequence[Region], wish: RunWish) -> Experiment:
    from core.study.experiments.training import TrainingOptions, training

    return training(_learning(regions), TrainingOptions(model=wish.model, seed=wish.seed))


def _adaptation(regions: Sequence[Region], wish: RunWish) -> Experiment:
    from core.study.experiments.adaptation import AdaptationOptions, adaptation

    return adaptation(_learning(regions), AdaptationOptions(model=wish.model, seed=wish.seed))


def _learning(regions: Sequence[Region]) -> list[Region]:
    """Regions with images to learn from; the project's own scenes only measure."""
    found = [region for region in regions if region.train]
    if len(found) < LEARNING_REGIONS:
        raise InputError(
            "Networks need two regions with images to learn from.",
            "Add two folders of images with truth and land cover.",
        )
    return found


_BUILDS: dict[str, Callable[[Sequence[Region], RunWish], Experiment]] = {
    "methods": _methods,
    "robustness": _robustness,
    "ablation": _ablation,
    "training": _training,
    "adaptation": _adaptation,
}
