"""The experiments that can be run from a project, by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import InputError
from core.experiments.ablation import AblationOptions, ablation
from core.experiments.adaptation import AdaptationOptions, adaptation
from core.experiments.comparison import ComparisonOptions, comparison
from core.experiments.experiment import Experiment
from core.experiments.regions import Region
from core.experiments.robustness import RobustnessOptions, robustness
from core.experiments.training import TrainingOptions, training
from core.trials.wish import RunWish

Build = Callable[[Sequence[Region], RunWish], Experiment]

LEARNING_REGIONS = 2
_NEEDS_REGIONS = (
    "Needs two folders of images with truth, added above: networks learn in one and are tried in "
    "the other."
)


@dataclass(frozen=True, slots=True)
class Question:
    """An experiment as a person meets it.

    Parameters
    ----------
    key : str
    title, answers : str
        In a few words, and what it answers in one sentence.
    build : callable
        The experiment, of regions and a wish.
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
    build: Build
    needs: str = ""
    regions: int = 0
    minutes: float = 0.2
    minutes_a_tile: float = 0.0


def _methods(regions: Sequence[Region], wish: RunWish) -> Experiment:
    return comparison(regions, ComparisonOptions(wish.methods, wish.model, wish.seed))


def _ablation(regions: Sequence[Region], wish: RunWish) -> Experiment:
    return ablation(regions, AblationOptions((wish.model,), wish.seed))


def _robustness(regions: Sequence[Region], wish: RunWish) -> Experiment:
    return robustness(regions, RobustnessOptions(model=wish.model, seed=wish.seed))


def _training(regions: Sequence[Region], wish: RunWish) -> Experiment:
    return training(_learning(regions), TrainingOptions(model=wish.model, seed=wish.seed))


def _adaptation(regions: Sequence[Region], wish: RunWish) -> Experiment:
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


METHODS_QUESTION = Question(
    "methods",
    "Compare methods",
    "Which method that needs no training draws these fields best?",
    _methods,
)

QUESTIONS: dict[str, Question] = {
    one.key: one
    for one in (
        METHODS_QUESTION,
        Question(
            "robustness",
            "Worse land cover, worse imagery",
            "How much worse do maps get with a coarser, shifted or mistaken land cover, or with "
            "blurred or hazy imagery?",
            _robustness,
            minutes_a_tile=6.0,
        ),
        Question(
            "ablation",
            "What each part is worth",
            "What does a method lose without its land cover points, with fewer of them, or "
            "without cleaning them?",
            _ablation,
            minutes_a_tile=4.0,
        ),
        Question(
            "training",
            "Prompting against training",
            "How many labelled images does a trained network need to be better than methods that "
            "need none?",
            _training,
            _NEEDS_REGIONS,
            LEARNING_REGIONS,
            minutes=45.0,
            minutes_a_tile=1.0,
        ),
        Question(
            "adaptation",
            "Networks in another region",
            "Can a network that was trained elsewhere be adapted to these fields without labels?",
            _adaptation,
            _NEEDS_REGIONS,
            LEARNING_REGIONS,
            minutes=20.0,
            minutes_a_tile=0.5,
        ),
    )
}
